import type { AnalyticsStore } from '../analytics-store.ts';
import type { Database } from './database.ts';
import { generationOf } from './record.ts';

/** Calls that are read before other work gets its turn. */
const AT_ONCE = 1_000;
/** Calls are kept in the order they ended in; none takes longer than this. */
const LONGEST_CALL_MS = 86_400_000;

/** `catchUp` brings the tables up to the ledger's last word. */
export function sqliteAnalytics(database: Database, catchUp: () => void): AnalyticsStore {
  return {
    days: async (from, to) => {
      catchUp();
      return database
        .all(
          `SELECT day, key_id, workspace_id, preset, model, provider, requests, nano, prompt_tokens, completion_tokens, reasoning_tokens
           FROM usage WHERE day >= ? AND day <= ?`,
          from,
          to,
        )
        .map((row) => ({
          day: String(row['day']),
          keyId: String(row['key_id']),
          workspaceId: String(row['workspace_id']),
          preset: String(row['preset']),
          model: String(row['model']),
          provider: String(row['provider']),
          requests: Number(row['requests']),
          nano: Number(row['nano']),
          promptTokens: Number(row['prompt_tokens']),
          completionTokens: Number(row['completion_tokens']),
          reasoningTokens: Number(row['reasoning_tokens']),
        }));
    },
    calls: async (from, to, each) => {
      catchUp();
      const end = rowAt(database, Date.parse(to) + LONGEST_CALL_MS);
      let at = rowAt(database, Date.parse(from) - LONGEST_CALL_MS);
      while (at < end) {
        const rows = database.all(
          'SELECT rowid AS row, id, created_at, record FROM generations WHERE rowid >= ? AND rowid < ? ORDER BY rowid LIMIT ?',
          at,
          end,
          AT_ONCE,
        );
        for (const { id, created_at, record } of rows) {
          const createdAt = String(created_at);
          if (createdAt >= from && createdAt < to) each({ ...generationOf(String(record)), id: String(id), createdAt });
        }
        const last = rows.at(-1);
        if (!last) return;
        at = Number(last['row']) + 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/**
 * The row where calls that began at this moment lie, give or take the longest of them: rows are nearly in the order of their beginnings,
 * so it is found by halves, and an index for it would cost every call something.
 */
function rowAt(database: Database, time: number): number {
  const bounds = database.get('SELECT min(rowid) AS first, max(rowid) AS last FROM generations');
  let low = Number(bounds?.['first'] ?? 0);
  let high = Number(bounds?.['last'] ?? -1) + 1;
  const moment = new Date(time).toISOString();
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = database.get('SELECT created_at FROM generations WHERE rowid >= ? ORDER BY rowid LIMIT 1', middle);
    if (row && String(row['created_at']) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
