/** What can be asked of `/analytics/query`: OpenRouter's names, of which those are here that a daemon measures. */

/** `days`: told by the sums of days, which never end. `calls`: only by the calls themselves. */
export type Grain = 'days' | 'calls';

type Metric = {
  readonly label: string;
  readonly format: 'number' | 'currency' | 'percent' | 'latency' | 'throughput';
  readonly isRate: boolean;
  readonly grain: Grain;
};

const count = (label: string, grain: Grain = 'days'): Metric => ({ label, format: 'number', isRate: false, grain });
const dollars = (label: string): Metric => ({ label, format: 'currency', isRate: false, grain: 'days' });
const share = (label: string): Metric => ({ label, format: 'percent', isRate: true, grain: 'calls' });
const latency = (label: string): Metric => ({ label, format: 'latency', isRate: true, grain: 'calls' });
const throughput = (label: string): Metric => ({ label, format: 'throughput', isRate: true, grain: 'calls' });

export const METRICS = {
  request_count: count('Request Count'),
  tokens_total: count('Total Tokens'),
  tokens_prompt: count('Prompt Tokens'),
  tokens_completion: count('Completion Tokens'),
  reasoning_tokens: count('Reasoning Tokens'),
  cached_tokens: count('Cached Tokens', 'calls'),
  byok_request_count: count('BYOK Request Count'),
  response_cached_count: count('Cached Responses', 'calls'),
  total_usage: dollars('Total Usage'),
  byok_usage: dollars('BYOK Usage'),
  credits_usage: dollars('Credits Usage'),
  cache_hit_rate: share('Cache Hit Rate'),
  response_cached_rate: share('Response Cached Rate'),
  avg_latency: latency('Average Latency'),
  p50_latency: latency('p50 Latency'),
  p90_latency: latency('p90 Latency'),
  p99_latency: latency('p99 Latency'),
  avg_throughput: throughput('Average Throughput'),
  p50_throughput: throughput('p50 Throughput'),
  p90_throughput: throughput('p90 Throughput'),
  p99_throughput: throughput('p99 Throughput'),
} as const satisfies Record<string, Metric>;
export type MetricName = keyof typeof METRICS;

type Dimension = {
  readonly label: string;
  readonly grain: Grain;
  /** Whether some calls have no value of it. */
  readonly hasUnset: boolean;
};

/** `preset` and `session_id` are Callgate's own. */
export const DIMENSIONS = {
  model: { label: 'Model', grain: 'days', hasUnset: false },
  provider: { label: 'Provider', grain: 'days', hasUnset: true },
  api_key_id: { label: 'API Key', grain: 'days', hasUnset: false },
  user: { label: 'User', grain: 'days', hasUnset: true },
  workspace: { label: 'Workspace', grain: 'days', hasUnset: false },
  preset: { label: 'Preset', grain: 'days', hasUnset: true },
  app: { label: 'App', grain: 'calls', hasUnset: true },
  origin: { label: 'Origin', grain: 'calls', hasUnset: true },
  finish_reason: { label: 'Finish Reason', grain: 'calls', hasUnset: true },
  session_id: { label: 'Session', grain: 'calls', hasUnset: true },
  generation_id: { label: 'Generation', grain: 'calls', hasUnset: false },
} as const satisfies Record<string, Dimension>;
export type DimensionName = keyof typeof DIMENSIONS;

export const GRANULARITIES = ['minute', 'hour', 'day', 'week', 'month'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const OPERATORS = ['eq', 'neq', 'in', 'not_in', 'gt', 'gte', 'lt', 'lte'] as const;
export type Operator = (typeof OPERATORS)[number];

export const namesOf = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as T[];

/** `GET /analytics/meta` */
export function analyticsMeta(): Record<string, unknown> {
  return {
    metrics: namesOf(METRICS).map((name) => ({
      name,
      display_label: METRICS[name].label,
      display_format: METRICS[name].format,
      is_rate: METRICS[name].isRate,
    })),
    dimensions: namesOf(DIMENSIONS).map((name) => ({ name, display_label: DIMENSIONS[name].label })),
    operators: OPERATORS.map((name) => ({ name, value_type: name === 'in' || name === 'not_in' ? 'array' : 'scalar' })),
    granularities: GRANULARITIES.map((name) => ({ name, display_label: name[0]?.toUpperCase() + name.slice(1) })),
  };
}
