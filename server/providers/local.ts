import * as z from 'zod';
import { type CatalogueModel, USUAL_PARAMETERS } from '../pricing/catalogue.ts';
import { priceOfPricing } from '../pricing/price.ts';
import { DEFAULT_TIMEOUT_MS } from './built-in.ts';
import type { Provider } from './provider.ts';

/** A model server on this machine that is found by itself, on its usual port. */
type LocalServer = {
  readonly slug: string;
  readonly name: string;
  /** Without the version segment. */
  readonly baseUrl: string;
  /** Whether a listed model shows that it is this server that answers; others use the port, too. */
  readonly isIts: (model: ListedByServer) => boolean;
};

export type LocalProvider = Provider & { readonly look: () => Promise<void> };

const LOOK_EVERY_MS = 60_000;
const LOOK_TIMEOUT_MS = 1_000;

const listed = z.object({
  id: z.string().min(1),
  owned_by: z.string().optional(),
  max_model_len: z.int().positive().nullish(),
});
type ListedByServer = z.output<typeof listed>;
const listing = z.object({ data: z.array(listed) });

/** The machine is one's own, so its tokens cost nothing: a known price of zero, not an unknown one. */
const FREE = priceOfPricing({ prompt: '0', completion: '0' });

/** What open models' servers take besides. */
const PARAMETERS: readonly string[] = [...USUAL_PARAMETERS, 'top_k', 'min_p', 'repetition_penalty'];

const SERVERS: readonly LocalServer[] = [
  { slug: 'ollama', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434', isIts: () => true },
  { slug: 'lmstudio', name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234', isIts: () => true },
  {
    slug: 'vllm',
    name: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000',
    // Port 8000 is everybody's: only what says that it is vLLM is taken for it.
    isIts: ({ owned_by }) => owned_by === 'vllm',
  },
];

/** The servers on this machine; each has no models while it does not run. `baseUrls`: other addresses, by slug. */
export function localProviders(baseUrls: Readonly<Record<string, string>> = {}): readonly LocalProvider[] {
  return SERVERS.map((server) => localProvider({ ...server, baseUrl: baseUrls[server.slug] ?? server.baseUrl }));
}

function localProvider(server: LocalServer): LocalProvider {
  let models: readonly CatalogueModel[] = [];
  let lookedAt = 0;
  let looking: Promise<void> | undefined;
  const look = () => {
    lookedAt = Date.now();
    looking ??= list(server).then((found) => {
      models = found;
      looking = undefined;
    });
    return looking;
  };
  return {
    slug: server.slug,
    name: server.name,
    dialect: 'openai',
    baseUrl: () => `${server.baseUrl}/v1`,
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

async function list(server: LocalServer): Promise<readonly CatalogueModel[]> {
  try {
    const answer = await fetch(`${server.baseUrl}/v1/models`, {
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
      redirect: 'error',
    });
    const found = listing.safeParse(await answer.json());
    if (!found.success) return [];
    return found.data.data.filter(server.isIts).map(({ id, max_model_len }) => ({
      id: `${server.slug}/${id}`,
      native: id,
      name: id,
      description: `Served by ${server.name} on this machine.`,
      contextLength: max_model_len ?? null,
      maxCompletionTokens: null,
      price: FREE,
      supportedParameters: PARAMETERS,
    }));
  } catch {
    // Not running is the usual case, not a fault.
    return [];
  }
}
