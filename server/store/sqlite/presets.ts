import { randomUUID } from 'node:crypto';
import type { PresetRow, PresetStore, PresetVersionRow, PresetWrite, PresetWriteResult } from '../store.ts';
import type { Database, Row } from './database.ts';

const presetOf = (row: Row): PresetRow =>
  ({
    id: row['id'],
    workspaceId: row['workspace_id'],
    slug: row['slug'],
    name: row['name'],
    description: row['description'],
    status: row['status'],
    statusUpdatedAt: row['status_updated_at'],
    designatedVersionId: row['designated_version_id'],
    folder: row['folder'],
    creatorUserId: row['creator_user_id'],
    createdAt: row['created_at'],
    updatedAt: row['updated_at'],
  }) as PresetRow;

const versionOf = (row: Row): PresetVersionRow =>
  ({
    id: row['id'],
    presetId: row['preset_id'],
    version: row['version'],
    config: JSON.parse(String(row['config'])),
    systemPrompt: row['system_prompt'],
    hash: row['hash'],
    message: row['message'],
    source: row['source'],
    creatorId: row['creator_id'],
    createdAt: row['created_at'],
  }) as PresetVersionRow;

/** Presets and versions that are remembered. */
const MOST_FOUND = 10_000;

export function sqlitePresets(database: Database): PresetStore {
  const preset = (row: Row | undefined) => (row ? presetOf(row) : null);
  const version = (row: Row | undefined) => (row ? versionOf(row) : null);
  const bySlug = (workspaceId: string, slug: string) =>
    preset(database.get('SELECT * FROM presets WHERE workspace_id = ? AND slug = ?', workspaceId, slug));

  // Every call that names a preset asks for it and its version, and only this process writes presets.
  const found = new Map<string, PresetRow | PresetVersionRow>();
  const remembered = <T extends PresetRow | PresetVersionRow>(at: string, look: () => T | null): T | null => {
    const known = found.get(at);
    if (known) return known as T;
    const row = look();
    if (found.size >= MOST_FOUND) found.clear();
    if (row) found.set(at, row);
    return row;
  };
  const change = <T>(run: () => T) => database.write(run).finally(() => found.clear());

  function create(write: PresetWrite): PresetRow {
    const id = randomUUID();
    database.run(
      `INSERT INTO presets (id, workspace_id, slug, name, description, status, folder, creator_user_id, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, 'active', ?, NULL, ?, ?)`,
      id,
      write.workspaceId,
      write.slug,
      write.name ?? write.slug,
      write.description ?? null,
      write.folder ?? null,
      write.now,
      write.now,
    );
    return bySlug(write.workspaceId, write.slug) as PresetRow;
  }

  function addVersion(presetId: string, write: PresetWrite): string {
    const id = randomUUID();
    database.run(
      `INSERT INTO preset_versions (id, preset_id, version, config, system_prompt, hash, message, source, creator_id, created_at)
       SELECT ?, ?, coalesce(max(version), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM preset_versions WHERE preset_id = ?`,
      id,
      presetId,
      JSON.stringify(write.config),
      write.systemPrompt,
      write.hash,
      write.message,
      write.source,
      write.creatorId,
      write.now,
      presetId,
    );
    return id;
  }

  function write(write: PresetWrite): PresetWriteResult {
    const found = bySlug(write.workspaceId, write.slug) ?? create(write);
    if (write.folder !== undefined && found.folder !== null && found.folder !== write.folder && !write.takeOver) {
      return { kind: 'owned', folder: found.folder };
    }
    const designated = found.designatedVersionId
      ? version(database.get('SELECT * FROM preset_versions WHERE id = ?', found.designatedVersionId))
      : null;
    const created = designated?.hash !== write.hash;
    const versionId = created || !designated ? addVersion(found.id, write) : designated.id;
    database.run(
      `UPDATE presets SET designated_version_id = ?, updated_at = ?, folder = coalesce(?, folder), name = coalesce(?, name),
         description = CASE WHEN ? THEN ? ELSE description END WHERE id = ?`,
      versionId,
      write.now,
      write.folder ?? null,
      write.name ?? null,
      Number(write.description !== undefined),
      write.description ?? null,
      found.id,
    );
    return {
      kind: 'written',
      preset: presetOf(database.get('SELECT * FROM presets WHERE id = ?', found.id) as Row),
      version: versionOf(database.get('SELECT * FROM preset_versions WHERE id = ?', versionId) as Row),
      created,
    };
  }

  return {
    list: async (workspaceId) =>
      database
        .all('SELECT * FROM presets WHERE workspace_id = ? ORDER BY updated_at DESC, slug', workspaceId)
        .map(presetOf),
    get: async (workspaceId, slug) => remembered(`${workspaceId}/${slug}`, () => bySlug(workspaceId, slug)),
    versions: async (presetId) =>
      database.all('SELECT * FROM preset_versions WHERE preset_id = ? ORDER BY version', presetId).map(versionOf),
    version: async (presetId, number) =>
      remembered(`${presetId}@${number}`, () =>
        version(database.get('SELECT * FROM preset_versions WHERE preset_id = ? AND version = ?', presetId, number)),
      ),
    versionById: async (id) =>
      remembered(id, () => version(database.get('SELECT * FROM preset_versions WHERE id = ?', id))),
    versionsByHash: async (presetId, prefix) =>
      database
        .all(
          'SELECT * FROM preset_versions WHERE preset_id = ? AND hash >= ? AND hash < ? ORDER BY version',
          presetId,
          prefix,
          `${prefix}g`,
        )
        .map(versionOf),
    write: (input) => change(() => write(input)),
    designate: (presetId, versionId, now) =>
      change(() => {
        database.run(
          'UPDATE presets SET designated_version_id = ?, updated_at = ? WHERE id = ?',
          versionId,
          now,
          presetId,
        );
      }),
    patch: (presetId, patch, now) =>
      change(() => {
        database.run(
          `UPDATE presets SET name = coalesce(?, name), description = CASE WHEN ? THEN ? ELSE description END,
             status = coalesce(?, status), status_updated_at = CASE WHEN ? IS NULL THEN status_updated_at ELSE ? END,
             updated_at = ? WHERE id = ?`,
          patch.name ?? null,
          Number(patch.description !== undefined),
          patch.description ?? null,
          patch.status ?? null,
          patch.status ?? null,
          now,
          now,
          presetId,
        );
      }),
  };
}
