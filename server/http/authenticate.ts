import type { IncomingHttpHeaders } from 'node:http';
import { keyRefusal } from '../engine/key-standing.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { Access, HttpContext, Identity } from './context.ts';
import { bearerOf, type Digest, digestOf, digestsEqual } from './security.ts';

/** Finds out who asks and whether they may. `digest` gives the SHA-256 of a secret. */
export async function authenticate(
  headers: IncomingHttpHeaders,
  access: Exclude<Access, 'none' | 'internal'>,
  { admin, managementDigest }: HttpContext,
  digest: (secret: string) => Digest = digestOf,
): Promise<Identity | Refusal> {
  const secret = bearerOf(headers);
  if (secret === null) return refuse('no_credentials');
  const { bytes, hex } = digest(secret);
  if (digestsEqual(bytes, managementDigest)) {
    return access === 'inference' ? refuse('inference_key_required') : { kind: 'management' };
  }
  const key = await admin.store.keys.byHash(hex);
  const refused = keyRefusal(key, admin.now());
  if (refused || !key) return refused ?? refuse('invalid_key');
  return access === 'management' ? refuse('management_key_required') : { kind: 'key', key };
}
