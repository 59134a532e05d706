import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { type Requirement, requirementProblem } from '../policy/permit.ts';
import { nanoOfUsd, usdOfNano } from '../pricing/money.ts';
import type { PermitRow, PermitUse, RequirementRow } from '../store/permit-store.ts';
import type { KeyRow } from '../store/store.ts';
import { audit } from './audit.ts';
import type { BehaviorHouse } from './behaviors.ts';
import type { AdminContext } from './context.ts';
import { isWithin } from './workspace-scope.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be the hash of an API key');
const kind = z.enum(['key', 'preset', 'provider', 'model', 'modality']);
const value = z.string().trim().min(1, 'must not be empty').max(200);

/** What needs a permit. One that no call could fall under is refused: it would seem to protect something. */
export const requirementBody = z.strictObject({ kind, value }).check(isPossible);

/** `POST {CALLGATE_API}/permits/requirements`. `value` of kind `key` is a key's hash; a preset's mark may stand before its slug. */
export const requireBody = z
  .strictObject({ kind, value: value.overwrite((said) => said.replace(/^@preset\//, '')) })
  .check(isPossible);

function isPossible({ value: said, issues }: z.core.ParsePayload<Requirement>): void {
  const problem = requirementProblem(said);
  if (problem) issues.push({ code: 'custom', input: said.value, path: ['value'], message: problem });
}

/** `POST {CALLGATE_API}/permits`: leave given ahead. Without `task`, the first task that needs it has it; `any_task`: all of them. */
export const grantBody = z
  .strictObject({
    key: hash,
    task: z.string().min(1).max(256).optional(),
    any_task: z.boolean().optional(),
    /** Only for what is required of this; absent: for whatever is. */
    only: requireBody.optional(),
    expires_at: z.iso.datetime({ offset: true }).optional(),
    minutes: z.number().positive().max(525_600).optional(),
    /** US dollars. */
    cap: z.number().min(1e-9, 'must be more than nothing').max(1_000_000).optional(),
    uses: z.int().min(1).max(1_000_000).optional(),
    note: z.string().max(500).optional(),
    by: z.string().max(100).optional(),
  })
  .refine(({ task, any_task }) => task === undefined || any_task !== true, {
    path: ['any_task'],
    error: 'stands beside "task"; take one of them',
  })
  .refine(({ expires_at, minutes }) => expires_at === undefined || minutes === undefined, {
    path: ['minutes'],
    error: 'stands beside "expires_at"; take one of them',
  });

export async function grantPermit(
  { admin, desk }: BehaviorHouse,
  organizationId: string,
  body: z.infer<typeof grantBody>,
): Promise<PermitRow | Refusal> {
  const key = await keyOf(admin, organizationId, body.key);
  if (key.kind === 'refused') return key;
  const only = body.only ? await readRequirement(admin, organizationId, body.only) : null;
  if (only?.kind === 'refused') return only;
  const expiresAt =
    body.minutes === undefined
      ? (body.expires_at ?? null)
      : new Date(admin.now().getTime() + body.minutes * 60_000).toISOString();
  if (expiresAt !== null && Date.parse(expiresAt) <= admin.now().getTime())
    return refuse('invalid_request', { message: 'expires_at: has passed' });
  return desk.grant({
    keyId: key.id,
    workspaceId: key.workspaceId,
    kind: only?.row.kind ?? null,
    value: only?.row.value ?? null,
    task: body.task ?? null,
    anyTask: body.any_task === true,
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    cap: body.cap === undefined ? null : nanoOfUsd(body.cap),
    mostUses: body.uses ?? null,
    grantedBy: body.by ?? 'api',
    note: body.note ?? null,
  });
}

export async function revokePermit(
  { admin, desk }: BehaviorHouse,
  organizationId: string,
  id: string,
): Promise<PermitRow | Refusal> {
  const permit = await admin.store.permits.get(id);
  if (!permit || !isWithin(admin, permit.workspaceId, organizationId))
    return refuse('not_found', { message: 'There is no such permit', metadata: { id } });
  if (permit.revokedAt !== null) return permit;
  await desk.revoke(permit);
  return (await admin.store.permits.get(id)) ?? permit;
}

/** Puts something off limits without a permit; saying it twice changes nothing. */
export async function requirePermit(
  { admin }: BehaviorHouse,
  organizationId: string,
  workspaceId: string,
  body: z.infer<typeof requireBody>,
): Promise<RequirementRow | Refusal> {
  const read = await readRequirement(admin, organizationId, body);
  if (read.kind === 'refused') return read;
  const { row: wanted, ownWorkspaceId } = read;
  const home = ownWorkspaceId ?? workspaceId;
  const same = admin.store.permits
    .requirements()
    .find((one) => one.workspaceId === home && one.kind === wanted.kind && one.value === wanted.value);
  if (same) return same;
  const row = { ...wanted, id: randomUUID(), workspaceId: home, createdAt: admin.now().toISOString() };
  await admin.store.transact(async () => {
    await admin.store.permits.require(row);
    await audit(admin, { action: 'permit.require', target: `requirement:${row.id}`, after: row });
  });
  admin.events.emit({ kind: 'changed', changed: { what: 'permits' } });
  return row;
}

export async function unrequirePermit(
  { admin }: BehaviorHouse,
  organizationId: string,
  id: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const row = admin.store.permits.requirements().find((one) => one.id === id);
  if (!row || !isWithin(admin, row.workspaceId, organizationId))
    return refuse('not_found', { message: 'There is no such requirement', metadata: { id } });
  await admin.store.transact(async () => {
    await admin.store.permits.unrequire(id);
    await audit(admin, { action: 'permit.unrequire', target: `requirement:${id}`, before: row });
  });
  admin.events.emit({ kind: 'changed', changed: { what: 'permits' } });
  return { kind: 'deleted' };
}

type ReadRequirement =
  | {
      readonly kind: 'read';
      readonly row: Pick<RequirementRow, 'kind' | 'value'>;
      /** Of what belongs to one workspace. */
      readonly ownWorkspaceId: string | null;
    }
  | Refusal;

/** As the store names it: a key by its id, everything else as it was written. */
async function readRequirement(
  admin: AdminContext,
  organizationId: string,
  { kind: of, value: named }: z.infer<typeof requireBody>,
): Promise<ReadRequirement> {
  if (of !== 'key') return { kind: 'read', row: { kind: of, value: named }, ownWorkspaceId: null };
  const key = await keyOf(admin, organizationId, named);
  return key.kind === 'refused'
    ? key
    : { kind: 'read', row: { kind: of, value: key.id }, ownWorkspaceId: key.workspaceId };
}

async function keyOf(admin: AdminContext, organizationId: string, wanted: string): Promise<KeyRow | Refusal> {
  const key = await admin.store.keys.byHash(wanted);
  return key && isWithin(admin, key.workspaceId, organizationId)
    ? key
    : refuse('not_found', { message: 'API key not found', metadata: { hash: wanted.slice(0, 64) } });
}

/** Whether a permit can still be used; a cap that is spent is told by its remainder. */
function stateOf(permit: PermitRow, now: Date): 'live' | 'revoked' | 'expired' | 'used' {
  if (permit.revokedAt !== null) return 'revoked';
  if (permit.expiresAt !== null && Date.parse(permit.expiresAt) <= now.getTime()) return 'expired';
  return permit.mostUses !== null && permit.uses >= permit.mostUses ? 'used' : 'live';
}

/** A permit as it is shown. Money in US dollars. */
export async function permitView(admin: AdminContext, permit: PermitRow): Promise<Record<string, unknown>> {
  const key = await admin.store.keys.byId(permit.keyId);
  const layer = { id: `permit:${permit.id}`, limit: permit.cap, since: null, includeByok: true };
  const [standing] = permit.cap === null ? [] : await admin.store.ledger.standings([layer]);
  return {
    id: permit.id,
    state: stateOf(permit, admin.now()),
    key: key && { hash: key.hash, name: key.name },
    workspace_id: permit.workspaceId,
    only: permit.kind === null ? null : { kind: permit.kind, value: permit.value },
    task: permit.task,
    any_task: permit.anyTask,
    expires_at: permit.expiresAt,
    cap: permit.cap === null ? null : usdOfNano(permit.cap),
    spent: standing ? usdOfNano(standing.spent) : null,
    most_uses: permit.mostUses,
    uses: permit.uses,
    granted_by: permit.grantedBy,
    note: permit.note,
    created_at: permit.createdAt,
    revoked_at: permit.revokedAt,
  };
}

export const useView = ({ callId, task, at }: PermitUse): Record<string, unknown> => ({
  generation_id: callId,
  task,
  at,
});

/** A requirement as it is shown: a key by its hash. */
export async function requirementView(admin: AdminContext, row: RequirementRow): Promise<Record<string, unknown>> {
  const key = row.kind === 'key' ? await admin.store.keys.byId(row.value) : null;
  return {
    id: row.id,
    kind: row.kind,
    value: row.kind === 'key' ? (key?.hash ?? row.value) : row.value,
    ...(key ? { name: key.name } : {}),
    workspace_id: row.workspaceId,
    created_at: row.createdAt,
  };
}
