import { usdOfNano } from '../pricing/money.ts';
import type { DimensionName, Granularity, MetricName } from './analytics-meta.ts';
import type { AnalyticsQuery } from './analytics-query.ts';

/** One call, or several that differ in nothing that is asked about. Dimensions are told by ids; null: unset. */
export type Fact = {
  /** A moment or a day, ISO 8601 UTC. */
  readonly at: string;
  readonly of: (dimension: DimensionName) => string | null;
  readonly requests: number;
  /** Nano-dollars, what was charged to brought keys among them. */
  readonly nano: number;
  readonly byokRequests: number;
  readonly byokNano: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly cachedTokens: number;
  readonly cachedResponses: number;
  /** Milliseconds to the first token; null: not measured, or several calls. */
  readonly latencyMs: number | null;
  /** Tokens a second once the first had come. */
  readonly throughput: number | null;
};

type Sums = { -readonly [field in NumberOf<Fact>]: number };
type NumberOf<T> = { [field in keyof T]: T[field] extends number ? field : never }[keyof T];

/** Nothing was called. */
export const ZERO: Sums = {
  requests: 0,
  nano: 0,
  byokRequests: 0,
  byokNano: 0,
  promptTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  cachedTokens: 0,
  cachedResponses: 0,
};
const FIELDS = Object.keys(ZERO) as (keyof Sums)[];

type Group = {
  readonly date: string | null;
  readonly ids: readonly (string | null)[];
  readonly sums: Sums;
  readonly latencies: number[];
  readonly throughputs: number[];
};

/** What a query comes to: facts are given one by one, and only their groups are kept. */
export class Rows {
  readonly #query: AnalyticsQuery;
  readonly #groups = new Map<string, Group>();

  constructor(query: AnalyticsQuery) {
    this.#query = query;
    // Without groups there is one, whether or not anything was called.
    if (query.dimensions.length === 0 && !query.granularity) this.#groupOf(null, []);
  }

  add(fact: Fact): void {
    const { granularity, dimensions } = this.#query;
    const { sums, latencies, throughputs } = this.#groupOf(
      granularity ? bucketOf(fact.at, granularity) : null,
      dimensions.map((dimension) => fact.of(dimension)),
    );
    for (const field of FIELDS) sums[field] += fact[field];
    if (fact.latencyMs !== null) latencies.push(fact.latencyMs);
    if (fact.throughput !== null) throughputs.push(fact.throughput);
  }

  /** As they are asked for: `show` puts what people call it in place of an id. `order` and limits count what is shown. */
  answer(show: (dimension: DimensionName, id: string | null) => Record<string, unknown>): {
    readonly rows: readonly Record<string, unknown>[];
    readonly truncated: boolean;
  } {
    const { metrics, dimensions, granularity, group_limit: groupLimit } = this.#query;
    const shown = [...this.#groups].map(([name, group]) => {
      const measure = measureOf(group);
      const row: Record<string, unknown> = group.date === null ? {} : { [`date__${granularity}`]: group.date };
      for (const [index, dimension] of dimensions.entries())
        Object.assign(row, show(dimension, group.ids[index] ?? null));
      for (const name of metrics) row[name] = measure(name);
      return { name, row, group, measure };
    });
    const { field, descending } = orderOf(this.#query);
    const rank = ({ row, group, measure }: (typeof shown)[number]) =>
      field === 'date' ? group.date : field === 'request_count' ? measure('request_count') : row[field];
    shown.sort((a, b) => compare(rank(a), rank(b)) * (descending ? -1 : 1) || compare(a.name, b.name));

    const most = this.#query.limit ?? (granularity && dimensions.length > 0 && !groupLimit ? 10_000 : 1_000);
    const taken = new Map<string, number>();
    const kept =
      groupLimit === undefined || dimensions.length === 0
        ? shown
        : shown.filter(({ group }) => {
            const name = JSON.stringify(group.ids);
            const before = taken.get(name) ?? 0;
            taken.set(name, before + 1);
            return before < groupLimit;
          });
    return { rows: kept.slice(0, most).map(({ row }) => row), truncated: kept.length > most };
  }

  #groupOf(date: string | null, ids: readonly (string | null)[]): Group {
    const name = JSON.stringify([date, ids]);
    let group = this.#groups.get(name);
    if (!group) {
      group = { date, ids, sums: { ...ZERO }, latencies: [], throughputs: [] };
      this.#groups.set(name, group);
    }
    return group;
  }
}

function measureOf({ sums, latencies, throughputs }: Group): (name: MetricName) => number | null {
  const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  const latency = spread(latencies);
  const throughput = spread(throughputs);
  return (name) => {
    switch (name) {
      case 'request_count':
        return sums.requests;
      case 'tokens_total':
        return sums.promptTokens + sums.completionTokens;
      case 'tokens_prompt':
        return sums.promptTokens;
      case 'tokens_completion':
        return sums.completionTokens;
      case 'reasoning_tokens':
        return sums.reasoningTokens;
      case 'cached_tokens':
        return sums.cachedTokens;
      case 'byok_request_count':
        return sums.byokRequests;
      case 'response_cached_count':
        return sums.cachedResponses;
      case 'total_usage':
        return usdOfNano(sums.nano);
      case 'byok_usage':
        return usdOfNano(sums.byokNano);
      case 'credits_usage':
        return usdOfNano(Math.max(0, sums.nano - sums.byokNano));
      case 'cache_hit_rate':
        return ratio(sums.cachedTokens, sums.promptTokens);
      case 'response_cached_rate':
        return ratio(sums.cachedResponses, sums.requests);
      case 'avg_latency':
        return latency.average();
      case 'p50_latency':
        return latency.at(0.5);
      case 'p90_latency':
        return latency.at(0.9);
      case 'p99_latency':
        return latency.at(0.99);
      case 'avg_throughput':
        return throughput.average();
      case 'p50_throughput':
        return throughput.at(0.5);
      case 'p90_throughput':
        return throughput.at(0.9);
      case 'p99_throughput':
        return throughput.at(0.99);
    }
  };
}

/** Nearest rank; null without a value. */
function spread(values: readonly number[]) {
  let sorted: readonly number[] | null = null;
  return {
    average: () => (values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length),
    at: (share: number) => {
      sorted ??= values.toSorted((a, b) => a - b);
      return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
    },
  };
}

/** Newest first in a series, else the most of the first metric. */
function orderOf({ order_by: order, granularity, metrics }: AnalyticsQuery) {
  if (order) return { field: order.field, descending: order.direction === 'desc' };
  return { field: granularity ? 'date' : (metrics[0] ?? 'request_count'), descending: true };
}

/** Numbers by size, text by its letters; nothing comes before everything. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : Number(a > b);
}

/** The beginning of the minute, hour, day, week (Monday) or month that a moment is in. */
export function bucketOf(at: string, granularity: Granularity): string {
  switch (granularity) {
    case 'minute':
      return `${at.slice(0, 16)}:00.000Z`;
    case 'hour':
      return `${at.slice(0, 13)}:00:00.000Z`;
    case 'day':
      return `${at.slice(0, 10)}T00:00:00.000Z`;
    case 'week': {
      const day = new Date(`${at.slice(0, 10)}T00:00:00.000Z`);
      day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
      return day.toISOString();
    }
    case 'month':
      return `${at.slice(0, 7)}-01T00:00:00.000Z`;
  }
}
