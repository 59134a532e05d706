import type { ByokRow, ByokStore } from '../byok-store.ts';
import { byokUsage } from './byok-usage.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const KEYS = new Table<ByokRow>('byok_keys', {
  id: 'id',
  organizationId: 'organization_id',
  workspaceId: 'workspace_id',
  provider: 'provider',
  name: 'name',
  label: 'label',
  sealed: 'sealed',
  disabled: { column: 'disabled', as: 'flag' },
  isFallback: { column: 'is_fallback', as: 'flag' },
  isRequired: { column: 'is_required', as: 'flag' },
  isByokOnly: { column: 'is_byok_only', as: 'flag' },
  declaredZdr: { column: 'declared_zdr', as: 'flag' },
  allowedModels: { column: 'allowed_models', as: 'json' },
  allowedKeyIds: { column: 'allowed_key_ids', as: 'json' },
  allowedUserIds: { column: 'allowed_user_ids', as: 'json' },
  sortOrder: 'sort_order',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

/** `catchUp` brings the record of calls up to the ledger's last word. */
export function sqliteByok(database: Database, catchUp: () => void): ByokStore {
  const mirror = new Mirror(database, () =>
    database
      .all(`${KEYS.select} WHERE deleted = 0 ORDER BY provider, sort_order, created_at, rowid`)
      .map((row) => KEYS.of(row)),
  );
  return {
    all: () => mirror.rows,
    insert: (row) => mirror.change(() => void database.run(KEYS.insert, ...KEYS.values(row))),
    update: (id, patch) =>
      mirror.change(() => {
        const set = KEYS.set(patch);
        if (set) database.run(`${set.sql} WHERE id = ?`, ...set.values, id);
      }),
    delete: (id, now) =>
      mirror.change(
        () => void database.run("UPDATE byok_keys SET deleted = 1, sealed = '', updated_at = ? WHERE id = ?", now, id),
      ),
    usage: (filter) => byokUsage(database, catchUp, filter),
  };
}
