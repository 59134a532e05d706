import { type Refusal, refuse } from '../../errors.ts';
import type { BehaviorHouse } from '../behaviors.ts';
import type { AdminContext } from '../context.ts';
import { requirementBody, requirePermit, unrequirePermit } from '../permits.ts';
import { DONE, done, type Item, type Kind, only } from './kind.ts';
import { byNameOrId, identityIn, isId, nameOrId, workspaceField, workspaceOf } from './names.ts';

/** What is off limits without a person's permit. The permits themselves are given as the need arises, by no file. */
export function permitsKind(house: BehaviorHouse): Kind {
  return {
    section: 'permits',
    defaults: {},
    fixed: [],
    merged: [],
    body: requirementBody,
    read: async (admin) => {
      const keys = await admin.store.keys.list();
      return admin.store.permits.requirements().map((row) => {
        const key = row.kind === 'key' ? keys.find(({ id }) => id === row.value) : undefined;
        const value = key ? nameOrId(keys, key, row.workspaceId) : row.value;
        return { id: row.id, item: { kind: row.kind, value, ...workspaceField(admin, row.workspaceId) } };
      });
    },
    normal: (_, item) => item,
    references: (item) =>
      item['kind'] === 'key' && !isId(item['value'])
        ? [{ field: 'value', section: 'keys', identity: identityIn(item, item['value']) }]
        : [],
    create: async (admin, item) => {
      const workspace = workspaceOf(admin, item);
      if ('kind' in workspace) return workspace;
      const body = await bodyOf(admin, workspace.id, item);
      if ('code' in body) return body;
      const made = await requirePermit(house, workspace.organizationId, workspace.id, body);
      return 'code' in made ? made : DONE;
    },
    // All of it says which one it is, so there is nothing to change.
    update: async () => DONE,
    remove: async (admin, { id }) => {
      const row = admin.store.permits.requirements().find((one) => one.id === id);
      const workspace = row && admin.store.workspaces.get(row.workspaceId);
      return workspace ? done(await unrequirePermit(house, workspace.organizationId, id)) : DONE;
    },
  };
}

async function bodyOf(
  admin: AdminContext,
  workspaceId: string,
  item: Item,
): Promise<ReturnType<typeof requirementBody.parse> | Refusal> {
  const body = requirementBody.parse(only(item, ['kind', 'value']));
  if (body.kind !== 'key') return body;
  const key = byNameOrId(await admin.store.keys.list(), body.value, workspaceId);
  if (!key)
    return refuse('not_found', { message: `No key, or more than one, is called ${JSON.stringify(body.value)}` });
  return { kind: 'key', value: key.hash };
}
