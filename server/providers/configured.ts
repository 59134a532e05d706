import { type CatalogueModel, currentPrice } from '../pricing/catalogue.ts';
import { type PublicPricing, priceOfPricing } from '../pricing/price.ts';
import { DEFAULT_TIMEOUT_MS, once } from './built-in.ts';
import { type VertexEntry, vertexAt } from './google/vertex.ts';
import type { ListedKey } from './keys.ts';
import { modelDefaults } from './model-defaults.ts';
import type { DialectName, Provider } from './provider.ts';
import { withMembers } from './vendor-models.ts';

/** One entry of `providers` in config.yaml, validated. */
export type ProviderEntry = {
  readonly name?: string | undefined;
  /** Absent: that of the built-in provider of this slug, else `openai`. */
  readonly dialect?: DialectName | undefined;
  /** Absent: that of `vertex`, or of the built-in provider in Google's cloud. */
  readonly base_url?: string | undefined;
  /** It stands in Google's cloud; without a key it is called as whoever this machine is. */
  readonly vertex?: VertexEntry | undefined;
  /** `env:NAME` or `stored`; absent: the provider needs none. */
  readonly key?: string | undefined;
  /** Instead of `key`. */
  readonly keys?: readonly KeyEntry[] | undefined;
  readonly data_policy?: { readonly zdr: boolean; readonly no_training: boolean } | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Seconds to the first byte. */
  readonly timeout?: number | undefined;
  readonly models?: readonly ModelEntry[] | undefined;
};

export type KeyEntry = {
  readonly name?: string | undefined;
  /** `env:NAME`, `stored` or `stored:name`. */
  readonly key: string;
  readonly is_fallback: boolean;
  readonly is_required: boolean;
  readonly disabled: boolean;
  readonly allowed_models?: readonly string[] | undefined;
  readonly allowed_api_key_hashes?: readonly string[] | undefined;
};

export type ModelEntry = {
  readonly id: string;
  readonly native?: string | undefined;
  readonly name?: string | undefined;
  readonly context_length?: number | undefined;
  readonly max_completion_tokens?: number | undefined;
  readonly pricing?: PublicPricing | undefined;
  readonly supported_parameters?: readonly string[] | undefined;
  readonly quantization?: string | undefined;
  readonly is_distillable?: boolean | undefined;
};

/**
 * A provider from config.yaml. Under a built-in provider's slug it replaces that one's address and key and adds to its models;
 * a model without `pricing` has the library's price where the library knows the provider by this slug.
 */
export function configuredProvider(
  slug: string,
  entry: ProviderEntry,
  builtIn: Provider | undefined,
  env: NodeJS.ProcessEnv = {},
): Provider {
  const isCloud = entry.vertex !== undefined || builtIn?.sign !== undefined;
  const priceProvider = builtIn?.priceProvider ?? (isCloud ? 'google' : slug);
  const base = entry.base_url?.replace(/\/+$/, '');
  const dialect = entry.dialect ?? dialectBehind(base, builtIn) ?? (isCloud ? 'google' : 'openai');
  const like = builtIn?.dialect === dialect ? builtIn : undefined;
  const wire = like ? like.wire : dialect === 'openai' ? builtIn?.openAiWire : undefined;
  const spoken = { dialect, wire, nativeOf: like?.nativeOf };
  const own = (entry.models ?? []).map((model) => modelOf(model, priceProvider, spoken));
  // In another dialect its models take other things.
  const listed = () =>
    like
      ? like.models()
      : (builtIn?.models() ?? []).map((model) =>
          withMembers(model, { supportedParameters: modelDefaults(spoken, model.native).supportedParameters }),
        );
  const ownIds = new Set(own.map((model) => model.id));
  return {
    slug,
    name: entry.name ?? builtIn?.name ?? slug,
    ...spoken,
    baseUrl: () => base ?? '',
    key: keyOf(entry.key),
    keys: entry.keys?.map(listedKey),
    dataPolicy: entry.data_policy && { zdr: entry.data_policy.zdr, noTraining: entry.data_policy.no_training },
    headers: entry.headers ?? {},
    timeoutMs: entry.timeout === undefined ? DEFAULT_TIMEOUT_MS : entry.timeout * 1000,
    // Google bills an answer that nobody waits for.
    cancelStopsBilling: builtIn?.cancelStopsBilling ?? dialect !== 'google',
    isRouter: builtIn?.isRouter ?? false,
    priceProvider,
    author: builtIn?.author,
    models: once(() => [...own, ...listed().filter((model) => !ownIds.has(model.id))]),
    ...(isCloud && dialect === 'google' ? vertexAt(entry.vertex ?? {}, base, env) : {}),
  };
}

/** A vendor of another dialect may have an address beside it for OpenAI's, as Google has. */
function dialectBehind(base: string | undefined, builtIn: Provider | undefined): DialectName | undefined {
  return builtIn?.openAiWire && base?.endsWith('/openai') ? 'openai' : builtIn?.dialect;
}

function keyOf(key: string | undefined): Provider['key'] {
  if (key === undefined) return { kind: 'none' };
  if (key.startsWith('env:')) return { kind: 'env', name: key.slice('env:'.length) };
  return key === 'stored' ? { kind: 'stored' } : { kind: 'stored', entry: key.slice('stored:'.length) };
}

const listedKey = (entry: KeyEntry): ListedKey => ({
  name: entry.name ?? entry.key,
  source: keyOf(entry.key),
  isFallback: entry.is_fallback,
  isRequired: entry.is_required,
  isDisabled: entry.disabled,
  models: entry.allowed_models ?? null,
  apiKeyHashes: entry.allowed_api_key_hashes ?? null,
});

type Spoken = Pick<Provider, 'dialect' | 'wire' | 'nativeOf'>;

function modelOf(entry: ModelEntry, priceProvider: string, spoken: Spoken): CatalogueModel {
  const name = entry.id.slice(entry.id.indexOf('/') + 1);
  const native = entry.native ?? spoken.nativeOf?.(name) ?? name;
  const usual = modelDefaults(spoken, native);
  const own = entry.pricing ? priceOfPricing(entry.pricing) : null;
  const now = entry.pricing ? () => own : currentPrice(priceProvider, native);
  return {
    id: entry.id,
    native,
    name: entry.name ?? entry.id,
    description: '',
    contextLength: entry.context_length ?? null,
    maxCompletionTokens: entry.max_completion_tokens ?? usual.maxCompletionTokens,
    get price() {
      return now();
    },
    supportedParameters: entry.supported_parameters ?? usual.supportedParameters,
    quantization: entry.quantization,
    isDistillable: entry.is_distillable,
  };
}
