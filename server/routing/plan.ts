/** Which endpoints a call may use, and in what order they are tried: pure. */
import { type Cutoffs, type Preferences, type Sort, sortOf } from './preferences.ts';
import type { RecentRecord } from './record.ts';
import { routerRank } from './router.ts';
import { means, meansAny, type Served } from './slugs.ts';

export type Candidate = Served & {
  readonly id: string;
  /** Others stand behind it: it comes after what can be reached directly, unless a preference says otherwise. */
  readonly isRouter: boolean;
  /** It would be called with a key that is kept for when all else has failed. */
  readonly isFallback: boolean;
  /** Of a typical call, in any unit that all share; null: unknown. */
  readonly price: number | null;
  /** Epoch milliseconds until which it asked to be left alone; 0: not at all. */
  readonly restsUntil: number;
};

/** What is known of endpoints at this moment, by id. */
export type Circumstances = {
  readonly hasOutage: (id: string) => boolean;
  readonly recent: (id: string) => RecentRecord;
  /** Answers per cent of attempts; null: none were made. */
  readonly uptime: (id: string) => number | null;
  /** Whether a provider of this name can be called here without a router between. */
  readonly isHere: (name: string) => boolean;
  /** The endpoint that this conversation was served by, or null. */
  readonly sticky: string | null;
};

/** How the first endpoint is found: by chance weighted by price, or for another reason by which no chance is left. */
export type Selection = 'only' | 'order' | 'sort' | 'sticky' | 'price';

export type Ranked<T> = {
  readonly endpoint: T;
  /** The probability of being tried first. */
  readonly share: number;
};

export type Plan<T> = {
  /** Cheapest first where chance decides who is tried first; all others in the order they are tried in. */
  readonly ranked: readonly Ranked<T>[];
  readonly selection: Selection;
  readonly left: readonly { readonly endpoint: T; readonly why: string }[];
  /** No other than the first may be tried (`allow_fallbacks: false`). */
  readonly onlyFirst: boolean;
};

/**
 * Ranks endpoints. `only` and `ignore` filter; `order` and `sort` rank; without them, of those that are awake, without an outage and
 * as fast as is preferred, direct ones first, one is drawn with a chance in proportion to 1/price², and the rest follow by price.
 * `sort` is what the model's variant asks for; it wins over the preferences'.
 */
export function planEndpoints<T extends Candidate>(
  candidates: readonly T[],
  preferences: Preferences,
  sort: Sort | null,
  now: Circumstances,
): Plan<T> {
  const left: { endpoint: T; why: string }[] = [];
  const keep = (list: readonly T[], test: (endpoint: T) => boolean, why: string) =>
    list.filter((endpoint) => {
      const kept = test(endpoint);
      if (!kept) left.push({ endpoint, why });
      return kept;
    });
  const { only, ignore } = preferences;
  // An empty list puts nobody first.
  const order = preferences.order?.length ? preferences.order : null;
  const isBound = preferences.allow_fallbacks === false;
  const rankIn = (list: readonly string[], candidate: T) =>
    candidate.isRouter ? routerRank(list, candidate, now.isHere) : list.findIndex((name) => means(name, candidate));

  let chosen = candidates;
  if (only) chosen = keep(chosen, (candidate) => rankIn(only, candidate) >= 0, 'provider.only');
  if (ignore) chosen = keep(chosen, (candidate) => !meansAny(ignore, candidate), 'provider.ignore');
  if (order && isBound) chosen = keep(chosen, (candidate) => rankIn(order, candidate) >= 0, 'provider.order');
  const onlyFirst = isBound && !order;
  const [first] = chosen;
  // Most calls have one place to go, and need no ranking.
  if (chosen.length === 1 && first)
    return { ranked: [{ endpoint: first, share: 1 }], selection: 'only', left, onlyFirst };

  const by = sort ?? sortOf(preferences);
  const places = chosen.map((candidate, index) => {
    const at = order ? rankIn(order, candidate) : -1;
    return {
      candidate,
      // What comes before any ranking by price or speed; equal ones are equals.
      group: [
        candidate.restsUntil,
        // Who names an endpoint first wants it asked first.
        at < 0 && now.hasOutage(candidate.id) ? 1 : 0,
        candidate.isFallback ? 1 : 0,
        at < 0 ? (order?.length ?? 0) : at,
        isFastEnough(candidate.id, preferences, now) ? 0 : 1,
        candidate.isRouter && !by ? 1 : 0,
      ],
      measure: [
        candidate.id === now.sticky && !order ? 0 : 1,
        by ? measured(candidate, by, now) : 0,
        candidate.isRouter ? 1 : 0,
        candidate.price ?? Number.POSITIVE_INFINITY,
        index,
      ],
    };
  });
  places.sort((a, b) => compare(a.group, b.group) || compare(a.measure, b.measure));

  const [best] = places;
  const equals = best ? places.filter((place) => compare(place.group, best.group) === 0) : [];
  const isSticky = best?.candidate.id === now.sticky && !order;
  const selection = order ? 'order' : isSticky ? 'sticky' : by ? 'sort' : 'price';
  const shares = selection === 'price' ? sharesOf(equals.map(({ candidate }) => candidate.price)) : [1];
  const ranked = places.map(({ candidate }, index) => ({ endpoint: candidate, share: shares[index] ?? 0 }));
  return { ranked, selection, left, onlyFirst };
}

