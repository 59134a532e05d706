import type { Refusal } from '../errors.ts';
import type { Ask, Decision, Ledger } from '../ledger/ledger.ts';
import { dayOf } from '../ledger/windows.ts';
import type { Log } from '../observe/log.ts';
import { decideBudget } from '../policy/budget.ts';
import type { BudgetLayer, EffectivePolicy } from '../policy/effective-policy.ts';
import type { GenerationStart, KeyRow, KeyStore, LayerStanding } from '../store/store.ts';
import type { Bound } from './bound.ts';
import { exhausted, type Stood, stillHeld, tooDear } from './budget-refusal.ts';
import { type Budgets, budgetsOf } from './budgets.ts';
import { keyRefusal } from './key-standing.ts';
import { undecided } from './undecided.ts';

/** What a reservation grants: the bound it holds, and the maximum to send upstream when a limit set one. */
export type Granted = { readonly kind: 'granted'; readonly nano: number; readonly maxTokens: number | null };

export type ReserveParts = {
  readonly ledger: Ledger;
  readonly keys: Pick<KeyStore, 'byId'>;
  readonly policyOf: (key: KeyRow) => EffectivePolicy;
  readonly log: Log;
  readonly now: () => Date;
};

export type ReserveInput = {
  readonly id: string;
  readonly key: KeyRow;
  readonly policy: EffectivePolicy;
  /** Of this call alone. */
  readonly ownBudgets?: readonly BudgetLayer[] | undefined;
  readonly bound: Bound;
  readonly generation: GenerationStart;
  readonly createdAt: Date;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
};

/**
 * Reserves a call's bound at every budget over its key, all or nothing, waiting its turn where calls in flight hold what is missing.
 * While it waits its key may be disabled or deleted, a limit raised, a guardrail taken away, a day may turn: each time it is asked
 * again, all of that counts as it is then. `policy` is the one under which it was granted.
 */
export async function reserveCall(
  { ledger, keys, policyOf, log, now }: ReserveParts,
  input: ReserveInput,
): Promise<(Granted & { readonly policy: EffectivePolicy }) | Refusal | { readonly kind: 'aborted' }> {
  let { policy } = input;
  let barred: Refusal | null = null;
  let hasWaited = false;
  let budgets = budgetsOf(policy, now(), input.ownBudgets);
  let last: readonly LayerStanding[] = [];
  const look = async () => {
    const key = await keys.byId(input.key.id);
    barred = keyRefusal(key, now());
    if (key && !barred) policy = policyOf(key);
    budgets = budgetsOf(policy, now(), input.ownBudgets);
    return budgets.layers;
  };
  const ask: Ask<Granted | Refusal> = {
    layers: () => {
      if (!hasWaited) {
        hasWaited = true;
        return budgets.layers;
      }
      return look().catch((error: unknown) => {
        barred = undecided(log, input.id, error);
        return budgets.layers;
      });
    },
    decide: (standings) => {
      last = standings;
      return barred ? { kind: 'refuse', refused: barred } : decideReservation(input, budgets, standings, now());
    },
    count: input.bound.count,
    patience: input.patienceMs,
    signal: input.signal,
  };
  const outcome = await ledger.reserve(ask);
  switch (outcome.kind) {
    case 'reserved':
    case 'refused': {
      const answer = outcome.kind === 'reserved' ? outcome.granted : outcome.refused;
      return answer.kind === 'refused' ? answer : { ...answer, policy };
    }
    case 'aborted':
      return { kind: 'aborted' };
    case 'impatient': {
      const at = last.findIndex(({ id }) => id === outcome.layer);
      return stillHeld(
        stoodAt(budgets, last, at < 0 ? [] : [at])[0] ?? null,
        { ms: input.patienceMs, calls: outcome.waiting },
        now(),
      );
    }
  }
}

/** What the budgets say to a call at this moment: pure. `standings` are those of `budgets.layers`, one for one. */
export function decideReservation(
  input: Pick<ReserveInput, 'id' | 'bound' | 'generation' | 'createdAt'>,
  budgets: Budgets,
  standings: readonly LayerStanding[],
  now: Date,
): Decision<Granted | Refusal> {
  const { id, createdAt, generation } = input;
  const verdict = decideBudget(input.bound.current(), standings);
  switch (verdict.kind) {
    case 'reserve': {
      const { nano, maxTokens } = verdict;
      const reservation = {
        id,
        layers: budgets.accounts,
        nano,
        day: dayOf(now),
        createdAt: createdAt.toISOString(),
        generation,
      };
      return { kind: 'reserve', reservation, granted: { kind: 'granted', nano, maxTokens } };
    }
    case 'wait':
      return { kind: 'wait', layer: standings[verdict.layer]?.id ?? '', claim: verdict.nano };
    case 'exhausted':
      return { kind: 'refuse', refused: exhausted(stoodAt(budgets, standings, verdict.layers), now) };
    case 'too_dear':
      return { kind: 'refuse', refused: tooDear(stoodAt(budgets, standings, verdict.layers), verdict, now) };
    default:
      return verdict;
  }
}

function stoodAt(
  { limited }: Budgets,
  standings: readonly LayerStanding[],
  places: readonly number[],
): readonly Stood[] {
  return places.flatMap((at) => {
    const budget = limited[at];
    const standing = standings[at];
    return budget && standing ? [{ budget, standing }] : [];
  });
}
