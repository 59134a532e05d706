import { type Refusal, refuse } from '../errors.ts';
import type { PresetFile } from '../presets/file.ts';
import { presetHash } from '../presets/hash.ts';
import { mergePreset } from '../presets/merge.ts';
import { nearestNames } from '../presets/nearest.ts';
import { PRESET_MARK, type PresetReference, parsePresetName, parsePresetReference } from '../presets/reference.ts';
import type { PresetRow, PresetStore, PresetVersionRow } from '../store/store.ts';
import { without } from './without.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Which preset made a request what it is. */
export type PresetUsed = {
  readonly id: string | null;
  readonly slug: string;
  readonly version: number | null;
  readonly hash: string;
};

export type Resolved = {
  readonly kind: 'resolved';
  /** The request with its preset merged in and every reference taken out. */
  readonly request: JsonObject;
  readonly preset: PresetUsed | null;
};

type Presets = Pick<PresetStore, 'get' | 'list' | 'version' | 'versionById' | 'versionsByHash'>;

/**
 * Resolves `@preset/…` in `model` or `preset` and merges it. `draft` is the unpublished text that `@preset/slug@draft` means; only
 * the editor's key has one. `pinned`: the version that one preset means when it is named without.
 */
export async function resolvePreset(
  body: JsonObject,
  workspaceId: string,
  presets: Presets,
  draft: PresetFile | null,
  pinned: { readonly presetSlug: string; readonly presetVersion: number | null } | null = null,
): Promise<Resolved | Refusal> {
  const found = referenceIn(body);
  if (found.kind === 'refused') return found;
  const request = without(body, ['preset']);
  if (!found.reference) return { kind: 'resolved', request, preset: null };

  const version = await versionOf(pinnedTo(found.reference, pinned), workspaceId, presets, draft);
  if (version.kind === 'refused') return version;
  const { model: _model, ...rest } = request;
  const merged = mergePreset(found.model === null ? rest : { ...request, model: found.model }, version);
  return { kind: 'resolved', request: withVariant(merged, found.reference.variant), preset: version.used };
}

/** The one reference of a request, and the model that stands beside it. */
function referenceIn(
  body: JsonObject,
): { readonly kind: 'found'; readonly reference: PresetReference | null; readonly model: string | null } | Refusal {
  const model = typeof body['model'] === 'string' ? body['model'] : null;
  const inModels = Array.isArray(body['models'])
    ? body['models'].find((name) => String(name).includes(PRESET_MARK))
    : null;
  if (inModels)
    return refuse('invalid_preset_reference', {
      detail: `name it in "model" or "preset", not in "models": ${inModels}`,
    });
  const inModel = model === null ? ({ kind: 'none' } as const) : parsePresetReference(model);
  if (inModel.kind === 'invalid') return refuse('invalid_preset_reference', { detail: inModel.message });
  if (body['preset'] === undefined || body['preset'] === null) {
    return inModel.kind === 'reference'
      ? { kind: 'found', reference: inModel.reference, model: inModel.reference.model }
      : { kind: 'found', reference: null, model };
  }
  if (typeof body['preset'] !== 'string')
    return refuse('invalid_preset_reference', { detail: '"preset" must be a string' });
  const named = parsePresetName(body['preset']);
  if (named.kind !== 'reference') {
    return refuse('invalid_preset_reference', {
      detail: named.kind === 'invalid' ? named.message : String(body['preset']),
    });
  }
  if (inModel.kind === 'reference') {
    return refuse('invalid_preset_reference', { detail: 'name one preset, in "model" or in "preset"' });
  }
  return { kind: 'found', reference: named.reference, model: model ?? named.reference.model };
}

function pinnedTo(
  reference: PresetReference,
  pinned: { readonly presetSlug: string; readonly presetVersion: number | null } | null,
): PresetReference {
  if (pinned === null || pinned.presetVersion === null) return reference;
  if (reference.pin !== null || reference.slug !== pinned.presetSlug) return reference;
  return { ...reference, pin: { kind: 'version', version: pinned.presetVersion } };
}

type Version = {
  readonly kind: 'version';
  readonly config: JsonObject;
  readonly systemPrompt: string | null;
  readonly used: PresetUsed;
};

async function versionOf(
  reference: PresetReference,
  workspaceId: string,
  presets: Presets,
  draft: PresetFile | null,
): Promise<Version | Refusal> {
  const { slug, pin } = reference;
  if (pin?.kind === 'draft') {
    if (!draft) return refuse('draft_denied');
    const used = { id: null, slug, version: null, hash: presetHash(draft) };
    return { kind: 'version', config: draft.config, systemPrompt: draft.systemPrompt, used };
  }
  const preset = await presets.get(workspaceId, slug);
  if (!preset) {
    const near = nearestNames(
      slug,
      (await presets.list(workspaceId)).map((other) => other.slug),
    );
    return refuse('preset_not_found', {
      detail: near.length > 0 ? `${slug} (did you mean ${near.join(', ')}?)` : slug,
      metadata: { preset: slug, nearest: near },
    });
  }
  if (preset.status !== 'active') {
    return refuse(preset.status === 'disabled' ? 'preset_disabled' : 'preset_archived', {
      detail: slug,
      metadata: { preset: slug },
    });
  }
  const version = await pinned(preset, pin, presets);
  if (version.kind === 'refused') return version;
  const { row } = version;
  return {
    kind: 'version',
    config: row.config,
    systemPrompt: row.systemPrompt,
    used: { id: preset.id, slug, version: row.version, hash: row.hash },
  };
}

async function pinned(
  preset: PresetRow,
  pin: Exclude<PresetReference['pin'], { kind: 'draft' }>,
  presets: Presets,
): Promise<{ readonly kind: 'row'; readonly row: PresetVersionRow } | Refusal> {
  const missing = (detail: string) => refuse('preset_version_not_found', { detail, metadata: { preset: preset.slug } });
  if (pin === null) {
    const row = preset.designatedVersionId ? await presets.versionById(preset.designatedVersionId) : null;
    return row ? { kind: 'row', row } : missing(`${preset.slug} has no published version`);
  }
  if (pin.kind === 'version') {
    const row = await presets.version(preset.id, pin.version);
    return row ? { kind: 'row', row } : missing(`${preset.slug}@${pin.version}`);
  }
  const rows = await presets.versionsByHash(preset.id, pin.prefix);
  const hashes = new Set(rows.map((row) => row.hash));
  if (hashes.size > 1) {
    return refuse('invalid_preset_reference', {
      detail: `${preset.slug}@${pin.prefix} is ambiguous: versions ${rows.map((row) => row.version).join(', ')}`,
    });
  }
  // Equal content published twice is one hash; any of its versions says the same.
  const row = rows.at(-1);
  return row ? { kind: 'row', row } : missing(`${preset.slug}@${pin.prefix}`);
}

function withVariant(request: JsonObject, variant: string | null): JsonObject {
  if (variant === null) return request;
  const add = (model: unknown) => (typeof model === 'string' ? `${model}:${variant}` : model);
  return {
    ...request,
    ...(request['model'] === undefined ? {} : { model: add(request['model']) }),
    ...(Array.isArray(request['models']) ? { models: request['models'].map(add) } : {}),
  };
}
