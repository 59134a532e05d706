import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import type { MemberRow } from '../store/member-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import { isActive, listWorkspaces, names } from './workspaces.ts';

const email = z
  .string()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address');
const part = z.string().min(1).max(100).nullable();
const role = z.enum(['org:admin', 'org:member']);
/** What keys call their creator; any that begins as OpenRouter's do. */
const id = z
  .string()
  .max(100)
  .regex(/^user_[A-Za-z0-9_-]+$/, 'must be user_ and letters, digits, _ or -');

export const createMemberBody = z.object({
  id: id.optional(),
  email,
  first_name: part.optional(),
  last_name: part.optional(),
  role: role.optional(),
});

export const updateMemberBody = z.object({
  email: email.optional(),
  first_name: part.optional(),
  last_name: part.optional(),
  role: role.optional(),
});

/** OpenRouter's member of an organization. */
export function memberView(row: MemberRow): Record<string, unknown> {
  return { id: row.id, email: row.email, first_name: row.firstName, last_name: row.lastName, role: row.role };
}

/** Oldest first. */
export function listMembers({ store }: AdminContext, organizationId: string): readonly MemberRow[] {
  return store.members.all().filter((row) => row.organizationId === organizationId);
}

export type MemberFound = { readonly kind: 'member'; readonly row: MemberRow };

/** By id, or by e-mail address. */
export function findMember({ store }: AdminContext, organizationId: string, reference: string): MemberFound | Refusal {
  const row =
    store.members.get(organizationId, reference) ??
    store.members
      .all()
      .find((one) => one.organizationId === organizationId && one.email.toLowerCase() === reference.toLowerCase());
  return row ? { kind: 'member', row } : refuse('member_not_found', { detail: `"${reference.slice(0, 100)}"` });
}

/** Adds a member. An id is one person's whatever the organization: what a member spends is counted by it. */
export async function createMember(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createMemberBody>,
): Promise<MemberFound | Refusal> {
  // One at a time, so that what was checked still stands when it is written.
  const outcome = await admin.store.transact(() => createMemberWithin(admin, organizationId, body));
  if (outcome.kind === 'member') changed(admin, 'member added', outcome.row);
  return outcome;
}

async function createMemberWithin(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createMemberBody>,
): Promise<MemberFound | Refusal> {
  const { store, now } = admin;
  const taken = store.members.all().find((one) => one.id === body.id);
  if (taken) return refuse('slug_taken', { message: `id: "${taken.id}" is a member already` });
  const same = emailTaken(admin, organizationId, body.email, null);
  if (same) return same;
  const row: MemberRow = {
    organizationId,
    id: body.id ?? `user_${randomUUID().replaceAll('-', '').slice(0, 27)}`,
    email: body.email,
    firstName: body.first_name ?? null,
    lastName: body.last_name ?? null,
    role: body.role ?? 'org:member',
    createdAt: now().toISOString(),
  };
  const change = { action: 'member.create', target: `member:${row.id}`, after: row };
  await audited(admin, change, () => store.members.insert(row));
  return { kind: 'member', row };
}

/** Changes what is said. Their roles in workspaces stay as they were when they were added there. */
export async function updateMember(
  admin: AdminContext,
  organizationId: string,
  reference: string,
  body: z.output<typeof updateMemberBody>,
): Promise<MemberFound | Refusal> {
  // One at a time, so that what was checked still stands when it is written.
  const outcome = await admin.store.transact(() => updateMemberWithin(admin, organizationId, reference, body));
  if (outcome.kind === 'member') changed(admin, 'member updated', outcome.row);
  return outcome;
}

async function updateMemberWithin(
  admin: AdminContext,
  organizationId: string,
  reference: string,
  body: z.output<typeof updateMemberBody>,
): Promise<MemberFound | Refusal> {
  const found = findMember(admin, organizationId, reference);
  if (found.kind === 'refused') return found;
  const { row } = found;
  const same = body.email === undefined ? null : emailTaken(admin, organizationId, body.email, row.id);
  if (same) return same;
  const last = body.role === 'org:member' ? lastAdmin(admin, row) : null;
  if (last) return last;
  const after: MemberRow = {
    ...row,
    ...(body.email === undefined ? {} : { email: body.email }),
    ...(body.first_name === undefined ? {} : { firstName: body.first_name }),
    ...(body.last_name === undefined ? {} : { lastName: body.last_name }),
    ...(body.role === undefined ? {} : { role: body.role }),
  };
  const { email, firstName, lastName, role } = after;
  const change = { action: 'member.update', target: `member:${row.id}`, before: row, after };
  await audited(admin, change, () =>
    admin.store.members.update(organizationId, row.id, { email, firstName, lastName, role }),
  );
  return { kind: 'member', row: after };
}

/**
 * Takes a member out of the organization, its workspaces and the guardrail that they were under; their active keys must have ended first,
 * and stay so until they are a member again.
 */
export async function deleteMember(
  admin: AdminContext,
  organizationId: string,
  reference: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const gone = await admin.store.transact(() => deleteWithin(admin, organizationId, reference));
  if (gone.kind === 'refused') return gone;
  changed(admin, 'member removed', gone.row);
  return { kind: 'deleted' };
}

async function deleteWithin(
  admin: AdminContext,
  organizationId: string,
  reference: string,
): Promise<MemberFound | Refusal> {
  const found = findMember(admin, organizationId, reference);
  if (found.kind === 'refused') return found;
  const { row } = found;
  const last = lastAdmin(admin, row);
  if (last) return last;
  const within = new Set(listWorkspaces(admin, organizationId).map((workspace) => workspace.id));
  const active = (await admin.store.keys.list()).filter(
    (key) => key.creatorUserId === row.id && within.has(key.workspaceId) && isActive(key, admin.now()),
  );
  if (active.length > 0) {
    return refuse('member_in_use', {
      detail: `${row.id} has ${active.length} (${names(active)})`,
      metadata: { user_id: row.id, active_keys: active.slice(0, 20).map(({ hash }) => hash) },
    });
  }
  const change = { action: 'member.delete', target: `member:${row.id}`, before: row };
  await audited(admin, change, () => admin.store.members.delete(organizationId, row.id));
  return found;
}

function emailTaken(admin: AdminContext, organizationId: string, wanted: string, own: string | null): Refusal | null {
  const other = listMembers(admin, organizationId).find(
    (one) => one.email.toLowerCase() === wanted.toLowerCase() && one.id !== own,
  );
  return other ? refuse('slug_taken', { message: `email: ${wanted} is ${other.id}’s already` }) : null;
}

/** An organization is never without an admin. */
function lastAdmin(admin: AdminContext, row: MemberRow): Refusal | null {
  const others = listMembers(admin, row.organizationId).filter((one) => one.role === 'org:admin' && one.id !== row.id);
  if (row.role !== 'org:admin' || others.length > 0) return null;
  return refuse('member_in_use', {
    message: `${row.id} is the last admin of the organization`,
    metadata: {
      user_id: row.id,
      remedy: 'Make another member an admin first: `callgate members update --role admin`.',
    },
  });
}

function changed(admin: AdminContext, event: string, row: MemberRow): void {
  admin.log.info(event, { user_id: row.id, role: row.role });
  admin.events.emit({ kind: 'changed', changed: { what: 'workspaces' } });
}
