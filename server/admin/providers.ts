import type { ProviderSummary } from '../protocol.ts';
import type { Providers } from '../providers/registry.ts';

/** Every provider, in the order they are preferred, and how its key stands. */
export function providerSummaries(providers: Providers): readonly ProviderSummary[] {
  return providers.list().map((provider) => ({
    slug: provider.slug,
    name: provider.name,
    dialect: provider.dialect,
    base_url: provider.baseUrl(),
    key: providers.keyStanding(provider),
    models: provider.models().length,
  }));
}

/** OpenRouter's provider objects. Where a provider says what it does with what it is sent is between it and the person with its key. */
export function providerViews(providers: Providers): readonly Record<string, unknown>[] {
  return providers.list().map(({ slug, name }) => ({
    name,
    slug,
    privacy_policy_url: null,
    terms_of_service_url: null,
    status_page_url: null,
    headquarters: null,
    datacenters: null,
  }));
}
