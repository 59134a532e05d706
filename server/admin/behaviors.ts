import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { isHigher, promotionOf, type Tier } from '../policy/tier.ts';
import { parsePresetName } from '../presets/reference.ts';
import type { BehaviorEntry, BehaviorRow } from '../store/behavior-store.ts';
import type { KeyRow, PresetRow } from '../store/store.ts';
import { audit } from './audit.ts';
import type { BehaviorBook } from './behavior-book.ts';
import { type BehaviorRules, type BehaviorRulesPatch, rulesOver } from './behavior-rules.ts';
import { presetName } from './behavior-view.ts';
import type { AdminContext } from './context.ts';
import type { PermitDesk } from './permit-desk.ts';
import { isWithin } from './workspace-scope.ts';

/** What operations on behaviors, permits and runaway keys work on. */
export type BehaviorHouse = {
  readonly admin: AdminContext;
  readonly book: BehaviorBook;
  readonly desk: PermitDesk;
  /** Forgets how a key has been calling. */
  readonly forgetPace: (keyId: string) => void;
};

const name = z.string().trim().min(1, 'must not be empty').max(100);
/** `slug`, which follows the designated version, or `slug@3`, which is pinned; with or without `@preset/`. */
const preset = z.string().min(1).max(200);
const tier = z.enum(['A', 'B', 'C']);

/** `POST {CALLGATE_API}/behaviors`. `key` is a key's hash. */
export const createBehaviorBody = z.strictObject({
  name,
  preset,
  key: z.string().regex(/^[0-9a-f]{64}$/, 'must be the hash of an API key'),
  tier: tier.default('B'),
});

/** `PATCH {CALLGATE_API}/behaviors/{id}`: a tier is lowered here, and raised by a promotion. */
export const updateBehaviorBody = z.strictObject({
  name: name.optional(),
  preset: preset.optional(),
  key: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the hash of an API key')
    .optional(),
  tier: tier.optional(),
});

export type Found = { readonly kind: 'behavior'; readonly row: BehaviorRow };

/** By id, or by a name that only one has; with an organization, one of that one. */
export function findBehavior(
  { admin }: BehaviorHouse,
  wanted: string,
  organizationId?: string | undefined,
): Found | Refusal {
  const rows = admin.store.behaviors.all().filter((row) => isWithin(admin, row.workspaceId, organizationId));
  const byId = rows.find(({ id }) => id === wanted);
  const named = rows.filter((row) => row.name === wanted);
  const row = byId ?? named[0];
  if (row && (byId || named.length === 1)) return { kind: 'behavior', row };
  return named.length > 1
    ? refuse('invalid_request', { message: `${wanted} is the name of ${named.length} behaviors: name it by its id` })
    : refuse('not_found', { message: 'There is no such behavior', metadata: { behavior: wanted } });
}

export async function createBehavior(
  house: BehaviorHouse,
  body: z.infer<typeof createBehaviorBody>,
): Promise<Found | Refusal> {
  const { admin, book } = house;
  const bound = await boundTo(house, body.key, body.preset, null);
  if (bound.kind === 'refused') return bound;
  const { key, slug, version } = bound;
  const taken = takenBy(house, key.workspaceId, body.name, null);
  if (taken) return taken;
  const at = admin.now().toISOString();
  const row: BehaviorRow = {
    id: randomUUID(),
    workspaceId: key.workspaceId,
    name: body.name,
    presetSlug: slug,
    presetVersion: version,
    keyId: key.id,
    tier: body.tier,
    cleanCalls: 0,
    cleanSince: at,
    trustedSince: at,
    createdAt: at,
    updatedAt: null,
  };
  await admin.store.transact(async () => {
    await admin.store.behaviors.insert(row, entryOf(row, 'created', at));
    await audit(admin, { action: 'behavior.create', target: `behavior:${row.id}`, after: factsOf(row, key) });
  });
  book.tell(row, row.tier, 'created', null);
  return { kind: 'behavior', row };
}

