import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Store, WorkspaceRow } from '../store.ts';
import { Database, type Row } from './database.ts';
import { sqliteFeedback } from './feedback.ts';
import { sqliteIoLog } from './io-log.ts';
import { sqliteKeys } from './keys.ts';
import { SqliteLedger } from './ledger.ts';
import { migrate } from './migrations.ts';
import { sqlitePresets } from './presets.ts';
import { quickCheck } from './quick-check.ts';
import { sqliteUsage } from './usage.ts';

const workspaceOf = (row: Row): WorkspaceRow => ({
  id: String(row['id']),
  slug: String(row['slug']),
  name: String(row['name']),
  createdAt: String(row['created_at']),
});

/**
 * Opens the embedded store (`:memory:` for tests), creating it with mode 0600 and its default workspace.
 * Throws NewerStoreError when a newer Callgate wrote the file.
 */
export function openSqliteStore(file: string, now: () => Date): Store {
  if (file !== ':memory:') {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const database = new Database(file);
  let ledger: SqliteLedger;
  try {
    migrate(database);
    ledger = new SqliteLedger(database, file === ':memory:' ? null : dirname(file));
    database.run(
      "INSERT INTO workspaces (id, slug, name, created_at) VALUES (?, 'default', 'Default', ?) ON CONFLICT (slug) DO NOTHING",
      randomUUID(),
      now().toISOString(),
    );
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    workspaces: {
      list: async () => database.all('SELECT * FROM workspaces ORDER BY created_at, slug').map(workspaceOf),
      default: async () => workspaceOf(database.get("SELECT * FROM workspaces WHERE slug = 'default'") as Row),
    },
    keys: sqliteKeys(database),
    presets: sqlitePresets(database),
    ledger: {
      reserve: (layers, decide) => ledger.reserve(layers, decide),
      checkpoint: (id, checkpoint) => ledger.checkpoint(id, checkpoint),
      settle: (id, end) => ledger.settle(id, end),
      release: (id) => ledger.release(id),
      open: () => ledger.open(),
      standings: (layers) => ledger.standings(layers),
    },
    usage: sqliteUsage(database, () => ledger.catchUp()),
    ioLog: sqliteIoLog(database),
    feedback: sqliteFeedback(database),
    check: async () => (file === ':memory:' ? [] : quickCheck(file)),
    damagedEntries: ledger.damaged,
    close: async () => {
      try {
        ledger.close();
      } finally {
        database.close();
      }
    },
  };
}
