import { type Refusal, refuse } from '../errors.ts';
import { isExpired } from '../policy/key-expiry.ts';
import type { KeyRow } from '../store/store.ts';

/** Why a key may not call now, null when it may. A disabled or expired key is told so: its holder proved to hold it. */
export function keyRefusal(key: KeyRow | null, now: Date): Refusal | null {
  if (!key) return refuse('invalid_key');
  if (key.disabled) return refuse('key_disabled', { detail: `"${key.name}"` });
  if (key.suspendedAt !== null)
    return refuse('key_suspended', {
      detail: `"${key.name}": ${key.suspendedFor ?? ''}`,
      metadata: { scope: 'api_key', why: key.suspendedFor, suspended_at: key.suspendedAt },
    });
  if (isExpired(key, now))
    return refuse('key_expired', { detail: `"${key.name}"`, metadata: { expires_at: key.expiresAt } });
  return null;
}
