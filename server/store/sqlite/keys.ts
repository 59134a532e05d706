import type { KeyPatch, KeyRow, KeyStore } from '../store.ts';
import type { Database, Row } from './database.ts';

const COLUMNS: Readonly<Record<keyof KeyRow, string>> = {
  id: 'id',
  hash: 'hash',
  kind: 'kind',
  workspaceId: 'workspace_id',
  name: 'name',
  label: 'label',
  limit: 'limit_nano',
  limitReset: 'limit_reset',
  includeByokInLimit: 'include_byok_in_limit',
  disabled: 'disabled',
  allowUnpriced: 'allow_unpriced',
  canWritePresets: 'can_write_presets',
  clamp: 'clamp',
  runaway: 'runaway',
  suspendedAt: 'suspended_at',
  suspendedFor: 'suspended_for',
  creatorUserId: 'creator_user_id',
  expiresAt: 'expires_at',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
const FIELDS = Object.keys(COLUMNS) as (keyof KeyRow)[];
const SELECT = `SELECT ${Object.values(COLUMNS).join(', ')} FROM api_keys WHERE deleted = 0`;
const FLAGS: ReadonlySet<string> = new Set([
  'includeByokInLimit',
  'disabled',
  'allowUnpriced',
  'canWritePresets',
  'clamp',
]);

const toSql = (value: KeyRow[keyof KeyRow] | undefined) =>
  typeof value === 'boolean' ? Number(value) : (value ?? null);

const keyOf = (row: Row): KeyRow =>
  Object.fromEntries(
    FIELDS.map((field) => [field, FLAGS.has(field) ? row[COLUMNS[field]] === 1 : row[COLUMNS[field]]]),
  ) as unknown as KeyRow;

export function sqliteKeys(database: Database): KeyStore {
  const one = (row: Row | undefined) => (row ? keyOf(row) : null);
  // Every call asks for its key, twice and more, and only this process writes keys.
  const found = new Map<string, KeyRow>();
  database.onUndone(() => found.clear());
  const change = (write: () => void) => database.write(write).finally(() => found.clear());
  const lookUp = (column: 'hash' | 'id', value: string): KeyRow | null => {
    const known = found.get(`${column}:${value}`);
    if (known) return known;
    const key = one(database.get(`${SELECT} AND ${column} = ?`, value));
    if (key) found.set(`${column}:${value}`, key);
    return key;
  };
  return {
    insert: (key) =>
      database.write(() => {
        database.run(
          `INSERT INTO api_keys (${Object.values(COLUMNS).join(', ')}) VALUES (${FIELDS.map(() => '?').join(', ')})`,
          ...FIELDS.map((field) => toSql(key[field])),
        );
      }),
    byHash: async (hash) => lookUp('hash', hash),
    byId: async (id) => lookUp('id', id),
    ofKind: async (kind) => one(database.get(`${SELECT} AND kind = ?`, kind)),
    list: async () => database.all(`${SELECT} ORDER BY created_at, rowid`).map(keyOf),
    update: (id, patch) =>
      change(() => {
        const fields = (Object.keys(patch) as (keyof KeyPatch)[]).filter((field) => patch[field] !== undefined);
        if (fields.length === 0) return;
        database.run(
          `UPDATE api_keys SET ${fields.map((field) => `${COLUMNS[field]} = ?`).join(', ')} WHERE id = ?`,
          ...fields.map((field) => toSql(patch[field])),
          id,
        );
      }),
    delete: (id) =>
      change(() => {
        // The hash is freed of its meaning, the row stays: spend refers to it.
        database.run("UPDATE api_keys SET deleted = 1, hash = 'deleted:' || id WHERE id = ?", id);
      }),
  };
}
