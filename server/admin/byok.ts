import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { byokSeal } from '../providers/registry.ts';
import type { ByokPatch, ByokRow } from '../store/byok-store.ts';
import { audited } from './audit.ts';
import type { ByokFields, createByokBody, updateByokBody } from './byok-schema.ts';
import type { AdminContext } from './context.ts';
import { hashesOfKeys, keysOfHashes } from './key-lists.ts';
import { keyLabel } from './masked.ts';
import { type PageQuery, pageOf, pageQuery } from './pages.ts';
import { workspaceOrDefault } from './workspace-scope.ts';

export const byokQuery = pageQuery.extend({
  workspace_id: z.string().min(1).max(64).optional(),
  provider: z.string().min(1).max(64).optional(),
});

export type ByokFound = { readonly kind: 'byok'; readonly row: ByokRow };

/** OpenRouter's BYOK object: of the key itself, only what tells it from others. */
export async function byokView(admin: AdminContext, row: ByokRow): Promise<Record<string, unknown>> {
  return {
    id: row.id,
    provider: row.provider,
    name: row.name,
    label: row.label,
    disabled: row.disabled,
    is_fallback: row.isFallback,
    is_required: row.isRequired,
    is_byok_only: row.isByokOnly,
    declared_zdr: row.declaredZdr,
    allowed_models: row.allowedModels,
    allowed_api_key_hashes: await hashesOfKeys(admin, row.allowedKeyIds),
    allowed_user_ids: row.allowedUserIds,
    sort_order: row.sortOrder,
    workspace_id: row.workspaceId,
    created_at: row.createdAt,
  };
}

/** What serves a workspace: its own keys, and those of its whole organization; each provider's in the order they are tried. */
export function listByok(
  admin: AdminContext,
  organizationId: string,
  query: z.output<typeof byokQuery>,
): { readonly kind: 'page'; readonly rows: readonly ByokRow[]; readonly total: number } | Refusal {
  const workspace = workspaceOrDefault(admin, organizationId, query.workspace_id);
  if (workspace.kind === 'refused') return workspace;
  const rows = admin.store.byok
    .all()
    .filter(
      (row) =>
        row.organizationId === organizationId &&
        (row.workspaceId === null || row.workspaceId === workspace.row.id) &&
        (query.provider === undefined || row.provider === query.provider),
    )
    .toSorted(
      (a, b) =>
        (a.provider < b.provider ? -1 : Number(a.provider > b.provider)) ||
        Number(a.workspaceId === null) - Number(b.workspaceId === null) ||
        a.sortOrder - b.sortOrder,
    );
  return { kind: 'page', ...pageOf(rows, query satisfies PageQuery) };
}

export function findByok({ store }: AdminContext, organizationId: string, id: string): ByokFound | Refusal {
  const row = store.byok.all().find((one) => one.id === id && one.organizationId === organizationId);
  return row ? { kind: 'byok', row } : refuse('byok_not_found', { metadata: { id: id.slice(0, 64) } });
}

/** Keeps a provider's key: encrypted, and bound to this row and provider. */
export async function createByok(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createByokBody>,
): Promise<ByokFound | Refusal> {
  const unknown = unknownProvider(admin, body.provider);
  if (unknown) return unknown;
  const workspace = body.workspace_id === null ? null : workspaceOrDefault(admin, organizationId, body.workspace_id);
  if (workspace?.kind === 'refused') return workspace;
  const patch = await patchOf(admin, organizationId, body);
  if ('code' in patch) return patch;
  const id = randomUUID();
  const workspaceId = workspace?.row.id ?? null;
  const row: ByokRow = {
    id,
    organizationId,
    workspaceId,
    provider: body.provider,
    name: null,
    label: keyLabel(body.key),
    sealed: admin.secrets.seal(byokSeal({ provider: body.provider, id }), body.key),
    disabled: false,
    isFallback: false,
    isRequired: false,
    isByokOnly: false,
    declaredZdr: null,
    allowedModels: null,
    allowedKeyIds: null,
    allowedUserIds: null,
    sortOrder: nextPlace(admin, organizationId, workspaceId, body.provider),
    createdAt: admin.now().toISOString(),
    updatedAt: null,
    ...patch,
  };
  const contradiction = contradictionOf(row);
  if (contradiction) return contradiction;
  const after = await byokView(admin, row);
  await audited(admin, { action: 'byok.create', target: `byok:${id}`, after }, () => admin.store.byok.insert(row));
  changed(admin, 'provider key brought', row);
  return { kind: 'byok', row };
}