export async function updateBehavior(
  house: BehaviorHouse,
  wanted: string,
  body: z.infer<typeof updateBehaviorBody>,
): Promise<Found | Refusal> {
  const { admin, book } = house;
  const found = findBehavior(house, wanted);
  if (found.kind === 'refused') return found;
  const { row } = found;
  if (body.tier !== undefined && isHigher(body.tier, row.tier)) {
    const refused = unearned(house, row, body.tier);
    if (refused) return refused;
  }
  const current = await admin.store.keys.byId(row.keyId);
  if (!current && body.key === undefined && body.preset !== undefined) {
    return refuse('behavior_conflict', {
      message: `The key of "${row.name}" was deleted: give it another one first`,
      metadata: { behavior_id: row.id },
    });
  }
  const named = body.preset ?? presetName(row);
  const bound =
    body.key === undefined && body.preset === undefined
      ? null
      : await boundTo(house, body.key ?? current?.hash ?? '', named, row.id);
  if (bound?.kind === 'refused') return bound;
  const taken = body.name === undefined ? null : takenBy(house, row.workspaceId, body.name, row.id);
  if (taken) return taken;
  const patch = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(bound ? { keyId: bound.key.id, presetSlug: bound.slug, presetVersion: bound.version } : {}),
  };
  const changed = { ...row, ...patch };
  if (Object.keys(patch).length > 0) {
    await admin.store.transact(async () => {
      await book.write(row, patch, { kind: 'changed', detail: presetName(changed) });
      await audit(admin, {
        action: 'behavior.update',
        target: `behavior:${row.id}`,
        before: factsOf(row, current),
        after: factsOf(changed, bound?.key ?? current),
      });
    });
  }
  return body.tier === undefined ? findBehavior(house, row.id) : moveBehavior(house, row.id, body.tier, null);
}

/** Moves it to a tier: down whenever a person wants it, up only where it was earned or is a person's to give. */
export async function moveBehavior(
  house: BehaviorHouse,
  wanted: string,
  to: Tier | null,
  note: string | null,
): Promise<Found | Refusal> {
  const { admin, book } = house;
  const found = findBehavior(house, wanted);
  if (found.kind === 'refused') return found;
  const { row } = found;
  const next: Tier = to ?? (row.tier === 'A' ? 'B' : 'C');
  if (next === row.tier) return found;
  const up = isHigher(next, row.tier);
  const refused = up ? unearned(house, row, next) : null;
  if (refused) return refused;
  const at = admin.now().toISOString();
  const patch = { tier: next, cleanCalls: 0, cleanSince: at, ...(up ? { trustedSince: at } : {}) };
  const kind = up ? 'promoted' : 'demoted';
  await admin.store.transact(async () => {
    await book.write(row, patch, { kind, detail: note });
    await audit(admin, {
      action: up ? 'behavior.promote' : 'behavior.demote',
      target: `behavior:${row.id}`,
      before: { tier: row.tier },
      after: { tier: next },
    });
  });
  book.forgetClean(row.id);
  return findBehavior(house, row.id);
}

export async function deleteBehavior(
  house: BehaviorHouse,
  wanted: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const { admin, book } = house;
  const found = findBehavior(house, wanted);
  if (found.kind === 'refused') return found;
  const { row } = found;
  await admin.store.transact(async () => {
    await admin.store.behaviors.delete(row.id, entryOf(row, 'deleted', admin.now().toISOString()));
    await audit(admin, { action: 'behavior.delete', target: `behavior:${row.id}`, before: factsOf(row, null) });
  });
  book.forgetClean(row.id);
  book.tell(row, row.tier, 'deleted', null);
  return { kind: 'deleted' };
}

/** Sets rules of a workspace. */
export async function setBehaviorRules(
  { admin, book }: BehaviorHouse,
  workspaceId: string,
  patch: BehaviorRulesPatch,
): Promise<BehaviorRules> {
  const stored = admin.store.behaviors.rules().find((row) => row.workspaceId === workspaceId)?.rules ?? {};
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const rules = { ...stored, ...given };
  await admin.store.transact(async () => {
    await admin.store.behaviors.saveRules({ workspaceId, rules, updatedAt: admin.now().toISOString() });
    await audit(admin, {
      action: 'behavior.rules',
      target: `workspace:${workspaceId}`,
      before: rulesOver(stored),
      after: rulesOver(rules),
    });
  });
  admin.events.emit({ kind: 'changed', changed: { what: 'behaviors' } });
  return book.rulesOf(workspaceId);
}

