import { type Dispatcher, errors } from 'undici';
import type { ByteStream } from './byte-stream.ts';
import { Deadlines } from './deadlines.ts';
import { outgoingDispatcher } from './dispatcher.ts';
import { Exchange, ExchangeLimit, type WholeAnswer } from './exchange.ts';
import { Opening, type UpstreamAnswer } from './opening.ts';
import type { UpstreamRequest } from './provider.ts';
import { Turn } from './turn.ts';

export type NoAnswer = {
  readonly kind: 'no_answer';
  /** `connect`: it never got the request. `stream`: it was cut off with the request sent. */
  readonly reason: 'timeout' | 'connect' | 'stream' | 'aborted';
  readonly detail: string;
};

const CONNECT_TIMEOUT_MS = 10_000;
/** A stream that says nothing for this long has died. */
const IDLE_TIMEOUT_MS = 120_000;
const ANSWER_LIMIT = 64 * 1024 * 1024;
const ERROR_BODY_LIMIT = 64 * 1024;
const ERROR_BODY_TIMEOUT_MS = 5_000;

const ABORTED: NoAnswer = { kind: 'no_answer', reason: 'aborted', detail: 'aborted' };

type Target = { readonly origin: string; readonly path: string };
/** Addresses that are remembered in their parts. */
const MOST_TARGETS = 1_000;

/** The HTTP client for every provider: connections kept alive, proxies as the environment says, no redirects and no retries. */
export class Transport {
  readonly #agent: Dispatcher;
  readonly #targets = new Map<string, Target>();
  readonly #turn = new Turn();
  readonly #deadlines = new Deadlines();

  /** `env` names the proxies to go through, if any. */
  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#agent = outgoingDispatcher(env, {
      connect: { timeout: CONNECT_TIMEOUT_MS },
      keepAliveTimeout: 30_000,
      bodyTimeout: IDLE_TIMEOUT_MS,
    });
  }

  /** Sends and resolves with the answer's head; expected failures are values. */
  async send(
    upstream: UpstreamRequest,
    { signal, headersTimeoutMs }: { readonly signal: AbortSignal; readonly headersTimeoutMs: number },
  ): Promise<UpstreamAnswer | NoAnswer> {
    if (signal.aborted) return ABORTED;
    let opening: Opening | undefined;
    try {
      return await new Promise<UpstreamAnswer>((resolve, reject) => {
        opening = new Opening(signal, resolve, reject);
        this.#dispatch(upstream, headersTimeoutMs, opening);
      });
    } catch (error) {
      return noAnswer(error, signal, opening?.isSent === true);
    }
  }

  /** Sends and resolves with the whole answer; expected failures are values. `timeoutMs` is for all of it. */
  async exchange(
    upstream: UpstreamRequest,
    options: { readonly signal: AbortSignal; readonly headersTimeoutMs: number; readonly timeoutMs: number },
  ): Promise<WholeAnswer | NoAnswer> {
    const { signal, timeoutMs } = options;
    if (signal.aborted) return ABORTED;
    let exchange: Exchange | undefined;
    try {
      const answer = await new Promise<WholeAnswer>((resolve, reject) => {
        const limits = {
          signal,
          deadlines: this.#deadlines,
          timeoutMs,
          bodyLimit: ANSWER_LIMIT,
          errorLimit: ERROR_BODY_LIMIT,
          errorTimeoutMs: ERROR_BODY_TIMEOUT_MS,
        };
        exchange = new Exchange(limits, resolve, reject);
        this.#dispatch(upstream, options.headersTimeoutMs, exchange);
      });
      await this.#turn.end();
      return answer;
    } catch (error) {
      return noAnswer(error, signal, exchange?.isSent === true);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #dispatch(upstream: UpstreamRequest, headersTimeoutMs: number, handler: Dispatcher.DispatchHandler): void {
    const { origin, path } = this.#target(upstream.url);
    const { headers, body } = upstream;
    const headersTimeout = Math.max(1, headersTimeoutMs);
    this.#agent.dispatch({ origin, path, method: 'POST', headers, body, headersTimeout }, handler);
  }

  #target(url: string): Target {
    let target = this.#targets.get(url);
    if (!target) {
      const { origin, pathname, search } = new URL(url);
      target = { origin, path: `${pathname}${search}` };
      if (this.#targets.size >= MOST_TARGETS) this.#targets.clear();
      this.#targets.set(url, target);
    }
    return target;
  }
}

/** Reads a failed answer's body, bounded in size and time; never throws. */
export async function readErrorBody(body: ByteStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => body.destroy(), ERROR_BODY_TIMEOUT_MS);
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= ERROR_BODY_LIMIT) break;
    }
  } catch {
    // What came so far is all there is to show.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, ERROR_BODY_LIMIT);
}

function noAnswer(error: unknown, signal: AbortSignal, isSent: boolean): NoAnswer {
  if (signal.aborted) return ABORTED;
  return {
    kind: 'no_answer',
    reason: isTimeout(error) ? 'timeout' : isSent && !isOurs(error) ? 'stream' : 'connect',
    detail: detailOf(error),
  };
}

/** A proxy that wants a password has passed nothing on; undici says so as if we had asked wrongly. */
const isOurs = (error: unknown) => error instanceof errors.InvalidArgumentError;

function isTimeout(error: unknown): boolean {
  if (error instanceof ExchangeLimit) return error.reason === 'timeout';
  return error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
}

function detailOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return detailOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
