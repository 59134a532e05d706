import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { nanoOfUsd, usdOfNano } from '../pricing/money.ts';
import type { OrganizationRow } from '../store/organization-store.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import { MOST_CREDITS_USD } from './credits.ts';
import { forgetWorkspace } from './forget-workspace.ts';
import { listMembers } from './members.ts';
import { isActive, listWorkspaces, names } from './workspaces.ts';

const name = z.string().min(1, 'must not be empty').max(100);
const slug = z
  .string()
  .min(1)
  .max(50)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be small letters, digits and single hyphens');

export const createOrganizationBody = z.object({ name: name.optional(), slug });
export const updateOrganizationBody = z.object({ name: name.optional(), slug: slug.optional() });

export function organizationView(admin: AdminContext, row: OrganizationRow): Record<string, unknown> {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    is_default: row.isDefault,
    credits_usd: row.credits === null ? null : usdOfNano(row.credits),
    workspaces: listWorkspaces(admin, row.id).length,
    members: listMembers(admin, row.id).length,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

export type OrganizationFound = { readonly kind: 'organization'; readonly row: OrganizationRow };

/** By id or slug. */
export function findOrganization({ store }: AdminContext, reference: string): OrganizationFound | Refusal {
  const all = store.organizations.all();
  const row = all.find(({ id }) => id === reference.toLowerCase()) ?? all.find((one) => one.slug === reference);
  if (row) return { kind: 'organization', row };
  const known = all.map((one) => one.slug).join(', ');
  return refuse('organization_not_found', { detail: `"${reference.slice(0, 64)}". Known: ${known}` });
}

/** Makes one with a default workspace and, as its admin, the person whose daemon it is. */
export async function createOrganization(
  admin: AdminContext,
  body: z.output<typeof createOrganizationBody>,
): Promise<OrganizationFound | Refusal> {
  // One at a time, so that what was checked still stands when it is written.
  const outcome = await admin.store.transact(() => createOrganizationWithin(admin, body));
  if (outcome.kind === 'organization') changed(admin, 'organization created', outcome.row);
  return outcome;
}

async function createOrganizationWithin(
  admin: AdminContext,
  body: z.output<typeof createOrganizationBody>,
): Promise<OrganizationFound | Refusal> {
  const { store } = admin;
  const taken = slugTaken(admin, body.slug, null);
  if (taken) return taken;
  const now = admin.now().toISOString();
  const row: OrganizationRow = {
    id: randomUUID(),
    slug: body.slug,
    name: body.name ?? body.slug,
    credits: null,
    isDefault: false,
    createdAt: now,
    updatedAt: null,
  };
  const workspace: WorkspaceRow = {
    id: randomUUID(),
    organizationId: row.id,
    slug: 'default',
    name: 'Default',
    description: null,
    isDefault: true,
    defaultTextModel: null,
    defaultImageModel: null,
    defaultProviderSort: null,
    defaultGuardrailId: randomUUID(),
    isBroadcastEnabled: true,
    isDataDiscountLoggingEnabled: false,
    includeByokInBudgets: false,
    disabledServerTools: null,
    createdBy: null,
    createdAt: now,
    updatedAt: null,
  };
  await audited(admin, { action: 'organization.create', target: `organization:${row.id}`, after: row }, async () => {
    await store.organizations.insert(row);
    await store.workspaces.insert(workspace);
    await store.members.insert({
      organizationId: row.id,
      id: `user_${row.id.replaceAll('-', '').slice(0, 27)}`,
      email: 'local@localhost',
      firstName: null,
      lastName: null,
      role: 'org:admin',
      createdAt: now,
    });
  });
  return { kind: 'organization', row };
}

export async function updateOrganization(
  admin: AdminContext,
  reference: string,
  body: z.output<typeof updateOrganizationBody>,
): Promise<OrganizationFound | Refusal> {
  return write(admin, reference, (row) => {
    const taken = body.slug === undefined ? null : slugTaken(admin, body.slug, row.id);
    return taken ?? { ...row, name: body.name ?? row.name, slug: body.slug ?? row.slug };
  });
}

/** What was prepaid, US dollars over the organization's lifetime; null: nothing, and no limit by it. */
export function setCredits(
  admin: AdminContext,
  organizationId: string,
  totalUsd: number | null,
): Promise<OrganizationFound | Refusal> {
  return writeCredits(admin, organizationId, () => (totalUsd === null ? null : nanoOfUsd(totalUsd)));
}

/** Adds to what was prepaid, US dollars; where nothing was, this is the first of it. */
export function addCredits(
  admin: AdminContext,
  organizationId: string,
  amountUsd: number,
): Promise<OrganizationFound | Refusal> {
  return writeCredits(admin, organizationId, (before) => {
    const total = (before ?? 0) + nanoOfUsd(amountUsd);
    if (total <= nanoOfUsd(MOST_CREDITS_USD)) return total;
    return refuse('invalid_request', {
      message: `amount: ${usdOfNano(total)} USD in all would be more than the ${MOST_CREDITS_USD} that can be prepaid`,
      metadata: {
        scope: 'credits',
        total_credits: usdOfNano(before ?? 0),
        remedy: 'Add less, or take the limit away with `callgate credits unset`.',
      },
    });
  });
}

async function writeCredits(
  admin: AdminContext,
  organizationId: string,
  next: (before: number | null) => number | null | Refusal,
): Promise<OrganizationFound | Refusal> {
  const written = await write(admin, organizationId, (row) => {
    const credits = next(row.credits);
    return typeof credits === 'object' && credits !== null ? credits : { ...row, credits };
  });
  // More of them may be what calls in the queue wait for.
  admin.ledger.poke(`credits:${organizationId}`);
  return written;
}

/** Deletes an organization with its workspaces, members and management keys. The default one stays. */
export async function deleteOrganization(
  admin: AdminContext,
  reference: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const gone = await admin.store.transact(() => deleteWithin(admin, reference));
  if (gone.kind === 'refused') return gone;
  changed(admin, 'organization deleted', gone.row);
  return { kind: 'deleted' };
}

async function deleteWithin(admin: AdminContext, reference: string): Promise<OrganizationFound | Refusal> {
  const { store, now } = admin;
  const found = findOrganization(admin, reference);
  if (found.kind === 'refused') return found;
  const { row } = found;
  if (row.isDefault) return refuse('organization_in_use', { detail: `"${row.slug}" is the default organization` });
  const workspaces = listWorkspaces(admin, row.id);
  const within = new Set(workspaces.map(({ id }) => id));
  const keys = (await store.keys.list()).filter((key) => within.has(key.workspaceId));
  const active = keys.filter((key) => isActive(key, now()));
  if (active.length > 0) {
    return refuse('organization_in_use', {
      detail: `"${row.slug}" has ${active.length} active API keys (${names(active)})`,
      metadata: { active_keys: active.slice(0, 20).map(({ hash }) => hash) },
    });
  }
  await audited(admin, { action: 'organization.delete', target: `organization:${row.id}`, before: row }, async () => {
    for (const workspace of workspaces) await forgetWorkspace(admin, workspace, keys, null);
    for (const one of store.byok.all().filter(({ organizationId }) => organizationId === row.id))
      await store.byok.delete(one.id, now().toISOString());
    await store.organizations.delete(row.id, now().toISOString());
  });
  return found;
}

async function write(
  admin: AdminContext,
  reference: string,
  next: (before: OrganizationRow) => OrganizationRow | Refusal,
): Promise<OrganizationFound | Refusal> {
  const outcome = await admin.store.transact(async (): Promise<OrganizationFound | Refusal> => {
    const found = findOrganization(admin, reference);
    if (found.kind === 'refused') return found;
    const { row: before } = found;
    const after = next(before);
    if ('kind' in after) return after;
    const row = { ...after, updatedAt: admin.now().toISOString() };
    const { slug, name, credits, updatedAt } = row;
    const change = { action: 'organization.update', target: `organization:${row.id}`, before, after: row };
    await audited(admin, change, () => admin.store.organizations.update(row.id, { slug, name, credits, updatedAt }));
    return { kind: 'organization', row };
  });
  if (outcome.kind === 'organization') changed(admin, 'organization updated', outcome.row);
  return outcome;
}

function slugTaken({ store }: AdminContext, wanted: string, own: string | null): Refusal | null {
  const other = store.organizations.all().find((row) => row.slug === wanted && row.id !== own);
  return other ? refuse('slug_taken', { detail: `organization "${wanted}"` }) : null;
}

function changed(admin: AdminContext, event: string, { slug }: OrganizationRow): void {
  admin.log.info(event, { organization: slug });
  admin.events.emit({ kind: 'changed', changed: { what: 'workspaces' } });
}
