import * as z from 'zod';

/** OpenRouter's guardrails, closed: every field is required. From the OpenAPI document of 2026-08-22 and SDK 1.3.19. */

const time = z.iso.datetime();
const total = z.int().nonnegative();
const flag = z.boolean().nullable();
const names = z.array(z.string().min(1)).min(1).nullable();
const action = z.enum(['redact', 'block', 'flag']);
/** Callgate's own. */
const directions = z
  .array(z.enum(['input', 'output']))
  .min(1)
  .optional();
const modality = z.union([
  z.strictObject({ rule: z.enum(['allow', 'deny']) }),
  z.strictObject({ rule: z.literal('pin'), provider: z.string().min(1) }),
]);
const modalities = z
  .strictObject({ image: modality.optional(), audio: modality.optional(), video: modality.optional() })
  .nullable();

const access = {
  allowed_providers: names,
  ignored_providers: names,
  allowed_models: names,
  ignored_models: names,
  enforce_zdr_anthropic: flag,
  enforce_zdr_google: flag,
  enforce_zdr_openai: flag,
  enforce_zdr_other: flag,
  enforce_zdr_xai: flag,
  enable_free_model_publication: flag,
  enable_free_model_training: flag,
  enable_paid_model_training: flag,
};

const guardrail = z
  .strictObject({
    id: z.uuid(),
    name: z.string().min(1).max(200),
    description: z.string().max(1000).nullable(),
    workspace_id: z.uuid().nullable(),
    limit_usd: z.number().nonnegative().nullable(),
    reset_interval: z.enum(['daily', 'weekly', 'monthly']).nullable(),
    include_byok_in_budgets: z.boolean(),
    enforce_zdr: flag,
    ...access,
    allowed_data_regions: z
      .array(z.enum(['global', 'europe', 'us']))
      .min(1)
      .nullable(),
    content_filter_builtins: z
      .array(
        z.strictObject({
          slug: z.string().min(1),
          action,
          label: z.string().max(100).optional(),
          scan_scope: z.enum(['user_only', 'all_messages', 'tool_results']).optional(),
          directions,
          threshold: z.number().min(0).max(1).nullish(),
        }),
      )
      .nullable(),
    content_filters: z
      .array(z.strictObject({ pattern: z.string().min(1), action, label: z.string().max(100).nullable(), directions }))
      .nullable(),
    created_at: time,
    updated_at: time.nullable(),
    // Callgate's own.
    modalities,
    reversible: flag,
    mark_tool_results: flag,
    is_default: z.boolean(),
  })
  .refine((one) => (one.limit_usd === null) === (one.reset_interval === null), 'a limit without its reset');

export const guardrailAnswer = z.strictObject({ data: guardrail });
export const guardrailList = z.strictObject({ data: z.array(guardrail), total_count: total });

const assignment = { id: z.uuid(), guardrail_id: z.uuid(), assigned_by: z.string().nullable(), created_at: time };
export const keyAssignmentList = z.strictObject({
  data: z.array(
    z.strictObject({
      ...assignment,
      key_hash: z.string().regex(/^[0-9a-f]{64}$/),
      key_label: z.string().min(1),
      key_name: z.string().min(1),
    }),
  ),
  total_count: total,
});
export const memberAssignmentList = z.strictObject({
  data: z.array(z.strictObject({ ...assignment, organization_id: z.string().min(1), user_id: z.string().min(1) })),
  total_count: total,
});
export const assigned = z.strictObject({ assigned_count: total });
export const unassigned = z.strictObject({ unassigned_count: total });

export const organizationPolicy = z.strictObject({
  data: z.strictObject({
    organization_id: z.string().min(1),
    ...access,
    modalities,
    injection_allow_list: z.array(z.string().min(1)).max(200),
    updated_at: time.nullable(),
  }),
});
