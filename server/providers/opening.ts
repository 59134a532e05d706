import type { Dispatcher } from 'undici';
import { ByteStream } from './byte-stream.ts';
import { codingOf, unknownCoding, unpacked } from './content-coding.ts';
import { headerIn } from './exchange.ts';

/** An answer whose head has come. */
export type UpstreamAnswer = {
  readonly kind: 'answer';
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: ByteStream;
};

/** Opens an answer that is read as it comes. See Exchange for why it speaks undici's older names. */
export class Opening implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: unknown) => void;
  #abort: ((reason?: Error) => void) | undefined;
  #body: ByteStream | null = null;

  constructor(signal: AbortSignal, resolve: (answer: UpstreamAnswer) => void, reject: (error: unknown) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#aborted, { once: true });
  }

  /** Whether a connection has been given the request: from then on the provider may have worked on it. */
  get isSent(): boolean {
    return this.#abort !== undefined;
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    if (this.#signal.aborted) abort();
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    // Others are only said to be coming.
    if (status < 200) return true;
    const body = new ByteStream(resume, () => this.#abort?.());
    this.#body = body;
    const packed = headerIn(headers, 'content-encoding');
    const coding = codingOf(packed);
    this.#resolve({
      kind: 'answer',
      status,
      contentType: headerIn(headers, 'content-type') ?? '',
      retryAfter: headerIn(headers, 'retry-after'),
      body: coding ? unpacked(body, coding) : body,
    });
    // Nobody can read on; what failed says why.
    if (coding === undefined) {
      body.fail(unknownCoding(packed));
      this.#abort?.();
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.#body?.push(chunk) ?? true;
  }

  onComplete(): void {
    this.#signal.removeEventListener('abort', this.#aborted);
    this.#body?.end();
  }

  onError(error: Error): void {
    this.#signal.removeEventListener('abort', this.#aborted);
    if (this.#body) this.#body.fail(error);
    else this.#reject(error);
  }

  readonly #aborted = (): void => {
    const { reason } = this.#signal;
    if (this.#body) this.#body.fail(reason);
    else this.#reject(reason);
    this.#abort?.();
  };
}
