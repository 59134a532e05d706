import { claudeIdOf, claudeNativeOf } from './anthropic/model-names.ts';
import type { DialectName } from './provider.ts';
import {
  deepSeekForm,
  googleForm,
  groqForm,
  mistralForm,
  openAiForm,
  threeLevelForm,
  togetherForm,
  xAiForm,
} from './reasoning-forms.ts';
import { type WireRules, wireRules } from './wire-rules.ts';

/** A vendor that needs only a key. */
export type Vendor = {
  /** OpenRouter's slug of the provider; `provider.order` and its like name it so. */
  readonly slug: string;
  readonly name: string;
  readonly baseUrl: string;
  /** The variable its own SDKs read. */
  readonly env: string;
  readonly priceProvider: string;
  /** Serves the models of others: their ids are their authors'. */
  readonly isHost: boolean;
  /** The author of its own models in OpenRouter's ids, where that is not the slug. */
  readonly author?: string;
  /** Breaking the connection ends its billing; no unless its, or OpenRouter's, documentation says so. */
  readonly cancelStopsBilling: boolean;
  /** Absent: that of `wire`, or Anthropic's without one. */
  readonly dialect?: DialectName;
  /** How it speaks OpenAI's dialect; absent: not at all. */
  readonly wire?: WireRules;
  /** It stands in Google's cloud: `env` says whether it is called as whoever this machine is. */
  readonly isCloud?: true;
  /** Ids that follow from no rule, by the vendor's name for the model. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly idOf?: (native: string) => string;
  readonly nativeOf?: (name: string) => string;
  /** Of what the price library lists under this vendor, what it serves as chat. */
  readonly serves?: (native: string) => boolean;
};

const FIRST = ['temperature', 'top_p', 'stop', 'tools', 'tool_choice', 'response_format'];
const COMMON = [...FIRST, 'structured_outputs'];
const PENALTIES = ['frequency_penalty', 'presence_penalty'];
const OPEN_MODEL_SAMPLING = ['top_k', 'min_p', 'repetition_penalty'];

/**
 * The vendors, and which fields each takes: from their documentation and the SDKs of autumn 2026. A field that a vendor ignores stands
 * with those it refuses: `require_parameters` asks for what has an effect.
 */
