import type { Budgets } from '../engine/budgets.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { dayOf } from '../ledger/windows.ts';
import type { Cost } from '../pricing/cost.ts';
import type { Nano } from '../pricing/money.ts';
import type { Usage } from '../pricing/usage.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { KeyRow } from '../store/store.ts';

/** Money held for one call of the doctor's; one of the two ends it. */
export type Held = {
  readonly settle: (end: Ended) => Promise<void>;
  readonly release: () => Promise<void>;
};

export type Ended = {
  readonly usage: Usage;
  readonly cost: Cost;
  readonly status: number;
  readonly ms: number;
  readonly upstreamId: string | null;
};

/**
 * Holds the most that a call can cost on the key `editor`, whose budgets count for the doctor as well; null when one of them has not that
 * much left. What the call did cost is then in the ledger like any other.
 */
export async function hold(
  ledger: Ledger,
  key: KeyRow,
  budgets: Budgets,
  call: { readonly id: string; readonly endpoint: Endpoint; readonly nano: Nano; readonly inputNano: Nano },
  now: Date,
  signal: AbortSignal,
): Promise<Held | null> {
  const { id, endpoint, nano, inputNano } = call;
  const outcome = await ledger.reserve<boolean>({
    layers: () => budgets.layers,
    decide: (standings) => {
      const fits = standings.every(({ limit, spent, reserved }) => limit === null || spent + reserved + nano <= limit);
      if (!fits) return { kind: 'refuse', refused: false };
      const generation = {
        keyId: key.id,
        workspaceId: key.workspaceId,
        presetId: null,
        presetSlug: null,
        presetVersion: null,
        presetHash: null,
        requestedModel: endpoint.model.id,
        streamed: false,
        sessionId: null,
        httpReferer: null,
        appTitle: 'callgate doctor',
        userAgent: null,
        inputNano,
        inputTokens: 0,
      };
      const reservation = {
        id,
        layers: budgets.accounts,
        nano,
        day: dayOf(now),
        createdAt: now.toISOString(),
        generation,
      };
      return { kind: 'reserve', reservation, granted: true };
    },
    count: async () => undefined,
    patience: 1,
    signal,
  });
  if (outcome.kind !== 'reserved') return null;
  return {
    release: () => ledger.release(id),
    settle: ({ usage, cost, status, ms, upstreamId }) =>
      ledger.settle(id, {
        model: endpoint.model.id,
        provider: endpoint.provider.name,
        upstreamId,
        status,
        finishReason: null,
        nativeFinishReason: null,
        cancelled: false,
        promptTokens: usage.prompt,
        completionTokens: usage.completion,
        reasoningTokens: usage.reasoning,
        cachedTokens: usage.cached,
        cacheWriteTokens: usage.cacheWrite,
        nano: cost.nano,
        costSource: cost.source,
        overrun: cost.nano > nano,
        clamp: null,
        latencyMs: ms,
        generationMs: ms,
        attempts: [],
      }),
  };
}
