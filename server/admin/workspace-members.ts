import { hash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import type { MemberRow } from '../store/member-store.ts';
import type { WorkspaceMemberRow, WorkspaceRole, WorkspaceRow } from '../store/workspace-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import { listMembers } from './members.ts';
import { isActive, names } from './workspaces.ts';

/** `POST /workspaces/{id}/members/add` and `/remove` */
export const workspaceMembersBody = z.object({ user_ids: z.array(z.string().min(1).max(100)).min(1).max(100) });

export function workspaceMemberView(row: WorkspaceMemberRow): Record<string, unknown> {
  return { id: row.id, workspace_id: row.workspaceId, user_id: row.userId, role: row.role, created_at: row.createdAt };
}

/** Who is in a workspace, oldest first; in the default one every member of the organization, without having been added. */
export function membersOfWorkspace(admin: AdminContext, workspace: WorkspaceRow): readonly WorkspaceMemberRow[] {
  if (!workspace.isDefault) return admin.store.workspaceMembers.of(workspace.id);
  return listMembers(admin, workspace.organizationId).map((member) => ({
    id: implicitId(workspace.id, member.id),
    workspaceId: workspace.id,
    userId: member.id,
    role: roleOf(member),
    createdAt: member.createdAt < workspace.createdAt ? workspace.createdAt : member.createdAt,
  }));
}

/** Adds members of the organization, each with the role they have there; answers those who were not in it before. */
export async function addWorkspaceMembers(
  admin: AdminContext,
  workspace: WorkspaceRow,
  userIds: readonly string[],
): Promise<{ readonly kind: 'added'; readonly rows: readonly WorkspaceMemberRow[] } | Refusal> {
  const { store, now } = admin;
  const wanted = new Set(userIds);
  const members: MemberRow[] = [];
  for (const id of wanted) {
    const member = store.members.get(workspace.organizationId, id);
    if (!member) return refuse('not_a_member', { detail: id, metadata: { user_id: id } });
    members.push(member);
  }
  // They are in it already, as everybody is.
  if (workspace.isDefault) return { kind: 'added', rows: [] };
  const present = new Set(store.workspaceMembers.of(workspace.id).map(({ userId }) => userId));
  const rows = members
    .filter((member) => !present.has(member.id))
    .map((member) => ({
      id: randomUUID(),
      workspaceId: workspace.id,
      userId: member.id,
      role: roleOf(member),
      createdAt: now().toISOString(),
    }));
  if (rows.length === 0) return { kind: 'added', rows };
  const change = {
    action: 'workspace-member.add',
    target: `workspace:${workspace.id}`,
    after: { user_ids: rows.map(({ userId }) => userId) },
  };
  await audited(admin, change, () => store.workspaceMembers.add(rows));
  changed(admin, 'workspace members added', workspace, rows.length);
  return { kind: 'added', rows };
}

/** Takes members out, all of those named or none; who has active keys in the workspace stays, and is named. */
export async function removeWorkspaceMembers(
  admin: AdminContext,
  workspace: WorkspaceRow,
  userIds: readonly string[],
): Promise<{ readonly kind: 'removed'; readonly count: number } | Refusal> {
  const { store, now } = admin;
  if (workspace.isDefault) return refuse('implicit_members', { metadata: { workspace_id: workspace.id } });
  const present = new Set(store.workspaceMembers.of(workspace.id).map(({ userId }) => userId));
  const going = [...new Set(userIds)].filter((id) => present.has(id));
  const keys = await store.keys.list();
  for (const id of going) {
    const active = keys.filter(
      (key) => key.workspaceId === workspace.id && key.creatorUserId === id && isActive(key, now()),
    );
    if (active.length === 0) continue;
    return refuse('member_in_use', {
      detail: `${id} has ${active.length} in "${workspace.slug}" (${names(active)})`,
      metadata: { user_id: id, workspace_id: workspace.id, active_keys: active.slice(0, 20).map(({ hash }) => hash) },
    });
  }
  if (going.length === 0) return { kind: 'removed', count: 0 };
  const change = {
    action: 'workspace-member.remove',
    target: `workspace:${workspace.id}`,
    before: { user_ids: going },
  };
  await audited(admin, change, () => store.workspaceMembers.remove(workspace.id, going));
  changed(admin, 'workspace members removed', workspace, going.length);
  return { kind: 'removed', count: going.length };
}

const roleOf = ({ role }: MemberRow): WorkspaceRole => (role === 'org:admin' ? 'admin' : 'member');

/** A UUID that is the same whenever it is asked for. */
function implicitId(workspaceId: string, userId: string): string {
  const digits = hash('sha256', `${userId} in ${workspaceId}`);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

function changed(admin: AdminContext, event: string, { slug }: WorkspaceRow, count: number): void {
  admin.log.info(event, { workspace: slug, members: count });
  admin.events.emit({ kind: 'changed', changed: { what: 'workspaces' } });
}
