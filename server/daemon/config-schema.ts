/** What config.yaml may say. Every key is optional; an unknown one is an error. */
import * as z from 'zod';
import { dataPolicy, keyEntry, keyList } from './config-keys.ts';
import { pricingEntry } from './config-pricing.ts';
import { allowedHost, allowedOrigin, baseUrl, bytes, headers, keySource, seconds } from './config-values.ts';

const tokens = z.int().positive();

const model = z.strictObject({
  /** What callers ask for: `vendor/model`. */
  id: z
    .string()
    .regex(/^[^\s@/]+(\/[^\s@/]+)+$/, { error: 'must be vendor/model, without blanks and without @' })
    .max(200),
  /** The provider's own name for it; the id's last part when absent. */
  native: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  context_length: tokens.optional(),
  max_completion_tokens: tokens.optional(),
  /** US dollars per token (per request, per image) as decimal texts. Absent: the price catalogue decides. */
  pricing: pricingEntry.optional(),
  supported_parameters: z.array(z.string().min(1)).optional(),
  quantization: z
    .enum(['int4', 'int8', 'fp4', 'mxfp4', 'nvfp4', 'fp6', 'fp8', 'mxfp8', 'fp16', 'bf16', 'fp32', 'unknown'])
    .optional(),
  /** Whether other models may be trained on its text. */
  is_distillable: z.boolean().optional(),
});

const models = z.array(model).superRefine((list, context) => {
  const seen = new Set<string>();
  list.forEach(({ id }, index) => {
    if (seen.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: `is listed twice: ${id}` });
    seen.add(id);
  });
});

const vertex = z.strictObject({
  /** Absent: GOOGLE_CLOUD_PROJECT, else the key's own. */
  project: z
    .string()
    .regex(/^[a-z0-9:.-]{1,100}$/, { error: 'must be the id of a project of Google’s cloud' })
    .optional(),
  /** Absent: GOOGLE_CLOUD_LOCATION, else `global`. */
  location: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, { error: 'must be a region such as europe-west4, or global' })
    .optional(),
});

const provider = z.strictObject({
  name: z.string().min(1).optional(),
  /** Absent: that of the built-in provider of this name, else openai. */
  dialect: z.enum(['openai', 'anthropic', 'google'], { error: 'must be openai, anthropic or google' }).optional(),
  /** Absent only where `vertex` says where it is. */
  base_url: baseUrl.optional(),
  /** It stands in Google's cloud. Without `key` it is called as whoever this machine is. */
  vertex: vertex.optional(),
  /** Absent: the provider needs none. */
  key: keySource.optional(),
  /** Instead of `key`: several, tried in this order. */
  keys: keyList.optional(),
  data_policy: dataPolicy.optional(),
  headers: headers.optional(),
  /** Seconds until the first byte of its answer. */
  timeout: seconds.optional(),
  models: models.optional(),
});

const server = z.strictObject({
  port: z.int().min(0).max(65_535).optional(),
  host: z.string().min(1).optional(),
  allowed_hosts: z.array(allowedHost).default([]),
  allowed_origins: z.array(allowedOrigin).default([]),
  /** Bytes. */
  body_limit: bytes.optional(),
  /** Seconds for a whole request to arrive. */
  request_timeout: seconds.default(30),
  /** Seconds that a call waits for money held by calls in flight. */
  queue_wait: seconds.default(30),
  /** Seconds that a call waits for a person's permit. */
  permit_wait: seconds.default(60),
  /** Minutes without anybody after which a daemon that was started on demand ends; 0: never. */
  idle_exit: z.number().nonnegative().max(525_600).default(15),
  /** Memory for answers that the response cache keeps. */
  response_cache: bytes.default(32 * 1024 * 1024),
});

const defaults = z.strictObject({
  /** US dollars that the key `editor` may spend each month. */
  editor_key_limit: z.number().nonnegative().max(1_000_000).default(5),
});

const slug = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'must be a slug: small letters, digits and single hyphens' })
  .refine((name) => name !== 'callgate', { error: 'is the daemon’s own provider; take another name' });

export const configSchema = z.strictObject({
  providers: z
    .record(
      slug,
      provider
        .refine(({ key, keys }) => !key || !keys, {
          path: ['keys'],
          error: 'stands beside "key"; take one of them',
        })
        .refine(({ base_url, vertex: place }) => base_url !== undefined || place !== undefined, {
          path: ['base_url'],
          error: 'is missing: where the provider’s API begins, such as https://api.example.com/v1',
        })
        .refine(({ dialect, vertex: place }) => !place || !dialect || dialect === 'google', {
          path: ['dialect'],
          error: 'must be google where "vertex" stands',
        }),
    )
    .default({}),
  server: server.prefault({}),
  defaults: defaults.prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** The keys that may stand in the object at `path`, to tell a mistyped one what it may have meant. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [first, , third, , fifth] = path;
  if (first === undefined) return Object.keys(configSchema.shape);
  if (first === 'server') return Object.keys(server.shape);
  if (first === 'defaults') return Object.keys(defaults.shape);
  if (third === undefined) return Object.keys(provider.shape);
  if (third === 'keys') return Object.keys(keyEntry.shape);
  if (third === 'data_policy') return Object.keys(dataPolicy.shape);
  if (third === 'vertex') return Object.keys(vertex.shape);
  return Object.keys(fifth === undefined ? model.shape : pricingEntry.shape);
}