export const VENDORS: readonly Vendor[] = [
  {
    slug: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    env: 'OPENAI_API_KEY',
    priceProvider: 'openai',
    isHost: false,
    cancelStopsBilling: true,
    // https://developers.openai.com/api/reference/resources/chat
    wire: wireRules({
      takes: [
        ...COMMON,
        ...PENALTIES,
        ...['seed', 'logit_bias', 'logprobs', 'top_logprobs', 'n', 'parallel_tool_calls', 'prediction', 'verbosity'],
        ...['service_tier', 'user', 'metadata', 'store', 'modalities', 'audio', 'web_search_options'],
        ...['prompt_cache_key', 'prompt_cache_options'],
      ],
      reasoning: openAiForm,
      developers: true,
    }),
  },
  {
    slug: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    env: 'ANTHROPIC_API_KEY',
    priceProvider: 'anthropic',
    isHost: false,
    cancelStopsBilling: true,
    idOf: claudeIdOf,
    nativeOf: claudeNativeOf,
  },
  {
    slug: 'google-ai-studio',
    name: 'Google AI Studio',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    env: 'GEMINI_API_KEY',
    priceProvider: 'google',
    isHost: false,
    author: 'google',
    cancelStopsBilling: false,
    serves: (native) => /^gem(ini|ma)-/.test(native) && !/embedding|-tts|live|omni/.test(native),
    // Its other endpoint, in OpenAI's words, has none for signatures, media other than images and sound, safety or tiers.
    dialect: 'google',
    // https://ai.google.dev/gemini-api/docs/openai
    wire: wireRules({
      takes: [...COMMON, 'n', 'parallel_tool_calls'],
      strict: true,
      reasoning: googleForm,
    }),
  },
  {
    slug: 'google-vertex',
    name: 'Google Vertex',
    // See google/vertex-place.ts.
    baseUrl: '',
    env: 'GOOGLE_GENAI_USE_VERTEXAI',
    priceProvider: 'google',
    isHost: false,
    author: 'google',
    cancelStopsBilling: false,
    serves: (native) => native.startsWith('gemini-') && !/embedding|-tts|live|omni/.test(native),
    dialect: 'google',
    isCloud: true,
  },
  {
    slug: 'mistral',
    name: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    env: 'MISTRAL_API_KEY',
    priceProvider: 'mistral',
    isHost: false,
    author: 'mistralai',
    cancelStopsBilling: false,
    serves: (native) => !/:free$|-embed|-ocr/.test(native),
    // https://docs.mistral.ai/api: what it does not know is a 422.
    wire: wireRules({
      takes: [...COMMON, ...PENALTIES, 'seed', 'n', 'parallel_tool_calls', 'prediction', 'metadata'],
      strict: true,
      maximum: 'max_tokens',
      renames: { seed: 'random_seed' },
      reasoning: mistralForm,
      shortCallIds: true,
      asksUsage: false,
    }),
  },
  {
    slug: 'deepseek',
    name: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    env: 'DEEPSEEK_API_KEY',
    priceProvider: 'deepseek',
    isHost: false,
    cancelStopsBilling: true,
    // https://api-docs.deepseek.com/guides/thinking_mode: a call of a tool is refused without the reasoning that led to it.
    wire: wireRules({
      takes: [...FIRST, ...PENALTIES, 'logprobs', 'top_logprobs'],
      maximum: 'max_tokens',
      reasoning: deepSeekForm,
      replay: 'reasoning_content',
      schemas: false,
    }),
  },
  {
    slug: 'xai',
    name: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    env: 'XAI_API_KEY',
    priceProvider: 'x-ai',
    isHost: false,
    author: 'x-ai',
    cancelStopsBilling: true,
    serves: (native) => !native.includes('voice'),
    ids: { 'grok-4-0709': 'x-ai/grok-4' },
    // https://docs.x.ai/developers/model-capabilities/text/reasoning: models that reason refuse three.
    wire: wireRules({
      takes: [
        ...COMMON,
        ...PENALTIES,
        ...['seed', 'logprobs', 'top_logprobs', 'n', 'parallel_tool_calls', 'service_tier', 'user'],
      ],
      dropsFor: (native) => (/^grok-[23](?!-mini)|non-reasoning/.test(native) ? [] : [...PENALTIES, 'stop']),
      reasoning: xAiForm,
    }),
  },
  {
    slug: 'groq',
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    env: 'GROQ_API_KEY',
    priceProvider: 'groq',
    isHost: true,
    cancelStopsBilling: false,
    serves: (native) => !native.startsWith('whisper'),
    ids: {
      'llama-3.3-70b-versatile': 'meta-llama/llama-3.3-70b-instruct',
      'llama-3.1-8b-instant': 'meta-llama/llama-3.1-8b-instruct',
      'meta-llama/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
      'meta-llama/llama-4-maverick-17b-128e-instruct': 'meta-llama/llama-4-maverick',
      'moonshotai/kimi-k2-instruct': 'moonshotai/kimi-k2',
    },
    // https://console.groq.com/docs/openai
    wire: wireRules({
      takes: [...COMMON, 'seed', 'parallel_tool_calls', 'user', 'service_tier'],
      reasoning: groqForm,
      replay: 'reasoning',
    }),
  },
  {
    slug: 'together',
    name: 'Together',
    baseUrl: 'https://api.together.xyz/v1',
    env: 'TOGETHER_API_KEY',
    priceProvider: 'together',
    isHost: true,
    cancelStopsBilling: true,
    ids: {
      'meta-llama/Llama-3.3-70B-Instruct-Turbo': 'meta-llama/llama-3.3-70b-instruct',
      'meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8': 'meta-llama/llama-4-maverick',
    },
    // https://docs.together.ai/reference/chat-completions-1
    wire: wireRules({
      takes: [...COMMON, ...PENALTIES, ...OPEN_MODEL_SAMPLING, 'seed', 'logit_bias', 'n'],
      maximum: 'max_tokens',
      reasoning: togetherForm,
      replay: 'reasoning',
    }),
  },
  {
    slug: 'fireworks',
    name: 'Fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    env: 'FIREWORKS_API_KEY',
    priceProvider: 'fireworks',
    isHost: true,
    cancelStopsBilling: true,
    // https://docs.fireworks.ai/api-reference/post-chatcompletions
    wire: wireRules({
      takes: [
        ...COMMON,
        ...PENALTIES,
        ...OPEN_MODEL_SAMPLING,
        ...['seed', 'logit_bias', 'logprobs', 'top_logprobs', 'n', 'parallel_tool_calls', 'prediction', 'user'],
      ],
      reasoning: threeLevelForm,
      replay: 'reasoning_content',
      modelName: (native) => (native.includes('/') ? native : `accounts/fireworks/models/${native}`),
    }),
  },
  {
    slug: 'cerebras',
    name: 'Cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    env: 'CEREBRAS_API_KEY',
    priceProvider: 'cerebras',
    isHost: true,
    cancelStopsBilling: false,
    // https://inference-docs.cerebras.ai/resources/openai
    wire: wireRules({
      takes: [...COMMON, 'seed', 'logprobs', 'top_logprobs', 'user'],
      maximum: 'max_completion_tokens',
      reasoning: threeLevelForm,
      replay: 'reasoning',
    }),
  },
];

/** What a vendor speaks: those without rules of OpenAI's dialect speak Anthropic's, unless they have one of their own. */
export const dialectNameOf = ({ dialect, wire }: Vendor): DialectName => dialect ?? (wire ? 'openai' : 'anthropic');
