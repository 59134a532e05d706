import * as z from 'zod';

/** OpenRouter's presets, closed: every field is required. From the OpenAPI document of 2026-08-22. */

const time = z.iso.datetime();

export const version = z.strictObject({
  id: z.uuid(),
  preset_id: z.uuid(),
  version: z.int().positive(),
  config: z.record(z.string(), z.unknown()),
  system_prompt: z.string().nullable(),
  creator_id: z.string(),
  created_at: time,
  updated_at: time,
  // Callgate's own.
  hash: z.string().optional(),
  message: z.string().nullish(),
  source: z.enum(['file', 'api']).optional(),
  designated: z.boolean().optional(),
});

const preset = {
  id: z.uuid(),
  name: z.string().min(1),
  slug: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  description: z.string().nullable(),
  status: z.enum(['active', 'disabled', 'archived']),
  status_updated_at: time.nullable(),
  designated_version_id: z.uuid().nullable(),
  creator_user_id: z.string().nullable(),
  workspace_id: z.uuid().nullable(),
  created_at: time,
  updated_at: time,
};

const total = z.int().nonnegative();
export const presetList = z.strictObject({ data: z.array(z.strictObject(preset)), total_count: total });
export const presetAnswer = z.strictObject({
  data: z.strictObject({ ...preset, designated_version: version.nullable() }),
});
export const versionList = z.strictObject({ data: z.array(version), total_count: total });
export const versionAnswer = z.strictObject({ data: version });
