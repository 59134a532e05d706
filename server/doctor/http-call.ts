import { type Dispatcher, request } from 'undici';
import type { Answered } from './answer-verdict.ts';

export type HttpCall = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The key that is sent: some servers repeat what they refuse. */
  readonly secret: string | null;
};

export type HttpResult =
  | { readonly kind: 'answered'; readonly answer: Omit<Answered, 'isRight'> }
  /** `wasSent`: it may have been worked on. */
  | { readonly kind: 'silent'; readonly detail: string; readonly wasSent: boolean }
  | { readonly kind: 'aborted' };

const BODY_LIMIT = 256 * 1024;

/** One call as the daemon makes them: by its proxies, without following redirects, without retries. */
export async function httpCall(
  dispatcher: Dispatcher,
  { method, url, headers, body, secret }: HttpCall,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<HttpResult> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const from = performance.now();
  try {
    const answer = await request(url, { method, dispatcher, headers, body, signal: limit });
    const firstByteMs = performance.now() - from;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= BODY_LIMIT) break;
    }
    const came = Buffer.concat(chunks).toString('utf8');
    const text = secret ? came.replaceAll(secret, '[redacted]') : came;
    return {
      kind: 'answered',
      answer: { status: answer.statusCode, headers: answer.headers, body: text, firstByteMs },
    };
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted' };
    const isLate = limit.aborted;
    const syscall = error instanceof Error && 'syscall' in error ? error.syscall : null;
    return {
      kind: 'silent',
      detail: isLate
        ? `no answer within ${timeoutMs / 1000} s`
        : error instanceof Error
          ? error.message
          : String(error),
      wasSent: isLate || !(syscall === 'connect' || syscall === 'getaddrinfo'),
    };
  }
}
