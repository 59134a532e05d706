import { type CatalogueModel, knownModels, USUAL_PARAMETERS } from '../pricing/catalogue.ts';
import { priceOfPricing } from '../pricing/price.ts';
import { priceEpoch } from '../pricing/price-book.ts';
import { vertexAt } from './google/vertex.ts';
import type { Provider } from './provider.ts';
import { vendorModels } from './vendor-models.ts';
import { dialectNameOf, VENDORS, type Vendor } from './vendors.ts';

export const DEFAULT_TIMEOUT_MS = 300_000;

/** Lists a provider's models when first asked, and anew when prices were refreshed: the library holds hundreds, most daemons use few. */
export function once(list: () => readonly CatalogueModel[]): () => readonly CatalogueModel[] {
  let models: readonly CatalogueModel[] | undefined;
  let epoch = 0;
  return () => {
    if (models && epoch === priceEpoch()) return models;
    epoch = priceEpoch();
    models = list();
    return models;
  };
}

export const SANDBOX_MODEL: CatalogueModel = {
  id: 'callgate/sandbox',
  native: 'sandbox',
  name: 'Callgate Sandbox',
  description:
    'A deterministic stand-in on this machine, for trying presets and budgets. No model is called; its price is play money.',
  contextLength: 128_000,
  maxCompletionTokens: 4_096,
  price: priceOfPricing({ prompt: '0.000001', completion: '0.000004' }),
  supportedParameters: [...USUAL_PARAMETERS],
};

/** The stand-in that the daemon itself serves; it is called over HTTP as any other provider is. */
export function sandboxProvider(baseUrl: () => string, secret: string): Provider {
  return {
    slug: 'callgate',
    name: 'Callgate',
    dialect: 'openai',
    baseUrl: () => `${baseUrl()}/sandbox/v1`,
    key: { kind: 'internal', secret },
    headers: {},
    timeoutMs: 30_000,
    cancelStopsBilling: true,
    isRouter: false,
    priceProvider: null,
    models: once(() => [SANDBOX_MODEL]),
  };
}

/**
 * Providers that need only a key. A router stands last: a direct path is tried before one that routes. `env`: where the project in a
 * cloud may stand.
 */
export function builtInProviders(env: NodeJS.ProcessEnv = {}): readonly Provider[] {
  return [...VENDORS.map((vendor) => vendorProvider(vendor, env)), openRouter()];
}

function vendorProvider(vendor: Vendor, env: NodeJS.ProcessEnv): Provider {
  const dialect = dialectNameOf(vendor);
  const { slug, name, baseUrl, priceProvider, author, cancelStopsBilling, wire, nativeOf } = vendor;
  return {
    slug,
    name,
    dialect,
    baseUrl: () => baseUrl,
    key: { kind: vendor.isCloud ? 'stored_or_ambient' : 'stored_or_env', name: vendor.env },
    headers: {},
    timeoutMs: DEFAULT_TIMEOUT_MS,
    cancelStopsBilling,
    isRouter: false,
    priceProvider,
    wire: dialect === 'openai' ? wire : undefined,
    openAiWire: dialect === 'openai' ? undefined : wire,
    author,
    nativeOf,
    models: once(() => vendorModels(vendor)),
    ...(vendor.isCloud ? vertexAt({}, undefined, env) : {}),
  };
}

function openRouter(): Provider {
  return {
    slug: 'openrouter',
    name: 'OpenRouter',
    dialect: 'openai',
    baseUrl: () => 'https://openrouter.ai/api/v1',
    key: { kind: 'stored_or_env', name: 'OPENROUTER_API_KEY' },
    headers: { 'x-openrouter-title': 'Callgate' },
    timeoutMs: DEFAULT_TIMEOUT_MS,
    cancelStopsBilling: true,
    isRouter: true,
    priceProvider: 'openrouter',
    models: once(() => knownModels('openrouter', '')),
  };
}
