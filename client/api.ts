import * as z from 'zod/mini';
import type { DaemonHandle } from '../server/ensure-daemon.ts';
import {
  API,
  CALLGATE_API,
  type DaemonStatus,
  type DetectAnswer,
  type DetectRequest,
  type DoctorReport,
  type DoctorRequest,
  daemonStatus,
  detectAnswer,
  doctorReport,
  type ModelSummary,
  modelSummary,
  type PermitDecision,
  type PermitRequest,
  type PolicyApplied,
  type PolicyPlan,
  type PresetSummary,
  type PublishRequest,
  type PublishResult,
  permitRequest,
  policyApplied,
  policyPlan,
  presetSummary,
  publishResult,
  type RunRequest,
  type SpendTree,
  spendTree,
} from '../server/protocol.ts';
import { Unreachable } from './failure.ts';

/** The daemon's no, in its own words. `reason` is Callgate's error code (`key_limit_exceeded`, …). */
export type Refused = {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
};

export type Answer<T> = { readonly kind: 'ok'; readonly value: T } | Refused;

const errorEnvelope = z.object({
  error: z.object({ message: z.string(), metadata: z.optional(z.record(z.string(), z.unknown())) }),
});
const key = z.object({ hash: z.string(), name: z.string() });
const keyWithSecret = z.object({ data: key, key: z.string() });
const guardrail = z.object({ id: z.string(), name: z.string(), description: z.nullable(z.string()) });
const nothing = z.unknown();

export type KeyWithSecret = z.infer<typeof keyWithSecret>;
export type GuardrailSummary = z.infer<typeof guardrail>;
/** callgate.yaml, and what its problems are said to be in. */
export type PolicyText = { readonly text: string; readonly file: string };
export type KeyReset = 'daily' | 'weekly' | 'monthly';
/** US dollars; null is no limit, and no reset. */
export type KeyLimit = { readonly limit: number | null; readonly limit_reset: KeyReset | null };

/**
 * Calls to the daemon with the management key. A refusal is a value; `Unreachable` is thrown when there is no daemon, and an
 * error when its answer cannot be read.
 */
export class Api {
  readonly #daemon: () => Promise<DaemonHandle>;

  constructor(daemon: () => Promise<DaemonHandle>) {
    this.#daemon = daemon;
  }

  /** Where programs send their calls. */
  async baseUrl(): Promise<string> {
    return `${(await this.#daemon()).url}${API}`;
  }

  status(): Promise<Answer<DaemonStatus>> {
    return this.#ask('GET', `${CALLGATE_API}/status`, daemonStatus);
  }

  spend(): Promise<Answer<SpendTree>> {
    return this.#ask('GET', `${CALLGATE_API}/spend`, spendTree);
  }

