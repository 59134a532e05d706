import * as z from 'zod';

/** OpenRouter's catalogue: models, endpoints, providers, closed. From the OpenAPI document of 2026-08-22 and SDK 1.3.19. */

const count = z.int().nonnegative();
/** A price is a decimal text; `-1` is a price that varies, or that nobody knows. */
const price = z.string().regex(/^(?:-1|\d+(?:\.\d+)?)$/);

const parameter = z.enum(
  `temperature top_p top_k min_p top_a frequency_penalty presence_penalty repetition_penalty max_tokens max_completion_tokens
  logit_bias logprobs top_logprobs prediction seed response_format structured_outputs stop tools tool_choice parallel_tool_calls
  include_reasoning reasoning reasoning_effort web_search_options verbosity`.split(/\s+/),
);

const rates = {
  audio: price.optional(),
  input_audio_cache: price.optional(),
  input_cache_read: price.optional(),
  input_cache_write: price.optional(),
  input_cache_write_1h: price.optional(),
};

const override = z.strictObject({
  ...rates,
  prompt: price.optional(),
  completion: price.optional(),
  min_prompt_tokens: z.number().optional(),
  utc_start: z.number().optional(),
  utc_end: z.number().optional(),
  utc_days: z.array(z.number()).optional(),
});

const pricing = z.strictObject({
  ...rates,
  prompt: price,
  completion: price,
  audio_output: price.optional(),
  discount: z.number().optional(),
  image: price.optional(),
  image_output: price.optional(),
  image_token: price.optional(),
  internal_reasoning: price.optional(),
  overrides: z.array(override).optional(),
  request: price.optional(),
  web_search: price.optional(),
});

const architecture = z.strictObject({
  input_modalities: z.array(z.enum(['text', 'image', 'file', 'audio', 'video'])),
  output_modalities: z.array(
    z.enum(['text', 'image', 'embeddings', 'audio', 'video', 'rerank', 'speech', 'transcription']),
  ),
  modality: z.string().nullable(),
  instruct_type: z.string().nullish(),
  tokenizer: z.string().optional(),
});

const defaultParameters = z
  .strictObject({
    frequency_penalty: z.number().nullish(),
    presence_penalty: z.number().nullish(),
    repetition_penalty: z.number().nullish(),
    temperature: z.number().nullish(),
    top_k: z.int().nullish(),
    top_p: z.number().nullish(),
  })
  .nullable();

export const model = z.strictObject({
  id: z.string().min(1),
  canonical_slug: z.string().min(1),
  name: z.string().min(1),
  created: count,
  description: z.string().optional(),
  context_length: count.nullable(),
  architecture,
  pricing,
  top_provider: z.strictObject({
    context_length: count.nullish(),
    max_completion_tokens: count.nullish(),
    is_moderated: z.boolean(),
  }),
  per_request_limits: z.strictObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullable(),
  supported_parameters: z.array(parameter),
  supported_voices: z.array(z.string()).nullable(),
  default_parameters: defaultParameters,
  links: z.strictObject({ details: z.string().startsWith('/api/v1/models/') }),
  alias_target: z.looseObject({}).optional(),
  benchmarks: z.looseObject({}).optional(),
  expiration_date: z.string().nullish(),
  hugging_face_id: z.string().nullish(),
  knowledge_cutoff: z.string().nullish(),
  reasoning: z
    .strictObject({
      default_effort: z.string().nullish(),
      default_enabled: z.boolean().optional(),
      mandatory: z.boolean(),
      supported_efforts: z.array(z.string()).nullish(),
      supports_max_tokens: z.boolean().optional(),
    })
    .optional(),
});

export const modelList = z.strictObject({
  data: z.array(model),
  links: z.strictObject({ next: z.string().nullable() }),
  total_count: count,
});
export const modelAnswer = z.strictObject({ data: model });
export const modelCount = z.strictObject({ data: z.strictObject({ count }) });

/** What OpenAI's clients read of `/v1/models`; other fields they do not mind. */
export const openAiModelList = z.looseObject({ data: z.array(z.looseObject({ id: z.string().min(1) })) });

const percentiles = z.strictObject({ p50: z.number(), p75: z.number(), p90: z.number(), p99: z.number() }).nullable();
const uptime = z.number().min(0).max(100).nullable();

export const endpoint = z.strictObject({
  name: z.string().min(1),
  model_id: z.string().min(1),
  model_name: z.string().min(1),
  provider_name: z.string().min(1),
  tag: z.string().min(1),
  context_length: count,
  max_completion_tokens: count.nullable(),
  max_prompt_tokens: count.nullable(),
  pricing,
  quantization: z
    .enum(['int4', 'int8', 'fp4', 'mxfp4', 'nvfp4', 'fp6', 'fp8', 'mxfp8', 'fp16', 'bf16', 'fp32', 'unknown'])
    .nullable(),
  status: z.literal([0, -1, -2, -3, -5, -10]).optional(),
  supported_parameters: z.array(parameter),
  supports_implicit_caching: z.boolean(),
  supports_voice_cloning: z.boolean().optional(),
  supports_tool_choice: z.strictObject({
    auto: z.boolean(),
    function: z.boolean(),
    none: z.boolean(),
    required: z.boolean(),
  }),
  latency_last_30m: percentiles,
  throughput_last_30m: percentiles,
  perf_last_30m_by_workload: z.looseObject({}).nullish(),
  uptime_last_5m: uptime,
  uptime_last_30m: uptime,
  uptime_last_1d: uptime,
});

export const endpointList = z.strictObject({
  data: z.strictObject({
    id: z.string().min(1),
    name: z.string().min(1),
    created: count,
    description: z.string(),
    architecture,
    endpoints: z.array(endpoint).min(1),
  }),
});
export const zdrEndpointList = z.strictObject({ data: z.array(endpoint) });

const country = z.string().regex(/^[A-Z]{2}$/);
export const providerList = z.strictObject({
  data: z.array(
    z.strictObject({
      name: z.string().min(1),
      slug: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
      privacy_policy_url: z.string().nullable(),
      terms_of_service_url: z.string().nullish(),
      status_page_url: z.string().nullish(),
      headquarters: country.nullish(),
      datacenters: z.array(country).nullish(),
    }),
  ),
});
