import * as z from 'zod';

/** OpenRouter's keys, credits, activity and generations, closed. From the OpenAPI document of 2026-08-22 and SDK 1.3.19. */

const count = z.int().nonnegative();
const dollars = z.number().nonnegative();
/** What is left of a limit: an overrun makes it negative. */
const rest = z.number().nullable();
const time = z.iso.datetime();
const reset = z.enum(['daily', 'weekly', 'monthly']).nullable();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const spending = {
  usage: dollars,
  usage_daily: dollars,
  usage_weekly: dollars,
  usage_monthly: dollars,
  byok_usage: dollars,
  byok_usage_daily: dollars,
  byok_usage_weekly: dollars,
  byok_usage_monthly: dollars,
};

export const key = z.strictObject({
  ...spending,
  hash,
  name: z.string().min(1),
  label: z.string().min(1),
  disabled: z.boolean(),
  limit: dollars.nullable(),
  limit_remaining: rest,
  limit_reset: reset,
  include_byok_in_limit: z.boolean(),
  workspace_id: z.uuid(),
  creator_user_id: z.string().nullable(),
  external_user: z.string().nullable(),
  expires_at: time.nullish(),
  created_at: time,
  updated_at: time.nullable(),
  // Callgate's own.
  allow_unpriced: z.boolean(),
  can_write_presets: z.boolean(),
  clamp: z.boolean(),
  runaway: z.enum(['off', 'warn', 'trip']).nullable(),
  suspended: z.strictObject({ at: time, reason: z.string() }).nullable(),
  kind: z.string(),
});

export const keyAnswer = z.strictObject({ data: key });
export const keyList = z.strictObject({ data: z.array(key) });
/** The one answer that shows a secret. */
export const keyCreated = z.strictObject({ data: key, key: z.string().regex(/^sk-cg-v1-[0-9a-f]{64}$/) });
export const deleted = z.strictObject({ deleted: z.literal(true) });

export const currentKey = z.strictObject({
  data: z.strictObject({
    ...spending,
    label: z.string().min(1),
    limit: dollars.nullable(),
    limit_remaining: rest,
    limit_reset: reset,
    include_byok_in_limit: z.boolean(),
    creator_user_id: z.string().nullable(),
    expires_at: time.nullish(),
    workspace_id: z.uuid().nullable(),
    organization_id: z.string().nullable(),
    is_free_tier: z.boolean(),
    is_management_key: z.boolean(),
    is_provisioning_key: z.boolean(),
    rate_limit: z.strictObject({ interval: z.string(), note: z.string(), requests: z.int() }),
    free_model_daily_requests: z.strictObject({ limit: z.int(), remaining: z.int(), used: count }),
    allowed_data_regions: z.array(z.enum(['global', 'europe', 'us'])),
    // Documented, and not yet in the SDK.
    budgets: z
      .array(
        z.strictObject({
          scope: z.enum([
            'workspace_default_member',
            'workspace_default_key',
            'member',
            'api_key',
            'workspace',
            'key_limit',
            // Callgate's own.
            'permit',
            'credits',
          ]),
          guardrail_id: z.uuid().nullable(),
          budget_id: z.uuid().nullable(),
          limit_usd: dollars.nullable(),
          spend_usd: dollars,
          remaining_usd: rest,
          reset_interval: reset,
          resets_at: time.nullable(),
          include_byok: z.boolean(),
        }),
      )
      .optional(),
    effective_budget: z.strictObject({ remaining_usd: rest }).nullish(),
  }),
});

export const credits = z.strictObject({
  // `unlimited` is Callgate's own: nobody set a lifetime budget.
  data: z.strictObject({ total_credits: dollars, total_usage: dollars, unlimited: z.boolean() }),
});

