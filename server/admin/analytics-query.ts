import * as z from 'zod';
import { DIMENSIONS, GRANULARITIES, type Grain, METRICS, namesOf, OPERATORS } from './analytics-meta.ts';

const DAY_MS = 86_400_000;
const MINUTES_MS = 3 * 3_600_000;
const MOST_ROWS = 10_000;
/** What only the calls themselves can tell is told of so many days. */
const CALL_DAYS = 31;

const known = <T extends string>(names: readonly T[], what: string) =>
  z.enum(names as [T, ...T[]], {
    error: ({ input }) => `there is no ${what} "${String(input).slice(0, 64)}"; GET /analytics/meta lists them`,
  });

/** With seconds, in UTC; as OpenRouter, nothing less exact. */
const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, 'must be YYYY-MM-DDTHH:MM:SSZ')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'is no moment');

const scalar = z.union([z.string().max(500), z.number()]);
const filter = z
  .object({
    field: known(namesOf(DIMENSIONS), 'dimension'),
    operator: known(OPERATORS, 'operator'),
    value: z.union([scalar, z.array(scalar).min(1).max(1_000)]),
    include_unset: z.boolean().optional(),
  })
  .superRefine(({ field, operator, value, include_unset }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const isList = operator === 'in' || operator === 'not_in';
    if (isList !== Array.isArray(value)) issue('value', `must be ${isList ? 'a list' : 'one value'} with ${operator}`);
    if (!include_unset) return;
    if (!isList) issue('include_unset', 'goes with in and not_in alone');
    if (!DIMENSIONS[field].hasUnset) issue('include_unset', `Dimension "${field}" has no unset bucket`);
  });

const none = (what: string) => z.undefined(`there are no ${what} here`).optional();

/** `POST /analytics/query` */
export const analyticsBody = z
  .object({
    metrics: z
      .array(known(namesOf(METRICS), 'metric'))
      .min(1)
      .max(namesOf(METRICS).length),
    dimensions: z
      .array(known(namesOf(DIMENSIONS), 'dimension'))
      .max(2)
      .default([]),
    granularity: known(GRANULARITIES, 'granularity').optional(),
    time_range: z.object({ start: moment, end: moment }).optional(),
    filters: z.array(filter).max(20).default([]),
    order_by: z.object({ field: z.string().max(64), direction: z.enum(['asc', 'desc']) }).optional(),
    limit: z.int().min(1).max(MOST_ROWS).optional(),
    group_limit: z.int().min(1).max(MOST_ROWS).optional(),
    classifier_dimensions: none('classifiers'),
    classifier_filters: none('classifiers'),
  })
  .superRefine((query, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { dimensions, metrics, order_by: order, time_range: range, granularity } = query;
    if (new Set(dimensions).size < dimensions.length) issue('dimensions', 'name one twice');
    const orders: readonly string[] = [...metrics, ...dimensions, 'request_count', ...(granularity ? ['date'] : [])];
    if (order && !orders.includes(order.field)) issue('order_by', `can be by ${orders.join(', ')}`);
    if (!range) return;
    const length = Date.parse(range.end) - Date.parse(range.start);
    if (length <= 0) issue('time_range', 'must end after it begins');
    if (granularity === 'minute' && length > MINUTES_MS) issue('granularity', 'minute is for three hours at most');
    if (grainOf(query) === 'calls' && length > CALL_DAYS * DAY_MS)
      issue('time_range', `is at most ${CALL_DAYS} days with these metrics, dimensions, filters and granularity`);
  });
export type AnalyticsQuery = z.output<typeof analyticsBody>;

type Asked = Pick<AnalyticsQuery, 'metrics' | 'dimensions' | 'filters' | 'granularity'>;

/** Whether days can tell it, or only calls can. */
export function grainOf({ metrics, dimensions, filters, granularity }: Asked): Grain {
  const fields = [...dimensions, ...filters.map(({ field }) => field)];
  // Days know what brought keys were charged, but not with which preset.
  const isByok = metrics.some((name) => name.startsWith('byok_') || name === 'credits_usage');
  return granularity === 'minute' ||
    granularity === 'hour' ||
    metrics.some((name) => METRICS[name].grain === 'calls') ||
    fields.some((name) => DIMENSIONS[name].grain === 'calls' || (isByok && name === 'preset'))
    ? 'calls'
    : 'days';
}

export type Span = {
  readonly grain: Grain;
  /** ISO 8601 UTC; the end is not in it. Midnights where days are asked. */
  readonly start: string;
  readonly end: string;
  readonly warnings: readonly string[];
};

const midnight = (time: number) => Math.floor(time / DAY_MS) * DAY_MS;
const iso = (time: number) => new Date(time).toISOString();

/** Which time is asked about, and of what: without a range of the last seven days, today included. */
export function spanOf(query: AnalyticsQuery, now: Date): Span {
  const grain = grainOf(query);
  const tomorrow = midnight(now.getTime()) + DAY_MS;
  const range = query.time_range;
  if (!range) {
    // The day a minute's series is about cannot be a week.
    const length = query.granularity === 'minute' ? MINUTES_MS : 7 * DAY_MS;
    const start = query.granularity === 'minute' ? now.getTime() - length : tomorrow - length;
    return { grain, start: iso(start), end: iso(tomorrow), warnings: [] };
  }
  const [start, asked] = [Date.parse(range.start), Date.parse(range.end)];
  // Nothing was called in the future.
  const end = asked >= now.getTime() && grain === 'days' ? Math.max(tomorrow, midnight(asked)) : asked;
  if (grain === 'calls' || (midnight(start) === start && midnight(end) === end))
    return { grain, start: iso(start), end: iso(end), warnings: [] };
  if (end - start <= CALL_DAYS * DAY_MS) return { grain: 'calls', start: iso(start), end: iso(end), warnings: [] };
  return {
    grain,
    start: iso(midnight(start)),
    end: iso(midnight(end - 1) + DAY_MS),
    warnings: [`A range longer than ${CALL_DAYS} days is told in whole days (UTC)`],
  };
}
