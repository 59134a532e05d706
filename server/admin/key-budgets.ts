import { layerOf } from '../ledger/budget-windows.ts';
import { resetsAt } from '../ledger/windows.ts';
import type { BudgetLayer, EffectivePolicy } from '../policy/effective-policy.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { KeyRow, LayerStanding } from '../store/store.ts';
import type { AdminContext } from './context.ts';

/**
 * Every budget over a key, in the order in which they are asked, as OpenRouter's `KeyBudget`; the key's own is there without a limit, too.
 * `effective_budget` is the least that is left over all of them, null where none limits. Money in US dollars.
 */
export async function keyBudgets(admin: AdminContext, key: KeyRow): Promise<Record<string, unknown>> {
  const now = admin.now();
  const policy = admin.policyOf(key);
  const budgets = policy.budgets.filter(({ limit, scope }) => limit !== null || scope === 'key_limit');
  const stood = await standing(admin, budgets);
  const left = stood.flatMap(({ standing: { limit, spent } }) => (limit === null ? [] : [limit - spent]));
  return {
    budgets: stood.map(({ budget, standing }) => budgetView(budget, standing, now)),
    effective_budget: { remaining_usd: left.length === 0 ? null : usdOfNano(Math.min(...left)) },
    allowed_data_regions: regionsOf(policy),
  };
}

/** A budget and how it stands. */
export type Stood = { readonly budget: BudgetLayer; readonly standing: LayerStanding };

/** Every budget over a key and how it stands, in the order in which they are asked. */
export function budgetsOver(admin: AdminContext, key: KeyRow): Promise<readonly Stood[]> {
  return standing(admin, admin.policyOf(key).budgets);
}

export async function standing(admin: AdminContext, budgets: readonly BudgetLayer[]): Promise<readonly Stood[]> {
  const now = admin.now();
  const standings = await admin.store.ledger.standings(budgets.map((budget) => layerOf(budget, now)));
  return budgets.flatMap((budget, at) => {
    const standing = standings[at];
    return standing ? [{ budget, standing }] : [];
  });
}

function budgetView(budget: BudgetLayer, { limit, spent }: LayerStanding, now: Date): Record<string, unknown> {
  return {
    scope: budget.scope,
    guardrail_id: budget.guardrailId,
    budget_id: budget.budgetId,
    limit_usd: limit === null ? null : usdOfNano(limit),
    spend_usd: usdOfNano(spent),
    remaining_usd: limit === null ? null : usdOfNano(limit - spent),
    reset_interval: budget.reset,
    resets_at: resetsAt(budget.reset, now),
    include_byok: budget.includeByok,
  };
}

/** Where its calls may be taken in; without a rule, here. */
function regionsOf({ access }: EffectivePolicy): readonly string[] {
  const [first, ...others] = access?.regions ?? [];
  if (!first) return ['global'];
  return [...first.value].filter((region) => others.every(({ value }) => value.has(region)));
}
