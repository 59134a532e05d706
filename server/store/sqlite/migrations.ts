import type { Database } from './database.ts';

/** Forward only: an entry never changes once it has shipped; the file's `user_version` is how many have run. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE workspaces (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL, label TEXT NOT NULL,
    limit_nano INTEGER, limit_reset TEXT, include_byok_in_limit INTEGER NOT NULL,
    disabled INTEGER NOT NULL, allow_unpriced INTEGER NOT NULL, can_write_presets INTEGER NOT NULL, clamp INTEGER NOT NULL,
    creator_user_id TEXT, expires_at TEXT, created_at TEXT NOT NULL, updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX one_editor_key ON api_keys (kind) WHERE kind = 'editor' AND deleted = 0;

  CREATE TABLE presets (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), slug TEXT NOT NULL,
    name TEXT NOT NULL, description TEXT, status TEXT NOT NULL, status_updated_at TEXT,
    designated_version_id TEXT, folder TEXT, creator_user_id TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (workspace_id, slug)
  ) STRICT;
  CREATE TABLE preset_versions (
    id TEXT PRIMARY KEY, preset_id TEXT NOT NULL REFERENCES presets (id), version INTEGER NOT NULL,
    config TEXT NOT NULL, system_prompt TEXT, hash TEXT NOT NULL, message TEXT, source TEXT NOT NULL,
    creator_id TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (preset_id, version)
  ) STRICT;
  CREATE INDEX preset_versions_by_hash ON preset_versions (preset_id, hash);

  CREATE TABLE reservations (
    id TEXT PRIMARY KEY, layers TEXT NOT NULL, nano INTEGER NOT NULL, day TEXT NOT NULL, created_at TEXT NOT NULL,
    generation TEXT NOT NULL, checkpoint TEXT
  ) STRICT, WITHOUT ROWID;
  -- What a layer has spent by day; the day '*' is its lifetime.
  CREATE TABLE layer_spent (
    layer TEXT NOT NULL, day TEXT NOT NULL, nano INTEGER NOT NULL, PRIMARY KEY (layer, day)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE generations (
    id TEXT PRIMARY KEY, created_at TEXT NOT NULL, key_id TEXT NOT NULL, workspace_id TEXT NOT NULL,
    model TEXT, provider TEXT, preset_slug TEXT, nano INTEGER NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX generations_by_key ON generations (key_id, created_at);

  CREATE TABLE usage (
    day TEXT NOT NULL, key_id TEXT NOT NULL, workspace_id TEXT NOT NULL, preset TEXT NOT NULL, model TEXT NOT NULL,
    provider TEXT NOT NULL, requests INTEGER NOT NULL, nano INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, last_used_at TEXT NOT NULL,
    PRIMARY KEY (key_id, day, preset, model, provider)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Reservations live in the journal now; this is the place in it that the tables have been brought up to.
  DROP TABLE reservations;
  CREATE TABLE journal_applied (epoch INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  INSERT INTO journal_applied (epoch, bytes) VALUES (1, 0);
  `,
  `
  CREATE TABLE io_log_settings (
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id), enabled INTEGER NOT NULL, sampling_rate REAL NOT NULL,
    retention_days INTEGER NOT NULL, key_ids TEXT, presets TEXT, updated_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE io_log (
    id TEXT PRIMARY KEY, created_at TEXT NOT NULL, workspace_id TEXT NOT NULL, key_id TEXT NOT NULL,
    bytes INTEGER NOT NULL, body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX io_log_by_age ON io_log (created_at, workspace_id, bytes);
  `,
  `
  ALTER TABLE usage ADD COLUMN reasoning_tokens INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX usage_by_day ON usage (day);
  `,
  `
  CREATE TABLE feedback (
    generation_id TEXT NOT NULL, category TEXT NOT NULL, comment TEXT, created_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX feedback_by_generation ON feedback (generation_id);
  `,
  // Written with each call and asked by nobody.
  'DROP INDEX generations_by_key',
];

/** Raised when the file was written by a newer Callgate: going on could lose what it holds. */
export class NewerStoreError extends Error {
  override readonly name = 'NewerStoreError';
}

/** Brings the file to this binary's schema, all or nothing. */
export function migrate(database: Database): void {
  const version = Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new NewerStoreError(
      `callgate.db was written by a newer Callgate (schema ${version}, this one knows ${MIGRATIONS.length}): update Callgate, or choose another --state folder`,
    );
  }
  if (version === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT;`);
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
