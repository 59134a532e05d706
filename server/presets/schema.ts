import * as z from 'zod/mini';
import { integerFrom, numberBetween, optional } from './schema-field.ts';
import { providerPreferences } from './schema-provider.ts';
import { cacheControl, plugin, responseFormat, stopCondition, tool, toolChoice } from './schema-tools.ts';

const modelName = z.string().check(
  z.regex(/^(?!.*@preset\/)\S{1,256}$/, {
    error: 'must be one model, such as openai/gpt-5-mini; a preset cannot build on another preset',
  }),
);
const effort = z.enum(['max', 'xhigh', 'high', 'medium', 'low', 'minimal', 'none']);

/**
 * What a preset may hold: the fields of OpenRouter's request body that do not belong to one call, under the same names and
 * bounds, and the two that only presets have (`cache_enabled`, `cache_ttl_seconds`). No endpoint, no key and no header, so
 * that a stranger's preset cannot move money. The order of the fields is their order in a file that Callgate writes.
 */
export const presetConfigSchema = z.strictObject({
  model: optional('The model that answers, as vendor/model, with a variant if wanted (:free, :nitro).', modelName),
  models: optional(
    'Models to try in this order when the one before fails. Priced by the one that answers.',
    z.array(modelName),
  ),
  provider: optional('Which providers may serve the call, and which are preferred.', providerPreferences),
  temperature: optional(
    'Randomness of the choice of tokens, 0 to 2. Not set: the model’s own default.',
    numberBetween(0, 2),
  ),
  top_p: optional(
    'Choose among the likeliest tokens that together have this probability, 0 to 1.',
    numberBetween(0, 1),
  ),
  top_k: optional('Choose among this many of the likeliest tokens; 0 is all.', integerFrom(0)),
  min_p: optional('Leave out tokens less likely than this share of the likeliest, 0 to 1.', numberBetween(0, 1)),
  top_a: optional('Leave out tokens far less likely than the likeliest, 0 to 1.', numberBetween(0, 1)),
  frequency_penalty: optional('Penalty for tokens by how often they came up, −2 to 2.', numberBetween(-2, 2)),
  presence_penalty: optional('Penalty for tokens that came up at all, −2 to 2.', numberBetween(-2, 2)),
  repetition_penalty: optional('Factor against repetition, 0 to 2; 1 is none.', numberBetween(0, 2)),
  max_tokens: optional('The most tokens the answer may have; also the bound on its cost.', integerFrom(1)),
  max_completion_tokens: optional('The newer name of max_tokens; counts reasoning too.', integerFrom(1)),
  seed: optional('Makes sampling repeatable where the model supports it.', z.int()),
  stop: optional(
    'Text at which the answer ends: one, or up to four.',
    z.union([z.string(), z.array(z.string()).check(z.maxLength(4))]),
  ),
  logit_bias: optional('Bias by token id.', z.record(z.string(), z.number())),
  logprobs: optional('Return the log probabilities of the tokens.', z.boolean()),
  top_logprobs: optional(
    'How many alternatives to return per token, 0 to 20.',
    z.int().check(z.minimum(0), z.maximum(20)),
  ),
  reasoning: optional(
    'How much the model thinks before it answers.',
    z.strictObject({
      effort: optional('How much to think; none switches it off.', effort),
      max_tokens: optional('The most tokens to think with.', integerFrom(0)),
      summary: optional('How long a summary of the thinking to return.', z.enum(['auto', 'concise', 'detailed'])),
      exclude: optional('Think, but leave it out of the answer. Default: false.', z.boolean()),
      enabled: optional('true is medium effort.', z.boolean()),
      context: optional('Which turns’ reasoning is sent along.', z.enum(['auto', 'all_turns', 'current_turn'])),
      mode: optional('Standard or pro.', z.enum(['standard', 'pro'])),
    }),
  ),
  reasoning_effort: optional('Short for reasoning.effort.', effort),
  include_reasoning: optional('Older switch: whether reasoning is in the answer.', z.boolean()),
  verbosity: optional('How long the answer should be.', z.enum(['low', 'medium', 'high', 'xhigh', 'max'])),
  response_format: optional('The form of the answer: text, JSON, or JSON by a schema.', responseFormat),
  structured_outputs: optional('Older switch: whether the answer must follow the schema.', z.boolean()),
  tools: optional(
    'Functions and server tools the model may call. United with those of the request, by name.',
    z.array(tool),
  ),
  tool_choice: optional('Whether a tool must, may or must not be called, or which.', toolChoice),
  parallel_tool_calls: optional('Whether several tools may be called at once.', z.boolean()),
  stop_server_tools_when: optional(
    'When to end a round of server tools: the first condition that holds.',
    z.array(stopCondition).check(z.minLength(1)),
  ),
  plugins: optional('Plugins of the router, such as web or file-parser.', z.array(plugin)),
  web_search_options: optional('Settings of a model’s own web search.', z.record(z.string(), z.unknown())),
  modalities: optional('What the answer may consist of.', z.array(z.enum(['text', 'image', 'audio']))),
  image_config: optional('Settings for generated images, by provider.', z.record(z.string(), z.unknown())),
  service_tier: optional(
    'The provider’s tier of speed and price; fast is priority.',
    z.enum(['auto', 'default', 'fast', 'flex', 'priority', 'scale']),
  ),
  cache_control: optional('Cache the prompt’s beginning at the provider.', cacheControl),
  prompt_cache_key: optional('Groups requests that share a beginning, for the provider’s cache.', z.string()),
  prompt_cache_options: optional(
    'How the provider’s prompt cache is used.',
    z.looseObject({ mode: optional('explicit: only at breakpoints.', z.literal('explicit')) }),
  ),
  cache_enabled: optional(
    'Answer repeated requests from the response cache. false cannot be overridden by the request.',
    z.boolean(),
  ),
  cache_ttl_seconds: optional(
    'How long an answer stays in the response cache, 1 to 86400 seconds. Default: 300.',
    z.int().check(z.minimum(1), z.maximum(86_400)),
  ),
  metadata: optional(
    'Up to 16 pairs of text that go with each call.',
    z.record(z.string().check(z.maxLength(64)), z.string().check(z.maxLength(512))).check(
      z.refine((pairs) => Object.keys(pairs).length <= 16, { error: 'must have at most 16 pairs' }),
      z.meta({ maxProperties: 16 }),
    ),
  ),
});
export type PresetConfig = z.infer<typeof presetConfigSchema>;

