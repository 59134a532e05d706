import type { Refusal } from '../errors.ts';
import type { LedgerStore } from '../store/store.ts';
import type { Asked } from './asked.ts';
import { budgetsOf } from './budgets.ts';
import { type Decided, type DecideParts, decide } from './decide.ts';
import { decideReservation, type Granted } from './reserve.ts';
import { startOf } from './start.ts';

export type ForeseeParts = DecideParts & { readonly standings: LedgerStore['standings'] };

/** Where a call would go and what would be held for it, in nano-dollars. */
export type Foreseen = {
  readonly kind: 'foreseen';
  readonly decided: Decided;
  readonly bound: number;
  readonly maxTokens: number | null;
};

/**
 * What a call would come to if it were sent now, by the very decisions a call is made by; refused as the call would be. What calls in
 * flight hold counts as free: they will have ended by the time this one is run.
 */
export async function foresee(parts: ForeseeParts, asked: Asked): Promise<Foreseen | Refusal> {
  const { input, request, preset, startedAt } = asked;
  const decided = await decide(parts, asked);
  if (decided.kind === 'refused') return decided;
  const { bound } = decided;
  const reservation = {
    id: input.id,
    bound,
    generation: startOf(input, request, preset, bound),
    createdAt: startedAt,
  };
  const budgets = budgetsOf(asked.policy, startedAt, asked.ownBudgets);
  const standings = (await parts.standings(budgets.layers)).map((layer) => ({ ...layer, reserved: 0 }));
  const ask = () => decideReservation(reservation, budgets, standings, startedAt);
  let verdict = ask();
  if (verdict.kind === 'count') {
    await bound.count();
    verdict = ask();
  }
  if (verdict.kind === 'refuse') return verdict.refused as Refusal;
  if (verdict.kind !== 'reserve') throw new Error(`without calls in flight there is nothing to ${verdict.kind} for`);
  const { nano, maxTokens } = verdict.granted as Granted;
  return { kind: 'foreseen', decided, bound: nano, maxTokens };
}
