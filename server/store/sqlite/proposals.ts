import type { ProposalRow, ProposalStore } from '../proposal-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';

const PROPOSALS = new Table<ProposalRow>('proposals', {
  id: 'id',
  behaviorId: 'behavior_id',
  keyId: 'key_id',
  workspaceId: 'workspace_id',
  status: 'status',
  createdAt: 'created_at',
  model: 'model',
  provider: 'provider',
  bound: 'bound_nano',
  maxTokens: 'max_tokens',
  presetSlug: 'preset_slug',
  presetVersion: 'preset_version',
  presetHash: 'preset_hash',
  task: 'task',
  fingerprint: 'fingerprint',
  request: 'request',
  decidedAt: 'decided_at',
  generationId: 'generation_id',
  note: 'note',
});

export function sqliteProposals(database: Database): ProposalStore {
  return {
    insert: (row) => database.write(() => void database.run(PROPOSALS.insert, ...PROPOSALS.values(row))),
    get: async (id) => {
      const row = database.get(`${PROPOSALS.select} WHERE id = ?`, id);
      return row ? PROPOSALS.of(row) : null;
    },
    list: async ({ workspaceIds, behaviorId, status, fingerprint }, limit) => {
      const conditions: readonly (readonly [string, string | undefined])[] = [
        ['behavior_id', behaviorId],
        ['status', status],
        ['fingerprint', fingerprint],
      ];
      const given = conditions.flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const]));
      const within = workspaceIds ? ['workspace_id IN (SELECT value FROM json_each(?))'] : [];
      const all = [...within, ...given.map(([column]) => `${column} = ?`)];
      const where = all.length > 0 ? `WHERE ${all.join(' AND ')}` : '';
      return database
        .all(
          `${PROPOSALS.select} ${where} ORDER BY created_at DESC, rowid DESC LIMIT ?`,
          ...(workspaceIds ? [JSON.stringify(workspaceIds)] : []),
          ...given.map(([, value]) => value),
          limit,
        )
        .map((row) => PROPOSALS.of(row));
    },
    pending: async (behaviorId) =>
      Number(
        database.get("SELECT count(*) AS n FROM proposals WHERE behavior_id = ? AND status = 'pending'", behaviorId)?.[
          'n'
        ] ?? 0,
      ),
    move: (id, from, patch) =>
      database.write(() => {
        const set = PROPOSALS.set(patch);
        return set !== null && database.run(`${set.sql} WHERE id = ? AND status = ?`, ...set.values, id, from) > 0;
      }),
    expire: (before, now) =>
      database.write(() =>
        database.run(
          "UPDATE proposals SET status = 'expired', request = NULL, decided_at = ? WHERE status = 'pending' AND created_at < ?",
          now,
          before,
        ),
      ),
    interrupted: (now) =>
      database.write(() =>
        database.run(
          "UPDATE proposals SET status = 'failed', request = NULL, decided_at = ?, note = 'the daemon ended while it ran' WHERE status = 'running'",
          now,
        ),
      ),
  };
}
