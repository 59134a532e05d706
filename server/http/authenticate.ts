import type { IncomingHttpHeaders } from 'node:http';
import { isExpired } from '../admin/key-view.ts';
import { hashSecret } from '../admin/secret.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { Access, HttpContext, Identity } from './context.ts';
import { bearerOf, secretsEqual } from './security.ts';

/** Finds out who asks and whether they may. A disabled or expired key is told so: its holder proved to hold it. */
export async function authenticate(
  headers: IncomingHttpHeaders,
  access: Exclude<Access, 'none' | 'internal'>,
  { admin, managementKey }: HttpContext,
): Promise<Identity | Refusal> {
  const secret = bearerOf(headers);
  if (secret === null) return refuse('no_credentials');
  if (secretsEqual(secret, managementKey)) {
    return access === 'inference' ? refuse('inference_key_required') : { kind: 'management' };
  }
  // Found by its SHA-256, so how long the search takes says nothing about the secret.
  const key = await admin.store.keys.byHash(hashSecret(secret));
  if (!key) return refuse('invalid_key');
  if (key.disabled) return refuse('key_disabled', { detail: `"${key.name}"` });
  if (isExpired(key, admin.now()))
    return refuse('key_expired', { detail: `"${key.name}"`, metadata: { expires_at: key.expiresAt } });
  return access === 'management' ? refuse('management_key_required') : { kind: 'key', key };
}
