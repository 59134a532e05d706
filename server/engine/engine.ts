import type { Refusal } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Events } from '../observe/events.ts';
import type { Log } from '../observe/log.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { Providers } from '../providers/registry.ts';
import type { Transport } from '../providers/transport.ts';
import { Turn } from '../providers/turn.ts';
import type { RoutingMemory } from '../routing/memory.ts';
import type { KeyRow, KeyStore, LedgerStore, PresetStore } from '../store/store.ts';
import type { WorkspaceStore } from '../store/workspace-store.ts';
import { admit } from './admit.ts';
import { announce } from './announce.ts';
import type { Asked } from './asked.ts';
import type { BehaviorParts } from './behavior-parts.ts';
import type { CallAnswer, CallInput } from './call.ts';
import type { ContentJudge } from './content/content-judge.ts';
import { screenJson } from './content/screen-json.ts';
import { settleBlocked } from './content/settle-blocked.ts';
import { countInput } from './count-input.ts';
import { type Course, routeMetadata } from './course.ts';
import { askedOf, decide } from './decide.ts';
import { dryRun } from './dry-run.ts';
import { earlyUsage } from './early-usage.ts';
import { compressionStage } from './fit-context.ts';
import { asksForJson, HEALING_STAGE, healAnswer } from './heal-answer.ts';
import { completeJson } from './json-answer.ts';
import { narrowed } from './narrow.ts';
import { reserveCall } from './reserve.ts';
import type { JsonObject } from './resolve-preset.ts';
import { settleUnanswered } from './settle.ts';
import { wishesToShare } from './sharing/cache-wish.ts';
import { Sharing } from './sharing/sharing.ts';
import { startOf } from './start.ts';
import { streamThrough } from './stream.ts';
import { tryRoutes } from './try-routes.ts';

export type EngineParts = {
  readonly presets: PresetStore;
  readonly workspaces: Pick<WorkspaceStore, 'get'>;
  readonly keys: Pick<KeyStore, 'byId'>;
  /** What every layer above a key says; throws when it cannot be known. */
  readonly policyOf: (key: KeyRow) => EffectivePolicy;
  readonly behaviors: BehaviorParts;
  readonly content: ContentJudge;
  readonly ledger: Ledger;
  readonly standings: LedgerStore['standings'];
  readonly providers: Providers;
  readonly memory: RoutingMemory;
  /** In [0, 1): where endpoints are chosen by chance. */
  readonly random: () => number;
  readonly transport: Transport;
  readonly events: Events;
  readonly log: Log;
  readonly now: () => Date;
  /** How long a call may wait for calls in flight to free what it needs. */
  readonly queueWaitMs: number;
  /** What all attempts of a call, and its waiting, share. */
  readonly timeBudgetMs: number;
  /** What kept answers may take in memory. */
  readonly responseCacheBytes: number;
};

