import * as z from 'zod';

/** OpenRouter's provider keys, closed. From its OpenAPI document and SDK 1.3.19. */

const count = z.int().nonnegative();
const list = z.array(z.string()).max(100).nullable();

const byok = z.strictObject({
  id: z.uuid(),
  provider: z.string().min(1),
  name: z.string().nullable(),
  label: z.string().min(1),
  disabled: z.boolean(),
  is_fallback: z.boolean(),
  is_required: z.boolean(),
  is_byok_only: z.boolean(),
  declared_zdr: z.boolean().nullable(),
  allowed_models: list,
  allowed_api_key_hashes: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(100)
    .nullable(),
  allowed_user_ids: list,
  sort_order: count,
  workspace_id: z.uuid().nullable(),
  created_at: z.iso.datetime(),
});

export const byokAnswer = z.strictObject({ data: byok });
export const byokList = z.strictObject({ data: z.array(byok), total_count: count });
