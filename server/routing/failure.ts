/** What a failed attempt means for the call: pure. */

export type Failure = {
  /** HTTP status of the provider; 0 when it did not answer. */
  readonly status: number;
  readonly reason: 'timeout' | 'connect' | 'status' | 'stream';
};

/**
 * Whether another endpoint of the same model may be tried: yes for everything the request itself did not cause. Of the 4xx those
 * are the daemon's own standing with the provider (401, 402, 403), a model it does not have (404), timeouts and rate limits. A
 * redirect is the address's fault, too.
 */
export function anotherEndpointMayServe(failure: Failure): boolean {
  if (failure.reason !== 'status') return true;
  return failure.status >= 500 || failure.status < 400 || [401, 402, 403, 404, 408, 429].includes(failure.status);
}

/**
 * Whether a failure counts against the endpoint: what it does to every call, not to this one. A rate limit has its own rest, and a
 * 403 may be about what was asked.
 */
export function isEndpointFault({ status, reason }: Failure): boolean {
  return reason !== 'status' || status >= 500 || status < 400 || [401, 402, 404, 408].includes(status);
}

/** Whether it was the key that failed: with another one, the same endpoint may serve. */
export const isKeyFault = ({ status, reason }: Failure): boolean =>
  reason === 'status' && [401, 402, 403, 429].includes(status);

/** Seconds of a Retry-After header (delta or HTTP date); null when absent or unreadable. At most a day. */
export function retryAfterSeconds(header: string | string[] | undefined, now: number): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (!text) return null;
  const seconds = /^\d{1,9}(\.\d+)?$/.test(text.trim()) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(86_400, Math.max(0, Math.ceil(seconds))) : null;
}
