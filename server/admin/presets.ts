import type * as z from 'zod/mini';
import { type Refusal, refuse } from '../errors.ts';
import { diffPresets } from '../presets/diff.ts';
import { type PresetFile, parsePresetFile } from '../presets/file.ts';
import { pinPrefix, presetHash } from '../presets/hash.ts';
import { nearestNames } from '../presets/nearest.ts';
import { PRESET_FIELDS, type PresetConfig, presetConfigSchema } from '../presets/schema.ts';
import { isPresetSlug } from '../presets/slug.ts';
import type { PresetSummary, PresetVersion, PublishRequest, PublishResult, presetPatch } from '../protocol.ts';
import type { PresetRow, PresetVersionRow, PresetWrite } from '../store/store.ts';
import { audit, audited } from './audit.ts';
import type { AdminContext } from './context.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Who made what this daemon's own person made. */
const LOCAL_USER = 'user_local';

/** Where work that names no workspace is done. */
const home = async (admin: AdminContext) => (await admin.store.workspaces.default()).id;

export async function findPreset(
  admin: AdminContext,
  slug: string,
  workspaceId?: string | undefined,
): Promise<{ readonly kind: 'preset'; readonly row: PresetRow } | Refusal> {
  const workspace = workspaceId ?? (await home(admin));
  const row = await admin.store.presets.get(workspace, slug);
  if (row) return { kind: 'preset', row };
  const near = nearestNames(
    slug,
    (await admin.store.presets.list(workspace)).map((other) => other.slug),
  );
  return refuse('preset_not_found', {
    detail: near.length > 0 ? `${slug} (did you mean ${near.join(', ')}?)` : slug,
    metadata: { preset: slug, nearest: near },
  });
}

export async function findVersion(
  admin: AdminContext,
  preset: PresetRow,
  version: number,
): Promise<{ readonly kind: 'version'; readonly row: PresetVersionRow } | Refusal> {
  const row = await admin.store.presets.version(preset.id, version);
  return row ? { kind: 'version', row } : refuse('preset_version_not_found', { detail: `${preset.slug}@${version}` });
}

/** Publishes a file's text: a new version, designated, unless the designated one says the same. */
export async function publishPreset(
  admin: AdminContext,
  slug: string,
  body: PublishRequest,
  workspaceId?: string | undefined,
): Promise<PublishResult | Refusal> {
  const { file, problems } = parsePresetFile(body.text);
  if (!file) {
    const [first] = problems;
    return refuse('invalid_request', {
      message: first ? `${slug}.preset.md:${first.line}:${first.column}: ${first.message}` : 'The preset is not valid',
      metadata: { problems },
    });
  }
  return write(admin, slug, workspaceId, {
    name: file.name ?? slug,
    description: file.description,
    folder: body.folder,
    takeOver: body.take_over,
    config: file.config,
    systemPrompt: file.systemPrompt,
    message: body.message ?? null,
    source: 'file',
    creatorId: LOCAL_USER,
  });
}

/** Saves an inference request's body as the next version, as OpenRouter's `POST /presets/{slug}/…` does. */
export async function publishRequestBody(
  admin: AdminContext,
  slug: string,
  body: JsonObject,
  systemPrompt: string | null,
  creatorId: string,
  workspaceId?: string | undefined,
): Promise<PublishResult | Refusal> {
  // In a request null means absent; in a preset it would be a value.
  const fields = Object.fromEntries(
    PRESET_FIELDS.filter((field) => body[field] !== undefined && body[field] !== null).map((field) => [
      field,
      body[field],
    ]),
  );
  const config = presetConfigSchema.safeParse(fields);
  if (!config.success) {
    const [issue] = config.error.issues;
    return refuse('invalid_request', {
      message: `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'not valid'}`,
    });
  }
  return write(admin, slug, workspaceId, {
    config: config.data,
    systemPrompt,
    message: null,
    source: 'api',
    creatorId,
  });
}

async function write(
  admin: AdminContext,
  slug: string,
  workspaceId: string | undefined,
  input: Omit<PresetWrite, 'workspaceId' | 'slug' | 'hash' | 'now'> & { readonly config: PresetConfig },
): Promise<PublishResult | Refusal> {
  if (!isPresetSlug(slug)) {
    return refuse('invalid_request', {
      message: `"${slug}" is not a preset's slug: lower case letters and digits in parts joined by "-", at most 64`,
    });
  }
  const row = {
    ...input,
    workspaceId: workspaceId ?? (await home(admin)),
    slug,
    hash: presetHash(input),
    now: admin.now().toISOString(),
  };
  const result = await admin.store.transact(async () => {
    const before = await admin.store.presets.get(row.workspaceId, slug);
    const written = await admin.store.presets.write(row);
    if (written.kind === 'written') {
      const { preset, version } = written;
      const after = { ...preset, version: version.version, version_hash: version.hash, source: row.source };
      await audit(admin, { action: 'preset.publish', target: `preset:${preset.id}`, before, after });
    }
    return written;
  });
  if (result.kind === 'owned') {
    return refuse('preset_owned', {
      detail: `${slug} is published from ${result.folder}`,
      metadata: { preset: slug, owner: result.folder },
    });
  }
  changed(admin, 'preset published', slug, result.version.version);
  return { slug, created: result.created, version: versionView(result.version, result.preset) };
}

