import * as z from 'zod';

/**
 * OpenRouter's answers to a chat completion, closed: a field that is not listed is a fault. From the public OpenAPI document of
 * 2026-08-22, with the additions of `@openrouter/sdk` 1.3.19 and the fields that OpenRouter documents and sends but its document lacks.
 * What Callgate adds is marked.
 */

const count = z.int().nonnegative();
const dollars = z.number().nonnegative();

export const errorType = z.enum(
  `context_length_exceeded max_tokens_exceeded token_limit_exceeded string_too_long authentication permission_denied payment_required
  rate_limit_exceeded provider_overloaded provider_unavailable invalid_request invalid_prompt not_found precondition_failed
  payload_too_large unprocessable content_policy_violation refusal invalid_image image_too_large image_too_small
  unsupported_image_format image_not_found image_download_failed server timeout unmapped`.split(/\s+/),
);

export const costDetails = z.strictObject({
  upstream_inference_cost: dollars.nullish(),
  upstream_inference_prompt_cost: dollars,
  upstream_inference_completions_cost: dollars,
  server_tool_cost: dollars.nullish(),
});

const toolUse = z
  .strictObject({
    tool_calls_executed: count.nullish(),
    tool_calls_requested: count.nullish(),
    web_search_requests: count.nullish(),
  })
  .nullish();

export const usage = z.strictObject({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z
    .strictObject({
      audio_tokens: count.optional(),
      cache_write_tokens: count.optional(),
      cached_tokens: count.optional(),
      video_tokens: count.optional(),
    })
    .nullish(),
  completion_tokens_details: z
    .strictObject({
      accepted_prediction_tokens: count.nullish(),
      audio_tokens: count.nullish(),
      image_tokens: count.nullish(),
      reasoning_tokens: count.nullish(),
      rejected_prediction_tokens: count.nullish(),
    })
    .nullish(),
  // Here always: an operator must be able to read what a call cost, or that nobody knows.
  cost: dollars.nullable(),
  is_byok: z.boolean(),
  cost_details: costDetails.nullish(),
  server_tool_use: toolUse,
  server_tool_use_details: toolUse,
  // Callgate's own.
  callgate: z.looseObject({ cost_source: z.string() }),
});

const detail = {
  id: z.string().nullish(),
  index: count.optional(),
  format: z
    .enum([
      'unknown',
      'openai-responses-v1',
      'azure-openai-responses-v1',
      'bedrock-openai-responses-v1',
      'bedrock-xai-responses-v1',
      'xai-responses-v1',
      'meta-responses-v1',
      'anthropic-claude-v1',
      'google-gemini-v1',
    ])
    .nullish(),
};

const reasoningDetail = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('reasoning.summary'), summary: z.string(), ...detail }),
  z.strictObject({ type: z.literal('reasoning.encrypted'), data: z.string(), ...detail }),
  z.strictObject({
    type: z.literal('reasoning.text'),
    text: z.string().nullish(),
    signature: z.string().nullish(),
    ...detail,
  }),
]);

const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
  // OpenAI-compatible servers number the calls of whole answers too.
  index: count.optional(),
});

const toolCallDelta = z.strictObject({
  index: count,
  id: z.string().optional(),
  type: z.literal('function').optional(),
  function: z.strictObject({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
});

const annotations = z.array(z.looseObject({ type: z.string() })).optional();
const logprobs = z.looseObject({ content: z.array(z.unknown()).nullish() }).nullish();
const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'error']);

const message = z.strictObject({
  role: z.literal('assistant'),
  content: z.union([z.string(), z.null()]).optional(),
  refusal: z.string().nullish(),
  reasoning: z.string().nullish(),
  reasoning_details: z.array(reasoningDetail).optional(),
  tool_calls: z.array(toolCall).min(1).optional(),
  annotations,
});