type Bound =
  | { readonly kind: 'bound'; readonly key: KeyRow; readonly slug: string; readonly version: number | null }
  | Refusal;

/** The key and the preset of a behavior: both there, both of one workspace, and the key no other behavior's. */
async function boundTo(
  { admin, book }: BehaviorHouse,
  hash: string,
  named: string,
  own: string | null,
): Promise<Bound> {
  const reference = parsePresetName(named.replace(/^@preset\//, ''));
  if (reference.kind !== 'reference') return refuse('invalid_preset_reference', { detail: named });
  const { slug, pin, variant } = reference.reference;
  if (variant !== null || (pin !== null && pin.kind !== 'version')) {
    return refuse('invalid_preset_reference', { detail: `${named}: write slug, or slug@3 to pin a version` });
  }
  const key = await admin.store.keys.byHash(hash);
  if (!key) return refuse('not_found', { message: 'API key not found', metadata: { hash } });
  if (key.kind === 'editor')
    return refuse('invalid_request', {
      message: 'The key "editor" is the person’s own; a behavior has a key of its own',
    });
  const other = book.of(key.id);
  if (other && other.id !== own)
    return refuse('behavior_conflict', {
      detail: `"${key.name}" belongs to "${other.name}"`,
      metadata: { key_hash: hash },
    });
  const row: PresetRow | null = await admin.store.presets.get(key.workspaceId, slug);
  if (!row) return refuse('preset_not_found', { detail: slug, metadata: { preset: slug } });
  const version = pin === null ? null : pin.version;
  if (version !== null && !(await admin.store.presets.version(row.id, version)))
    return refuse('preset_version_not_found', { detail: `${slug}@${version}` });
  return { kind: 'bound', key, slug, version };
}

function takenBy({ admin }: BehaviorHouse, workspaceId: string, wanted: string, own: string | null): Refusal | null {
  const other = admin.store.behaviors
    .all()
    .find((row) => row.workspaceId === workspaceId && row.name === wanted && row.id !== own);
  return other ? refuse('behavior_conflict', { detail: wanted, metadata: { behavior_id: other.id } }) : null;
}

/** Why it may not have this higher tier; null when it may. */
function unearned({ admin, book }: BehaviorHouse, row: BehaviorRow, to: Tier): Refusal | null {
  const standing = { ...row, cleanCalls: book.cleanCalls(row) };
  const promotion = promotionOf(standing, book.rulesOf(row.workspaceId), admin.now());
  if (promotion.kind !== 'none' && promotion.to !== to)
    return refuse('promotion_unearned', { detail: `from ${row.tier} the next tier is ${promotion.to}` });
  if (promotion.kind !== 'unearned') return null;
  const { callsLeft, earliest } = promotion;
  return refuse('promotion_unearned', {
    detail: [
      ...(callsLeft > 0 ? [`${callsLeft} clean calls are left`] : []),
      ...(Date.parse(earliest) > admin.now().getTime() ? [`not before ${earliest}`] : []),
    ].join(', '),
    metadata: { tier: row.tier, to, calls_left: callsLeft, earliest },
  });
}

const factsOf = (row: BehaviorRow, key: KeyRow | null) => ({
  name: row.name,
  tier: row.tier,
  preset: presetName(row),
  key_id: row.keyId,
  ...(key ? { key_hash: key.hash } : {}),
  workspace_id: row.workspaceId,
});

const entryOf = (row: BehaviorRow, kind: BehaviorEntry['kind'], at: string): BehaviorEntry => ({
  id: randomUUID(),
  behaviorId: row.id,
  at,
  kind,
  code: null,
  callId: null,
  detail: presetName(row),
  tierBefore: row.tier,
  tierAfter: row.tier,
  window: null,
});
