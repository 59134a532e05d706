/**
 * Who may speak to the daemon at all, before any token is looked at. Any web page and any program on this machine can reach
 * a loopback port, so the port being local proves nothing (CVE-2025-24010 and its kin). The same checks guard HTTP requests
 * and WebSocket upgrades.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from '../errors.ts';

export type IncomingHead = {
  readonly method: string;
  /** The request target as sent. */
  readonly url: string;
  readonly headers: Headers;
  /** The peer's address, `127.0.0.1` or `::1` and so on. */
  readonly remote: string | undefined;
};

/** As Node gives them: lower-case names, repeated ones joined or in an array. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export type AccessPolicy = {
  /** The port we listen on. */
  readonly port: number;
  /** `name` (any port) or `name:port`, besides the loopback names with our own port. */
  readonly allowedHosts: readonly string[];
  /** Exact origins, such as `https://app.example:8443`. */
  readonly allowedOrigins: readonly string[];
};

export type Checked = {
  readonly kind: 'ok';
  /** The listed origin to be echoed in Access-Control-Allow-Origin; null when the request has none. */
  readonly origin: string | null;
  /** A CORS preflight, to be answered without a bearer. */
  readonly preflight: boolean;
};

/** What the checks need of a request. Of two Host headers Node would show the first alone, and a proxy before us may mean the other. */
export function headOf({ method, url, headers, rawHeaders, socket }: IncomingMessage): IncomingHead {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  const all = () => rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
  return {
    method: method ?? 'GET',
    url: url ?? '/',
    headers: hosts > 1 ? { ...headers, host: all() } : headers,
    remote: socket.remoteAddress,
  };
}

/** Host, then Origin, then Sec-Fetch-Site, then whether it is a preflight; the first that fails decides. */
export function checkRequest(head: IncomingHead, policy: AccessPolicy): Refusal | Checked {
  const { headers } = head;
  // A target in absolute form carries a host of its own, which would outrank the header that we check (RFC 9112 §3.2.2).
  if (!head.url.startsWith('/')) return refuse('host_denied', { detail: 'send the path alone' });
  if (!isHostAllowed(one(headers['host']), head.remote, policy)) return refuse('host_denied');

  const origin = one(headers['origin']);
  const listed = origin !== undefined && origin !== 'null' && policy.allowedOrigins.includes(origin);
  if (origin !== undefined && !listed) return refuse('origin_denied');

  const site = one(headers['sec-fetch-site']);
  if (!listed && site !== undefined && site !== 'none' && site !== 'same-origin') return refuse('cross_site_denied');

  const preflight = head.method === 'OPTIONS' && listed && headers['access-control-request-method'] !== undefined;
  return { kind: 'ok', origin: listed ? origin : null, preflight };
}

function isHostAllowed(host: string | undefined, remote: string | undefined, policy: AccessPolicy): boolean {
  // As nearly every program on this machine writes it.
  if (remote === '127.0.0.1' && host === `127.0.0.1:${policy.port}`) return true;
  const parsed = parseHost(host);
  if (!parsed) return false;
  const { name, port } = parsed;
  if (LOOPBACK_NAMES.has(name) && port === policy.port && isLoopbackAddress(remote)) return true;
  return policy.allowedHosts.some((allowed) => {
    const entry = parseHost(allowed);
    return entry?.name === name && (entry.written === null || entry.written === port);
  });
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

type Host = { readonly name: string; readonly port: number; readonly written: number | null };

/** Strict on purpose: no user, no blanks, no trailing dot, no other spelling of 127.0.0.1; IPv6 in any spelling. */
function parseHost(host: string | undefined): Host | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\d{1,5}))?$/.exec(host?.toLowerCase() ?? '');
  const written = match?.[2] === undefined ? null : Number(match[2]);
  const name = match?.[1];
  if (name === undefined) return null;
  const port = written ?? 80;
  if (!name.startsWith('[')) return { name, port, written };
  const normal = URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : null;
  return normal === null ? null : { name: normal, port, written };
}

/** Whether an address is this machine's own loopback; IPv4 ones may come mapped into IPv6. Unknown is no. */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(address ?? '');
}

/** A Content-Type whose body is read: JSON with any parameters. Anything a form can send is not. */
export const JSON_TYPE = /^application\/json[ \t]*(;|$)/i;

/** Whether a body of this Content-Type is read. */
export function contentTypeAllowed(header: string | undefined): boolean {
  return JSON_TYPE.test(header?.trim() ?? '');
}

/** The headers in which clients of other vendors send a key: Anthropic's, Azure's, Google's. */
const KEY_HEADERS = ['x-api-key', 'api-key', 'x-goog-api-key'] as const;

/** The key a request carries: `Authorization: Bearer`, else the first header that some vendor's clients use; null when none says anything. */
export function bearerOf(headers: Headers): string | null {
  const match = /^bearer +(\S+)$/i.exec(one(headers['authorization'])?.trim() ?? '');
  if (match?.[1]) return match[1];
  for (const name of KEY_HEADERS) {
    const key = one(headers[name])?.trim();
    if (key) return key;
  }
  return null;
}

const QUERY_KEYED = '/v1beta/';

/**
 * Takes the key that Google's clients may write into an address (`?key=`) out of it, before anything could log it, and puts it where
 * headers have theirs. Under Google's paths alone: nowhere else is an address a place for a key.
 */
export function addressWithoutKey(url: string, headers: Record<string, string | string[] | undefined>): string {
  const at = url.startsWith(QUERY_KEYED) ? url.indexOf('?') : -1;
  if (at < 0) return url;
  const query = new URLSearchParams(url.slice(at + 1));
  const key = query.get('key');
  if (key === null) return url;
  query.delete('key');
  headers['x-goog-api-key'] ??= key;
  const rest = query.toString();
  return rest === '' ? url.slice(0, at) : `${url.slice(0, at)}?${rest}`;
}

/** SHA-256 of a secret: by it secrets are compared, and keys found, in time that tells nothing of them. */
export type Digest = { readonly bytes: Buffer; readonly hex: string };

export function digestOf(secret: string): Digest {
  const bytes = hash('sha256', secret, 'buffer');
  return { bytes, hex: bytes.toString('hex') };
}

/** Compares two digests in time that depends on neither. */
export function digestsEqual(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b);
}

/** Compares two secrets in time that depends on neither; hashing first makes the lengths equal. */
export function secretsEqual(a: string, b: string): boolean {
  return digestsEqual(digestOf(a).bytes, digestOf(b).bytes);
}

/** A header said twice is one that no check may half see, so its parts stay joined. */
function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}
