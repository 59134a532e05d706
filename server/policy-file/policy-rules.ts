import * as z from 'zod/mini';
import { BUILTIN_FILTERS } from '../policy/builtin-filters.ts';
import { described, names, nullable, optional, text } from './fields.ts';

const action = z.enum(['redact', 'block', 'flag']);
const directions = z.array(z.enum(['input', 'output'])).check(z.minLength(1));

const builtin = z.strictObject({
  slug: described('The detector.', z.enum(BUILTIN_FILTERS)),
  action: described('What happens to what is found; of several layers the strictest holds.', action),
  directions: optional('Where it looks: what is sent, what comes back. Default: input.', directions),
  scan_scope: optional(
    'Prompt injection: whose messages are looked at; the system’s never are.',
    z.enum(['user_only', 'all_messages', 'tool_results']),
  ),
  threshold: nullable(
    'prompt-injection: the score from which on it acts, 0 to 1.',
    z.number().check(z.minimum(0), z.maximum(1)),
  ),
});

const filter = z.strictObject({
  pattern: described(
    'A regular expression, without look-around and back-references.',
    z.string().check(z.minLength(1)),
  ),
  action: described('What happens to what it finds.', action),
  directions: optional('Where it looks. Default: input.', directions),
  label: nullable('What stands in its place when it is redacted.', z.string().check(z.maxLength(100))),
});

const modality = z.discriminatedUnion('rule', [
  z.strictObject({ rule: described('It may be made by any provider.', z.literal('allow')) }),
  z.strictObject({ rule: described('It may not be made.', z.literal('deny')) }),
  z.strictObject({
    rule: described('Only the provider named may make it.', z.literal('pin')),
    provider: described('The slug of the only provider.', text),
  }),
]);

/** Who may be called, and what may be made: what a guardrail and an organization's ceiling have in common. */
export const accessRules = {
  allowed_providers: nullable('The only providers that may be called, by slug.', names),
  ignored_providers: nullable('Providers that may not be called.', names),
  allowed_models: nullable('The only models that may be called.', names),
  ignored_models: nullable('Models that may not be called.', names),
  enforce_zdr_anthropic: nullable('Only endpoints without data retention for Anthropic’s models.', z.boolean()),
  enforce_zdr_openai: nullable('Only endpoints without data retention for OpenAI’s models.', z.boolean()),
  enforce_zdr_google: nullable('Only endpoints without data retention for Google’s models.', z.boolean()),
  enforce_zdr_xai: nullable('Only endpoints without data retention for xAI’s models.', z.boolean()),
  enforce_zdr_other: nullable('Only endpoints without data retention for all other models.', z.boolean()),
  enable_paid_model_training: nullable('false: no paid endpoint that trains on what it is sent.', z.boolean()),
  enable_free_model_training: nullable('false: no free endpoint that trains on what it is sent.', z.boolean()),
  enable_free_model_publication: nullable('false: no free endpoint that may publish what it is sent.', z.boolean()),
  modalities: nullable(
    'Whether images, audio and video may be made, and by whom.',
    z.strictObject({
      image: optional('Images.', modality),
      audio: optional('Audio.', modality),
      video: optional('Video.', modality),
    }),
  ),
} as const;

/** What a guardrail says: OpenRouter's fields, then Callgate's. */
export const policyRules = {
  ...accessRules,
  allowed_data_regions: nullable('Where data may be processed.', z.array(z.enum(['global', 'europe', 'us']))),
  content_filter_builtins: nullable('Detectors of sensitive information and of prompt injection.', z.array(builtin)),
  content_filters: nullable('Patterns of one’s own.', z.array(filter)),
  reversible: nullable('Placeholders instead of labels; what comes back is put right again.', z.boolean()),
  mark_tool_results: nullable('Tool results are marked as data, not instructions.', z.boolean()),
} as const;