export const activity = z.strictObject({
  data: z.array(
    z.strictObject({
      date: z.string().regex(/^\d{4}-\d\d-\d\d/),
      model: z.string().min(1),
      model_permaslug: z.string().min(1),
      endpoint_id: z.string(),
      provider_name: z.string(),
      usage: dollars,
      byok_usage_inference: dollars,
      requests: count,
      prompt_tokens: count,
      completion_tokens: count,
      reasoning_tokens: count,
      workspace_id: z.string().optional(),
      // Newer than the OpenAPI document.
      byok_requests: count.optional(),
    }),
  ),
});

export const generation = z.strictObject({
  data: z.strictObject({
    id: z.string().startsWith('gen-'),
    api_type: z.enum(['completions', 'embeddings', 'rerank', 'tts', 'stt', 'video', 'image']).nullable(),
    app_id: z.int().nullable(),
    cache_discount: z.number().nullable(),
    cancelled: z.boolean().nullable(),
    created_at: time,
    data_region: z.enum(['global', 'europe', 'us']),
    external_user: z.string().nullable(),
    finish_reason: z.string().nullable(),
    generation_time: z.number().nullable(),
    http_referer: z.string().nullable(),
    is_byok: z.boolean(),
    latency: z.number().nullable(),
    model: z.string(),
    moderation_latency: z.number().nullable(),
    native_finish_reason: z.string().nullable(),
    native_tokens_cached: count.nullable(),
    native_tokens_completion: count.nullable(),
    native_tokens_completion_images: count.nullable(),
    native_tokens_prompt: count.nullable(),
    native_tokens_reasoning: count.nullable(),
    num_fetches: count.nullable(),
    num_input_audio_prompt: count.nullable(),
    num_media_completion: count.nullable(),
    num_media_prompt: count.nullable(),
    num_search_results: count.nullable(),
    origin: z.string(),
    preset_id: z.uuid().nullable(),
    provider_name: z.string().nullable(),
    provider_responses: z
      .array(
        z.strictObject({
          endpoint_id: z.string().optional(),
          id: z.string().optional(),
          is_byok: z.boolean().optional(),
          latency: z.number().optional(),
          model_permaslug: z.string().optional(),
          provider_name: z.string().optional(),
          routed_service_tier: z.enum(['flex', 'priority']).optional(),
          status: z.int().min(100).max(599).nullable(),
        }),
      )
      .nullable(),
    request_id: z.string().nullish(),
    response_cache_source_id: z.string().nullish(),
    router: z.string().nullable(),
    service_tier: z.string().nullable(),
    session_id: z.string().nullish(),
    streamed: z.boolean().nullable(),
    tokens_completion: count.nullable(),
    tokens_prompt: count.nullable(),
    total_cost: dollars,
    upstream_id: z.string().nullable(),
    upstream_inference_cost: dollars.nullable(),
    usage: dollars,
    user_agent: z.string().nullable(),
    web_search_engine: z.string().nullable(),
    workspace_id: z.uuid().nullable(),
    // Callgate's own.
    callgate: z.looseObject({ status: z.int(), cost_source: z.string().nullable() }),
  }),
});

export const feedbackTaken = z.strictObject({ data: z.strictObject({ success: z.literal(true) }) });

export const generationContent = z.strictObject({
  data: z.strictObject({
    input: z.union([z.strictObject({ prompt: z.string() }), z.strictObject({ messages: z.array(z.unknown()) })]),
    output: z.strictObject({ completion: z.string().nullable(), reasoning: z.string().nullable() }),
    error: z
      .strictObject({
        message: z.string().nullable(),
        previous_errors: z.array(
          z.strictObject({
            code: z.int(),
            message: z.string(),
            provider_name: z.string().nullable(),
            raw: z.string().nullable(),
          }),
        ),
        provider_name: z.string().nullable(),
        raw: z.string().nullable(),
        status: z.int().nullable(),
      })
      .nullable(),
    // Callgate's own.
    callgate: z.looseObject({ created_at: time }).optional(),
  }),
});