const delta = z.strictObject({
  role: z.literal('assistant').optional(),
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning: z.string().nullish(),
  reasoning_details: z.array(reasoningDetail).optional(),
  tool_calls: z.array(toolCallDelta).optional(),
  annotations,
});

const attempt = z.strictObject({
  provider: z.string(),
  model: z.string(),
  status: z.int(),
  // Callgate's own.
  reason: z.string().optional(),
  is_byok: z.boolean().optional(),
  key: z.string().optional(),
});

export const routeMetadata = z.strictObject({
  requested: z.string(),
  strategy: z.enum(['direct', 'auto', 'free', 'latest', 'alias', 'fallback', 'pareto', 'bodybuilder', 'fusion']),
  region: z.string().nullable(),
  summary: z.string().min(1),
  attempt: count,
  is_byok: z.boolean(),
  endpoints: z.strictObject({
    total: count,
    available: z.array(z.strictObject({ provider: z.string(), model: z.string(), selected: z.boolean() })),
  }),
  attempts: z.array(attempt).optional(),
  params: z.looseObject({}).optional(),
  pipeline: z
    .array(
      z.strictObject({
        type: z.enum(['guardrail', 'plugin', 'server_tools', 'response_healing', 'context_compression']),
        name: z.string(),
        guardrail_id: z.string().optional(),
        guardrail_scope: z.string().optional(),
        summary: z.string().optional(),
        data: z.looseObject({}).optional(),
        cost_usd: z.number().nullish(),
      }),
    )
    .optional(),
  generation_time: count.optional(),
  // Callgate's own: what was left out and why, what a dialect could not express, what else the route tells.
  left_out: z.array(z.looseObject({ model: z.string(), provider: z.string(), why: z.string() })).optional(),
  warnings: z.array(z.string()).optional(),
  selection: z.string().optional(),
  callgate: z.looseObject({}).optional(),
});

const generationId = z.string().regex(/^gen-\d{10}-[0-9A-Za-z]{20}$/);
const head = {
  id: generationId,
  created: z.int().nonnegative(),
  model: z.string().min(1),
  provider: z.string().min(1),
  service_tier: z.string().nullish(),
  openrouter_metadata: routeMetadata.optional(),
};

export const chatResult = z.strictObject({
  ...head,
  object: z.literal('chat.completion'),
  choices: z
    .array(
      z.strictObject({
        index: count,
        finish_reason: finishReason.nullable(),
        native_finish_reason: z.string().nullish(),
        message,
        logprobs,
      }),
    )
    .min(1),
  system_fingerprint: z.string().nullable(),
  usage,
});

const chunkHead = { ...head, object: z.literal('chat.completion.chunk'), system_fingerprint: z.string().optional() };

const chunkChoice = z.strictObject({
  index: count,
  delta,
  finish_reason: finishReason.nullable(),
  native_finish_reason: z.string().nullish(),
  logprobs,
});

/** A chunk before the last: it answers, and has no usage. */
export const chatChunk = z.strictObject({ ...chunkHead, choices: z.array(chunkChoice).min(1) });

/** The last chunk of a stream that ended well. */
export const usageChunk = z.strictObject({ ...chunkHead, choices: z.array(z.unknown()).length(0), usage });

/** The last chunk of a stream that broke off midway. `usage` is Callgate's own: what had come is charged, and says so. */
export const errorChunk = z.strictObject({
  ...chunkHead,
  // A stream that failed before any model was chosen names none.
  model: z.string(),
  provider: z.string().min(1).optional(),
  error: z.strictObject({
    code: z.int().min(400).max(599),
    message: z.string().min(1),
    metadata: z.looseObject({ error_type: errorType, provider_code: z.string().optional() }),
  }),
  choices: z.tuple([
    z.strictObject({
      index: z.literal(0),
      delta: z.strictObject({ content: z.literal('') }),
      finish_reason: z.literal('error'),
    }),
  ]),
  usage: usage.optional(),
});
