import { lookup } from 'node:dns/promises';
import { request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { ProxyChoice } from '../providers/proxy-settings.ts';

/** How long each step took, milliseconds; null: it was not come to, or not needed. */
export type Timings = {
  readonly dns: number | null;
  readonly connect: number | null;
  readonly proxy: number | null;
  readonly tls: number | null;
};

/** The step that failed. `code` is the system's (`ENOTFOUND`, `CERT_HAS_EXPIRED`), `TIMEOUT`, or a proxy's HTTP status. */
export type NetworkFailure = {
  readonly kind: 'failed';
  readonly step: 'dns' | 'connect' | 'proxy_dns' | 'proxy_connect' | 'proxy' | 'tls';
  readonly code: string;
  readonly detail: string;
  /** Who signed the certificate that was not accepted. */
  readonly issuer: string | null;
  readonly timings: Timings;
};
export type NetworkResult = { readonly kind: 'reached'; readonly timings: Timings } | NetworkFailure;

type Step = NetworkFailure['step'];
type Steps = { -readonly [K in keyof Timings]: Timings[K] };

class StepFailed extends Error {
  readonly step: Step;
  readonly code: string;
  readonly issuer: string | null;
  constructor(step: Step, code: string, detail: string, issuer: string | null = null) {
    super(detail);
    this.step = step;
    this.code = code;
    this.issuer = issuer;
  }
}

/**
 * Goes the way to `target` step by step as a call would, through the proxy if there is one, and says nothing once it is there.
 * `stepMs` is what each step may take.
 */
export async function reach(
  target: URL,
  choice: Extract<ProxyChoice, { kind: 'proxy' | 'direct' }>,
  signal: AbortSignal,
  stepMs: number,
): Promise<NetworkResult> {
  const timings: Steps = { dns: null, connect: null, proxy: null, tls: null };
  const timed = async <T>(name: keyof Timings, step: Step, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const from = performance.now();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(stepMs)]);
    try {
      const result = await orAborted(work(limit), limit);
      timings[name] = (timings[name] ?? 0) + Math.round((performance.now() - from) * 10) / 10;
      return result;
    } catch (error) {
      if (error instanceof StepFailed) throw error;
      if (limit.aborted && !signal.aborted) throw new StepFailed(step, 'TIMEOUT', `no answer within ${stepMs} ms`);
      throw new StepFailed(step, codeOf(error), error instanceof Error ? error.message : String(error));
    }
  };
  let socket: Socket | undefined;
  try {
    const first = choice.kind === 'proxy' ? choice.url : target;
    const prefix = choice.kind === 'proxy' ? 'proxy_' : '';
    const host = bare(first.hostname);
    const address = await timed('dns', `${prefix}dns`, async () => (isIP(host) ? host : (await lookup(host)).address));
    socket = await timed('connect', `${prefix}connect`, (limit) => open(address, portOf(first), limit));
    if (choice.kind === 'proxy') {
      const plain = socket;
      const inner =
        first.protocol === 'https:' ? await timed('tls', 'proxy_connect', () => secure(plain, host)) : plain;
      // Plain http is handed to the proxy whole: there is no tunnel to try.
      if (target.protocol === 'https:')
        socket = await timed('proxy', 'proxy', (limit) => tunnel(inner, choice.url, target, limit));
    }
    const reached = socket;
    if (target.protocol === 'https:') await timed('tls', 'tls', () => secure(reached, bare(target.hostname)));
    return { kind: 'reached', timings };
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { step, code, message, issuer } = error;
    return { kind: 'failed', step, code, detail: message, issuer, timings };
  } finally {
    socket?.destroy();
  }
}

/** `work`, or a rejection as soon as `signal` says so; what `work` comes to then is nobody's. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function open(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal });
    socket.on('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

function tunnel(socket: Socket, proxy: URL, target: URL, signal: AbortSignal): Promise<Socket> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(proxy.username ? { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` } : {}),
      },
      signal,
    });
    const refused = (status: number) =>
      reject(new StepFailed('proxy', String(status), `the proxy answered CONNECT with ${status}`));
    asked.on('error', reject);
    asked.once('response', (answer) => refused(answer.statusCode ?? 0));
    asked.once('connect', (answer, through) =>
      answer.statusCode === 200 ? resolve(through as Socket) : refused(answer.statusCode ?? 0),
    );
    asked.end();
  });
}

/** The handshake is made to its end whatever the certificate, to tell who signed it; nothing is sent then, and it is closed. */
function secure(socket: Socket, host: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      socket,
      ...(isIP(host) ? { host } : { servername: host, host }),
      rejectUnauthorized: false,
    });
    tls.on('error', (error) => reject(new StepFailed('tls', codeOf(error), error.message)));
    tls.once('close', () => reject(new StepFailed('tls', 'ECONNRESET', 'the connection was closed in the handshake')));
    tls.once('secureConnect', () => {
      if (tls.authorized) return resolve(tls);
      const problem = tls.authorizationError as unknown;
      const code = problem instanceof Error ? codeOf(problem) : String(problem);
      return reject(new StepFailed('tls', code, code, issuerOf(tls.getPeerCertificate())));
    });
  });
}

function issuerOf({ issuer }: PeerCertificate): string | null {
  const name = issuer?.O ?? issuer?.CN;
  return (Array.isArray(name) ? name[0] : name) ?? null;
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');
const portOf = (url: URL) => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
