import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import type { DestinationPatch, DestinationRow } from '../store/destination-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import type { createDestinationBody, DestinationFields, updateDestinationBody } from './destination-schema.ts';
import { keepConfig, shownConfig, wholeConfig } from './destination-secrets.ts';
import { hashesOfKeys, keysOfHashes } from './key-lists.ts';
import { pageOf, pageQuery } from './pages.ts';
import { isWithin, workspaceOrDefault } from './workspace-scope.ts';

/** Of one type in one workspace, as OpenRouter allows. */
const MOST_OF_A_TYPE = 5;

export const destinationQuery = pageQuery.extend({ workspace_id: z.string().min(1).max(64).optional() });

export type DestinationFound = { readonly kind: 'destination'; readonly row: DestinationRow };

/** OpenRouter's object, its secrets masked. */
export async function destinationView(admin: AdminContext, row: DestinationRow): Promise<Record<string, unknown>> {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    enabled: row.enabled,
    config: shownConfig(admin, row),
    sampling_rate: row.samplingRate,
    privacy_mode: row.privacyMode,
    api_key_hashes: await hashesOfKeys(admin, row.keyIds),
    filter_rules: row.filterRules,
    broadcast_generation_cost: row.tellsCost,
    broadcast_generation_identity: row.tellsIdentity,
    broadcast_generation_request_context: row.tellsRequestContext,
    regions: row.regions,
    workspace_id: row.workspaceId,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** Of one workspace, oldest first. */
export function listDestinations(
  admin: AdminContext,
  organizationId: string,
  query: z.output<typeof destinationQuery>,
): { readonly kind: 'page'; readonly rows: readonly DestinationRow[]; readonly total: number } | Refusal {
  const workspace = workspaceOrDefault(admin, organizationId, query.workspace_id);
  if (workspace.kind === 'refused') return workspace;
  const rows = admin.store.destinations.all().filter((row) => row.workspaceId === workspace.row.id);
  return { kind: 'page', ...pageOf(rows, query) };
}

export function findDestination(admin: AdminContext, organizationId: string, id: string): DestinationFound | Refusal {
  const row = admin.store.destinations.all().find((one) => one.id === id);
  if (row && isWithin(admin, row.workspaceId, organizationId)) return { kind: 'destination', row };
  return refuse('destination_not_found', { metadata: { id: id.slice(0, 64) } });
}

/** Keeps where to broadcast to. Nothing is sent there yet: this daemon stores and validates destinations. */
export async function createDestination(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createDestinationBody>,
): Promise<DestinationFound | Refusal> {
  const workspace = workspaceOrDefault(admin, organizationId, body.workspace_id);
  if (workspace.kind === 'refused') return workspace;
  const workspaceId = workspace.row.id;
  const beside = admin.store.destinations
    .all()
    .filter((row) => row.workspaceId === workspaceId && row.type === body.type);
  if (beside.length >= MOST_OF_A_TYPE) {
    return refuse('destination_limit', {
      detail: `"${workspace.row.slug}" has ${beside.length} of type ${body.type}`,
      metadata: { scope: 'workspace', limit: MOST_OF_A_TYPE },
    });
  }
  const patch = await patchOf(admin, organizationId, body);
  if ('code' in patch) return patch;
  const id = randomUUID();
  const kept = keepConfig(admin, body.type, id, body.config);
  if (kept.kind === 'refused') return kept;
  const now = admin.now().toISOString();
  const row: DestinationRow = {
    id,
    workspaceId,
    type: body.type,
    name: body.name,
    config: kept.config,
    sealed: kept.sealed,
    enabled: true,
    samplingRate: 1,
    privacyMode: false,
    keyIds: null,
    filterRules: null,
    tellsCost: false,
    tellsIdentity: false,
    tellsRequestContext: false,
    regions: ['global'],
    createdAt: now,
    updatedAt: now,
    ...patch,
  };
  const after = await destinationView(admin, row);
  await audited(admin, { action: 'destination.create', target: `destination:${id}`, after }, () =>
    admin.store.destinations.insert(row),
  );
  admin.log.info('destination created', { id, type: row.type, name: row.name });
  return { kind: 'destination', row };
}

/** Changes what is named. Secrets that come back masked stay as they are. */
export async function updateDestination(
  admin: AdminContext,
  organizationId: string,
  id: string,
  body: z.output<typeof updateDestinationBody>,
): Promise<DestinationFound | Refusal> {
  const found = findDestination(admin, organizationId, id);
  if (found.kind === 'refused') return found;
  const fields = await patchOf(admin, organizationId, body);
  if ('code' in fields) return fields;
  const { row } = found;
  const kept = body.config ? keepConfig(admin, row.type, id, body.config, currentConfig(admin, row)) : null;
  if (kept?.kind === 'refused') return kept;
  const patch: DestinationPatch = {
    ...fields,
    ...(kept ? { config: kept.config, sealed: kept.sealed } : {}),
    updatedAt: admin.now().toISOString(),
  };
  const next: DestinationRow = { ...row, ...patch };
  const [before, after] = [await destinationView(admin, row), await destinationView(admin, next)];
  await audited(admin, { action: 'destination.update', target: `destination:${id}`, before, after }, () =>
    admin.store.destinations.update(id, patch),
  );
  admin.log.info('destination changed', { id, type: row.type, name: next.name });
  return { kind: 'destination', row: next };
}

/** Its secrets are wiped; the row stays, out of sight. */
export async function deleteDestination(
  admin: AdminContext,
  organizationId: string,
  id: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const found = findDestination(admin, organizationId, id);
  if (found.kind === 'refused') return found;
  const before = await destinationView(admin, found.row);
  await audited(admin, { action: 'destination.delete', target: `destination:${id}`, before }, () =>
    admin.store.destinations.delete(id, admin.now().toISOString()),
  );
  admin.log.info('destination deleted', { id, type: found.row.type, name: found.row.name });
  return { kind: 'deleted' };
}

/** Secrets that cannot be read any more are to be sent again. */
function currentConfig(admin: AdminContext, row: DestinationRow): Readonly<Record<string, unknown>> {
  try {
    return wholeConfig(admin, row);
  } catch {
    return row.config;
  }
}

async function patchOf(
  admin: AdminContext,
  organizationId: string,
  body: DestinationFields,
): Promise<DestinationPatch | Refusal> {
  const keys = await keysOfHashes(admin, organizationId, body.api_key_hashes, 'api_key_hashes');
  if (keys.kind === 'refused') return keys;
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.enabled === undefined ? {} : { enabled: body.enabled }),
    ...(body.sampling_rate === undefined ? {} : { samplingRate: body.sampling_rate }),
    ...(body.privacy_mode === undefined ? {} : { privacyMode: body.privacy_mode }),
    ...(keys.ids === undefined ? {} : { keyIds: keys.ids }),
    ...(body.filter_rules === undefined ? {} : { filterRules: body.filter_rules }),
    ...(body.broadcast_generation_cost === undefined ? {} : { tellsCost: body.broadcast_generation_cost }),
    ...(body.broadcast_generation_identity === undefined ? {} : { tellsIdentity: body.broadcast_generation_identity }),
    ...(body.broadcast_generation_request_context === undefined
      ? {}
      : { tellsRequestContext: body.broadcast_generation_request_context }),
    ...(body.regions === undefined ? {} : { regions: body.regions }),
  };
}
