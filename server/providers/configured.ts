import { type CatalogueModel, currentPrice, USUAL_PARAMETERS } from '../pricing/catalogue.ts';
import { type PublicPricing, priceOfPricing } from '../pricing/price.ts';
import { DEFAULT_TIMEOUT_MS, once } from './built-in.ts';
import type { DialectName, Provider } from './provider.ts';

/** One entry of `providers` in config.yaml, validated. */
export type ProviderEntry = {
  readonly name?: string | undefined;
  readonly dialect: DialectName;
  readonly base_url: string;
  /** `env:NAME` or `stored`; absent: the provider needs none. */
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Seconds to the first byte. */
  readonly timeout?: number | undefined;
  readonly models?: readonly ModelEntry[] | undefined;
};

export type ModelEntry = {
  readonly id: string;
  readonly native?: string | undefined;
  readonly name?: string | undefined;
  readonly context_length?: number | undefined;
  readonly max_completion_tokens?: number | undefined;
  readonly pricing?: PublicPricing | undefined;
  readonly supported_parameters?: readonly string[] | undefined;
};

/**
 * A provider from config.yaml. Under a built-in provider's slug it replaces that one's address and key and adds to its models;
 * a model without `pricing` has the library's price where the library knows the provider by this slug.
 */
export function configuredProvider(slug: string, entry: ProviderEntry, builtIn: Provider | undefined): Provider {
  const priceProvider = builtIn?.priceProvider ?? slug;
  const own = (entry.models ?? []).map((model) => modelOf(model, priceProvider));
  const ownIds = new Set(own.map((model) => model.id));
  return {
    slug,
    name: entry.name ?? builtIn?.name ?? slug,
    dialect: entry.dialect,
    baseUrl: () => entry.base_url.replace(/\/+$/, ''),
    key: keyOf(entry.key),
    headers: entry.headers ?? {},
    timeoutMs: entry.timeout === undefined ? DEFAULT_TIMEOUT_MS : entry.timeout * 1000,
    cancelStopsBilling: builtIn?.cancelStopsBilling ?? true,
    isRouter: builtIn?.isRouter ?? false,
    priceProvider,
    wire: builtIn?.dialect === entry.dialect ? builtIn.wire : undefined,
    author: builtIn?.author,
    nativeOf: builtIn?.nativeOf,
    models: once(() => [...own, ...(builtIn?.models() ?? []).filter((model) => !ownIds.has(model.id))]),
  };
}

function keyOf(key: string | undefined): Provider['key'] {
  if (key === undefined) return { kind: 'none' };
  return key === 'stored' ? { kind: 'stored' } : { kind: 'env', name: key.slice('env:'.length) };
}

function modelOf(entry: ModelEntry, priceProvider: string): CatalogueModel {
  const native = entry.native ?? entry.id.slice(entry.id.indexOf('/') + 1);
  const own = entry.pricing ? priceOfPricing(entry.pricing) : null;
  const now = entry.pricing ? () => own : currentPrice(priceProvider, native);
  return {
    id: entry.id,
    native,
    name: entry.name ?? entry.id,
    description: '',
    contextLength: entry.context_length ?? null,
    maxCompletionTokens: entry.max_completion_tokens ?? null,
    get price() {
      return now();
    },
    supportedParameters: entry.supported_parameters ?? USUAL_PARAMETERS,
  };
}
