import { setTimeout as sleep } from 'node:timers/promises';
import type { Refusal } from '../errors.ts';
import type { Credential } from '../providers/keys.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import type { Transport } from '../providers/transport.ts';
import { anotherEndpointMayServe, isEndpointFault, isKeyFault } from '../routing/failure.ts';
import type { RoutingMemory } from '../routing/memory.ts';
import { type AttemptFailed, type AttemptResult, attempt } from './attempt.ts';
import { restingId } from './choices.ts';
import type { Course } from './course.ts';
import type { Route } from './eligible.ts';
import { callerOf, requestFor } from './here.ts';
import type { JsonObject } from './resolve-preset.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

export type TryParts = {
  readonly providers: Providers;
  readonly memory: RoutingMemory;
  readonly transport: Transport;
  readonly now: () => Date;
  /** What all attempts of a call, and its waiting, share. */
  readonly timeBudgetMs: number;
};

/** What a model whose own maximum is not known is sent at most when a limit sets one: more may be refused as too large. */
const ACCEPTED_MAXIMUM = 16_384;
/** A key that was refused, or has no credit, is not tried first again while there are others. */
const REFUSED_KEY_REST_S = 60;

export type Answered = {
  readonly endpoint: Endpoint;
  readonly result: Exclude<AttemptResult, AttemptFailed | { kind: 'aborted' }>;
};
export type Unanswered = {
  /** What the last endpoint that was asked came to; null: the caller has gone. */
  readonly refusal: Refusal | null;
  readonly last: Endpoint | null;
  /** The last endpoint that was sent the request and may have worked on it. */
  readonly worked: Endpoint | null;
};

const ONLY_KEY: readonly null[] = [null];

type Try = { readonly model: string; readonly endpoint: Endpoint; readonly credential: Credential | null };

/** Tries endpoint after endpoint, model after model, key after key, until one answers or none is left. */
export async function tryRoutes(parts: TryParts, course: Course): Promise<Answered | Unanswered> {
  const { signal } = course;
  const tries = triesOf(course.eligible.routes);
  const previous: JsonObject[] = [];
  const failedEndpoints = new Set<string>();
  const failedModels = new Set<string>();
  let refusal: Refusal | null = null;
  let last: Endpoint | null = null;
  let worked: Endpoint | null = null;
  for (const one of tries) {
    const { model, endpoint, credential } = one;
    if (failedModels.has(model) || failedEndpoints.has(endpoint.id)) continue;
    if (signal.aborted) return { refusal: null, last, worked };
    last = endpoint;
    let result = await tryOnce(parts, course, one);
    if (result.kind === 'failed' && tries.length === 1 && (await waitFor(parts, course, result))) {
      if (signal.aborted) return { refusal: null, last, worked };
      result = await tryOnce(parts, course, one);
    }
    if (result.kind === 'aborted') return { refusal: null, last, worked: endpoint };
    if (result.kind !== 'failed') return { endpoint, result };
    const { failure } = result;
    refusal = upstreamRefusal(result, endpoint, credential, [...previous]);
    if (failure.reason === 'timeout' || failure.reason === 'stream') worked = endpoint;
    if (budgetLeft(parts, course) <= 0) return { refusal, last, worked };
    previous.push({ provider: endpoint.provider.name, code: failure.status, message: result.message });
    if (!anotherEndpointMayServe(failure)) failedModels.add(model);
    // With another key, the endpoint is another one.
    else if (!isKeyFault(failure)) failedEndpoints.add(endpoint.id);
  }
  if (!refusal) throw new Error('a call was planned without an endpoint');
  return { refusal, last, worked };
}

function triesOf(routes: readonly Route[]): readonly Try[] {
  const tries: Try[] = [];
  for (const { model, endpoints } of routes)
    for (const endpoint of endpoints)
      for (const credential of endpoint.credentials ?? ONLY_KEY) tries.push({ model, endpoint, credential });
  return tries;
}

async function tryOnce(parts: TryParts, course: Course, { endpoint, credential }: Try): Promise<AttemptResult> {
  const { transport, providers, memory, now } = parts;
  const startedMs = performance.now();
  memory.breakers.begins(endpoint.id, now().getTime());
  const result = await attempt(
    transport,
    {
      request: requestFor(
        endpoint,
        course.cuts?.get(endpoint.id)?.request ?? course.request,
        course.policy,
        providers,
        callerOf(course.key),
      ),
      endpoint,
      key: (credential ? credential.secret : providers.keyOf(endpoint.provider)) ?? null,
      maxTokens:
        course.maxTokens === null
          ? null
          : Math.min(course.maxTokens, endpoint.model.maxCompletionTokens ?? ACCEPTED_MAXIMUM),
      // A provider that bills on after a hang-up is heard out, so that its usage is known.
      signal: endpoint.provider.cancelStopsBilling ? course.signal : new AbortController().signal,
      budgetMs: budgetLeft(parts, course),
    },
    now,
  );
  const failure = result.kind === 'failed' ? result : null;
  course.attempts.push({
    provider: endpoint.provider.name,
    model: endpoint.model.id,
    status: failure ? failure.failure.status : result.kind === 'aborted' ? 0 : 200,
    reason: failure ? failure.message.slice(0, 300) : result.kind === 'aborted' ? 'aborted' : null,
    ms: Math.round(performance.now() - startedMs),
    ...(credential?.isByok ? { isByok: true, key: credential.name } : {}),
    ...(credential?.byokId ? { byokId: credential.byokId } : {}),
  });
  remember(memory, endpoint, credential, result, now().getTime());
  return result;
}

/** What an attempt says about its endpoint, for the calls after it. */
function remember(
  { health, breakers, records }: RoutingMemory,
  endpoint: Endpoint,
  credential: Credential | null,
  result: AttemptResult,
  now: number,
): void {
  const { id } = endpoint;
  if (result.kind === 'aborted') {
    breakers.ended(id);
    return;
  }
  if (result.kind !== 'failed') {
    breakers.succeeded(id, now);
    return;
  }
  const { failure, retryAfter } = result;
  // One key of several says nothing about the endpoint.
  const isRefusedKey = credential !== null && failure.reason === 'status' && [401, 402].includes(failure.status);
  const rest = retryAfter ?? (isRefusedKey ? REFUSED_KEY_REST_S : 0);
  if (rest > 0) health.rest(restingId(endpoint, credential), rest, now);
  if (isRefusedKey || !isEndpointFault(failure)) breakers.ended(id);
  else {
    breakers.failed(id, now);
    records.failed(id, now);
  }
}

/** Waits as long as the only endpoint asked for, if that fits; false: do not try again. */
async function waitFor(parts: TryParts, course: Course, failed: AttemptFailed): Promise<boolean> {
  const { retryAfter, failure } = failed;
  if (retryAfter === null || ![429, 503, 529].includes(failure.status)) return false;
  if (retryAfter * 1000 >= budgetLeft(parts, course)) return false;
  await sleep(retryAfter * 1000, undefined, { signal: course.signal }).catch(() => {});
  return true;
}

const budgetLeft = ({ timeBudgetMs }: TryParts, course: Course) =>
  timeBudgetMs - (performance.now() - course.startedMs);
