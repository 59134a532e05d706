import { type Refusal, refuse } from '../errors.ts';
import type { Ask, Decision, Ledger } from '../ledger/ledger.ts';
import { dayOf, resetsAt, windowStart } from '../ledger/windows.ts';
import { decideBudget } from '../policy/budget.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { GenerationStart, KeyRow, KeyStore, Layer, LayerStanding } from '../store/store.ts';
import type { Bound } from './bound.ts';
import { keyRefusal } from './key-standing.ts';

/** What a reservation grants: the bound it holds, and the maximum to send upstream when a limit set one. */
export type Granted = { readonly kind: 'granted'; readonly nano: number; readonly maxTokens: number | null };

export type ReserveInput = {
  readonly id: string;
  readonly key: KeyRow;
  readonly bound: Bound;
  readonly generation: GenerationStart;
  readonly createdAt: Date;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
};

export const keyLayer = (keyId: string) => `key:${keyId}`;

/** The layers a call of this key must fit under at this moment. */
export function layersOf(key: KeyRow, now: Date): readonly Layer[] {
  return [{ id: keyLayer(key.id), limit: key.limit, since: windowStart(key.limitReset, now) }];
}

/**
 * Reserves a call's bound at every layer, waiting its turn where calls in flight hold what is missing. While it waits its key may get
 * another limit, be disabled or deleted: each time it is asked again, the key counts as it is then.
 */
export async function reserveCall(
  ledger: Ledger,
  keys: Pick<KeyStore, 'byId'>,
  input: ReserveInput,
  now: () => Date,
): Promise<Granted | Refusal | { readonly kind: 'aborted' }> {
  let { key } = input;
  let barred: Refusal | null = null;
  let asked = false;
  const ask: Ask<Granted | Refusal> = {
    layers: async () => {
      if (asked) {
        const current = await keys.byId(key.id);
        barred = keyRefusal(current, now());
        key = current ?? key;
      }
      asked = true;
      return layersOf(key, now());
    },
    decide: (standings) =>
      barred ? { kind: 'refuse', refused: barred } : decideReservation({ ...input, key }, standings, now()),
    count: input.bound.count,
    patience: input.patienceMs,
    signal: input.signal,
  };
  const outcome = await ledger.reserve(ask);
  switch (outcome.kind) {
    case 'reserved':
      return outcome.granted;
    case 'refused':
      return outcome.refused;
    case 'aborted':
      return { kind: 'aborted' };
    case 'impatient':
      return refuse('in_flight_budget_exhausted', {
        detail: `waited ${Math.round(input.patienceMs / 1000)} s at the limit of key "${key.name}", ${outcome.waiting} calls are waiting`,
        metadata: { limit_source: 'openrouter_in_flight_budget', ...factsOf(key, null, now()) },
        retryAfter: Math.max(1, Math.round(input.patienceMs / 1000)),
      });
  }
}

/** What a limit says to a call at this moment: pure. */
export function decideReservation(
  input: ReserveInput,
  standings: readonly LayerStanding[],
  now: Date,
): Decision<Granted | Refusal> {
  const { key, id, createdAt, generation } = input;
  const verdict = decideBudget(input.bound.current(), standings);
  const standing = standings[0];
  switch (verdict.kind) {
    case 'reserve': {
      const layers = standings.map((layer) => layer.id);
      const reservation = {
        id,
        layers,
        nano: verdict.nano,
        day: dayOf(now),
        createdAt: createdAt.toISOString(),
        generation,
      };
      return {
        kind: 'reserve',
        reservation,
        granted: { kind: 'granted', nano: verdict.nano, maxTokens: verdict.maxTokens },
      };
    }
    case 'exhausted':
      return {
        kind: 'refuse',
        refused: refuse('key_limit_exceeded', {
          message: `Key limit exceeded (${key.limitReset ?? 'total'} limit). Key "${key.name}" has spent ${money(standing?.spent)} of ${money(key.limit)}.`,
          metadata: { limit_source: 'openrouter_key_limit', ...factsOf(key, standing, now) },
        }),
      };
    case 'too_dear':
      return {
        kind: 'refuse',
        refused: refuse('weight_exceeds_budget', {
          message: `This request requires more credits, or fewer max_tokens. You requested up to ${verdict.requested} tokens, but can only afford ${verdict.affordable}. Key "${key.name}" has ${money((key.limit ?? 0) - (standing?.spent ?? 0))} left of ${money(key.limit)}.`,
          metadata: {
            limit_source: 'openrouter_key_limit',
            requested_tokens: verdict.requested,
            affordable_tokens: verdict.affordable,
            ...factsOf(key, standing, now),
          },
        }),
      };
    default:
      return verdict;
  }
}

function factsOf(key: KeyRow, standing: LayerStanding | null | undefined, now: Date) {
  return {
    scope: 'key_limit',
    limit_usd: key.limit === null ? null : usdOfNano(key.limit),
    ...(standing ? { spend_usd: usdOfNano(standing.spent) } : {}),
    reset_interval: key.limitReset,
    resets_at: resetsAt(key.limitReset, now),
  };
}

/** Dollars with as many decimals as the amount has: $0.0001 never reads as nothing. */
const money = (nano: number | null | undefined) =>
  `$${((nano ?? 0) / 1e9).toFixed(9).replace(/(\.\d{2}\d*?)0+$/, '$1')}`;
