import * as z from 'zod';
import { BUILTIN_FILTERS, INJECTION_FILTERS, isInjectionFilter } from '../policy/builtin-filters.ts';

const action = z.enum(['redact', 'block', 'flag']);
const directions = z
  .array(z.enum(['input', 'output']))
  .min(1, 'must name a direction')
  .max(2);
/** Names of providers or models: at least one, or null for no restriction. */
const slugs = z.array(z.string().min(1, 'must not be empty').max(200)).min(1, 'must not be empty').max(1000).nullable();
const flag = z.boolean().nullable();

const builtin = z
  .object({
    slug: z.enum(BUILTIN_FILTERS, { error: `must be one of ${BUILTIN_FILTERS.join(', ')}` }),
    action,
    scan_scope: z.enum(['user_only', 'all_messages', 'tool_results']).optional(),
    /** OpenRouter's, deprecated there: a built-in filter has its own. */
    label: z.string().max(100).nullable().optional(),
    directions: directions.optional(),
    threshold: z.number().min(0).max(1).nullable().optional(),
  })
  .refine(({ slug, threshold }) => slug === 'prompt-injection' || (threshold ?? null) === null, {
    path: ['threshold'],
    error: 'belongs to prompt-injection alone: no other filter weighs',
  })
  .refine(({ slug, scan_scope: scope }) => isInjectionFilter(slug) || scope !== 'tool_results', {
    path: ['scan_scope'],
    error: `belongs to ${INJECTION_FILTERS.join(' and ')} alone: other filters look at every message`,
  });

const custom = z.object({
  pattern: z.string().min(1, 'must not be empty').max(100_000),
  action,
  label: z.string().max(100).nullable().optional(),
  directions: directions.optional(),
});

const modality = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('allow') }),
  z.strictObject({ rule: z.literal('deny') }),
  z.strictObject({ rule: z.literal('pin'), provider: z.string().min(1).max(200) }),
]);
const modalities = z
  .strictObject({ image: modality.optional(), audio: modality.optional(), video: modality.optional() })
  .nullable();

/** What a guardrail and an organization's ceiling have in common: who may be called, and what is done with prompts. */
export const accessFields = {
  allowed_providers: slugs.optional(),
  ignored_providers: slugs.optional(),
  allowed_models: slugs.optional(),
  ignored_models: slugs.optional(),
  enforce_zdr: flag.optional(),
  enforce_zdr_anthropic: flag.optional(),
  enforce_zdr_openai: flag.optional(),
  enforce_zdr_google: flag.optional(),
  enforce_zdr_xai: flag.optional(),
  enforce_zdr_other: flag.optional(),
  enable_paid_model_training: flag.optional(),
  enable_free_model_training: flag.optional(),
  enable_free_model_publication: flag.optional(),
};

/** `PATCH /guardrails/{id}`: OpenRouter's fields, then Callgate's. Lists are replaced whole, null takes them away. */
export const updateGuardrailBody = z.object({
  name: z.string().min(1, 'must not be empty').max(200).optional(),
  description: z.string().max(1000).nullable().optional(),
  /** US dollars; more than a million is a mistyped limit. */
  limit_usd: z.number().min(0, 'must not be negative').max(1_000_000).nullable().optional(),
  reset_interval: z.enum(['daily', 'weekly', 'monthly']).nullable().optional(),
  include_byok_in_budgets: z.boolean().optional(),
  ...accessFields,
  allowed_data_regions: z
    .array(z.enum(['global', 'europe', 'us']))
    .min(1, 'must not be empty')
    .max(3)
    .nullable()
    .optional(),
  content_filter_builtins: z.array(builtin).max(100).nullable().optional(),
  content_filters: z.array(custom).max(200).nullable().optional(),
  modalities: modalities.optional(),
  reversible: flag.optional(),
  mark_tool_results: flag.optional(),
});

/** `POST /guardrails`. Where it is placed is not whom it applies to: that is what assignments say. */
export const createGuardrailBody = updateGuardrailBody.extend({
  name: z.string().min(1, 'must not be empty').max(200),
  workspace_id: z.uuid().optional(),
});

export type GuardrailBody = z.output<typeof updateGuardrailBody>;

/** A phrase of at most so many UTF-8 bytes. */
const PHRASE_BYTES = 1000;
const phrase = z
  .string()
  .min(1, 'must not be empty')
  .refine((text) => Buffer.byteLength(text) <= PHRASE_BYTES, `must not be longer than ${PHRASE_BYTES} bytes`);

/** `PATCH /callgate/organization/policy`: what is named changes; lists are replaced whole. */
export const organizationPolicyBody = z.strictObject({
  ...accessFields,
  modalities: modalities.optional(),
  injection_allow_list: z.array(phrase).max(200, 'must not have more than 200 phrases').optional(),
});
