import { type Refusal, refuse } from '../../errors.ts';
import { isHigher, type Tier } from '../../policy/tier.ts';
import type { BehaviorRow } from '../../store/behavior-store.ts';
import type { KeyRow } from '../../store/store.ts';
import {
  type BehaviorHouse,
  createBehavior,
  createBehaviorBody,
  deleteBehavior,
  updateBehavior,
  updateBehaviorBody,
} from '../behaviors.ts';
import type { AdminContext } from '../context.ts';
import { done, type Item, type Kind, without } from './kind.ts';
import { byNameOrId, identityIn, isId, nameOrId, workspaceField, workspaceOf } from './names.ts';

/** A preset, a key and how far it is trusted. */
export function behaviorsKind(house: BehaviorHouse): Kind {
  return {
    section: 'behaviors',
    defaults: { tier: 'B' },
    fixed: [],
    merged: [],
    body: createBehaviorBody.omit({ key: true }).loose(),
    read: async (admin) => {
      const keys = await admin.store.keys.list();
      return admin.store.behaviors.all().map((row) => ({ id: row.id, item: itemOf(admin, row, keys) }));
    },
    normal: (_, { preset, ...item }) => ({
      ...item,
      ...(preset === undefined ? {} : { preset: String(preset).replace(/^@preset\//, '') }),
    }),
    references: (item) =>
      typeof item['key'] === 'string' && !isId(item['key'])
        ? [{ field: 'key', section: 'keys', identity: identityIn(item, item['key']) }]
        : [],
    heldBack: (field, before, after) =>
      field === 'tier' && isHigher(after as Tier, before as Tier)
        ? `its tier is ${String(before)} and stays: trust is given by a person, callgate behaviors promote`
        : null,
    create: async (admin, item) => {
      const key = await keyOf(admin, item, null);
      if (!('hash' in key)) return key;
      const body = createBehaviorBody.parse({ ...without(item, 'workspace', 'key'), key: key.hash });
      return done(await createBehavior(house, body));
    },
    update: async (admin, { id }, item) => {
      const row = admin.store.behaviors.all().find((one) => one.id === id) ?? null;
      const key = item['key'] === undefined ? null : await keyOf(admin, item, row);
      if (key && !('hash' in key)) return key;
      const body = updateBehaviorBody.parse({
        ...without(item, 'workspace', 'key'),
        ...(key ? { key: key.hash } : {}),
      });
      return done(await updateBehavior(house, id, body));
    },
    remove: async (_, { id }) => done(await deleteBehavior(house, id)),
  };
}

async function keyOf(admin: AdminContext, item: Item, row: BehaviorRow | null): Promise<KeyRow | Refusal> {
  const workspace = row ? { id: row.workspaceId } : workspaceOf(admin, item);
  if ('kind' in workspace) return workspace;
  const named = String(item['key'] ?? '');
  const key = byNameOrId(await admin.store.keys.list(), named, workspace.id);
  return key ?? refuse('not_found', { message: `No key, or more than one, is called ${JSON.stringify(named)}` });
}

function itemOf(admin: AdminContext, row: BehaviorRow, keys: readonly KeyRow[]): Item {
  const key = keys.find(({ id }) => id === row.keyId);
  return {
    name: row.name,
    ...workspaceField(admin, row.workspaceId),
    preset: row.presetVersion === null ? row.presetSlug : `${row.presetSlug}@${row.presetVersion}`,
    key: key ? nameOrId(keys, key, row.workspaceId) : row.keyId,
    tier: row.tier,
  };
}
