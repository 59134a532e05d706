import type { ConditionalPrice, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { type Femto, parseUsd } from './money.ts';
import { ANY_PROMPT, type DayWindow, type Price, type Rates, type Tier } from './price.ts';

/** The library's names, and how many units each price is for. */
const LIBRARY_NAMES: readonly (readonly [keyof Rates, string, bigint])[] = [
  ['prompt', 'input_mtok', 1_000_000n],
  ['completion', 'output_mtok', 1_000_000n],
  ['cacheRead', 'cache_read_mtok', 1_000_000n],
  ['cacheWrite', 'cache_write_mtok', 1_000_000n],
  ['cacheWrite1h', 'cache_write_1h_mtok', 1_000_000n],
  ['reasoning', 'output_reasoning_mtok', 1_000_000n],
  ['audio', 'input_audio_mtok', 1_000_000n],
  ['audioCache', 'cache_audio_read_mtok', 1_000_000n],
  ['audioOutput', 'output_audio_mtok', 1_000_000n],
  ['imageToken', 'input_image_mtok', 1_000_000n],
  ['imageOutput', 'output_image_mtok', 1_000_000n],
  ['request', 'requests_kcount', 1_000n],
  ['webSearch', 'web_searches_kcount', 1_000n],
];

/** What an override has to say so that nothing of the price it replaces shows through. */
const APART: Partial<Rates> = {
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  reasoning: null,
  audio: null,
  audioCache: null,
  audioOutput: null,
  imageToken: null,
  imageOutput: null,
  webSearch: null,
};

/**
 * The library's price of a model on a day, exactly; hours of the day become windows, so that a bound sees them all. Null when it
 * has none for tokens.
 */
export function priceOfLibrary({ id, prices }: ModelInfo, now: Date): Price | null {
  if (!Array.isArray(prices)) return priceOf(prices, id);
  const from = prices.findLastIndex((entry) => !isWindow(entry) && hasBegun(entry, now));
  const base = prices[from];
  const price = base ? priceOf(base.prices, id) : null;
  if (!price) return null;
  const hours = prices.slice(from + 1).flatMap((entry): readonly Tier[] => {
    const window = windowOf(entry);
    const other = window ? priceOf(entry.prices, id) : null;
    if (!window || !other) return [];
    const { tiers, ...rates } = other;
    return [
      { minPromptTokens: ANY_PROMPT, window, rates: { ...APART, ...rates } },
      ...tiers.map((tier) => ({ ...tier, window })),
    ];
  });
  return { ...price, tiers: [...price.tiers, ...hours] };
}

/** Whether its price changes at a date that is still to come. */
export function willChange({ prices }: ModelInfo, now: Date): boolean {
  return Array.isArray(prices) && prices.some((entry) => !isWindow(entry) && !hasBegun(entry, now));
}

const isWindow = ({ constraint }: ConditionalPrice) => constraint?.type === 'time_of_date';

const hasBegun = ({ constraint }: ConditionalPrice, now: Date) =>
  constraint?.type !== 'start_date' || constraint.start_date <= now.toISOString().slice(0, 10);

function windowOf({ constraint }: ConditionalPrice): DayWindow | null {
  if (constraint?.type !== 'time_of_date') return null;
  const start = minuteOf(constraint.start_time);
  const end = minuteOf(constraint.end_time);
  return start === null || end === null ? null : { start, end };
}

/** `00:30:00Z`; with another offset it is the same moment in UTC. */
function minuteOf(time: string): number | null {
  const at = new Date(`2000-01-02T${time}`);
  return Number.isNaN(at.getTime()) ? null : at.getUTCHours() * 60 + at.getUTCMinutes();
}

function priceOf(prices: ModelPrice, id: string): Price | null {
  const free = Object.keys(prices).length === 0 && id.endsWith(':free');
  const base: Partial<Record<keyof Rates, Femto>> = {};
  const tiers = new Map<number, Partial<Record<keyof Rates, Femto>>>();
  for (const [rate, name, units] of LIBRARY_NAMES) {
    const value = prices[name];
    if (value === undefined) continue;
    if (typeof value === 'number') {
      base[rate] = perUnit(value, units);
      continue;
    }
    base[rate] = perUnit(value.base, units);
    for (const tier of value.tiers) {
      tiers.set(tier.start, { ...tiers.get(tier.start), [rate]: perUnit(tier.price, units) });
    }
  }
  if (!free && (base.prompt === undefined || base.completion === undefined)) return null;
  return {
    cacheRead: null,
    cacheWrite: null,
    reasoning: null,
    request: 0n,
    image: 0n,
    ...base,
    prompt: base.prompt ?? 0n,
    completion: base.completion ?? 0n,
    tiers: [...tiers].sort(([a], [b]) => a - b).map(([minPromptTokens, rates]) => ({ minPromptTokens, rates })),
  };
}

/** The library's numbers are the shortest decimals of US dollars, so their text is exact. */
const perUnit = (price: number, units: bigint): Femto => (parseUsd(String(price)) ?? 0n) / units;
