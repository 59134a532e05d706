import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import type { GuardrailRow, KeyAssignmentRow, MemberAssignmentRow } from '../store/guardrail-store.ts';
import type { KeyRow } from '../store/store.ts';
import { audit } from './audit.ts';
import type { AdminContext } from './context.ts';
import { keyAssignmentView, memberAssignmentView } from './guardrail-view.ts';
import { findGuardrail, tell } from './guardrails.ts';
import { isWithin } from './workspace-scope.ts';

const SHOWN = 64;
const names = z.array(z.string().min(1, 'must not be empty').max(200)).min(1, 'must not be empty').max(1000);

export const assignKeysBody = z.object({ key_hashes: names });
export const assignMembersBody = z.object({ member_user_ids: names });

export type Assigned = { readonly kind: 'assigned'; readonly count: number };

/** Whom guardrails apply to: keys of the organization, or with `guardrailId` those of one. Keys that are gone are not among them. */
export async function listKeyAssignments(
  admin: AdminContext,
  organizationId: string,
  guardrailId?: string,
): Promise<readonly Record<string, unknown>[]> {
  const keys = new Map((await admin.store.keys.list()).map((key) => [key.id, key]));
  return admin.store.guardrails.keyAssignments().flatMap((row) => {
    const key = keys.get(row.keyId);
    const isAsked = guardrailId === undefined || row.guardrailId === guardrailId;
    return key && isAsked && isWithin(admin, key.workspaceId, organizationId) ? [keyAssignmentView(row, key)] : [];
  });
}

/** The same for members. */
export function listMemberAssignments(
  admin: AdminContext,
  organizationId: string,
  guardrailId?: string,
): readonly Record<string, unknown>[] {
  return ownMembers(admin, organizationId)
    .filter((row) => guardrailId === undefined || row.guardrailId === guardrailId)
    .map(memberAssignmentView);
}

/** Puts keys under a guardrail, in the place of the one they were under. All of them or none. */
export function assignKeys(
  admin: AdminContext,
  organizationId: string,
  id: string,
  hashes: readonly string[],
): Promise<Assigned | Refusal> {
  return changing(admin, organizationId, id, 'guardrail.assign_keys', async (guardrail) => {
    const keys: KeyRow[] = [];
    for (const hash of new Set(hashes)) {
      const key = await admin.store.keys.byHash(hash);
      if (!key || !isWithin(admin, key.workspaceId, organizationId))
        return refuse('unknown_api_key', {
          detail: hash.slice(0, SHOWN),
          metadata: { key_hash: hash.slice(0, SHOWN) },
        });
      keys.push(key);
    }
    const present = new Map(admin.store.guardrails.keyAssignments().map((row) => [row.keyId, row.guardrailId]));
    const fresh = keys.filter((key) => present.get(key.id) !== guardrail.id);
    const rows = fresh.map((key): KeyAssignmentRow => ({ ...assignment(admin, guardrail), keyId: key.id }));
    await admin.store.guardrails.assignKeys(rows);
    return { count: keys.length, subjects: fresh.map(({ hash }) => hash) };
  });
}

/** Takes keys out of a guardrail; those that are not under it change nothing. */
export function unassignKeys(
  admin: AdminContext,
  organizationId: string,
  id: string,
  hashes: readonly string[],
): Promise<Assigned | Refusal> {
  return changing(admin, organizationId, id, 'guardrail.unassign_keys', async (guardrail) => {
    const asked = new Map<string, string>();
    for (const hash of new Set(hashes)) {
      const key = await admin.store.keys.byHash(hash);
      if (key) asked.set(key.id, hash);
    }
    const rows = admin.store.guardrails
      .keyAssignments()
      .filter((row) => row.guardrailId === guardrail.id && asked.has(row.keyId));
    await admin.store.guardrails.unassign(rows.map((row) => row.id));
    return { count: rows.length, subjects: rows.map(({ keyId }) => asked.get(keyId) ?? keyId) };
  });
}

/** Puts members under a guardrail: it applies to every key that they create, in whichever workspace. All of them or none. */
export function assignMembers(
  admin: AdminContext,
  organizationId: string,
  id: string,
  userIds: readonly string[],
): Promise<Assigned | Refusal> {
  return changing(admin, organizationId, id, 'guardrail.assign_members', async (guardrail) => {
    const asked = [...new Set(userIds)];
    const stranger = asked.find((userId) => !admin.store.members.get(organizationId, userId))?.slice(0, SHOWN);
    if (stranger !== undefined) return refuse('not_a_member', { detail: stranger, metadata: { user_id: stranger } });
    const present = new Map(ownMembers(admin, organizationId).map((row) => [row.userId, row.guardrailId]));
    const fresh = asked.filter((userId) => present.get(userId) !== guardrail.id);
    const rows = fresh.map(
      (userId): MemberAssignmentRow => ({ ...assignment(admin, guardrail), organizationId, userId }),
    );
    await admin.store.guardrails.assignMembers(rows);
    return { count: asked.length, subjects: fresh };
  });
}

export function unassignMembers(
  admin: AdminContext,
  organizationId: string,
  id: string,
  userIds: readonly string[],
): Promise<Assigned | Refusal> {
  return changing(admin, organizationId, id, 'guardrail.unassign_members', async (guardrail) => {
    const asked = new Set(userIds);
    const rows = admin.store.guardrails
      .memberAssignments()
      .filter((row) => row.guardrailId === guardrail.id && asked.has(row.userId));
    await admin.store.guardrails.unassign(rows.map((row) => row.id));
    return { count: rows.length, subjects: rows.map(({ userId }) => userId) };
  });
}

function assignment({ acting, now }: AdminContext, { id: guardrailId }: GuardrailRow) {
  return { id: randomUUID(), guardrailId, assignedBy: acting.actor, createdAt: now().toISOString() };
}

function ownMembers({ store }: AdminContext, organizationId: string): readonly MemberAssignmentRow[] {
  return store.guardrails.memberAssignments().filter((row) => row.organizationId === organizationId);
}

/** What a change came to: how many it is true of now, and of whom it was not before. */
type Change = { readonly count: number; readonly subjects: readonly string[] };

/** What is looked at, decided and written is one transaction: nobody is put under a guardrail that has just been deleted. */
async function changing(
  admin: AdminContext,
  organizationId: string,
  id: string,
  action: string,
  change: (guardrail: GuardrailRow) => Promise<Change | Refusal>,
): Promise<Assigned | Refusal> {
  const result = await admin.store.transact(async () => {
    const found = findGuardrail(admin, organizationId, id);
    if (found.kind === 'refused') return found;
    const { row } = found;
    const changed = await change(row);
    if ('kind' in changed) return changed;
    const { subjects } = changed;
    if (subjects.length > 0) {
      const after = { guardrail_name: row.name, subjects };
      await audit(admin, { action, target: `guardrail:${row.id}`, after });
    }
    return { kind: 'changed' as const, row, ...changed };
  });
  if (result.kind === 'refused') return result;
  if (result.subjects.length > 0) tell(admin, action.replace('.', ' ').replace('_', ' '), result.row);
  return { kind: 'assigned', count: result.count };
}
