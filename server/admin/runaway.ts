import { type Refusal, refuse } from '../errors.ts';
import { type RunawayMode, type RunawayRules, type Trip, tripText } from '../policy/runaway.ts';
import { KEY_RAN_AWAY, type KeyRanAway } from '../protocol.ts';
import type { KeyRow } from '../store/store.ts';
import { audit } from './audit.ts';
import type { BehaviorBook } from './behavior-book.ts';
import type { BehaviorHouse } from './behaviors.ts';
import type { AdminContext } from './context.ts';

/** What watches over a key: what it says itself, else what its workspace says of keys like it. */
export function runawayRulesOf(
  book: BehaviorBook,
  key: KeyRow,
): { readonly mode: RunawayMode; readonly rules: RunawayRules } {
  const rules = book.rulesOf(key.workspaceId);
  const mode = key.runaway ?? (book.of(key.id) ? rules.runaway_behaviors : rules.runaway_keys);
  return { mode, rules };
}

/** A key has run away: it is told of, and in mode `trip` suspended until a person releases it. */
export async function ranAway(
  { admin, book }: Pick<BehaviorHouse, 'admin' | 'book'>,
  key: KeyRow,
  trip: Trip,
  mode: 'warn' | 'trip',
  callId: string | null,
): Promise<void> {
  const reason = tripText(trip, book.rulesOf(key.workspaceId));
  const current = await admin.store.keys.byId(key.id);
  if (!current || current.suspendedAt !== null) return;
  admin.log.warn('key ran away', { key_label: key.label, name: key.name, rule: trip.rule, reason, mode });
  if (mode === 'trip') await suspend(admin, current, reason);
  const behavior = book.of(key.id);
  const told: KeyRanAway = { key_hash: current.hash, key: current.name, reason, suspended: mode === 'trip' };
  admin.events.emit({ kind: 'told', method: KEY_RAN_AWAY, params: told });
  if (behavior)
    await book.failed(behavior.id, { gate: 'runaway', window: null, code: 'key_suspended', callId, detail: reason });
}

async function suspend(admin: AdminContext, key: KeyRow, reason: string): Promise<void> {
  const at = admin.now().toISOString();
  await admin.store.transact(async () => {
    await admin.store.keys.update(key.id, { suspendedAt: at, suspendedFor: reason, updatedAt: at });
    await audit(admin, {
      action: 'key.suspend',
      target: `key:${key.id}`,
      before: { suspended_at: null },
      after: { suspended_at: at, reason },
      actor: 'daemon',
    });
  });
  // Calls that wait for money are asked again, and told.
  admin.ledger.poke(`key:${key.id}`);
  admin.events.emit({ kind: 'changed', changed: { what: 'keys' } });
}

/** Lets a suspended key call again; how it has been calling is forgotten. */
export async function releaseKey({ admin, forgetPace }: BehaviorHouse, hash: string): Promise<KeyRow | Refusal> {
  const key = await admin.store.keys.byHash(hash);
  if (!key) return refuse('not_found', { message: 'API key not found', metadata: { hash } });
  forgetPace(key.id);
  if (key.suspendedAt === null) return key;
  await admin.store.transact(async () => {
    const freed = { suspendedAt: null, suspendedFor: null, updatedAt: admin.now().toISOString() };
    await admin.store.keys.update(key.id, freed);
    await audit(admin, {
      action: 'key.release',
      target: `key:${key.id}`,
      before: { suspended_at: key.suspendedAt, reason: key.suspendedFor },
      after: { suspended_at: null },
    });
  });
  admin.log.info('key released', { key_label: key.label, name: key.name });
  admin.events.emit({ kind: 'changed', changed: { what: 'keys' } });
  return { ...key, suspendedAt: null, suspendedFor: null };
}
