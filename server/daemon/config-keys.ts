/** Several keys of one provider in config.yaml, with OpenRouter's names for what each is for. */
import * as z from 'zod';

const unique = (list: readonly string[]) => new Set(list).size === list.length;

export const keyEntry = z.strictObject({
  /** Shown in the record of a call; without it, the source's own. */
  name: z.string().min(1).max(64).optional(),
  key: z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|stored:[a-z0-9]+(-[a-z0-9]+)*|stored)$/, {
    error:
      'must be env:NAME, stored or stored:name; a key itself never stands in this file (callgate providers set-key keeps it)',
  }),
  /** Tried only after every other way, routers among them. */
  is_fallback: z.boolean().default(false),
  /** The models it may serve are never reached through a router. */
  is_required: z.boolean().default(false),
  disabled: z.boolean().default(false),
  /** Ids of the models it may serve; absent: all. */
  allowed_models: z.array(z.string().min(1)).min(1).max(100).optional(),
  /** Hashes of the API keys that may use it; absent: all. */
  allowed_api_key_hashes: z
    .array(z.string().regex(/^[a-f0-9]{64}$/, { error: 'must be the hash of an API key (callgate keys list --json)' }))
    .min(1)
    .max(100)
    .optional(),
});

export const keyList = z
  .array(keyEntry)
  .min(1, { error: 'must list a key' })
  .max(20)
  .refine((list) => unique(list.map(({ key }) => key)), { error: 'names a key twice' })
  .refine((list) => unique(list.map(({ key, name }) => name ?? key)), { error: 'gives two keys one name' })
  .refine((list) => list.every(({ is_fallback, is_required }) => !is_fallback || !is_required), {
    error: 'has a key that is both is_fallback and is_required: nothing would be left to fall back from',
  });

/** What the operator knows of how a provider treats what is sent to it. */
export const dataPolicy = z.strictObject({
  zdr: z.boolean().default(false),
  no_training: z.boolean().default(false),
});
