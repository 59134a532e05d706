import { type Refusal, refuse } from '../../errors.ts';
import { nanoOfUsd, usdOfNano } from '../../pricing/money.ts';
import type { KeyRow } from '../../store/store.ts';
import type { AdminContext } from '../context.ts';
import { assignKeys, unassignKeys } from '../guardrail-assignments.ts';
import { createKey, createKeyBody, deleteKey, updateKey, updateKeyBody } from '../keys.ts';
import { DONE, type Done, done, type Item, isRefusal, type Kind, without } from './kind.ts';
import { byNameOrId, identityIn, isId, nameOrId, organizationIdOf, workspaceField, workspaceOf } from './names.ts';

/** API keys, without their secrets. */
export const keysKind: Kind = {
  section: 'keys',
  defaults: {
    limit: null,
    limit_reset: null,
    include_byok_in_limit: false,
    disabled: false,
    expires_at: null,
    guardrail: null,
    creator_user_id: null,
    allow_unpriced: false,
    can_write_presets: true,
    clamp: false,
    runaway: null,
  },
  fixed: ['expires_at', 'creator_user_id'],
  merged: [],
  body: createKeyBody,
  read: async (admin) =>
    (await admin.store.keys.list()).map((key) => ({
      id: key.id,
      item: itemOf(admin, key),
      ...(key.kind === 'editor' ? { isFixed: true } : {}),
    })),
  normal: (_, { limit, expires_at, ...item }) => ({
    ...item,
    ...(limit === undefined ? {} : { limit: typeof limit === 'number' ? usdOfNano(nanoOfUsd(limit)) : limit }),
    ...(expires_at === undefined
      ? {}
      : { expires_at: typeof expires_at === 'string' ? new Date(expires_at).toISOString() : expires_at }),
  }),
  references: (item) => {
    const { guardrail, creator_user_id: member } = item;
    return [
      ...(typeof guardrail === 'string' && !isId(guardrail)
        ? [{ field: 'guardrail', section: 'guardrails' as const, identity: identityIn(item, guardrail) }]
        : []),
      ...(typeof member === 'string'
        ? [{ field: 'creator_user_id', section: 'members' as const, identity: `${organizationOf(item)}/${member}` }]
        : []),
    ];
  },
  create: async (admin, item) => {
    const workspace = workspaceOf(admin, item);
    if ('kind' in workspace) return workspace;
    const body = createKeyBody.parse({
      ...without(item, 'workspace', 'guardrail', 'disabled'),
      workspace_id: workspace.id,
    });
    const made = await createKey(admin, body, 'program', workspace.organizationId);
    if ('code' in made) return made;
    const rest = await settle(admin, made.key, item);
    return isRefusal(rest) ? rest : { kind: 'done', secret: made.secret };
  },
  update: async (admin, { id }, item) => {
    const key = await admin.store.keys.byId(id);
    if (!key) return refuse('not_found', { message: 'API key not found' });
    const body = updateKeyBody.parse(without(item, 'workspace', 'guardrail'));
    if (Object.keys(body).length > 0) {
      const updated = await updateKey(admin, key.hash, body);
      if (updated.kind === 'refused') return updated;
    }
    return assign(admin, key, item);
  },
  remove: async (admin, { id }) => {
    const key = await admin.store.keys.byId(id);
    return key ? done(await deleteKey(admin, key.hash)) : DONE;
  },
};

const organizationOf = ({ workspace }: Item) =>
  String(workspace ?? '').includes('/') ? String(workspace).split('/')[0] : 'default';

/** What making a key cannot say. */
async function settle(admin: AdminContext, key: KeyRow, item: Item): Promise<Done | Refusal> {
  if (item['disabled'] === true) {
    const disabled = await updateKey(admin, key.hash, { disabled: true });
    if (disabled.kind === 'refused') return disabled;
  }
  return assign(admin, key, item);
}

async function assign(admin: AdminContext, key: KeyRow, { guardrail }: Item): Promise<Done | Refusal> {
  if (guardrail === undefined) return DONE;
  const workspace = admin.store.workspaces.get(key.workspaceId);
  const organizationId = workspace?.organizationId ?? organizationIdOf(admin, {});
  if (typeof organizationId !== 'string') return organizationId;
  if (typeof guardrail === 'string') {
    const row = byNameOrId(admin.store.guardrails.all(), guardrail, key.workspaceId);
    if (!row) return refuse('guardrail_not_found', { detail: JSON.stringify(guardrail) });
    return done(await assignKeys(admin, organizationId, row.id, [key.hash]));
  }
  const present = admin.store.guardrails.keyAssignments().find(({ keyId }) => keyId === key.id);
  return present ? done(await unassignKeys(admin, organizationId, present.guardrailId, [key.hash])) : DONE;
}

function itemOf(admin: AdminContext, key: KeyRow): Item {
  const assigned = admin.store.guardrails.keyAssignments().find(({ keyId }) => keyId === key.id);
  const all = admin.store.guardrails.all();
  const guardrail = assigned && all.find(({ id }) => id === assigned.guardrailId);
  return {
    name: key.name,
    ...workspaceField(admin, key.workspaceId),
    limit: key.limit === null ? null : usdOfNano(key.limit),
    limit_reset: key.limitReset,
    include_byok_in_limit: key.includeByokInLimit,
    disabled: key.disabled,
    expires_at: key.expiresAt,
    guardrail: guardrail ? nameOrId(all, guardrail, key.workspaceId) : null,
    creator_user_id: key.creatorUserId,
    allow_unpriced: key.allowUnpriced,
    can_write_presets: key.canWritePresets,
    clamp: key.clamp,
    runaway: key.runaway,
  };
}