/** The way of one call: preset → routes → reservation → attempts → answer → settlement. Authentication has been done. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #sharing: Sharing;
  readonly #turn = new Turn();

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#sharing = new Sharing(parts, () => parts.responseCacheBytes);
  }

  /** Answers a call. Refusals are values; after a reservation every way out of here settles or releases it. */
  async call(input: CallInput): Promise<CallAnswer> {
    const startedAt = this.#parts.now();
    const startedMs = performance.now();
    await this.#turn.end();
    const asked = await askedOf(this.#parts, input, startedAt, startedMs);
    if (asked.kind === 'refused') return this.#refused(input.id, input, asked);
    const admitting = admit(this.#parts, asked);
    const admitted = admitting instanceof Promise ? await admitting : admitting;
    if (admitted.kind === 'refused') return this.#refused(input.id, input, this.#parts.content.hidden(admitted, asked));
    const answering = wishesToShare(admitted)
      ? this.#sharing.call(admitted, (one) => this.#serve(one))
      : this.#serve(admitted);
    const { content } = admitted;
    return content ? { ...(await answering), conceal: content.conceal } : answering;
  }

  /** What a call would come to; see {@link dryRun}. */
  dryRun(input: CallInput): Promise<JsonObject> {
    return dryRun(this.#parts, input);
  }

  /** How long its input is likely to be; see {@link countInput}. */
  countInput(input: CallInput): ReturnType<typeof countInput> {
    return countInput(this.#parts, input);
  }

  /** From the resolved request on: what may serve it, the reservation, the attempts, the answer, the settlement. */
  async #serve(asked: Asked): Promise<CallAnswer> {
    const { ledger, queueWaitMs, timeBudgetMs } = this.#parts;
    const { input, key, request, preset, plugins, startedAt, startedMs } = asked;
    const { id } = input;
    const decided = await decide(this.#parts, asked);
    if (decided.kind === 'refused') return this.#refused(id, input, decided);
    const { eligible, fitted, bound } = decided;
    const generation = startOf(input, request, preset, bound);
    // A call that has waited for another's answer has so much less patience left.
    const patience = Math.min(queueWaitMs + (asked.waitedMs ?? 0), timeBudgetMs);
    const patienceMs = Math.max(0, patience - (performance.now() - startedMs));
    const { signal } = input;
    const { policy, ownBudgets } = asked;
    const granted = await reserveCall(this.#parts, {
      id,
      key,
      policy,
      ownBudgets,
      bound,
      generation,
      createdAt: startedAt,
      patienceMs,
      signal,
    });
    if (granted.kind === 'aborted') return { kind: 'aborted', id };
    if (granted.kind === 'refused') return this.#refused(id, input, granted);

    // It may have waited, and a layer have changed meanwhile.
    const left =
      granted.policy === policy ? eligible : narrowed(eligible, asked, granted.policy, this.#parts.providers);
    if (left.kind === 'refused') {
      await ledger.release(id);
      return this.#refused(id, input, left);
    }
    const { maxTokens } = granted;
    const requestedModel = generation.requestedModel;
    const course: Course = {
      id,
      key,
      policy: granted.policy,
      caller: input.caller,
      warnings: input.warnings ?? null,
      startedAt,
      startedMs,
      requestedModel,
      request,
      content: asked.content ?? null,
      cuts: fitted?.cuts ?? null,
      preset,
      plugins,
      eligible: left,
      bound,
      reservedNano: granted.nano,
      maxTokens,
      signal,
      attempts: [],
      stages: [],
    };
    if (signal.aborted) {
      await ledger.release(id);
      return { kind: 'aborted', id };
    }
    try {
      return await this.#answer(course, input);
    } catch (error) {
      await this.#settleAfterAll(course);
      throw error;
    }
  }

  /** A bug, or a store that failed and may work again: no reservation outlives its call. What was settled before stays as it is. */
  async #settleAfterAll(course: Course): Promise<void> {
    const ending = {
      status: 500,
      cancelled: false,
      latencyMs: null,
      generationMs: performance.now() - course.startedMs,
    };
    const endpoint = course.eligible.routes[0]?.endpoints[0] ?? null;
    await settleUnanswered(this.#parts, course, endpoint, ending, true).catch((error: unknown) =>
      this.#parts.log.error('could not settle a call', { id: course.id, error: String(error) }),
    );
  }

  async #answer(course: Course, input: CallInput): Promise<CallAnswer> {
    const { id, maxTokens } = course;
    const outcome = await tryRoutes(this.#parts, course);
    const generationMs = performance.now() - course.startedMs;
    if ('worked' in outcome) {
      const { refusal, last, worked } = outcome;
      const ending = { status: refusal?.status ?? 499, cancelled: !refusal, latencyMs: null, generationMs };
      await settleUnanswered(this.#parts, course, worked ?? last, ending, worked !== null);
      if (!refusal) return { kind: 'aborted', id };
      return this.#refused(id, input, refusal, routeMetadata(course, null, generationMs));
    }
    const { result, endpoint } = outcome;
    const cut = course.cuts?.get(endpoint.id);
    if (cut) course.stages.push(compressionStage(cut));
    if (result.kind === 'json') {
      const healed = course.plugins.healing && asksForJson(course.request) ? healAnswer(result) : result;
      if (healed !== result) course.stages.push(HEALING_STAGE);
      const shown = course.content?.screens ? screenJson(this.#parts.log, course.content, course, healed) : healed;
      if (shown.kind === 'refused') {
        await settleBlocked(this.#parts, course, endpoint, healed.answer, shown);
        return this.#refused(id, input, shown, routeMetadata(course, endpoint, performance.now() - course.startedMs));
      }
      return { kind: 'json', id, maxTokens, body: await completeJson(this.#parts, course, endpoint, shown) };
    }
    return {
      kind: 'stream',
      id,
      maxTokens,
      events: streamThrough(this.#parts, course, endpoint, result),
      earlyUsage: () => earlyUsage(result.first, course.bound),
    };
  }

  #refused(id: string, input: CallInput, refusal: Refusal, route: JsonObject | null = null): CallAnswer {
    const { log, events } = this.#parts;
    const { key, body } = input;
    log.info('call refused', {
      id,
      key_label: key.label,
      code: refusal.code,
      status: refusal.status,
      // A provider's own words may repeat the prompt.
      ...('provider_name' in refusal.metadata ? {} : { message: refusal.message }),
    });
    events.emit({ kind: 'refused', keyId: key.id, id, refusal });
    // What was reserved has been announced by its settlement.
    if (!route) {
      const model = typeof body['model'] === 'string' ? body['model'] : null;
      announce(events, key, { id, preset: null, model, provider: null, status: refusal.status, cost: 0 });
    }
    const metadata = input.caller.wantsMetadata ? (route ?? screenedMetadata(input, refusal)) : null;
    const { screened } = refusal;
    return { kind: 'refused', id, refusal, metadata, ...(screened ? { conceal: screened.conceal } : {}) };
  }
}

/** OpenRouter's `openrouter_metadata` of a call that a guardrail stopped before it had a route. */
function screenedMetadata({ body }: CallInput, { message, screened }: Refusal): JsonObject | null {
  if (!screened || screened.pipeline.length === 0) return null;
  const { pipeline } = screened;
  const requested = typeof body['model'] === 'string' ? body['model'] : '';
  const nowhere = { region: null, attempt: 0, is_byok: false, endpoints: { total: 0, available: [] } };
  return { requested, strategy: 'direct', summary: message, ...nowhere, pipeline };
}
