import * as z from 'zod';
import { price } from './config-values.ts';

/** What a token, a request, an image or a search may cost, by OpenRouter's names. */
const rates = {
  prompt: price.optional(),
  completion: price.optional(),
  request: price.optional(),
  image: price.optional(),
  image_token: price.optional(),
  image_output: price.optional(),
  audio: price.optional(),
  audio_output: price.optional(),
  input_audio_cache: price.optional(),
  web_search: price.optional(),
  input_cache_read: price.optional(),
  input_cache_write: price.optional(),
  input_cache_write_1h: price.optional(),
  internal_reasoning: price.optional(),
};

const hhmm = z
  .int()
  .min(0)
  .max(2400)
  .refine((time) => time % 100 < 60, { error: 'must be a time of day in UTC as HHMM, such as 1630' });

const override = z
  .strictObject({
    ...rates,
    /** Holds for prompts of strictly more tokens. */
    min_prompt_tokens: z.int().nonnegative().optional(),
    utc_start: hhmm.optional(),
    utc_end: hhmm.optional(),
    utc_days: z
      .array(z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']))
      .min(1)
      .optional(),
  })
  .refine(
    ({ min_prompt_tokens, utc_start, utc_end, utc_days }) =>
      [min_prompt_tokens, utc_start, utc_end, utc_days].some((condition) => condition !== undefined),
    { error: 'must say when it holds: min_prompt_tokens, utc_start and utc_end, or utc_days' },
  );

/** `pricing` of a model in config.yaml: OpenRouter's pricing object, and prices of service tiers. */
export const pricingEntry = z.strictObject({
  ...rates,
  prompt: price,
  completion: price,
  /** What is taken off: 0.1 is ten percent. */
  discount: z.number().min(0).max(1).optional(),
  /** Later ones win. */
  overrides: z.array(override).max(64).optional(),
  service_tiers: z
    .strictObject({ flex: z.strictObject(rates).optional(), priority: z.strictObject(rates).optional() })
    .optional(),
});
