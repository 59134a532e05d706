import type { IncomingHttpHeaders } from 'node:http';
import { keyRefusal } from '../engine/key-standing.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { Access, HttpContext, Identity } from './context.ts';
import { bearerOf, digestOf, digestsEqual } from './security.ts';

/** Finds out who asks and whether they may. */
export async function authenticate(
  headers: IncomingHttpHeaders,
  access: Exclude<Access, 'none' | 'internal'>,
  { admin, managementDigest }: HttpContext,
): Promise<Identity | Refusal> {
  const secret = bearerOf(headers);
  if (secret === null) return refuse('no_credentials');
  const digest = digestOf(secret);
  if (digestsEqual(digest, managementDigest)) {
    return access === 'inference' ? refuse('inference_key_required') : { kind: 'management' };
  }
  const key = await admin.store.keys.byHash(digest.toString('hex'));
  const refused = keyRefusal(key, admin.now());
  if (refused || !key) return refused ?? refuse('invalid_key');
  return access === 'management' ? refuse('management_key_required') : { kind: 'key', key };
}
