import * as z from 'zod';
import { type CatalogueModel, USUAL_PARAMETERS } from '../pricing/catalogue.ts';
import { priceOfPricing } from '../pricing/price.ts';
import { DEFAULT_TIMEOUT_MS } from './built-in.ts';
import type { Provider } from './provider.ts';

const DEFAULT_URL = 'http://127.0.0.1:11434';
const LOOK_EVERY_MS = 60_000;
const LOOK_TIMEOUT_MS = 1_000;

const listing = z.object({ data: z.array(z.object({ id: z.string() })) });
/** The machine is one's own, so its tokens cost nothing: a known price of zero, not an unknown one. */
const FREE = priceOfPricing({ prompt: '0', completion: '0' });

/** Ollama, found by itself on its usual port; it has no models while it does not run. */
export function ollamaProvider(baseUrl: string = DEFAULT_URL): Provider & { readonly look: () => Promise<void> } {
  let models: readonly CatalogueModel[] = [];
  let lookedAt = 0;
  let looking: Promise<void> | undefined;
  const look = () => {
    lookedAt = Date.now();
    looking ??= list(baseUrl).then((found) => {
      models = found;
      looking = undefined;
    });
    return looking;
  };
  return {
    slug: 'ollama',
    name: 'Ollama',
    dialect: 'openai',
    baseUrl: () => `${baseUrl}/v1`,
    key: { kind: 'none' },
    headers: {},
    timeoutMs: DEFAULT_TIMEOUT_MS,
    cancelStopsBilling: true,
    isRouter: false,
    priceProvider: null,
    models: () => {
      if (Date.now() - lookedAt > LOOK_EVERY_MS) void look();
      return models;
    },
    look,
  };
}

async function list(baseUrl: string): Promise<readonly CatalogueModel[]> {
  try {
    const answer = await fetch(`${baseUrl}/v1/models`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    const found = listing.safeParse(await answer.json());
    if (!found.success) return [];
    return found.data.data.map(({ id }) => ({
      id: `ollama/${id}`,
      native: id,
      name: id,
      description: 'Served by Ollama on this machine.',
      contextLength: null,
      maxCompletionTokens: null,
      price: FREE,
      supportedParameters: USUAL_PARAMETERS,
    }));
  } catch {
    // Not running is the usual case, not a fault.
    return [];
  }
}