/** Each one's chance in proportion to 1/price². What is free shares all of it; what has no known price has some only beside its like. */
export function sharesOf(prices: readonly (number | null)[]): readonly number[] {
  const cheapest = Math.min(...prices.map((price) => price ?? Number.POSITIVE_INFINITY));
  // Only the configured order is left to go by.
  if (cheapest === Number.POSITIVE_INFINITY) return prices.map((_, index) => (index === 0 ? 1 : 0));
  const weights = prices.map((price) => {
    if (price === null) return 0;
    return cheapest === 0 ? Number(price === 0) : (cheapest / price) ** 2;
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Draws who is tried first; `random` is in [0, 1). The rest keep their order. */
export function drawn<T>(ranked: readonly Ranked<T>[], random: () => number): readonly T[] {
  const chances = ranked.filter(({ share }) => share > 0);
  if (chances.length < 2) return ranked.map(({ endpoint }) => endpoint);
  let rest = random();
  const winner = chances.find(({ share }) => {
    rest -= share;
    return rest < 0;
  });
  const first = winner ?? chances.at(-1);
  return first
    ? [first.endpoint, ...ranked.filter((one) => one !== first).map(({ endpoint }) => endpoint)]
    : ranked.map(({ endpoint }) => endpoint);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

/** Smaller is better; what has not been measured comes after what has. */
function measured({ id, price }: Candidate, by: Sort, now: Circumstances): number {
  const { latency, throughput } = by === 'price' ? { latency: null, throughput: null } : now.recent(id);
  switch (by) {
    case 'price':
      return price ?? Number.POSITIVE_INFINITY;
    case 'latency':
      return latency?.p50 ?? Number.POSITIVE_INFINITY;
    case 'throughput':
      return throughput ? -throughput.p50 : Number.POSITIVE_INFINITY;
    case 'exacto': {
      // Who answers most often; among those who differ by less than a per cent, who is faster.
      const uptime = now.uptime(id);
      return uptime === null ? Number.POSITIVE_INFINITY : -Math.round(uptime) * 1e6 - (throughput?.p50 ?? 0);
    }
  }
}

function isFastEnough(id: string, preferences: Preferences, now: Circumstances): boolean {
  const { preferred_max_latency: maximum, preferred_min_throughput: minimum } = preferences;
  if ((maximum ?? minimum ?? null) === null) return true;
  const { latency, throughput } = now.recent(id);
  // What nobody has measured has not failed.
  return (
    holds(maximum, latency, (seconds, measure) => measure <= seconds * 1_000) &&
    holds(minimum, throughput, (tokens, measure) => measure >= tokens)
  );
}

function holds(
  cutoffs: Cutoffs | null | undefined,
  measured: RecentRecord['latency'],
  test: (cutoff: number, measure: number) => boolean,
): boolean {
  if (!measured || cutoffs === null || cutoffs === undefined) return true;
  if (typeof cutoffs === 'number') return test(cutoffs, measured.p50);
  return (['p50', 'p75', 'p90', 'p99'] as const).every((at) => {
    const cutoff = cutoffs[at];
    return cutoff === null || cutoff === undefined || test(cutoff, measured[at]);
  });
}
