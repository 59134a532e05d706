import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { nanoOfUsd } from '../pricing/money.ts';
import type { KeyKind, KeyPatch, KeyRow } from '../store/store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import { hashSecret, maskSecret, newSecret } from './secret.ts';
import { homeOrganization, isWithin, workspaceOrDefault } from './workspace-scope.ts';

const name = z.string().min(1, 'must not be empty').max(200);
/** US dollars; more than a million is a mistyped limit. */
const limit = z.number().min(0, 'must not be negative').max(1_000_000).nullable();
const reset = z.enum(['daily', 'weekly', 'monthly']).nullable();

/** `POST /keys`: OpenRouter's fields, then Callgate's. Unknown fields are ignored, as there. */
export const createKeyBody = z.object({
  name,
  limit: limit.optional(),
  limit_reset: reset.optional(),
  include_byok_in_limit: z.boolean().optional(),
  expires_at: z.iso.datetime({ offset: true }).nullable().optional(),
  creator_user_id: z.string().min(1).nullable().optional(),
  /** By its slug too. */
  workspace_id: z.string().min(1).max(64).optional(),
  allow_unpriced: z.boolean().optional(),
  can_write_presets: z.boolean().optional(),
  clamp: z.boolean().optional(),
  runaway: z.enum(['off', 'warn', 'trip']).nullable().optional(),
});

/** `PATCH /keys/{hash}` */
export const updateKeyBody = z.object({
  name: name.optional(),
  disabled: z.boolean().optional(),
  limit: limit.optional(),
  limit_reset: reset.optional(),
  include_byok_in_limit: z.boolean().optional(),
  allow_unpriced: z.boolean().optional(),
  can_write_presets: z.boolean().optional(),
  clamp: z.boolean().optional(),
  runaway: z.enum(['off', 'warn', 'trip']).nullable().optional(),
});

export type CreatedKey = { readonly key: KeyRow; readonly secret: string };

/** Makes a key in a workspace of the organization; its secret is in the answer and nowhere else. */
export async function createKey(
  admin: AdminContext,
  body: z.infer<typeof createKeyBody>,
  kind: KeyKind = 'program',
  organizationId: string = homeOrganization(admin),
): Promise<CreatedKey | Refusal> {
  // As one with what is asked before: its workspace must still be there when it is written.
  const made = await admin.store.transact(() => createWithin(admin, body, kind, organizationId));
  if (!('code' in made)) changed(admin, 'key created', made.key);
  return made;
}

async function createWithin(
  admin: AdminContext,
  body: z.infer<typeof createKeyBody>,
  kind: KeyKind,
  organizationId: string,
): Promise<CreatedKey | Refusal> {
  const workspace = await workspaceFor(admin, body.workspace_id, kind, organizationId);
  if (workspace.kind === 'refused') return workspace;
  const creator = body.creator_user_id ?? null;
  if (creator !== null && !admin.store.members.get(organizationId, creator)) {
    return refuse('not_a_member', {
      message: `creator_user_id: ${creator.slice(0, 100)} is not a member of the organization`,
      metadata: { user_id: creator.slice(0, 100) },
    });
  }
  const secret = newSecret();
  const key: KeyRow = {
    id: randomUUID(),
    hash: hashSecret(secret),
    kind,
    workspaceId: workspace.row.id,
    name: body.name,
    label: maskSecret(secret),
    limit: body.limit === undefined || body.limit === null ? null : nanoOfUsd(body.limit),
    limitReset: body.limit_reset ?? null,
    includeByokInLimit: body.include_byok_in_limit ?? false,
    disabled: false,
    allowUnpriced: body.allow_unpriced ?? false,
    canWritePresets: body.can_write_presets ?? true,
    clamp: body.clamp ?? false,
    runaway: body.runaway ?? null,
    suspendedAt: null,
    suspendedFor: null,
    creatorUserId: creator,
    expiresAt: body.expires_at ? new Date(body.expires_at).toISOString() : null,
    createdAt: admin.now().toISOString(),
    updatedAt: null,
  };
  const target = `key:${key.id}`;
  await audited(admin, { action: 'key.create', target, after: key }, () => admin.store.keys.insert(key));
  return { key, secret };
}

/** By its hash; with an organization, a key of that one. */
export async function findKey(
  admin: AdminContext,
  hash: string,
  organizationId?: string | undefined,
): Promise<KeyRow | Refusal> {
  const key = await admin.store.keys.byHash(hash);
  if (key && isWithin(admin, key.workspaceId, organizationId)) return key;
  return refuse('not_found', { message: 'API key not found', metadata: { hash } });
}

