import * as z from 'zod';

const MOST = 100;
const hash = z.string().regex(/^[a-f0-9]{64}$/, 'must be the hash of an API key (callgate keys list --json)');
const list = <T extends z.ZodType>(item: T) => z.array(item).max(MOST);

/** It goes into a header: nothing but visible ASCII may stand in one. */
const secret = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(20_000)
  .regex(/^[\x21-\x7e]*$/, 'must be visible ASCII characters without blanks');

const fields = z.object({
  name: z.string().max(255).nullable().optional(),
  disabled: z.boolean().optional(),
  is_fallback: z.boolean().optional(),
  is_required: z.boolean().optional(),
  is_byok_only: z.boolean().optional(),
  declared_zdr: z.boolean().nullable().optional(),
  allowed_models: list(z.string().min(1).max(200)).nullable().optional(),
  allowed_api_key_hashes: list(hash).min(1, 'must hold a hash, or be null').nullable().optional(),
  allowed_user_ids: list(z.string().min(1).max(256)).nullable().optional(),
  /** Beyond OpenRouter's, where the dashboard alone can order keys. */
  sort_order: z.int().min(0).max(1_000_000).optional(),
});

/** `POST /byok`: OpenRouter's fields. Beyond them `workspace_id` may be null, for a key of every workspace of the organization. */
export const createByokBody = fields.extend({
  provider: z.string().min(1).max(64),
  key: secret,
  workspace_id: z.string().min(1).max(64).nullable().optional(),
});

/** `PATCH /byok/{id}`: what is named changes; `key` replaces the key in its place. */
export const updateByokBody = fields.extend({ key: secret.optional() });

export type ByokFields = z.output<typeof fields>;
