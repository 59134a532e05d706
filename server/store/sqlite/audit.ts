import { DatabaseSync } from 'node:sqlite';
import type { AuditRow, AuditStore } from '../audit-store.ts';
import type { Database, Row } from './database.ts';

const rowOf = (row: Row): AuditRow => ({
  seq: Number(row['seq']),
  at: String(row['at']),
  actor: String(row['actor']),
  action: String(row['action']),
  target: String(row['target']),
  before: JSON.parse(String(row['before'])),
  after: JSON.parse(String(row['after'])),
  previous: String(row['previous']),
  hash: String(row['hash']),
});

export function sqliteAudit(database: Database): AuditStore {
  const last = () => {
    const row = database.get('SELECT * FROM audit ORDER BY seq DESC LIMIT 1');
    return row ? rowOf(row) : null;
  };
  return {
    append: async (seal, kept) => {
      const row = await database.write(() => {
        const sealed = seal(last());
        const { seq, at, actor, action, target, before, after, previous, hash } = sealed;
        database.run(
          'INSERT INTO audit (seq, at, actor, action, target, before, after, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
          seq,
          at,
          actor,
          action,
          target,
          JSON.stringify(before),
          JSON.stringify(after),
          previous,
          hash,
        );
        return sealed;
      });
      database.afterCommit(() => kept(row));
      return row;
    },
    list: async ({ since = '', about = '', limit = -1 }) =>
      database
        .all(
          'SELECT * FROM audit WHERE at >= ?1 AND (substr(action, 1, length(?2)) = ?2 OR substr(target, 1, length(?2)) = ?2) ORDER BY seq DESC LIMIT ?3',
          since,
          about,
          limit,
        )
        .map(rowOf),
    last: async () => last(),
  };
}

/** A record as it lies in the file; `row` is null where its JSON cannot be read. */
export type StoredAudit = { readonly seq: number; readonly row: AuditRow | null };

/**
 * The records of a database that a daemon may be writing just now, in order, without changing anything of it. Throws what SQLite
 * throws: no such file, no database, one from before there was an audit.
 */
export function* readAudit(file: string): Generator<StoredAudit, void, undefined> {
  const sqlite = new DatabaseSync(file, { readOnly: true });
  try {
    sqlite.exec('PRAGMA busy_timeout = 3000');
    for (const row of sqlite.prepare('SELECT * FROM audit ORDER BY seq').iterate() as Iterable<Row>) {
      yield { seq: Number(row['seq']), row: readable(row) };
    }
  } finally {
    sqlite.close();
  }
}

function readable(row: Row): AuditRow | null {
  try {
    return rowOf(row);
  } catch {
    return null;
  }
}
