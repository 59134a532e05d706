import * as z from 'zod';
import { DEFAULT_RUNAWAY_RULES, type RunawayRules } from '../policy/runaway.ts';
import { DEFAULT_TIER_RULES, type TierRules } from '../policy/tier.ts';

const mode = z.enum(['off', 'warn', 'trip']);
const days = z.int().min(0).max(3650);

/** `PATCH {CALLGATE_API}/behaviors/rules`: what a workspace would have otherwise. What is absent stays; null bounds nothing. */
export const behaviorRulesPatch = z.strictObject({
  c_to_b: z.int().min(0).max(1000).optional(),
  b_to_a: z.int().min(0).max(1000).optional(),
  demote_days: z.int().min(1).max(3650).optional(),
  clean_calls: z.int().min(0).max(1_000_000).optional(),
  clean_days: days.optional(),
  requests_per_minute: z.int().min(1).max(10_000_000).nullable().optional(),
  usd_per_minute: z.number().positive().max(1_000_000).nullable().optional(),
  times_usual: z.number().min(1).max(10_000).nullable().optional(),
  history_minutes: z.int().min(1).max(10_000).optional(),
  loop_calls: z.int().min(2).max(1000).nullable().optional(),
  loop_minutes: z.int().min(1).max(60).optional(),
  /** Of keys that say nothing themselves: those of behaviors, and all others. */
  runaway_behaviors: mode.optional(),
  runaway_keys: mode.optional(),
});
export type BehaviorRulesPatch = z.infer<typeof behaviorRulesPatch>;

export type BehaviorRules = TierRules &
  RunawayRules & { readonly runaway_behaviors: z.infer<typeof mode>; readonly runaway_keys: z.infer<typeof mode> };

export const DEFAULT_BEHAVIOR_RULES: BehaviorRules = {
  ...DEFAULT_TIER_RULES,
  ...DEFAULT_RUNAWAY_RULES,
  runaway_behaviors: 'trip',
  runaway_keys: 'warn',
};

/** What was stored, by this version or another, over the defaults; what this version cannot read counts as not said. */
export function rulesOver(stored: Readonly<Record<string, unknown>>): BehaviorRules {
  const shape = behaviorRulesPatch.shape as Record<string, z.ZodType>;
  const known = Object.entries(stored).filter(
    ([name, value]) => value !== undefined && shape[name]?.safeParse(value).success,
  );
  return { ...DEFAULT_BEHAVIOR_RULES, ...Object.fromEntries(known) };
}
