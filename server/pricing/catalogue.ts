import { calcPrice, findProvider, type ModelPrice } from '@pydantic/genai-prices';
import { type Femto, parseUsd } from './money.ts';
import type { Price, Rates } from './price.ts';

/** A model as one provider serves it. `id` is OpenRouter's `vendor/model`, `native` the provider's own name for it. */
export type CatalogueModel = {
  readonly id: string;
  readonly native: string;
  readonly name: string;
  readonly description: string;
  readonly contextLength: number | null;
  readonly maxCompletionTokens: number | null;
  /** Null: unknown, which is never the same as free. */
  readonly price: Price | null;
  readonly supportedParameters: readonly string[];
};

/** What an OpenAI-compatible endpoint is taken to support when nothing better is known. */
export const USUAL_PARAMETERS: readonly string[] = [
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'response_format',
  'structured_outputs',
  'tools',
  'tool_choice',
];

/**
 * The chat models the price library knows for a provider (its ids: `openai`, `openrouter`, …), in OpenRouter's spelling:
 * `prefix` + the native name. Models priced by anything but tokens are left out.
 */
export function knownModels(priceProvider: string, prefix: string): readonly CatalogueModel[] {
  const models = findProvider({ providerId: priceProvider })?.models ?? [];
  return models.flatMap((model) => {
    if (model.deprecated) return [];
    // Only prices that change with the date need the library's own look-up, which tries every model's patterns.
    const now = Array.isArray(model.prices)
      ? currentPrice(priceProvider, model.id)
      : constantly(priceOfLibrary(model.prices, model.id));
    return now()
      ? [
          {
            id: `${prefix}${model.id}`,
            native: model.id,
            name: model.name ?? model.id,
            description: model.description ?? '',
            contextLength: model.context_window ?? null,
            maxCompletionTokens: null,
            get price() {
              return now();
            },
            supportedParameters: USUAL_PARAMETERS,
          },
        ]
      : [];
  });
}

/** The library's price of one model now (dated aliases included), exactly; null when it has none. */
export function knownPrice(priceProvider: string, native: string, now: Date = new Date()): Price | null {
  const found = calcPrice({}, native, { providerId: priceProvider, timestamp: now });
  return found ? priceOfLibrary(found.model_price, native) : null;
}

const constantly = (price: Price | null) => () => price;

const MINUTE_MS = 60_000;

/** The library's price whenever it is asked for: some change at a date, some with the time of day. Looked up once a minute. */
export function currentPrice(
  priceProvider: string,
  native: string,
  clock: () => number = Date.now,
): () => Price | null {
  let minute = Number.NaN;
  let price: Price | null = null;
  return () => {
    const now = clock();
    if (Math.floor(now / MINUTE_MS) !== minute) {
      minute = Math.floor(now / MINUTE_MS);
      price = knownPrice(priceProvider, native, new Date(now));
    }
    return price;
  };
}

const libraryNames: readonly (readonly [keyof Rates, string])[] = [
  ['prompt', 'input_mtok'],
  ['completion', 'output_mtok'],
  ['cacheRead', 'cache_read_mtok'],
  ['cacheWrite', 'cache_write_mtok'],
  ['reasoning', 'output_reasoning_mtok'],
];

function priceOfLibrary(price: ModelPrice, native: string): Price | null {
  const free = Object.keys(price).length === 0 && native.endsWith(':free');
  const base: Partial<Record<keyof Rates, Femto>> = {};
  const tiers = new Map<number, Partial<Record<keyof Rates, Femto>>>();
  for (const [rate, name] of libraryNames) {
    const value = price[name];
    if (value === undefined) continue;
    if (typeof value === 'number') {
      base[rate] = perToken(value);
      continue;
    }
    base[rate] = perToken(value.base);
    for (const tier of value.tiers) {
      tiers.set(tier.start, { ...tiers.get(tier.start), [rate]: perToken(tier.price) });
    }
  }
  if (!free && (base.prompt === undefined || base.completion === undefined)) return null;
  return {
    prompt: base.prompt ?? 0n,
    completion: base.completion ?? 0n,
    cacheRead: base.cacheRead ?? null,
    cacheWrite: base.cacheWrite ?? null,
    reasoning: base.reasoning ?? null,
    request: perThousand(price['requests_kcount']),
    image: 0n,
    tiers: [...tiers].sort(([a], [b]) => a - b).map(([minPromptTokens, rates]) => ({ minPromptTokens, rates })),
  };
}

/** The library's numbers are the shortest decimals of US dollars per million tokens, so their text is exact. */
const perToken = (perMillion: number): Femto => (parseUsd(String(perMillion)) ?? 0n) / 1_000_000n;
const perThousand = (value: ModelPrice[string]): Femto =>
  typeof value === 'number' ? (parseUsd(String(value)) ?? 0n) / 1000n : 0n;
