import type { BehaviorEntry, BehaviorPatch, BehaviorRow, BehaviorRulesRow, BehaviorStore } from '../behavior-store.ts';
import { Table } from './columns.ts';
import type { Database, Row } from './database.ts';
import { Mirror } from './mirror.ts';

const BEHAVIORS = new Table<BehaviorRow>('behaviors', {
  id: 'id',
  workspaceId: 'workspace_id',
  name: 'name',
  presetSlug: 'preset_slug',
  presetVersion: 'preset_version',
  keyId: 'key_id',
  tier: 'tier',
  cleanCalls: 'clean_calls',
  cleanSince: 'clean_since',
  trustedSince: 'trusted_since',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

const LEDGER = new Table<BehaviorEntry>('behavior_ledger', {
  id: 'id',
  behaviorId: 'behavior_id',
  at: 'at',
  kind: 'kind',
  code: 'code',
  callId: 'call_id',
  detail: 'detail',
  tierBefore: 'tier_before',
  tierAfter: 'tier_after',
  window: 'in_window',
});

const rulesOf = (row: Row): BehaviorRulesRow => ({
  workspaceId: String(row['workspace_id']),
  rules: JSON.parse(String(row['rules'])),
  updatedAt: String(row['updated_at']),
});

/** Raised within a transaction so that nothing of it stays. */
class CountedAlready extends Error {}

export function sqliteBehaviors(database: Database): BehaviorStore {
  const behaviors = new Mirror(database, () =>
    database.all(`${BEHAVIORS.select} ORDER BY created_at, rowid`).map((row) => BEHAVIORS.of(row)),
  );
  const rules = new Mirror(database, () => database.all('SELECT * FROM behavior_rules').map(rulesOf));
  const enter = (entry: BehaviorEntry) => void database.run(LEDGER.insert, ...LEDGER.values(entry));
  const set = (id: string, patch: BehaviorPatch) => {
    const update = BEHAVIORS.set(patch);
    if (update) database.run(`${update.sql} WHERE id = ?`, ...update.values, id);
  };
  const isCounted = ({ behaviorId, kind, window }: BehaviorEntry) =>
    window !== null &&
    database.get(
      'SELECT 1 FROM behavior_ledger WHERE behavior_id = ? AND kind = ? AND in_window = ?',
      behaviorId,
      kind,
      window,
    ) !== undefined;
  return {
    all: () => behaviors.rows,
    rules: () => rules.rows,
    insert: (row, entry) =>
      behaviors.change(() => {
        database.run(BEHAVIORS.insert, ...BEHAVIORS.values(row));
        enter(entry);
      }),
    update: async (id, patch, entry) => {
      try {
        await behaviors.change(() => {
          if (entry && isCounted(entry)) throw new CountedAlready();
          set(id, patch);
          if (entry) enter(entry);
        });
        return true;
      } catch (error) {
        if (error instanceof CountedAlready) return false;
        throw error;
      }
    },
    delete: (id, entry) =>
      behaviors.change(() => {
        enter(entry);
        database.run('DELETE FROM behaviors WHERE id = ?', id);
      }),
    ledger: async (behaviorId, limit) =>
      database
        .all(`${LEDGER.select} WHERE behavior_id = ? ORDER BY rowid DESC LIMIT ?`, behaviorId, limit)
        .map((row) => LEDGER.of(row)),
    failures: async (behaviorId, since) =>
      Number(
        database.get(
          "SELECT count(*) AS n FROM behavior_ledger WHERE behavior_id = ? AND at >= ? AND kind IN ('block', 'injection', 'runaway', 'cap')",
          behaviorId,
          since,
        )?.['n'] ?? 0,
      ),
    saveRules: (row) =>
      rules.change(() => {
        database.run(
          `INSERT INTO behavior_rules (workspace_id, rules, updated_at) VALUES (?, ?, ?)
           ON CONFLICT (workspace_id) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at`,
          row.workspaceId,
          JSON.stringify(row.rules),
          row.updatedAt,
        );
      }),
  };
}
