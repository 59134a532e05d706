import type { Dispatcher } from 'undici';
import { type ContentCoding, codingOf, unknownCoding, unpack } from './content-coding.ts';
import type { Deadline, Deadlines } from './deadlines.ts';

/** An answer that has come whole. */
export type WholeAnswer = {
  readonly kind: 'whole';
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
};

/** The answer did not fit in time or in memory, or cannot be unpacked. */
export class ExchangeLimit extends Error {
  readonly reason: 'timeout' | 'size' | 'coding';

  constructor(reason: ExchangeLimit['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

export type ExchangeLimits = {
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  /** Milliseconds for the whole of it. */
  readonly timeoutMs: number;
  readonly bodyLimit: number;
  /** Of the body of an answer that is not 2xx: that much of it is enough. */
  readonly errorLimit: number;
  readonly errorTimeoutMs: number;
};

/**
 * Collects a whole answer straight from the connection: no stream is made for it, which costs a proxied call half as much again.
 * These are the handlers of undici's core; its newer names are wrapped in them.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #limits: ExchangeLimits;
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #deadline: Deadline;
  #abort: ((reason?: Error) => void) | undefined;
  #status = 0;
  #retryAfter: string | undefined;
  #coding: ContentCoding | null = null;
  #size = 0;
  #over = false;

  constructor(limits: ExchangeLimits, resolve: (answer: WholeAnswer) => void, reject: (error: unknown) => void) {
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = this.#dueIn(limits.timeoutMs, this.#late);
    limits.signal.addEventListener('abort', this.#aborted, { once: true });
  }

  /** Whether a connection has been given the request: from then on the provider may have worked on it. */
  get isSent(): boolean {
    return this.#abort !== undefined;
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    // It was aborted, or took too long, while it waited for a connection.
    if (this.#over) abort();
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // Others are only said to be coming.
    if (status < 200) return true;
    this.#status = status;
    const packed = headerIn(headers, 'content-encoding');
    const coding = codingOf(packed);
    if (coding) this.#coding = coding;
    else if (coding === undefined && !this.#isError)
      this.#fail(new ExchangeLimit('coding', unknownCoding(packed).message));
    if (this.#isError) {
      this.#retryAfter = headerIn(headers, 'retry-after');
      this.#limits.deadlines.delete(this.#deadline);
      this.#deadline = this.#dueIn(this.#limits.errorTimeoutMs, this.#complete);
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const { errorLimit, bodyLimit } = this.#limits;
    if (this.#isError && this.#size >= errorLimit) this.#complete();
    else if (this.#size > bodyLimit)
      this.#fail(new ExchangeLimit('size', `the answer is larger than ${bodyLimit} bytes`));
    return true;
  }

  onComplete(): void {
    this.#finish();
  }

  onError(error: Error): void {
    // What came of an error's text is all there is to show.
    if (this.#isError) this.#finish();
    else this.#fail(error);
  }

  get #isError(): boolean {
    return this.#status >= 300;
  }

  readonly #late = (): void => {
    const begun = this.#status > 0;
    this.#fail(new ExchangeLimit('timeout', begun ? 'no answer came after its headers' : 'no answer came in time'));
  };

  readonly #aborted = (): void => this.#fail(this.#limits.signal.reason);

  /** Enough has come: the rest is not waited for. */
  readonly #complete = (): void => {
    if (this.#finish()) this.#abort?.();
  };

  #dueIn(ms: number, onDue: () => void): Deadline {
    const deadline = { dueMs: performance.now() + ms, onDue };
    this.#limits.deadlines.add(deadline);
    return deadline;
  }

  #finish(): boolean {
    if (!this.#end()) return false;
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks);
    if (this.#coding === null) this.#answer(body);
    else this.#unpack(body, this.#coding);
    return true;
  }

  #unpack(body: Buffer, coding: ContentCoding): void {
    unpack(body, coding, this.#limits.bodyLimit, this.#isError).then(
      (plain) => this.#answer(plain),
      (error: unknown) => {
        // An error is one, whatever it says.
        if (this.#isError) this.#answer(Buffer.alloc(0));
        else this.#reject(new ExchangeLimit('coding', `the answer cannot be unpacked: ${String(error)}`));
      },
    );
  }

  #answer(body: Buffer): void {
    this.#resolve({ kind: 'whole', status: this.#status, retryAfter: this.#retryAfter, body });
  }

  #fail(error: unknown): void {
    if (!this.#end()) return;
    this.#reject(error);
    this.#abort?.();
  }

  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#limits.deadlines.delete(this.#deadline);
    this.#limits.signal.removeEventListener('abort', this.#aborted);
    return true;
  }
}

/** A header of an answer's head, its name in lower case. */
export function headerIn(raw: readonly Buffer[], name: string): string | undefined {
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.length === name.length && raw[at]?.toString('latin1').toLowerCase() === name)
      return raw[at + 1]?.toString('latin1');
  }
  return undefined;
}