/** Designates an older version; calls that name no version use it from now on. */
export async function rollbackPreset(
  admin: AdminContext,
  slug: string,
  version: number,
  workspaceId?: string | undefined,
): Promise<PublishResult | Refusal> {
  const found = await findPreset(admin, slug, workspaceId);
  if (found.kind === 'refused') return found;
  const target = await findVersion(admin, found.row, version);
  if (target.kind === 'refused') return target;
  const change = {
    action: 'preset.rollback',
    target: `preset:${found.row.id}`,
    before: found.row,
    after: { ...found.row, designatedVersionId: target.row.id, version, version_hash: target.row.hash },
  };
  await audited(admin, change, () =>
    admin.store.presets.designate(found.row.id, target.row.id, admin.now().toISOString()),
  );
  changed(admin, 'preset rolled back', slug, version);
  const preset = { ...found.row, designatedVersionId: target.row.id };
  return { slug, created: false, version: versionView(target.row, preset) };
}

export async function patchPreset(
  admin: AdminContext,
  slug: string,
  patch: z.infer<typeof presetPatch>,
  workspaceId?: string | undefined,
): Promise<PresetSummary | Refusal> {
  const found = await findPreset(admin, slug, workspaceId);
  if (found.kind === 'refused') return found;
  const change = {
    action: 'preset.update',
    target: `preset:${found.row.id}`,
    before: found.row,
    after: { ...found.row, ...patch },
  };
  await audited(admin, change, () => admin.store.presets.patch(found.row.id, patch, admin.now().toISOString()));
  changed(admin, 'preset changed', slug, null);
  const after = await findPreset(admin, slug, workspaceId);
  return after.kind === 'refused' ? after : summaryOf(admin, after.row);
}

/** A unified diff of two versions, as the preset files they would be. */
export async function diffVersions(
  admin: AdminContext,
  slug: string,
  from: number,
  to: number,
  workspaceId?: string | undefined,
): Promise<{ readonly slug: string; readonly from: number; readonly to: number; readonly diff: string } | Refusal> {
  const found = await findPreset(admin, slug, workspaceId);
  if (found.kind === 'refused') return found;
  const before = await findVersion(admin, found.row, from);
  if (before.kind === 'refused') return before;
  const after = await findVersion(admin, found.row, to);
  if (after.kind === 'refused') return after;
  const side = ({ version, config, systemPrompt }: PresetVersionRow) => ({
    label: `${slug}@${version}`,
    file: { name: null, description: null, config, systemPrompt } as PresetFile,
  });
  return { slug, from, to, diff: diffPresets(side(before.row), side(after.row)) };
}

/** Every preset with what its designated version is, most recently changed first. */
export async function presetSummaries(
  admin: AdminContext,
  workspaceId?: string | undefined,
): Promise<readonly PresetSummary[]> {
  const rows = await admin.store.presets.list(workspaceId ?? (await home(admin)));
  return Promise.all(rows.map((row) => summaryOf(admin, row)));
}

async function summaryOf(admin: AdminContext, row: PresetRow): Promise<PresetSummary> {
  const version = row.designatedVersionId ? await admin.store.presets.versionById(row.designatedVersionId) : null;
  const { slug, name, description, status, folder } = row;
  const models = version?.config['models'];
  const model = version?.config['model'] ?? (Array.isArray(models) ? models[0] : null);
  return {
    slug,
    name,
    description,
    status,
    version: version?.version ?? null,
    hash: version ? pinPrefix(version.hash) : null,
    model: typeof model === 'string' ? model : null,
    folder,
    updated_at: row.updatedAt,
  };
}

/** OpenRouter's preset object. */
export function presetView(row: PresetRow): JsonObject {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    description: row.description,
    status: row.status,
    status_updated_at: row.statusUpdatedAt,
    designated_version_id: row.designatedVersionId,
    creator_user_id: row.creatorUserId,
    workspace_id: row.workspaceId,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** OpenRouter's preset object with its designated version. */
export async function presetWithVersion(admin: AdminContext, row: PresetRow): Promise<JsonObject> {
  const version = row.designatedVersionId ? await admin.store.presets.versionById(row.designatedVersionId) : null;
  return { ...presetView(row), designated_version: version ? versionView(version, row) : null };
}

/** OpenRouter's version object, then what Callgate knows besides. */
export function versionView(row: PresetVersionRow, preset: PresetRow): PresetVersion {
  return {
    id: row.id,
    preset_id: row.presetId,
    version: row.version,
    config: { ...row.config },
    system_prompt: row.systemPrompt,
    creator_id: row.creatorId,
    created_at: row.createdAt,
    updated_at: row.createdAt,
    hash: pinPrefix(row.hash),
    message: row.message,
    source: row.source,
    designated: row.id === preset.designatedVersionId,
  };
}

function changed(admin: AdminContext, event: string, slug: string, version: number | null): void {
  admin.log.info(event, { preset: slug, version });
  admin.events.emit({ kind: 'changed', changed: { what: 'presets' } });
}
