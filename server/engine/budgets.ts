import { layerOf } from '../ledger/budget-windows.ts';
import type { BudgetLayer, EffectivePolicy } from '../policy/effective-policy.ts';
import type { Layer } from '../store/store.ts';

/** What a call must fit under on one day, and what it is charged to. */
export type Budgets = {
  /** Those that limit something, in the order in which they are asked. */
  readonly limited: readonly BudgetLayer[];
  /** The same, one for one, as the ledger knows them. */
  readonly layers: readonly Layer[];
  /** Whose spend the call will be, each once. */
  readonly accounts: readonly string[];
};

const DAY_MS = 86_400_000;

/** The budgets of a call in the windows that hold `now`. `own`: those of this call alone; they come before the organization's credits. */
export function budgetsOf(policy: EffectivePolicy, now: Date, own: readonly BudgetLayer[] = []): Budgets {
  if (own.length > 0) return budgetsAt(withOwn(policy.budgets, own), policy.accounts, now);
  // A policy stays the same object until it says something else, and windows begin with a day.
  const day = Math.floor(now.getTime() / DAY_MS);
  const known = remembered.get(policy);
  if (known?.day === day) return known.budgets;
  const budgets = budgetsAt(policy.budgets, policy.accounts, now);
  remembered.set(policy, { day, budgets });
  return budgets;
}
const remembered = new WeakMap<EffectivePolicy, { readonly day: number; readonly budgets: Budgets }>();

function budgetsAt(all: readonly BudgetLayer[], accounts: readonly string[], now: Date): Budgets {
  const limited = all.filter(({ limit }) => limit !== null);
  return {
    limited,
    layers: limited.map((budget) => layerOf(budget, now)),
    accounts: [...new Set([...accounts, ...all.map(({ id }) => id)])],
  };
}

function withOwn(budgets: readonly BudgetLayer[], own: readonly BudgetLayer[]): readonly BudgetLayer[] {
  const credits = budgets.filter(({ scope }) => scope === 'credits');
  return [...budgets.filter(({ scope }) => scope !== 'credits'), ...own, ...credits];
}
