import type { PermitRow, PermitStore, PermitUse, RequirementRow } from '../permit-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const REQUIREMENTS = new Table<RequirementRow>('permit_requirements', {
  id: 'id',
  workspaceId: 'workspace_id',
  kind: 'kind',
  value: 'value',
  createdAt: 'created_at',
});

const PERMITS = new Table<PermitRow>('permits', {
  id: 'id',
  workspaceId: 'workspace_id',
  keyId: 'key_id',
  kind: 'kind',
  value: 'value',
  task: 'task',
  anyTask: { column: 'any_task', as: 'flag' },
  expiresAt: 'expires_at',
  cap: 'cap_nano',
  mostUses: 'most_uses',
  uses: 'uses',
  grantedBy: 'granted_by',
  note: 'note',
  createdAt: 'created_at',
  revokedAt: 'revoked_at',
});

const USES = new Table<PermitUse>('permit_uses', {
  permitId: 'permit_id',
  callId: 'call_id',
  task: 'task',
  at: 'at',
});

export function sqlitePermits(database: Database): PermitStore {
  const requirements = new Mirror(database, () =>
    database.all(`${REQUIREMENTS.select} ORDER BY created_at, rowid`).map((row) => REQUIREMENTS.of(row)),
  );
  return {
    requirements: () => requirements.rows,
    require: (row) => requirements.change(() => void database.run(REQUIREMENTS.insert, ...REQUIREMENTS.values(row))),
    unrequire: (id) => requirements.change(() => void database.run('DELETE FROM permit_requirements WHERE id = ?', id)),
    live: async (now) =>
      database
        .all(
          `${PERMITS.select} WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
           AND (most_uses IS NULL OR uses < most_uses) ORDER BY created_at, rowid`,
          now,
        )
        .map((row) => PERMITS.of(row)),
    list: async (workspaceIds, limit) =>
      database
        .all(
          `${PERMITS.select} WHERE workspace_id IN (SELECT value FROM json_each(?))
           ORDER BY created_at DESC, rowid DESC LIMIT ?`,
          JSON.stringify(workspaceIds),
          limit,
        )
        .map((row) => PERMITS.of(row)),
    get: async (id) => {
      const row = database.get(`${PERMITS.select} WHERE id = ?`, id);
      return row ? PERMITS.of(row) : null;
    },
    insert: (row) => database.write(() => void database.run(PERMITS.insert, ...PERMITS.values(row))),
    revoke: (id, now) =>
      database.write(() => void database.run('UPDATE permits SET revoked_at = ? WHERE id = ?', now, id)),
    use: (use, task) =>
      database.write(() => {
        database.run(USES.insert, ...USES.values(use));
        database.run('UPDATE permits SET uses = uses + 1, task = coalesce(task, ?) WHERE id = ?', task, use.permitId);
      }),
    uses: async (permitId, limit) =>
      database
        .all(`${USES.select} WHERE permit_id = ? ORDER BY rowid DESC LIMIT ?`, permitId, limit)
        .map((row) => USES.of(row)),
  };
}
