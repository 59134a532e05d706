import type { Ledger } from '../../ledger/ledger.ts';
import { dayOf } from '../../ledger/windows.ts';
import type { Events } from '../../observe/events.ts';
import type { Log } from '../../observe/log.ts';
import type { GenerationEnd } from '../../store/store.ts';
import { announce } from '../announce.ts';
import type { Asked } from '../asked.ts';
import { startOf } from '../start.ts';

export type FreeParts = {
  readonly ledger: Ledger;
  readonly events: Events;
  readonly log: Log;
  readonly now: () => Date;
};

/** How a call ended that was given another's answer. */
export type FreeEnd = {
  readonly status: number;
  readonly cancelled: boolean;
  readonly model: string | null;
  readonly provider: string | null;
  readonly copyOf: NonNullable<GenerationEnd['copyOf']>;
};

/** Records a call as a generation of its own that used and cost nothing; resolves once that is kept. It reserves at no limit. */
export async function recordFree(parts: FreeParts, asked: Asked, free: FreeEnd): Promise<void> {
  const { ledger, events, log, now } = parts;
  const { input, key, request, preset, startedAt, startedMs } = asked;
  const { id } = input;
  const generation = startOf(input, request, preset, null);
  const reservation = { id, layers: [], nano: 0, day: dayOf(now()), createdAt: startedAt.toISOString(), generation };
  await ledger.reserve({
    layers: () => [],
    decide: () => ({ kind: 'reserve', reservation, granted: true }),
    count: async () => {},
    patience: 0,
    signal: input.signal,
  });
  const generationMs = performance.now() - startedMs;
  await ledger.settle(id, {
    ...free,
    upstreamId: null,
    finishReason: null,
    nativeFinishReason: null,
    promptTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    nano: 0,
    costSource: 'computed',
    overrun: false,
    clamp: null,
    latencyMs: generationMs,
    generationMs,
    attempts: [],
  });
  const { model, provider, status, copyOf } = free;
  const told = { id, preset: preset?.slug ?? null, model, provider, status, cost: 0 };
  log.info('call settled', { ...told, key_label: key.label, copy_of: copyOf.id, shared: copyOf.how });
  announce(events, key, told);
}
