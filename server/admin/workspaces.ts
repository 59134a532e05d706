import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { isExpired } from '../policy/key-expiry.ts';
import type { KeyRow } from '../store/store.ts';
import type { ProviderSort, WorkspacePatch, WorkspaceRow } from '../store/workspace-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import { forgetWorkspace } from './forget-workspace.ts';
import { applyIoLogFields, ioLogFields } from './workspace-io-log.ts';
import { findWorkspace } from './workspace-scope.ts';

const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const name = z.string().min(1, 'must not be empty').max(100);
const slug = z.string().min(1).max(50).regex(SLUG, 'must be small letters, digits and single hyphens');
const model = z.string().min(1).max(200).nullable();
/** OpenRouter's own, run at a router; which of them a call may not use is the router's to hold as well. */
const tool = z.string().min(1).max(64);

/** `POST /workspaces`: OpenRouter's fields, then `include_byok_in_budgets`, which there is set with a budget alone. */
export const createWorkspaceBody = z.object({
  name,
  slug,
  description: z.string().max(500).nullable().optional(),
  default_text_model: model.optional(),
  default_image_model: model.optional(),
  default_provider_sort: z.enum(['price', 'throughput', 'latency', 'exacto']).nullable().optional(),
  io_logging_api_key_ids: z.array(z.int()).max(1000).nullable().optional(),
  io_logging_sampling_rate: z.number().min(0.0001).max(1).optional(),
  is_observability_io_logging_enabled: z.boolean().optional(),
  is_observability_broadcast_enabled: z.boolean().optional(),
  is_data_discount_logging_enabled: z.boolean().optional(),
  disabled_server_tools: z.array(tool).max(100).nullable().optional(),
  include_byok_in_budgets: z.boolean().optional(),
});

/** `PATCH /workspaces/{id or slug}`: what is named changes. */
export const updateWorkspaceBody = createWorkspaceBody.partial();

type Fields = z.output<typeof updateWorkspaceBody>;

/** OpenRouter's workspace object, then whether it is the default one and whose it is. */
export function workspaceView(admin: AdminContext, row: WorkspaceRow): Record<string, unknown> {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    description: row.description,
    default_text_model: row.defaultTextModel,
    default_image_model: row.defaultImageModel,
    default_provider_sort: row.defaultProviderSort,
    default_guardrail_id: row.defaultGuardrailId,
    disabled_server_tools: row.disabledServerTools,
    include_byok_in_budgets: row.includeByokInBudgets,
    is_observability_broadcast_enabled: row.isBroadcastEnabled,
    is_data_discount_logging_enabled: row.isDataDiscountLoggingEnabled,
    ...ioLogFields(admin, row.id),
    created_by: row.createdBy,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    is_default: row.isDefault,
    organization_id: row.organizationId,
  };
}

/** Of one organization, oldest first. */
export function listWorkspaces({ store }: AdminContext, organizationId: string): readonly WorkspaceRow[] {
  return store.workspaces.all().filter((row) => row.organizationId === organizationId);
}

export type WorkspaceFound = { readonly kind: 'workspace'; readonly row: WorkspaceRow };

export async function createWorkspace(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createWorkspaceBody>,
): Promise<WorkspaceFound | Refusal> {
  // One at a time, so that what was checked still stands when it is written.
  const outcome = await admin.store.transact(() => createWorkspaceWithin(admin, organizationId, body));
  if (outcome.kind === 'workspace') changed(admin, 'workspace created', outcome.row);
  return outcome;
}

async function createWorkspaceWithin(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createWorkspaceBody>,
): Promise<WorkspaceFound | Refusal> {
  const taken = slugTaken(admin, organizationId, body.slug, null);
  if (taken) return taken;
  const row: WorkspaceRow = {
    id: randomUUID(),
    organizationId,
    slug: body.slug,
    name: body.name,
    description: null,
    isDefault: false,
    defaultTextModel: null,
    defaultImageModel: null,
    defaultProviderSort: null,
    defaultGuardrailId: randomUUID(),
    isBroadcastEnabled: true,
    isDataDiscountLoggingEnabled: false,
    includeByokInBudgets: false,
    disabledServerTools: null,
    createdBy: null,
    createdAt: admin.now().toISOString(),
    updatedAt: null,
    ...patchOf(body),
  };
  const ready = applyIoLogFields(admin, row.id, body);
  if ('kind' in ready) return ready;
  const target = `workspace:${row.id}`;
  await audited(admin, { action: 'workspace.create', target, after: workspaceView(admin, row) }, async () => {
    await admin.store.workspaces.insert(row);
    await ready.apply();
  });
  return { kind: 'workspace', row };
}

export async function updateWorkspace(
  admin: AdminContext,
  organizationId: string,
  reference: string,
  body: Fields,
): Promise<WorkspaceFound | Refusal> {
  // One at a time, so that what was checked still stands when it is written.
  const outcome = await admin.store.transact(() => updateWorkspaceWithin(admin, organizationId, reference, body));
  if (outcome.kind === 'workspace') changed(admin, 'workspace updated', outcome.row);
  return outcome;
}

