import { refuse } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Events } from '../observe/events.ts';
import type { Log } from '../observe/log.ts';
import { type Cost, costOf } from '../pricing/cost.ts';
import { usdOfNano } from '../pricing/money.ts';
import { NO_USAGE, type Usage } from '../pricing/usage.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { RoutingMemory } from '../routing/memory.ts';
import type { GenerationEnd } from '../store/store.ts';
import { announce } from './announce.ts';
import type { Course } from './course.ts';
import { noteAnswer } from './note-answer.ts';
import type { Tally } from './tally.ts';

export type SettleParts = {
  readonly ledger: Ledger;
  readonly events: Events;
  readonly log: Log;
  readonly memory: RoutingMemory;
};

/** How an answer ended. `status` is what the caller saw; 499 when it had gone. */
export type Ending = {
  readonly status: number;
  readonly cancelled: boolean;
  readonly latencyMs: number | null;
  readonly generationMs: number | null;
};

/** What the caller is told when the provider has answered and the store fails: no answer leaves unsettled. */
const WITHHELD = refuse('store_unavailable', {
  message:
    'The provider was called, but the ledger cannot be written now: the call will be charged, and its answer is withheld',
  retryAfter: 5,
});

export type Settled = { readonly usage: Usage; readonly cost: Cost };

/** The provider's own counts, and where it gave none, or none yet for all that has come, the tokenizer's. */
export async function usageSoFar(
  course: Course,
  tally: Tally,
): Promise<{ readonly usage: Usage; readonly estimated: boolean }> {
  const { usage } = tally;
  const counted = usage !== null && (usage.prompt > 0 || usage.completion > 0);
  if (counted && !tally.hasMore) return { usage, estimated: false };
  const more = await tally.countOutput();
  if (counted) return { usage: { ...usage, completion: usage.completion + more, reportedCost: null }, estimated: true };
  const prompt = await course.bound.likelyInput();
  // A cost without counts is still what it cost; a cost of nothing without counts says nothing.
  return {
    usage: { ...NO_USAGE, prompt, completion: more, reportedCost: usage?.reportedCost || null },
    estimated: true,
  };
}

/** Charges an answered (or broken off) call what it used; resolves once that is committed. */
export async function settleAnswer(
  parts: SettleParts,
  course: Course,
  endpoint: Endpoint,
  tally: Tally,
  ending: Ending,
): Promise<Settled> {
  const { usage, estimated } = await usageSoFar(course, tally);
  const cost = costOf(endpoint.model.price, usage, course.bound.weight.images, estimated);
  await settle(parts, course, endpoint, tally, ending, usage, cost);
  // That a guardrail stopped the answer says nothing against the endpoint.
  noteAnswer(parts.memory, course, endpoint, usage, course.content?.refusal ? { ...ending, status: 200 } : ending);
  return { usage, cost };
}

/** Ends a call nobody answered: free, unless it was sent and may have been worked on (`charged`), which costs its input. */
export async function settleUnanswered(
  parts: SettleParts,
  course: Course,
  endpoint: Endpoint | null,
  ending: Ending,
  charged: boolean,
): Promise<void> {
  const prompt = charged ? await course.bound.likelyInput() : 0;
  const usage = { ...NO_USAGE, prompt };
  const cost: Cost = charged
    ? costOf(endpoint?.model.price ?? null, usage, course.bound.weight.images, true)
    : { nano: 0, source: 'computed', promptNano: 0, completionNano: 0 };
  await settle(parts, course, endpoint, null, ending, usage, cost);
}

async function settle(
  { ledger, events, log }: SettleParts,
  course: Course,
  endpoint: Endpoint | null,
  tally: Tally | null,
  ending: Ending,
  usage: Usage,
  cost: Cost,
): Promise<void> {
  const { id, key, preset } = course;
  const overrun = cost.nano > course.reservedNano;
  const model = endpoint?.model.id ?? null;
  const provider = endpoint?.provider.name ?? null;
  const end: GenerationEnd = {
    model,
    provider,
    upstreamId: tally?.upstreamId ?? null,
    finishReason: tally?.finishReason ?? null,
    nativeFinishReason: tally?.nativeFinishReason ?? tally?.finishReason ?? null,
    promptTokens: usage.prompt,
    completionTokens: usage.completion,
    reasoningTokens: usage.reasoning,
    cachedTokens: usage.cached,
    cacheWriteTokens: usage.cacheWrite,
    nano: cost.nano,
    costSource: cost.source,
    overrun,
    clamp: course.maxTokens,
    attempts: course.attempts,
    ...(course.attempts.at(-1)?.byokId ? { isByok: true } : {}),
    ...(course.content ? { content: course.content.findings } : {}),
    status: ending.status,
    cancelled: ending.cancelled,
    latencyMs: ending.latencyMs === null ? null : toMicros(ending.latencyMs),
    generationMs: ending.generationMs === null ? null : toMicros(ending.generationMs),
  };
  await ledger.settle(id, end).catch((error: unknown) => {
    throw Object.assign(new Error('a settlement could not be written', { cause: error }), { refusal: WITHHELD });
  });
  const known = cost.source === 'unknown' ? null : usdOfNano(cost.nano);
  if (overrun && course.policy.budgets.some(({ limit }) => limit !== null))
    log.warn('call overran its bound', { id, key: key.label, cost: known });
  // The ledger is the record of every call; the log tells of those that went wrong.
  if (ending.status !== 200) {
    log.info('call settled', {
      id,
      key_label: key.label,
      preset: preset?.slug ?? null,
      model,
      provider,
      status: ending.status,
      cost: known,
      cost_source: cost.source,
      prompt_tokens: usage.prompt,
      completion_tokens: usage.completion,
      attempts: course.attempts.length,
      ms: ending.generationMs === null ? null : Math.round(ending.generationMs),
    });
  }
  announce(events, key, { id, preset: preset?.slug ?? null, model, provider, status: ending.status, cost: known });
}

/** Milliseconds to the microsecond: what a clock says beyond that is noise, and long to write. */
const toMicros = (ms: number) => Math.round(ms * 1_000) / 1_000;
