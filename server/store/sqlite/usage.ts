import type { SQLInputValue } from 'node:sqlite';
import type { UsageStore, UsageSums } from '../store.ts';
import { activityOf } from './activity.ts';
import type { Database, Row } from './database.ts';
import { generationOf } from './record.ts';

const SUMS =
  'sum(requests) AS requests, sum(nano) AS nano, sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens';

const sumsOf = (row: Row | undefined): UsageSums => ({
  requests: Number(row?.['requests'] ?? 0),
  nano: Number(row?.['nano'] ?? 0),
  promptTokens: Number(row?.['prompt_tokens'] ?? 0),
  completionTokens: Number(row?.['completion_tokens'] ?? 0),
});

function where(filter: { readonly keyId?: string; readonly workspaceId?: string; readonly since?: string }) {
  const clauses: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (clause: string, value: string | undefined) => {
    if (value === undefined) return;
    clauses.push(clause);
    values.push(value);
  };
  add('key_id = ?', filter.keyId);
  add('workspace_id = ?', filter.workspaceId);
  add('day >= ?', filter.since);
  return { sql: clauses.length > 0 ? ` WHERE ${clauses.join(' AND ')}` : '', values };
}

/** `catchUp` brings the tables up to the ledger's last word; every question here asks for it first. */
export function sqliteUsage(database: Database, catchUp: () => void): UsageStore {
  return {
    generation: async (id) => {
      catchUp();
      const row = database.get('SELECT id, created_at, record FROM generations WHERE id = ?', id);
      if (!row) return null;
      return { ...generationOf(String(row['record'])), id: String(row['id']), createdAt: String(row['created_at']) };
    },
    sums: async (filter) => {
      catchUp();
      const { sql, values } = where(filter);
      return sumsOf(database.get(`SELECT ${SUMS} FROM usage${sql}`, ...values));
    },
    by: async (dimension, filter) => {
      catchUp();
      const { sql, values } = where(filter);
      return database
        .all(
          `SELECT ${dimension} AS name, ${SUMS} FROM usage${sql} GROUP BY ${dimension} ORDER BY sum(nano) DESC, name`,
          ...values,
        )
        .map((row) => ({ name: String(row['name']), ...sumsOf(row) }));
    },
    activity: async (filter, byWorkspace) => {
      catchUp();
      return activityOf(database, filter, byWorkspace);
    },
    lastUsed: async (keyId) => {
      catchUp();
      const row = database.get('SELECT max(last_used_at) AS at FROM usage WHERE key_id = ?', keyId);
      return row?.['at'] ? String(row['at']) : null;
    },
  };
}
