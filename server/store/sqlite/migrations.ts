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
  `
  CREATE TABLE organizations (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL, name TEXT NOT NULL, credits_nano INTEGER, is_default INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX organization_slugs ON organizations (slug) WHERE deleted = 0;
  CREATE UNIQUE INDEX one_default_organization ON organizations (is_default) WHERE is_default = 1;
  INSERT INTO organizations (id, slug, name, credits_nano, is_default, created_at)
    VALUES (
      lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2) || '-8' || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))),
      'default', 'Default', NULL, 1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    );

  -- A slug is unique within its organization now, which only another table can say. Filled under its own name in the same
  -- transaction, it holds again what refers to it by the time that is asked.
  PRAGMA defer_foreign_keys = ON;
  CREATE TEMP TABLE old_workspaces AS SELECT * FROM workspaces;
  DROP TABLE workspaces;
  CREATE TABLE workspaces (
    id TEXT PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations (id), slug TEXT NOT NULL, name TEXT NOT NULL,
    description TEXT, is_default INTEGER NOT NULL DEFAULT 0,
    default_text_model TEXT, default_image_model TEXT, default_provider_sort TEXT,
    is_broadcast_enabled INTEGER NOT NULL DEFAULT 1, is_data_discount_logging_enabled INTEGER NOT NULL DEFAULT 0,
    include_byok_in_budgets INTEGER NOT NULL DEFAULT 0, disabled_server_tools TEXT,
    created_by TEXT, created_at TEXT NOT NULL, updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO workspaces (id, organization_id, slug, name, is_default, created_at)
    SELECT o.id, (SELECT id FROM organizations), o.slug, o.name, o.slug = 'default', o.created_at FROM old_workspaces o;
  DROP TABLE old_workspaces;
  CREATE UNIQUE INDEX workspace_slugs ON workspaces (organization_id, slug) WHERE deleted = 0;
  CREATE UNIQUE INDEX one_default_workspace ON workspaces (organization_id) WHERE is_default = 1;

  CREATE TABLE members (
    organization_id TEXT NOT NULL REFERENCES organizations (id), id TEXT NOT NULL, email TEXT NOT NULL,
    first_name TEXT, last_name TEXT, role TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (organization_id, id)
  ) STRICT, WITHOUT ROWID;
  -- The person whose daemon it is, and whoever keys were made for when nobody had to be a member.
  INSERT INTO members (organization_id, id, email, role, created_at)
    SELECT id, 'user_local', 'local@localhost', 'org:admin', created_at FROM organizations;
  INSERT INTO members (organization_id, id, email, role, created_at)
    SELECT o.id, k.creator_user_id, '', 'org:member', min(k.created_at) FROM organizations o, api_keys k
    WHERE k.creator_user_id IS NOT NULL AND k.creator_user_id != 'user_local' GROUP BY k.creator_user_id;

  CREATE TABLE management_keys (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, organization_id TEXT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL, label TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE workspace_budgets (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), interval TEXT NOT NULL,
    limit_nano INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (workspace_id, interval)
  ) STRICT;
  CREATE TABLE workspace_members (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), user_id TEXT NOT NULL, role TEXT NOT NULL,
    created_at TEXT NOT NULL, UNIQUE (workspace_id, user_id)
  ) STRICT;
  `,
  `
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
  CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
  `,
  `
  CREATE TABLE behaviors (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL, preset_slug TEXT NOT NULL, preset_version INTEGER,
    key_id TEXT NOT NULL UNIQUE, tier TEXT NOT NULL, clean_calls INTEGER NOT NULL, clean_since TEXT NOT NULL,
    trusted_since TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT, UNIQUE (workspace_id, name)
  ) STRICT;
  CREATE TABLE behavior_ledger (
    id TEXT NOT NULL UNIQUE, behavior_id TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, code TEXT, call_id TEXT,
    detail TEXT, tier_before TEXT NOT NULL, tier_after TEXT NOT NULL, in_window TEXT
  ) STRICT;
  CREATE INDEX behavior_ledger_by_behavior ON behavior_ledger (behavior_id, at);
  CREATE UNIQUE INDEX behavior_failure_once ON behavior_ledger (behavior_id, kind, in_window) WHERE in_window IS NOT NULL;
  CREATE TABLE behavior_rules (workspace_id TEXT PRIMARY KEY, rules TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
  CREATE TABLE proposals (
    id TEXT PRIMARY KEY, behavior_id TEXT NOT NULL, key_id TEXT NOT NULL, workspace_id TEXT NOT NULL, status TEXT NOT NULL,
    created_at TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL, bound_nano INTEGER NOT NULL, max_tokens INTEGER,
    preset_slug TEXT, preset_version INTEGER, preset_hash TEXT, task TEXT, fingerprint TEXT NOT NULL, request TEXT,
    decided_at TEXT, generation_id TEXT, note TEXT
  ) STRICT;
  CREATE INDEX proposals_by_behavior ON proposals (behavior_id, status, created_at);

  CREATE TABLE permit_requirements (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, created_at TEXT NOT NULL,
    UNIQUE (workspace_id, kind, value)
  ) STRICT;
  CREATE TABLE permits (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, key_id TEXT NOT NULL, kind TEXT, value TEXT, task TEXT,
    any_task INTEGER NOT NULL, expires_at TEXT, cap_nano INTEGER, most_uses INTEGER, uses INTEGER NOT NULL,
    granted_by TEXT NOT NULL, note TEXT, created_at TEXT NOT NULL, revoked_at TEXT
  ) STRICT;
  CREATE INDEX permits_by_age ON permits (created_at);
  CREATE TABLE permit_uses (permit_id TEXT NOT NULL, call_id TEXT NOT NULL, task TEXT, at TEXT NOT NULL) STRICT;
  CREATE INDEX permit_uses_by_permit ON permit_uses (permit_id);

  ALTER TABLE api_keys ADD COLUMN runaway TEXT;
  ALTER TABLE api_keys ADD COLUMN suspended_at TEXT;
  ALTER TABLE api_keys ADD COLUMN suspended_for TEXT;
  `,
  `
  CREATE TABLE byok_keys (
    id TEXT PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations (id), workspace_id TEXT REFERENCES workspaces (id),
    provider TEXT NOT NULL, name TEXT, label TEXT NOT NULL, sealed TEXT NOT NULL, disabled INTEGER NOT NULL,
    is_fallback INTEGER NOT NULL, is_required INTEGER NOT NULL, is_byok_only INTEGER NOT NULL, declared_zdr INTEGER,
    allowed_models TEXT, allowed_key_ids TEXT, allowed_user_ids TEXT, sort_order INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT, deleted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  -- What was charged to brought keys, and the last row of generations that is in it.
  CREATE TABLE byok_usage (
    day TEXT NOT NULL, key_id TEXT NOT NULL, workspace_id TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
    requests INTEGER NOT NULL, nano INTEGER NOT NULL, PRIMARY KEY (key_id, day, model, provider)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE byok_counted (row INTEGER NOT NULL) STRICT;
  INSERT INTO byok_counted (row) SELECT coalesce(max(rowid), 0) FROM generations;

  CREATE TABLE destinations (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), type TEXT NOT NULL, name TEXT NOT NULL,
    config TEXT NOT NULL, sealed TEXT NOT NULL, enabled INTEGER NOT NULL, sampling_rate REAL NOT NULL,
    privacy_mode INTEGER NOT NULL, key_ids TEXT, filter_rules TEXT, tells_cost INTEGER NOT NULL,
    tells_identity INTEGER NOT NULL, tells_request_context INTEGER NOT NULL, regions TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  `,
  `
  CREATE TABLE guardrails (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), is_default INTEGER NOT NULL,
    name TEXT NOT NULL, description TEXT, limit_nano INTEGER, reset TEXT, include_byok INTEGER NOT NULL, enforce_zdr TEXT,
    rules TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX one_default_guardrail ON guardrails (workspace_id) WHERE is_default = 1;
  CREATE TABLE guardrail_keys (
    id TEXT PRIMARY KEY, guardrail_id TEXT NOT NULL REFERENCES guardrails (id), key_id TEXT NOT NULL UNIQUE,
    assigned_by TEXT, created_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE guardrail_members (
    id TEXT PRIMARY KEY, guardrail_id TEXT NOT NULL REFERENCES guardrails (id), organization_id TEXT NOT NULL,
    user_id TEXT NOT NULL, assigned_by TEXT, created_at TEXT NOT NULL, UNIQUE (organization_id, user_id)
  ) STRICT;
  CREATE TABLE organization_policies (
    organization_id TEXT PRIMARY KEY, rules TEXT NOT NULL, injection_allow_list TEXT NOT NULL, updated_at TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- What was spent before budgets of workspaces, members and organizations were counted.
  INSERT INTO layer_spent (layer, day, nano)
    SELECT 'workspace:' || workspace_id, day, sum(nano) FROM usage GROUP BY workspace_id, day ON CONFLICT DO NOTHING;
  INSERT INTO layer_spent (layer, day, nano)
    SELECT 'workspace:' || workspace_id, '*', sum(nano) FROM usage GROUP BY workspace_id ON CONFLICT DO NOTHING;
  INSERT INTO layer_spent (layer, day, nano)
    SELECT 'credits:' || w.organization_id, '*', sum(u.nano) FROM usage u JOIN workspaces w ON w.id = u.workspace_id
    GROUP BY w.organization_id ON CONFLICT DO NOTHING;
  INSERT INTO layer_spent (layer, day, nano)
    SELECT 'member:' || k.creator_user_id, u.day, sum(u.nano) FROM usage u JOIN api_keys k ON k.id = u.key_id
    WHERE k.creator_user_id IS NOT NULL GROUP BY k.creator_user_id, u.day ON CONFLICT DO NOTHING;
  UPDATE members SET email = id || '@localhost' WHERE email = '';
  ALTER TABLE workspaces ADD COLUMN default_guardrail_id TEXT NOT NULL DEFAULT '';
  UPDATE workspaces SET default_guardrail_id =
    lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2) || '-8' || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)));
  `,
  `
  -- What each call was spent by besides its key, for the budgets that limit it from now on: they count what was spent before them.
  CREATE TEMP TABLE spent_by AS
    SELECT 'workspace:' || u.workspace_id AS layer, u.day AS day, u.nano AS nano FROM usage u
    UNION ALL SELECT 'credits:' || w.organization_id, u.day, u.nano FROM usage u JOIN workspaces w ON w.id = u.workspace_id
    UNION ALL SELECT 'member:' || k.creator_user_id, u.day, u.nano
      FROM usage u JOIN api_keys k ON k.id = u.key_id WHERE k.creator_user_id IS NOT NULL
    UNION ALL SELECT 'member:' || k.creator_user_id || '@' || u.workspace_id, u.day, u.nano
      FROM usage u JOIN api_keys k ON k.id = u.key_id WHERE k.creator_user_id IS NOT NULL;
  INSERT OR REPLACE INTO layer_spent (layer, day, nano) SELECT layer, day, sum(nano) FROM spent_by GROUP BY layer, day;
  INSERT OR REPLACE INTO layer_spent (layer, day, nano) SELECT layer, '*', sum(nano) FROM spent_by GROUP BY layer;
  DROP TABLE spent_by;
  `,
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