/** Changes what is named. A new key takes the old one's place at once, for the calls that come from now on. */
export async function updateByok(
  admin: AdminContext,
  organizationId: string,
  id: string,
  body: z.output<typeof updateByokBody>,
): Promise<ByokFound | Refusal> {
  const found = findByok(admin, organizationId, id);
  if (found.kind === 'refused') return found;
  const fields = await patchOf(admin, organizationId, body);
  if ('code' in fields) return fields;
  const { row } = found;
  const patch: ByokPatch = {
    ...fields,
    ...(body.key === undefined
      ? {}
      : { sealed: admin.secrets.seal(byokSeal(row), body.key), label: keyLabel(body.key) }),
    updatedAt: admin.now().toISOString(),
  };
  const next: ByokRow = { ...row, ...patch };
  const contradiction = contradictionOf(next);
  if (contradiction) return contradiction;
  const [before, after] = [await byokView(admin, row), await byokView(admin, next)];
  const action = body.key === undefined ? 'byok.update' : 'byok.rotate';
  await audited(admin, { action, target: `byok:${id}`, before, after }, () => admin.store.byok.update(id, patch));
  changed(admin, 'brought provider key changed', next);
  return { kind: 'byok', row: next };
}

/** Wipes the key. */
export async function deleteByok(
  admin: AdminContext,
  organizationId: string,
  id: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const found = findByok(admin, organizationId, id);
  if (found.kind === 'refused') return found;
  const { row } = found;
  const before = await byokView(admin, row);
  await audited(admin, { action: 'byok.delete', target: `byok:${id}`, before }, () =>
    admin.store.byok.delete(id, admin.now().toISOString()),
  );
  changed(admin, 'brought provider key deleted', row);
  return { kind: 'deleted' };
}

/** A key for whom nobody here can be called would look as if it were used. */
function unknownProvider({ providers }: AdminContext, slug: string): Refusal | null {
  const known = providers.list().filter(({ key }) => key.kind !== 'internal');
  if (known.some((provider) => provider.slug === slug)) return null;
  return refuse('invalid_request', {
    message: `provider: this daemon calls no provider "${slug.slice(0, 64)}"`,
    metadata: {
      known_providers: known.map((provider) => provider.slug),
      remedy: 'Name one of metadata.known_providers, or add yours under providers in config.yaml first.',
    },
  });
}

function contradictionOf(row: ByokRow): Refusal | null {
  if (!row.isFallback || !row.isByokOnly) return null;
  return refuse('invalid_request', {
    message: 'is_byok_only: a key cannot be both is_byok_only and is_fallback: nothing would be left to fall back from',
  });
}

/** Behind all others of its provider and workspace. */
function nextPlace(
  { store }: AdminContext,
  organizationId: string,
  workspaceId: string | null,
  provider: string,
): number {
  const beside = store.byok
    .all()
    .filter(
      (row) => row.organizationId === organizationId && row.workspaceId === workspaceId && row.provider === provider,
    );
  return Math.max(-1, ...beside.map(({ sortOrder }) => sortOrder)) + 1;
}

async function patchOf(admin: AdminContext, organizationId: string, body: ByokFields): Promise<ByokPatch | Refusal> {
  const keys = await keysOfHashes(admin, organizationId, body.allowed_api_key_hashes, 'allowed_api_key_hashes');
  if (keys.kind === 'refused') return keys;
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
    ...(body.is_fallback === undefined ? {} : { isFallback: body.is_fallback }),
    ...(body.is_required === undefined ? {} : { isRequired: body.is_required }),
    ...(body.is_byok_only === undefined ? {} : { isByokOnly: body.is_byok_only }),
    ...(body.declared_zdr === undefined ? {} : { declaredZdr: body.declared_zdr }),
    ...(body.allowed_models === undefined ? {} : { allowedModels: body.allowed_models }),
    ...(keys.ids === undefined ? {} : { allowedKeyIds: keys.ids }),
    ...(body.allowed_user_ids === undefined ? {} : { allowedUserIds: body.allowed_user_ids }),
    ...(body.sort_order === undefined ? {} : { sortOrder: body.sort_order }),
  };
}

function changed({ log, events }: AdminContext, event: string, { id, provider, label }: ByokRow): void {
  log.info(event, { id, provider, label });
  events.emit({ kind: 'changed', changed: { what: 'providers' } });
}
