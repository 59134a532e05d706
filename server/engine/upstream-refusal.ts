import { type ErrorCode, type Refusal, refuse } from '../errors.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { AttemptFailed } from './attempt.ts';

/** What the caller is told when the last endpoint has failed: whose fault it was, in the provider's own words. */
export function upstreamRefusal(failed: AttemptFailed, endpoint: Endpoint, previous: readonly unknown[]): Refusal {
  const { failure } = failed;
  const code = codeFor(failure.reason, failure.status);
  const { name, slug } = endpoint.provider;
  return refuse(code, {
    detail: `${name}: ${failed.message}`,
    ...(code === 'upstream_rejected' && [413, 422].includes(failure.status) ? { status: failure.status } : {}),
    metadata: {
      provider_name: name,
      provider_slug: slug,
      ...(failure.status > 0 ? { provider_code: String(failure.status) } : {}),
      ...(failed.raw ? { raw: failed.raw } : {}),
      ...(previous.length > 0 ? { previous_errors: previous } : {}),
    },
    retryAfter: failed.retryAfter,
  });
}

function codeFor(reason: AttemptFailed['failure']['reason'], status: number): ErrorCode {
  if (reason === 'timeout') return 'upstream_timeout';
  if (reason !== 'status') return 'upstream_failed';
  switch (status) {
    case 401:
    case 403:
      return 'provider_key_rejected';
    case 402:
      return 'provider_credits_exhausted';
    case 404:
      return 'no_endpoints';
    case 408:
      return 'upstream_timeout';
    case 429:
      return 'upstream_rate_limited';
    default:
      return status >= 500 ? 'upstream_failed' : 'upstream_rejected';
  }
}
