import { type ErrorCode, type Refusal, refuse } from '../errors.ts';
import type { Credential } from '../providers/keys.ts';
import type { Provider } from '../providers/provider.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { AttemptFailed } from './attempt.ts';

/** What the caller is told when the last endpoint has failed: whose fault it was, in the provider's own words. */
export function upstreamRefusal(
  failed: AttemptFailed,
  endpoint: Endpoint,
  credential: Credential | null,
  previous: readonly unknown[],
): Refusal {
  const { failure, raw } = failed;
  const code = codeFor(failure.reason, failure.status, raw);
  const { name, slug } = endpoint.provider;
  const remedy = remedyFor(code, endpoint.provider, credential);
  return refuse(code, {
    detail: `${name}: ${failed.message}`,
    ...(code === 'upstream_rejected' && [403, 413, 422].includes(failure.status) ? { status: failure.status } : {}),
    metadata: {
      provider_name: name,
      provider_slug: slug,
      ...(failed.sentStatus > 0 ? { provider_code: String(failed.sentStatus) } : {}),
      ...(credential?.name ? { provider_key: credential.name } : {}),
      ...(remedy ? { remedy } : {}),
      ...(raw ? { raw } : {}),
      ...(previous.length > 0 ? { previous_errors: previous } : {}),
    },
    retryAfter: failed.retryAfter,
  });
}

/** The code for what a provider answered; `raw` is its body. */
export function codeFor(reason: AttemptFailed['failure']['reason'], status: number, raw = ''): ErrorCode {
  if (reason === 'timeout') return 'upstream_timeout';
  if (reason !== 'status') return 'upstream_failed';
  switch (status) {
    case 401:
      return 'provider_key_rejected';
    case 403:
      // A router's moderation is about what was asked, not about who asks.
      return raw.includes('"flagged_input"') ? 'upstream_rejected' : 'provider_key_rejected';
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

/** What to do at this very provider; null where the table's words are all there is to say. */
function remedyFor(code: ErrorCode, { name, slug, key, keys }: Provider, credential: Credential | null): string | null {
  if (code === 'provider_credits_exhausted')
    return `Add credit to the account at ${name}, or let another provider or model serve as fallback.`;
  if (code !== 'provider_key_rejected') return null;
  if (credential?.byokId) return `Put a working key in its place with \`callgate byok rotate ${credential.byokId}\`.`;
  if (keys) return `Replace the key ${credential?.name ?? ''} of ${slug} (providers.${slug}.keys in config.yaml).`;
  if (key.kind === 'env') return `Put a working key of ${name} into the daemon’s environment as ${key.name}.`;
  return `Set a working key of ${name} with \`callgate providers set-key ${slug}\`.`;
}
