import { type Refusal, refuse } from '../../errors.ts';
import { isJsonObject, type Json } from '../../presets/json.ts';
import type { DestinationRow } from '../../store/destination-store.ts';
import type { WorkspaceRow } from '../../store/workspace-store.ts';
import type { AdminContext } from '../context.ts';
import { createDestinationBody, updateDestinationBody } from '../destination-schema.ts';
import { createDestination, deleteDestination, updateDestination } from '../destinations.ts';
import { DONE, done, type Item, type Kind, without } from './kind.ts';
import { byNameOrId, identityIn, isId, nameOrId, workspaceField, workspaceOf } from './names.ts';

/** A variable of the daemon’s environment. */
export type Environment = (name: string) => string | undefined;

/** Where calls are told of, without secrets: in a new one those stand as env:NAME, and are read once. */
export function destinationsKind(environment: Environment): Kind {
  return {
    section: 'destinations',
    defaults: {
      config: {},
      enabled: true,
      sampling_rate: 1,
      privacy_mode: false,
      keys: null,
      filter_rules: null,
      broadcast_generation_cost: false,
      broadcast_generation_identity: false,
      broadcast_generation_request_context: false,
      regions: ['global'],
    },
    fixed: ['type'],
    merged: ['config'],
    body: createDestinationBody.extend({ config: createDestinationBody.shape.config.optional() }),
    read: async (admin) => {
      const keys = await admin.store.keys.list();
      return admin.store.destinations.all().map((row) => ({ id: row.id, item: itemOf(admin, row, keys) }));
    },
    normal: (_, item) => item,
    references: (item) =>
      (Array.isArray(item['keys']) ? item['keys'] : []).flatMap((key) =>
        isId(key) ? [] : [{ field: 'keys', section: 'keys' as const, identity: identityIn(item, key) }],
      ),
    isSecret: (value) => typeof value === 'string' && ENV.test(value),
    create: async (admin, item) => {
      const workspace = workspaceOf(admin, item);
      if ('kind' in workspace) return workspace;
      const body = await bodyOf(admin, environment, workspace, { config: {}, ...item });
      if (body.kind === 'refused') return body;
      const whole = createDestinationBody.parse({ ...body.fields, workspace_id: workspace.id });
      return done(await createDestination(admin, workspace.organizationId, whole));
    },
    update: async (admin, { id }, item) => {
      const row = admin.store.destinations.all().find((one) => one.id === id);
      const workspace = row && admin.store.workspaces.get(row.workspaceId);
      if (!workspace) return refuse('destination_not_found', { metadata: { id } });
      const body = await bodyOf(admin, environment, workspace, item);
      if (body.kind === 'refused') return body;
      return done(
        await updateDestination(admin, workspace.organizationId, id, updateDestinationBody.parse(body.fields)),
      );
    },
    remove: async (admin, { id }) => {
      const row = admin.store.destinations.all().find((one) => one.id === id);
      const workspace = row && admin.store.workspaces.get(row.workspaceId);
      return workspace ? done(await deleteDestination(admin, workspace.organizationId, id)) : DONE;
    },
  };
}

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

type Body = { readonly kind: 'body'; readonly fields: Item } | Refusal;

/** The item as the API has it: keys by their hashes, secrets from the environment of the daemon. */
async function bodyOf(
  admin: AdminContext,
  environment: Environment,
  workspace: WorkspaceRow,
  item: Item,
): Promise<Body> {
  const { keys, config } = item;
  const fields: Record<string, Json> = { ...without(item, 'workspace', 'keys', 'config') };
  if (keys !== undefined) {
    const all = await admin.store.keys.list();
    const hashes: string[] = [];
    for (const named of Array.isArray(keys) ? keys : []) {
      const key = byNameOrId(all, String(named), workspace.id);
      if (!key) return refuse('not_found', { message: `No key, or more than one, is called ${JSON.stringify(named)}` });
      hashes.push(key.hash);
    }
    fields['api_key_hashes'] = keys === null ? null : hashes;
  }
  if (isJsonObject(config)) {
    const entries: [string, Json][] = [];
    for (const [field, value] of Object.entries(config)) {
      const name = typeof value === 'string' ? ENV.exec(value)?.[1] : undefined;
      const found = name === undefined ? value : environment(name);
      if (found === undefined)
        return refuse('invalid_request', { message: `config.${field}: the daemon’s environment has no ${name}` });
      entries.push([field, found]);
    }
    fields['config'] = Object.fromEntries(entries);
  }
  return { kind: 'body', fields };
}

function itemOf(
  admin: AdminContext,
  row: DestinationRow,
  keys: readonly { readonly id: string; readonly name: string; readonly workspaceId: string }[],
): Item {
  const chosen = row.keyIds?.flatMap((id) => keys.find((key) => key.id === id) ?? []) ?? null;
  return {
    name: row.name,
    ...workspaceField(admin, row.workspaceId),
    type: row.type,
    config: row.config as Item,
    enabled: row.enabled,
    sampling_rate: row.samplingRate,
    privacy_mode: row.privacyMode,
    keys: chosen?.map((key) => nameOrId(keys, key, row.workspaceId)) ?? null,
    filter_rules: row.filterRules as unknown as Json,
    broadcast_generation_cost: row.tellsCost,
    broadcast_generation_identity: row.tellsIdentity,
    broadcast_generation_request_context: row.tellsRequestContext,
    regions: [...row.regions],
  };
}
