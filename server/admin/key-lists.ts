import { type Refusal, refuse } from '../errors.ts';
import type { AdminContext } from './context.ts';

/**
 * Lists of API keys are kept by id and shown by hash: a hash changes when its key is rotated. `null` stands for all keys, absent for
 * nothing said. A hash that is of no key of the organization is refused, naming the field.
 */
export async function keysOfHashes(
  { store }: AdminContext,
  organizationId: string,
  hashes: readonly string[] | null | undefined,
  field: string,
): Promise<{ readonly kind: 'keys'; readonly ids: readonly string[] | null | undefined } | Refusal> {
  if (!hashes) return { kind: 'keys', ids: hashes };
  const ids: string[] = [];
  for (const hash of new Set(hashes)) {
    const key = await store.keys.byHash(hash);
    if (!key || store.workspaces.get(key.workspaceId)?.organizationId !== organizationId) {
      return refuse('invalid_request', {
        message: `${field}: ${hash.slice(0, 12)}… is the hash of no API key of this organization`,
      });
    }
    ids.push(key.id);
  }
  return { kind: 'keys', ids };
}

/** Keys that were deleted since are left out, but not their restriction: what is left may be nobody. */
export async function hashesOfKeys(
  { store }: AdminContext,
  ids: readonly string[] | null,
): Promise<readonly string[] | null> {
  if (ids === null) return null;
  const keys = await Promise.all(ids.map((id) => store.keys.byId(id)));
  return keys.flatMap((key) => (key ? [key.hash] : []));
}