  async presets(): Promise<Answer<readonly PresetSummary[]>> {
    return unwrap(await this.#ask('GET', `${CALLGATE_API}/presets`, z.object({ data: z.array(presetSummary) })));
  }

  async models(): Promise<Answer<readonly ModelSummary[]>> {
    return unwrap(await this.#ask('GET', `${CALLGATE_API}/models`, z.object({ data: z.array(modelSummary) })));
  }

  /** Calls every provider once; takes as long as the slowest of them. */
  async doctor(body: DoctorRequest, signal: AbortSignal): Promise<Answer<DoctorReport>> {
    const report = z.object({ data: doctorReport });
    return unwrap(await this.#ask('POST', `${CALLGATE_API}/doctor`, report, body, { signal }));
  }

  createKey(
    body: KeyLimit & { readonly name: string; readonly workspace_id?: string },
  ): Promise<Answer<KeyWithSecret>> {
    return this.#ask('POST', `${API}/keys`, keyWithSecret, body);
  }

  updateKey(hash: string, body: Partial<KeyLimit> & { readonly disabled?: boolean }): Promise<Answer<unknown>> {
    return this.#ask('PATCH', `${API}/keys/${encodeURIComponent(hash)}`, nothing, body);
  }

  rotateKey(hash: string): Promise<Answer<KeyWithSecret>> {
    return this.#ask('POST', `${CALLGATE_API}/keys/${encodeURIComponent(hash)}/rotate`, keyWithSecret, {});
  }

  deleteKey(hash: string): Promise<Answer<unknown>> {
    return this.#ask('DELETE', `${API}/keys/${encodeURIComponent(hash)}`, nothing);
  }

  async permitRequests(): Promise<Answer<readonly PermitRequest[]>> {
    const list = z.object({ data: z.array(permitRequest) });
    return unwrap(await this.#ask('GET', `${CALLGATE_API}/permits/requests`, list));
  }

  answerPermit(id: string, body: PermitDecision): Promise<Answer<unknown>> {
    return this.#ask('POST', `${CALLGATE_API}/permits/requests/${encodeURIComponent(id)}`, nothing, body);
  }

  /** A workspace's, the oldest first; at most 100. */
  async guardrails(workspaceId: string): Promise<Answer<readonly GuardrailSummary[]>> {
    const list = z.object({ data: z.array(guardrail) });
    const query = `workspace_id=${encodeURIComponent(workspaceId)}&limit=100`;
    return unwrap(await this.#ask('GET', `${API}/guardrails?${query}`, list));
  }

  async detect(body: DetectRequest): Promise<Answer<DetectAnswer>> {
    return unwrap(await this.#ask('POST', `${CALLGATE_API}/detect`, z.object({ data: detectAnswer }), body));
  }

  async planPolicy(body: PolicyText): Promise<Answer<PolicyPlan>> {
    return unwrap(await this.#ask('POST', `${CALLGATE_API}/policy/plan`, z.object({ data: policyPlan }), body));
  }

  /** `expect` is the digest of the plan that the person has seen. */
  async applyPolicy(body: PolicyText & { readonly expect: string }): Promise<Answer<PolicyApplied>> {
    return unwrap(await this.#ask('POST', `${CALLGATE_API}/policy/apply`, z.object({ data: policyApplied }), body));
  }

  /** Lets a suspended key call again. */
  releaseKey(hash: string): Promise<Answer<unknown>> {
    return this.#ask('POST', `${CALLGATE_API}/keys/${encodeURIComponent(hash)}/release`, nothing, {});
  }

  publish(slug: string, body: PublishRequest): Promise<Answer<PublishResult>> {
    return this.#ask('POST', `${CALLGATE_API}/presets/${encodeURIComponent(slug)}/publish`, publishResult, body);
  }

  /** Starts a completion; on `ok` the body is a stream of server-sent events. */
  async run(body: RunRequest, signal: AbortSignal): Promise<Answer<Response>> {
    const headers = { accept: 'text/event-stream', 'x-openrouter-metadata': 'enabled' };
    const response = await this.#send('POST', `${CALLGATE_API}/run`, { ...body, stream: true }, { headers, signal });
    return response.ok ? { kind: 'ok', value: response } : refusal(response);
  }

  async #ask<T>(
    method: string,
    path: string,
    schema: z.ZodMiniType<T>,
    body?: unknown,
    more: { signal?: AbortSignal } = {},
  ): Promise<Answer<T>> {
    const response = await this.#send(method, path, body, more);
    if (!response.ok) return refusal(response);
    return { kind: 'ok', value: schema.parse(await response.json()) };
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    more: { headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Response> {
    const daemon = await this.#daemon();
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    try {
      return await fetch(`${daemon.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${daemon.token}`, 'x-callgate-client': 'editor', ...json, ...more.headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(more.signal ? { signal: more.signal } : {}),
      });
    } catch (error) {
      if (more.signal?.aborted) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new Unreachable({
        message: 'The Callgate daemon did not answer',
        remedy: 'Try again in a moment.',
        detail: cause,
      });
    }
  }
}

/** Asks the daemon to end, without waiting until it has. */
export async function requestStop(daemon: DaemonHandle): Promise<void> {
  await fetch(`${daemon.url}${CALLGATE_API}/stop`, {
    method: 'POST',
    headers: { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' },
    body: '{}',
  });
}

async function refusal(response: Response): Promise<Refused> {
  const text = await response.text();
  const body = errorEnvelope.safeParse(parseJson(text));
  const metadata = body.success ? (body.data.error.metadata ?? {}) : {};
  const { reason, remedy } = metadata;
  return {
    kind: 'refused',
    status: response.status,
    reason: typeof reason === 'string' ? reason : null,
    message: body.success ? body.data.error.message : `HTTP ${response.status} ${text.slice(0, 200)}`.trim(),
    remedy: typeof remedy === 'string' ? remedy : null,
    metadata,
  };
}

function unwrap<T>(answer: Answer<{ data: T }>): Answer<T> {
  return answer.kind === 'ok' ? { kind: 'ok', value: answer.value.data } : answer;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
