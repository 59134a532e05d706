import type { SQLInputValue } from 'node:sqlite';
import type { IoLogFilter, IoLogRow, IoLogSettings, IoLogStore } from '../store.ts';
import type { Database, Row } from './database.ts';

/** How many of the oldest go at once when there are too many bytes. */
const STEP = 100;

const listOf = (value: unknown): readonly string[] | null =>
  typeof value === 'string' ? (JSON.parse(value) as readonly string[]) : null;
const textOf = (list: readonly string[] | null) => (list === null ? null : JSON.stringify(list));

const settingsOf = (row: Row): IoLogSettings => ({
  workspaceId: String(row['workspace_id']),
  enabled: row['enabled'] === 1,
  samplingRate: Number(row['sampling_rate']),
  retentionDays: Number(row['retention_days']),
  keyIds: listOf(row['key_ids']),
  presets: listOf(row['presets']),
  updatedAt: String(row['updated_at']),
});

const rowOf = (row: Row): IoLogRow => ({
  id: String(row['id']),
  createdAt: String(row['created_at']),
  workspaceId: String(row['workspace_id']),
  keyId: String(row['key_id']),
  body: row['body'] as Uint8Array,
});

/** Prompts and answers, for the workspaces that want them kept. */
export function sqliteIoLog(database: Database): IoLogStore {
  /** Deleted pages are overwritten, and the write-ahead log, which may hold what they held, is emptied. */
  const erase = async (run: () => number): Promise<number> => {
    const erased = await database.write(() => {
      database.exec('PRAGMA secure_delete = ON');
      try {
        return run();
      } finally {
        database.exec('PRAGMA secure_delete = OFF');
      }
    });
    if (erased > 0) database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    return erased;
  };
  const bytesStored = () => Number(database.get('SELECT sum(bytes) AS bytes FROM io_log')?.['bytes'] ?? 0);
  return {
    settings: async () => database.all('SELECT * FROM io_log_settings').map(settingsOf),
    saveSettings: (settings) =>
      database.write(() => {
        database.run(
          `INSERT OR REPLACE INTO io_log_settings (workspace_id, enabled, sampling_rate, retention_days, key_ids, presets, updated_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          settings.workspaceId,
          Number(settings.enabled),
          settings.samplingRate,
          settings.retentionDays,
          textOf(settings.keyIds),
          textOf(settings.presets),
          settings.updatedAt,
        );
      }),
    add: (rows) =>
      database.write(() => {
        for (const row of rows) {
          database.run(
            'INSERT OR REPLACE INTO io_log (id, created_at, workspace_id, key_id, bytes, body) VALUES (?, ?, ?, ?, ?, ?)',
            row.id,
            row.createdAt,
            row.workspaceId,
            row.keyId,
            row.body.length,
            row.body,
          );
        }
      }),
    get: async (id) => {
      const row = database.get('SELECT id, created_at, workspace_id, key_id, body FROM io_log WHERE id = ?', id);
      return row ? rowOf(row) : null;
    },
    sums: async (workspaceId) => {
      const { sql, values } = where(workspaceId === undefined ? {} : { workspaceId });
      const row = database.get(
        `SELECT count(*) AS entries, sum(bytes) AS bytes, min(created_at) AS oldest FROM io_log${sql}`,
        ...values,
      );
      return {
        entries: Number(row?.['entries'] ?? 0),
        bytes: Number(row?.['bytes'] ?? 0),
        oldestAt: row?.['oldest'] ? String(row['oldest']) : null,
      };
    },
    purge: async (filter) => {
      const { sql, values } = where(filter);
      // Most hours there is nothing to do, and then nothing is written.
      if (!database.get(`SELECT 1 FROM io_log${sql} LIMIT 1`, ...values)) return 0;
      return erase(() => database.run(`DELETE FROM io_log${sql}`, ...values));
    },
    shrink: async (bytes) => {
      if (bytesStored() <= bytes) return 0;
      return erase(() => {
        let erased = 0;
        for (let gone = 1; gone > 0 && bytesStored() > bytes; erased += gone) {
          gone = database.run(
            'DELETE FROM io_log WHERE id IN (SELECT id FROM io_log ORDER BY created_at LIMIT ?)',
            STEP,
          );
        }
        return erased;
      });
    },
  };
}

function where({ workspaceId, id, before }: IoLogFilter): { readonly sql: string; readonly values: SQLInputValue[] } {
  const conditions = [
    ['workspace_id = ?', workspaceId],
    ['id = ?', id],
    ['created_at < ?', before],
  ] as const;
  const given = conditions.filter(([, value]) => value !== undefined);
  return {
    sql: given.length > 0 ? ` WHERE ${given.map(([clause]) => clause).join(' AND ')}` : '',
    values: given.map(([, value]) => String(value)),
  };
}
