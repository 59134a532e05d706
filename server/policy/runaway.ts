/** When a key has run away: too many calls, too much money, or the same thing over and over. Pure. */

export type RunawayMode = 'off' | 'warn' | 'trip';

export type RunawayRules = {
  /** Null: no such bound. */
  readonly requests_per_minute: number | null;
  /** US dollars. */
  readonly usd_per_minute: number | null;
  /** Times its own usual minute, once there are `history_minutes` of it. */
  readonly times_usual: number | null;
  readonly history_minutes: number;
  /** The same preset and last message so many times within `loop_minutes`. */
  readonly loop_calls: number | null;
  readonly loop_minutes: number;
};

export const DEFAULT_RUNAWAY_RULES: RunawayRules = {
  requests_per_minute: 600,
  usd_per_minute: 10,
  times_usual: 10,
  history_minutes: 60,
  loop_calls: 20,
  loop_minutes: 5,
};

export type Trip = {
  readonly rule: 'requests_per_minute' | 'usd_per_minute' | 'usual_requests' | 'usual_spend' | 'loop';
  /** What was seen and what is allowed, in calls or US dollars a minute. */
  readonly seen: number;
  readonly bound: number;
};

/** A minute as it is so far, and what this key's minutes are like; nano-dollars. */
export type Minute = {
  readonly requests: number;
  readonly nano: number;
  readonly usualRequests: number;
  readonly usualNano: number;
  /** Minutes with calls that the usual is made of. */
  readonly history: number;
};

/** Below these nothing is unusual enough to matter, whatever the usual is. */
const LEAST_REQUESTS = 60;
const LEAST_NANO = 500_000_000;

/** What of a minute is out of bounds; null: nothing. */
export function tripOf(minute: Minute, rules: RunawayRules): Trip | null {
  const { requests, nano, usualRequests, usualNano, history } = minute;
  const { requests_per_minute: calls, usd_per_minute: usd, times_usual: times } = rules;
  if (calls !== null && requests > calls) return { rule: 'requests_per_minute', seen: requests, bound: calls };
  if (usd !== null && nano > usd * 1e9) return { rule: 'usd_per_minute', seen: nano / 1e9, bound: usd };
  if (times === null || history < rules.history_minutes) return null;
  if (requests > LEAST_REQUESTS && requests > times * usualRequests)
    return { rule: 'usual_requests', seen: requests, bound: times * usualRequests };
  if (nano > LEAST_NANO && nano > times * usualNano)
    return { rule: 'usual_spend', seen: nano / 1e9, bound: (times * usualNano) / 1e9 };
  return null;
}

/** In words, for the refusal, the ledger and the editor. */
export function tripText({ rule, seen, bound }: Trip, rules: RunawayRules): string {
  const usd = (amount: number) => `$${amount.toFixed(amount >= 1 ? 2 : 4)}`;
  switch (rule) {
    case 'requests_per_minute':
      return `${seen} calls in a minute, more than ${bound}`;
    case 'usd_per_minute':
      return `${usd(seen)} in a minute, more than ${usd(bound)}`;
    case 'usual_requests':
      return `${seen} calls in a minute, more than ${rules.times_usual} times what is usual for it (${(bound / (rules.times_usual ?? 1)).toFixed(1)})`;
    case 'usual_spend':
      return `${usd(seen)} in a minute, more than ${rules.times_usual} times what is usual for it (${usd(bound / (rules.times_usual ?? 1))})`;
    case 'loop':
      return `the same preset and message ${seen} times within ${rules.loop_minutes} minutes`;
  }
}