/** The front matter of a preset file: the config and, beside it, what the preset is called. */
export const frontMatterSchema = z.strictObject({
  name: optional('What people call the preset; its slug is the file’s name.', z.string().check(z.minLength(1))),
  description: optional('What the preset is for.', z.string()),
  ...presetConfigSchema.shape,
});

/** The names a preset may hold, in the order of a file that Callgate writes. */
export const PRESET_FIELDS: readonly string[] = Object.keys(presetConfigSchema.shape);

/** The JSON Schema (2020-12) of a preset file's front matter, for completion, hovers and the form. */
export function presetJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(frontMatterSchema, {
    override: ({ jsonSchema }) => {
      joinNull(jsonSchema);
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { $id: 'callgate:preset', title: 'Callgate preset', ...schema };
}

/** `anyOf: [X, null]` as `type: [X, null]`, and unions flat: the same, as editors' completion and forms understand it better. */
function joinNull(schema: z.core.JSONSchema.BaseSchema): void {
  const [only, nothing, ...more] = schema.anyOf ?? [];
  if (only === undefined || nothing?.type !== 'null' || more.length > 0) return;
  const branches = only.anyOf ?? only.oneOf;
  if (branches) {
    schema.anyOf = [...branches, nothing];
  } else if (typeof only.type === 'string') {
    delete schema.anyOf;
    Object.assign(schema, only, { type: [only.type, 'null'] });
    if (only.enum) schema.enum = [...only.enum, null];
    if ('const' in only) schema.enum = [only.const ?? null, null];
    delete schema.const;
  }
}
