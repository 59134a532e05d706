import { type Nano, nanoOfUsd } from './money.ts';
import type { ServiceTier } from './price.ts';
import { serviceTierOf } from './rates.ts';

/** What a call used, in the provider's own tokens. `prompt` and `completion` are the wholes, the others parts of them. */
export type Usage = {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  /** The part of `cached` that was heard. */
  readonly cachedAudio: number;
  readonly cacheWrite: number;
  /** The part of `cacheWrite` that lasts an hour. */
  readonly cacheWrite1h: number;
  readonly audioInput: number;
  readonly imageInput: number;
  readonly reasoning: number;
  readonly audioOutput: number;
  readonly imageOutput: number;
  readonly webSearches: number;
  /** The tier it was served in, where that costs apart. */
  readonly serviceTier: ServiceTier | null;
  /** What the provider says it charged; null when it does not say. */
  readonly reportedCost: Nano | null;
};

export const NO_USAGE: Usage = {
  prompt: 0,
  completion: 0,
  cached: 0,
  cachedAudio: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  audioInput: 0,
  imageInput: 0,
  reasoning: 0,
  audioOutput: 0,
  imageOutput: 0,
  webSearches: 0,
  serviceTier: null,
  reportedCost: null,
};

type Fields = Readonly<Record<string, unknown>>;
const NO_FIELDS: Fields = {};

/** More tokens, or US dollars, than one call can come to: a provider that says so is taken not to have said anything. */
const MOST_TOKENS = 1_000_000_000;
const MOST_USD = 100_000;
/** https://docs.x.ai/developers/cost-tracking */
const XAI_TICKS_PER_NANO = 10;

/**
 * Reads the `usage` of an OpenAI-shaped answer or chunk; null when there is none. Read on every call, so the fields are taken by
 * hand; a test holds them against the price library's own extraction.
 */
export function usageOfOpenAi(answer: { readonly usage?: unknown; readonly service_tier?: unknown }): Usage | null {
  const raw = answer.usage;
  if (typeof raw !== 'object' || raw === null) return null;
  const usage = raw as Fields;
  const input = fieldsOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details']);
  const output = fieldsOf(usage['completion_tokens_details'] ?? usage['output_tokens_details']);
  const prompt = count(usage['prompt_tokens']);
  const told = count(output['reasoning_tokens'] ?? usage['reasoning_tokens']);
  const { completion, reasoning } = wholeCompletion(usage, prompt, told);
  if (prompt > MOST_TOKENS || completion > MOST_TOKENS) return null;
  const created = fieldsOf(usage['cache_creation']);
  return {
    prompt,
    completion,
    // DeepSeek's and Moonshot's own names for it, which they sent before OpenAI had one.
    cached: count(input['cached_tokens'] ?? usage['prompt_cache_hit_tokens'] ?? usage['cached_tokens']),
    cachedAudio: count(fieldsOf(input['cached_tokens_details'])['audio_tokens']),
    cacheWrite: count(input['cache_write_tokens'] ?? usage['cache_creation_input_tokens']),
    cacheWrite1h: count(input['cache_write_1h_tokens'] ?? created['ephemeral_1h_input_tokens']),
    audioInput: count(input['audio_tokens']),
    imageInput: count(input['image_tokens']),
    reasoning,
    audioOutput: count(output['audio_tokens']),
    imageOutput: count(output['image_tokens']),
    webSearches: searchesIn(usage),
    serviceTier: serviceTierOf(answer.service_tier ?? usage['service_tier']),
    reportedCost: costIn(usage),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : NO_FIELDS;
}

/**
 * xAI counts reasoning beside `completion_tokens` instead of in it, and Google's OpenAI-compatible endpoint does not count its
 * thoughts at all but in the total; both bill them as output. The total, where it is sent, tells.
 */
function wholeCompletion(usage: Fields, prompt: number, reasoning: number) {
  const completion = count(usage['completion_tokens']);
  const beside = count(usage['total_tokens']) - prompt - completion;
  if (beside > 0 && (reasoning === 0 || reasoning === beside)) {
    return { completion: completion + beside, reasoning: beside };
  }
  return { completion: reasoning > completion ? completion + reasoning : completion, reasoning };
}

/** OpenRouter has two names for its count, Anthropic's is one of them; Perplexity has its own. */
function searchesIn(usage: Fields): number {
  const tools = fieldsOf(usage['server_tool_use_details'] ?? usage['server_tool_use']);
  return count(tools['web_search_requests'] ?? usage['num_search_queries']);
}

/**
 * What the provider charged, in nano-dollars. `usage.cost` is US dollars (OpenRouter and others that route; Perplexity's is an
 * object). With a key of one's own at the provider behind it (`is_byok`), that is only the router's fee, and what the provider
 * charged stands beside it.
 */
function costIn(usage: Fields): Nano | null {
  const { cost, is_byok, cost_details, cost_in_usd_ticks: ticks } = usage;
  if (typeof ticks === 'number' && ticks >= 0 && ticks <= MOST_USD * 1e10) return Math.ceil(ticks / XAI_TICKS_PER_NANO);
  const usd = typeof cost === 'number' ? cost : fieldsOf(cost)['total_cost'];
  if (typeof usd !== 'number') return null;
  const beside = fieldsOf(cost_details)['upstream_inference_cost'];
  if (is_byok === true && typeof beside !== 'number') return null;
  const whole = is_byok === true ? usd + Number(beside) : usd;
  return whole >= 0 && whole <= MOST_USD ? nanoOfUsd(whole) : null;
}