export async function updateKey(
  admin: AdminContext,
  hash: string,
  body: z.infer<typeof updateKeyBody>,
  organizationId?: string | undefined,
): Promise<KeyRow | Refusal> {
  // As one with what is asked before: its creator must still be a member when it is switched on.
  const updated = await admin.store.transact(() => updateWithin(admin, hash, body, organizationId));
  if (updated.kind === 'refused') return updated;
  changed(admin, 'key updated', updated);
  // A raised limit may be what calls in the queue wait for.
  admin.ledger.poke(`key:${updated.id}`);
  return updated;
}

async function updateWithin(
  admin: AdminContext,
  hash: string,
  body: z.infer<typeof updateKeyBody>,
  organizationId: string | undefined,
): Promise<KeyRow | Refusal> {
  const key = await findKey(admin, hash, organizationId);
  if (key.kind === 'refused') return key;
  const departed = body.disabled === false && key.disabled ? departedCreator(admin, key) : null;
  if (departed) return departed;
  const patch: KeyPatch = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
    ...(body.limit === undefined ? {} : { limit: body.limit === null ? null : nanoOfUsd(body.limit) }),
    ...(body.limit_reset === undefined ? {} : { limitReset: body.limit_reset }),
    ...(body.include_byok_in_limit === undefined ? {} : { includeByokInLimit: body.include_byok_in_limit }),
    ...(body.allow_unpriced === undefined ? {} : { allowUnpriced: body.allow_unpriced }),
    ...(body.can_write_presets === undefined ? {} : { canWritePresets: body.can_write_presets }),
    ...(body.clamp === undefined ? {} : { clamp: body.clamp }),
    ...(body.runaway === undefined ? {} : { runaway: body.runaway }),
    updatedAt: admin.now().toISOString(),
  };
  const change = { action: 'key.update', target: `key:${key.id}`, before: key, after: { ...key, ...patch } };
  await audited(admin, change, () => admin.store.keys.update(key.id, patch));
  return findKey(admin, hash);
}

/** Budgets and a guardrail hang on who made a key: without them it would be under less than when it was made. */
function departedCreator({ store }: AdminContext, { workspaceId, creatorUserId }: KeyRow): Refusal | null {
  const organizationId = store.workspaces.organizationOf(workspaceId);
  if (creatorUserId === null || organizationId === null || store.members.get(organizationId, creatorUserId))
    return null;
  return refuse('not_a_member', {
    message: `disabled: ${creatorUserId}, who made this key, is no longer a member of the organization`,
    metadata: {
      user_id: creatorUserId,
      remedy: 'Add them again with `callgate members add`, or make another key in its place.',
    },
  });
}

/** A new secret for the same key: its spend, limit and name go on, the old secret stops at once. */
export async function rotateKey(
  admin: AdminContext,
  hash: string,
  organizationId?: string | undefined,
): Promise<CreatedKey | Refusal> {
  const key = await findKey(admin, hash, organizationId);
  if (key.kind === 'refused') return key;
  const secret = newSecret();
  const fresh = { hash: hashSecret(secret), label: maskSecret(secret), updatedAt: admin.now().toISOString() };
  const change = { action: 'key.rotate', target: `key:${key.id}`, before: key, after: { ...key, ...fresh } };
  await audited(admin, change, () => admin.store.keys.update(key.id, fresh));
  changed(admin, 'key rotated', key);
  return { key: { ...key, ...fresh }, secret };
}

export async function deleteKey(
  admin: AdminContext,
  hash: string,
  organizationId?: string | undefined,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const key = await findKey(admin, hash, organizationId);
  if (key.kind === 'refused') return key;
  if (key.kind === 'editor') {
    return refuse('invalid_request', {
      message: 'The key "editor" belongs to the editor and cannot be deleted; disable it instead',
    });
  }
  const change = { action: 'key.delete', target: `key:${key.id}`, before: key };
  await audited(admin, change, async () => {
    await admin.store.keys.delete(key.id);
    const { permits } = admin.store;
    for (const { id, kind, value } of permits.requirements())
      if (kind === 'key' && value === key.id) await permits.unrequire(id);
  });
  changed(admin, 'key deleted', key);
  return { kind: 'deleted' };
}

/** The editor's key is wherever the daemon is at home; every other where it is wanted. */
async function workspaceFor(
  admin: AdminContext,
  reference: string | undefined,
  kind: KeyKind,
  organizationId: string,
): Promise<{ readonly kind: 'workspace'; readonly row: { readonly id: string } } | Refusal> {
  if (kind === 'editor') return { kind: 'workspace', row: await admin.store.workspaces.default() };
  const found = workspaceOrDefault(admin, organizationId, reference);
  if (found.kind === 'refused' && found.code === 'workspace_not_found')
    return refuse('invalid_request', { message: `workspace_id: ${found.message}`, metadata: found.metadata });
  return found;
}

function changed(admin: AdminContext, event: string, key: KeyRow): void {
  admin.log.info(event, { key_label: key.label, name: key.name });
  admin.events.emit({ kind: 'changed', changed: { what: 'keys' } });
}