async function updateWorkspaceWithin(
  admin: AdminContext,
  organizationId: string,
  reference: string,
  body: Fields,
): Promise<WorkspaceFound | Refusal> {
  const found = findWorkspace(admin, organizationId, reference);
  if (found.kind === 'refused') return found;
  const { row } = found;
  if (body.slug !== undefined) {
    const taken = slugTaken(admin, organizationId, body.slug, row.id);
    if (taken) return taken;
  }
  const ready = applyIoLogFields(admin, row.id, body);
  if ('kind' in ready) return ready;
  const patch = { ...patchOf(body), updatedAt: admin.now().toISOString() };
  const before = workspaceView(admin, row);
  const after = { ...before, ...body, updated_at: patch.updatedAt };
  await audited(admin, { action: 'workspace.update', target: `workspace:${row.id}`, before, after }, async () => {
    await admin.store.workspaces.update(row.id, patch);
    await ready.apply();
  });
  return findWorkspace(admin, organizationId, row.id);
}

/**
 * Deletes a workspace with all that is its own; its keys must have ended first. `confirmed`: the default one too. The editor's key,
 * which nobody can delete, moves to another workspace, so the last one cannot go.
 */
export async function deleteWorkspace(
  admin: AdminContext,
  organizationId: string,
  reference: string,
  confirmed: boolean,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const gone = await admin.store.transact(() => deleteWithin(admin, organizationId, reference, confirmed));
  if (gone.kind === 'refused') return gone;
  changed(admin, 'workspace deleted', gone.row);
  return { kind: 'deleted' };
}

async function deleteWithin(
  admin: AdminContext,
  organizationId: string,
  reference: string,
  confirmed: boolean,
): Promise<WorkspaceFound | Refusal> {
  const { store, now } = admin;
  const found = findWorkspace(admin, organizationId, reference);
  if (found.kind === 'refused') return found;
  const { row } = found;
  const facts = { scope: 'workspace', workspace_id: row.id, workspace: row.slug };
  if (row.isDefault && !confirmed) return refuse('default_workspace_deletion', { metadata: facts });
  const keys = (await store.keys.list()).filter((key) => key.workspaceId === row.id);
  const active = keys.filter((key) => isActive(key, now()));
  if (active.length > 0) {
    return refuse('workspace_in_use', {
      detail: `"${row.slug}" has ${active.length} (${names(active)})`,
      metadata: { ...facts, active_keys: active.slice(0, 20).map(({ hash }) => hash) },
    });
  }
  const refuge = listWorkspaces(admin, organizationId).find(({ id }) => id !== row.id);
  if (!refuge) return refuse('last_workspace', { detail: `"${row.slug}"`, metadata: facts });
  const change = { action: 'workspace.delete', target: `workspace:${row.id}`, before: workspaceView(admin, row) };
  await audited(admin, change, () => forgetWorkspace(admin, row, keys, refuge.id));
  return found;
}

/** Whether a key still calls; the editor's own does not hold a workspace. */
export function isActive(key: KeyRow, now: Date): boolean {
  return key.kind !== 'editor' && !key.disabled && !isExpired(key, now);
}

/** Some of the keys by name, for a refusal. */
export function names(keys: readonly KeyRow[]): string {
  const [first, second, third] = keys.map(({ name }) => name.slice(0, 64));
  const shown = [first, second, third].filter((one) => one !== undefined).join(', ');
  return keys.length > 3 ? `${shown}, …` : shown;
}

function patchOf(body: Fields): WorkspacePatch {
  const fields: { [Field in keyof WorkspacePatch]: WorkspacePatch[Field] | undefined } = {
    name: body.name,
    slug: body.slug,
    description: body.description,
    defaultTextModel: body.default_text_model,
    defaultImageModel: body.default_image_model,
    defaultProviderSort: body.default_provider_sort as ProviderSort | null | undefined,
    isBroadcastEnabled: body.is_observability_broadcast_enabled,
    isDataDiscountLoggingEnabled: body.is_data_discount_logging_enabled,
    includeByokInBudgets: body.include_byok_in_budgets,
    disabledServerTools: body.disabled_server_tools,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function slugTaken(admin: AdminContext, organizationId: string, wanted: string, own: string | null): Refusal | null {
  const other = listWorkspaces(admin, organizationId).find((row) => row.slug === wanted && row.id !== own);
  return other ? refuse('slug_taken', { detail: `workspace "${wanted}"`, metadata: { workspace_id: other.id } }) : null;
}

function changed(admin: AdminContext, event: string, { id, slug }: WorkspaceRow): void {
  admin.log.info(event, { workspace: slug, workspace_id: id });
  admin.events.emit({ kind: 'changed', changed: { what: 'workspaces' } });
}
