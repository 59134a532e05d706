import type { IncomingHttpHeaders } from 'node:http';
import { findOrganization } from '../admin/organizations.ts';
import { homeOrganization } from '../admin/workspace-scope.ts';
import { keyRefusal } from '../engine/key-standing.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { ManagementKeyRow } from '../store/organization-store.ts';
import type { Access, HttpContext, Identity } from './context.ts';
import { bearerOf, type Digest, digestOf, digestsEqual } from './security.ts';

/** Which organization a management call is about, by id or slug; the default one without it. */
export const ORGANIZATION_HEADER = 'x-callgate-organization';

/** What a route asks of whoever comes to it. */
export type Wanted = { readonly access: Exclude<Access, 'none' | 'internal'>; readonly scoped: boolean };

/** Finds out who asks and whether they may. `digest` gives the SHA-256 of a secret. */
export async function authenticate(
  headers: IncomingHttpHeaders,
  wanted: Wanted,
  { admin, managementDigest }: HttpContext,
  digest: (secret: string) => Digest = digestOf,
): Promise<Identity | Refusal> {
  const secret = bearerOf(headers);
  if (secret === null) return refuse('no_credentials');
  const { access } = wanted;
  const { bytes, hex } = digest(secret);
  if (digestsEqual(bytes, managementDigest)) {
    return access === 'inference' ? refuse('inference_key_required') : manager(headers, null, admin);
  }
  const key = await admin.store.keys.byHash(hex);
  if (!key) {
    const managementKey = admin.store.managementKeys.byHash(hex);
    if (managementKey) return bounded(headers, managementKey, wanted, admin);
  }
  const refused = keyRefusal(key, admin.now());
  if (refused || !key) return refused ?? refuse('invalid_key');
  return access === 'management' || access === 'daemon' ? refuse('management_key_required') : { kind: 'key', key };
}

/** A management key of one organization: it sees that one, and nothing that is the daemon's own. */
function bounded(
  headers: IncomingHttpHeaders,
  managementKey: ManagementKeyRow,
  { access, scoped }: Wanted,
  admin: HttpContext['admin'],
): Identity | Refusal {
  if (access === 'inference') return refuse('inference_key_required');
  if (access === 'daemon') return refuse('daemon_key_required');
  if (!scoped && admin.store.organizations.all().length > 1) return refuse('daemon_key_required');
  return manager(headers, managementKey, admin);
}

function manager(
  headers: IncomingHttpHeaders,
  managementKey: ManagementKeyRow | null,
  admin: HttpContext['admin'],
): Identity | Refusal {
  const own = managementKey?.organizationId ?? homeOrganization(admin);
  const named = headers[ORGANIZATION_HEADER];
  if (typeof named !== 'string' || named === '') return { kind: 'management', organizationId: own, managementKey };
  const found = findOrganization(admin, named);
  // Whether there is such an organization is none of a bounded key's business.
  if (managementKey && (found.kind === 'refused' || found.row.id !== own)) return refuse('organization_denied');
  if (found.kind === 'refused') return found;
  return { kind: 'management', organizationId: found.row.id, managementKey };
}
