import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';

/** The tables that organizations came to, as the version before them left them. */
const BEFORE = `
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
  CREATE TABLE journal_applied (epoch INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  INSERT INTO journal_applied (epoch, bytes) VALUES (1, 0);
  CREATE TABLE layer_spent (
    layer TEXT NOT NULL, day TEXT NOT NULL, nano INTEGER NOT NULL, PRIMARY KEY (layer, day)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE generations (
    id TEXT PRIMARY KEY, created_at TEXT NOT NULL, key_id TEXT NOT NULL, workspace_id TEXT NOT NULL,
    model TEXT, provider TEXT, preset_slug TEXT, nano INTEGER NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE usage (
    day TEXT NOT NULL, key_id TEXT NOT NULL, workspace_id TEXT NOT NULL, preset TEXT NOT NULL, model TEXT NOT NULL,
    provider TEXT NOT NULL, requests INTEGER NOT NULL, nano INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, last_used_at TEXT NOT NULL, reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, day, preset, model, provider)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE io_log_settings (
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id), enabled INTEGER NOT NULL, sampling_rate REAL NOT NULL,
    retention_days INTEGER NOT NULL, key_ids TEXT, presets TEXT, updated_at TEXT NOT NULL
  ) STRICT;
  INSERT INTO workspaces VALUES ('11111111-1111-4111-8111-111111111111', 'default', 'Default', '2026-01-01T00:00:00.000Z');
  INSERT INTO api_keys VALUES ('k1', 'hash1', 'program', '11111111-1111-4111-8111-111111111111', 'one', 'sk-…',
    1000, 'daily', 0, 0, 0, 1, 0, 'user_7', NULL, '2026-01-02T00:00:00.000Z', NULL, 0);
  INSERT INTO presets VALUES ('p1', '11111111-1111-4111-8111-111111111111', 'hello', 'Hello', NULL, 'active', NULL, NULL, NULL, NULL,
    '2026-01-02T00:00:00.000Z', '2026-01-02T00:00:00.000Z');
  INSERT INTO io_log_settings VALUES ('11111111-1111-4111-8111-111111111111', 1, 1.0, 90, NULL, NULL, '2026-01-02T00:00:00.000Z');
  INSERT INTO usage VALUES ('2026-01-30', 'k1', '11111111-1111-4111-8111-111111111111', '', 'a/b', 'A', 2, 300, 1, 1, '2026-01-30T00:00:00.000Z', 0);
  INSERT INTO usage VALUES ('2026-01-31', 'k1', '11111111-1111-4111-8111-111111111111', '', 'a/b', 'A', 1, 40, 1, 1, '2026-01-31T00:00:00.000Z', 0);
  INSERT INTO usage VALUES ('2026-01-31', 'gone', '11111111-1111-4111-8111-111111111111', '', 'a/c', 'A', 1, 5, 1, 1, '2026-01-31T00:00:00.000Z', 0);
  PRAGMA user_version = 6;
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-migration-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a store from before organizations keeps its workspace, keys and presets, and they still refer to each other', async () => {
  const file = join(folder, 'callgate.db');
  const old = new DatabaseSync(file);
  old.exec(BEFORE);
  old.close();

  const store = openSqliteStore(file, () => new Date('2026-02-01T00:00:00Z'));
  const organization = store.organizations.default();
  expect(organization).toMatchObject({ slug: 'default', credits: null, isDefault: true });
  expect(organization.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  const workspace = await store.workspaces.default();
  expect(workspace).toMatchObject({
    id: '11111111-1111-4111-8111-111111111111',
    organizationId: organization.id,
    slug: 'default',
    isDefault: true,
  });
  expect(store.workspaces.all()).toHaveLength(1);
  expect(store.members.all().map(({ id, role }) => [id, role])).toEqual([
    ['user_7', 'org:member'],
    ['user_local', 'org:admin'],
  ]);
  expect(await store.keys.byHash('hash1')).toMatchObject({ workspaceId: workspace.id, creatorUserId: 'user_7' });
  // What was spent before there were budgets over these counts against them.
  const spentBy = async (id: string, since: string | null) =>
    (await store.ledger.standings([{ id, limit: 1, since }]))[0]?.spent;
  for (const since of [null, '2026-01-31']) {
    const [all, ofMember] = since === null ? [345, 340] : [45, 40];
    expect(await spentBy(`workspace:${workspace.id}`, since)).toBe(all);
    expect(await spentBy(`credits:${organization.id}`, since)).toBe(all);
    expect(await spentBy('member:user_7', since)).toBe(ofMember);
    expect(await spentBy(`member:user_7@${workspace.id}`, since)).toBe(ofMember);
  }
  await store.close();

  const now = new DatabaseSync(file);
  expect(now.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  expect(now.prepare("SELECT sql FROM sqlite_schema WHERE name = 'api_keys'").get()).toMatchObject({
    sql: expect.stringContaining('REFERENCES workspaces (id)'),
  });
  now.exec('PRAGMA foreign_keys = ON');
  expect(() => now.exec("UPDATE api_keys SET workspace_id = 'nobody'")).toThrow(/FOREIGN KEY/);
  now.close();
});
