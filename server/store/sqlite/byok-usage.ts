import type { SQLInputValue } from 'node:sqlite';
import type { ByokUsageFilter, ByokUsageRow } from '../byok-store.ts';
import type { Database, Row } from './database.ts';
import { generationOf } from './record.ts';

/** Calls that are looked at before other work gets its turn. */
const AT_ONCE = 5_000;

/**
 * What was charged to brought keys. The way of a call does nothing for it: whoever asks first brings the sums up to the last call that
 * has ended, by the rows of `generations` that came since, which are never deleted. A call counts on the day it was made.
 */
export async function byokUsage(
  database: Database,
  catchUp: () => void,
  filter: ByokUsageFilter,
): Promise<readonly ByokUsageRow[]> {
  catchUp();
  const last = Number(database.get('SELECT max(rowid) AS row FROM generations')?.['row'] ?? 0);
  while (await countedUpTo(database, last)) await new Promise((resolve) => setImmediate(resolve));
  const clauses: string[] = ['1'];
  const values: SQLInputValue[] = [];
  const add = (clause: string, value: string | undefined) => {
    if (value === undefined) return;
    clauses.push(clause);
    values.push(value);
  };
  add('key_id = ?', filter.keyId);
  add('workspace_id = ?', filter.workspaceId);
  add('day >= ?', filter.since);
  add('day <= ?', filter.until);
  return database
    .all(
      `SELECT day, key_id, workspace_id, model, provider, requests, nano FROM byok_usage WHERE ${clauses.join(' AND ')}`,
      ...values,
    )
    .map((row) => ({
      day: String(row['day']),
      keyId: String(row['key_id']),
      workspaceId: String(row['workspace_id']),
      model: String(row['model']),
      provider: String(row['provider']),
      requests: Number(row['requests']),
      nano: Number(row['nano']),
    }));
}

/** Counts some of the calls up to row `last`, each once; whether there are more. */
async function countedUpTo(database: Database, last: number): Promise<boolean> {
  const from = () => Number(database.get('SELECT row FROM byok_counted')?.['row'] ?? 0);
  if (from() >= last) return false;
  await database.write(() => {
    const begin = from();
    const end = Math.min(last, begin + AT_ONCE);
    if (begin >= end) return;
    // The text is looked through before it is read: most calls tried no such key.
    const tried = database.all(
      `SELECT created_at, key_id, workspace_id, model, provider, nano, record FROM generations
       WHERE rowid > ? AND rowid <= ? AND instr(record, '"byokId":"') > 0`,
      begin,
      end,
    );
    for (const row of tried) if (generationOf(String(row['record'])).isByok) count(database, row);
    database.run('UPDATE byok_counted SET row = ?', end);
  });
  return from() < last;
}

function count(database: Database, row: Row): void {
  database.run(
    `INSERT INTO byok_usage (day, key_id, workspace_id, model, provider, requests, nano) VALUES (?, ?, ?, ?, ?, 1, ?)
     ON CONFLICT (key_id, day, model, provider) DO UPDATE SET requests = requests + 1, nano = nano + excluded.nano`,
    String(row['created_at']).slice(0, 10),
    row['key_id'] ?? '',
    row['workspace_id'] ?? '',
    row['model'] ?? '',
    row['provider'] ?? '',
    row['nano'] ?? 0,
  );
}
