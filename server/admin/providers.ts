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
