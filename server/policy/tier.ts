/**
 * When a behavior loses trust, and what it takes to earn it again. C runs alone, B needs a person's leave for each task, A only
 * proposes. Pure.
 */
export type Tier = 'A' | 'B' | 'C';

/** What a behavior can fail at. */
export type Gate = 'block' | 'injection' | 'runaway' | 'cap';

export type TierRules = {
  /** Failures within `demote_days` that take C to B; 0: none does. */
  readonly c_to_b: number;
  /** Failures within `demote_days` that take B to A; 0: none does. */
  readonly b_to_a: number;
  readonly demote_days: number;
  /** Calls in a row that tripped no gate, and days of them, by which B earns C. */
  readonly clean_calls: number;
  readonly clean_days: number;
};

export const DEFAULT_TIER_RULES: TierRules = { c_to_b: 1, b_to_a: 2, demote_days: 7, clean_calls: 50, clean_days: 7 };

const DAY_MS = 86_400_000;
const ORDER: readonly Tier[] = ['A', 'B', 'C'];

export const isHigher = (tier: Tier, than: Tier) => ORDER.indexOf(tier) > ORDER.indexOf(than);

/** The moment from which failures count: within the rule's days, and since a person last trusted it with more. ISO 8601 UTC. */
export function failuresCountSince(rules: TierRules, trustedSince: string, now: Date): string {
  const window = new Date(now.getTime() - rules.demote_days * DAY_MS).toISOString();
  return window > trustedSince ? window : trustedSince;
}

/** The tier after a failure; `failures` are those that count, this one included. One step at a time. */
export function tierAfterFailure(tier: Tier, failures: number, rules: TierRules): Tier {
  const falls = (needed: number) => needed > 0 && failures >= needed;
  if (tier === 'C' && falls(rules.c_to_b)) return 'B';
  return tier === 'B' && falls(rules.b_to_a) ? 'A' : tier;
}

export type Standing = { readonly tier: Tier; readonly cleanCalls: number; readonly cleanSince: string };

export type Promotion =
  /** Nothing is higher. */
  | { readonly kind: 'none' }
  /** A person's act alone: from A, whatever it did. */
  | { readonly kind: 'by_a_person'; readonly to: Tier }
  | { readonly kind: 'earned'; readonly to: Tier }
  | { readonly kind: 'unearned'; readonly to: Tier; readonly callsLeft: number; readonly earliest: string };

/** What stands in the way of the next tier. */
export function promotionOf({ tier, cleanCalls, cleanSince }: Standing, rules: TierRules, now: Date): Promotion {
  if (tier === 'C') return { kind: 'none' };
  if (tier === 'A') return { kind: 'by_a_person', to: 'B' };
  const callsLeft = Math.max(0, rules.clean_calls - cleanCalls);
  const earliest = Date.parse(cleanSince) + rules.clean_days * DAY_MS;
  return callsLeft === 0 && now.getTime() >= earliest
    ? { kind: 'earned', to: 'C' }
    : { kind: 'unearned', to: 'C', callsLeft, earliest: new Date(earliest).toISOString() };
}
