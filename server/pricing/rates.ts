import type { Femto } from './money.ts';
import type { DayWindow, Price, Rates, ServiceTier } from './price.ts';

/** The rates of a prompt of that many tokens at that moment, served in that tier. */
export function ratesFor(
  price: Price,
  promptTokens: number,
  at: Date = new Date(),
  serviceTier: ServiceTier | null = null,
): Rates {
  let rates: Rates = price;
  for (const tier of price.tiers) {
    if (promptTokens <= tier.minPromptTokens || (tier.window && !holds(tier.window, at))) continue;
    rates = { ...rates, ...tier.rates };
  }
  const apart = serviceTier === null ? undefined : price.serviceTiers?.[serviceTier];
  return apart ? { ...rates, ...apart } : rates;
}

/** Whether a moment is in the window; after midnight a window that wraps belongs to the day it began on. */
export function holds({ start, end, days }: DayWindow, at: Date): boolean {
  const minute = at.getUTCHours() * 60 + at.getUTCMinutes();
  const day = at.getUTCDay();
  const isDay = (one: number) => days === undefined || days.includes(one);
  if (start < end) return minute >= start && minute < end && isDay(day);
  if (start === end) return isDay(day);
  return (minute >= start && isDay(day)) || (minute < end && isDay((day + 6) % 7));
}

/** What a request may use beyond text, for its bound. */
export type Needs = {
  /** It asks for cache writes that last an hour. */
  readonly hourCache: boolean;
  readonly audioIn: boolean;
  readonly imageIn: boolean;
  readonly audioOut: boolean;
  readonly serviceTier: ServiceTier | null;
};

export const TEXT_ALONE: Needs = {
  hourCache: false,
  audioIn: false,
  imageIn: false,
  audioOut: false,
  serviceTier: null,
};

/** The dearest rates of each kind, over every tier and every hour of the day. */
export type Dearest = {
  readonly input: Femto;
  readonly output: Femto;
  readonly request: Femto;
  readonly image: Femto;
  /** Null: unknown. */
  readonly webSearch: Femto | null;
};

const remembered = new WeakMap<Price, Map<number, Dearest>>();

/**
 * The dearest rate per prompt token (cache writes included) and per completion token (reasoning and images included), that a
 * request with these needs may be charged. A price never changes, so it is worked out once for each kind of request.
 */
export function dearest(price: Price, needs: Needs = TEXT_ALONE): Dearest {
  const kind =
    Number(needs.hourCache) +
    Number(needs.audioIn) * 2 +
    Number(needs.imageIn) * 4 +
    Number(needs.audioOut) * 8 +
    (needs.serviceTier === null ? 0 : needs.serviceTier === 'flex' ? 16 : 32);
  let kinds = remembered.get(price);
  if (!kinds) {
    kinds = new Map();
    remembered.set(price, kinds);
  }
  let found = kinds.get(kind);
  if (!found) {
    found = workOut(price, needs);
    kinds.set(kind, found);
  }
  return found;
}

function workOut(price: Price, needs: Needs): Dearest {
  const apart = needs.serviceTier === null ? undefined : price.serviceTiers?.[needs.serviceTier];
  const all: readonly Partial<Rates>[] = [price, ...price.tiers.map((tier) => tier.rates), ...(apart ? [apart] : [])];
  let input = 0n;
  let output = 0n;
  let request = 0n;
  let image = 0n;
  let webSearch: Femto | null = null;
  const more = (most: Femto, rate: Femto | null | undefined) => (rate && rate > most ? rate : most);
  for (const rates of all) {
    for (const rate of [rates.prompt, rates.cacheRead, rates.cacheWrite]) input = more(input, rate);
    if (needs.hourCache) input = more(input, rates.cacheWrite1h);
    if (needs.audioIn) input = more(more(input, rates.audio), rates.audioCache);
    if (needs.imageIn) input = more(input, rates.imageToken);
    for (const rate of [rates.completion, rates.reasoning, rates.imageOutput]) output = more(output, rate);
    if (needs.audioOut) output = more(output, rates.audioOutput);
    request = more(request, rates.request);
    image = more(image, rates.image);
    if (rates.webSearch !== null && rates.webSearch !== undefined) webSearch = more(webSearch ?? 0n, rates.webSearch);
  }
  return { input, output, request, image, webSearch };
}

/** The tier a request or an answer names, if it costs apart: `fast` is another word for `priority`. */
export function serviceTierOf(name: unknown): ServiceTier | null {
  if (name === 'flex') return 'flex';
  return name === 'priority' || name === 'fast' ? 'priority' : null;
}
