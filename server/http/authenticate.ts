import type { IncomingHttpHeaders } from 'node:http';
import { hashSecret } from '../admin/secret.ts';
import { keyRefusal } from '../engine/key-standing.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { Access, HttpContext, Identity } from './context.ts';
import { bearerOf, secretsEqual } from './security.ts';

/** Finds out who asks and whether they may. */
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
  const refused = keyRefusal(key, admin.now());
  if (refused || !key) return refused ?? refuse('invalid_key');
  return access === 'management' ? refuse('management_key_required') : { kind: 'key', key };
}
