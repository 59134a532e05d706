import { parseUsd } from '../pricing/money.ts';
import { type Endpoint, retainsNothing } from '../providers/registry.ts';
import type { JsonObject } from './resolve-preset.ts';

/** OpenRouter's names for what an endpoint may or may not support. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'max_tokens',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'prediction',
  'seed',
  'response_format',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'reasoning_effort',
  'verbosity',
]);

/**
 * Which of the request's hard preferences this endpoint cannot be known to meet; null when there is none. What nobody has promised
 * is not met: a preference about data must never be dropped on the way. A router is sent the preferences and answers for them itself.
 */
export function unmetPreference(endpoint: Endpoint, request: JsonObject): string | null {
  const preferences = request['provider'] as Record<string, unknown> | null | undefined;
  if (!preferences || endpoint.provider.isRouter) return null;
  const { zdr, data_collection, enforce_distillable_text, quantizations, max_price, require_parameters } = preferences;
  const { dataPolicy } = endpoint.provider;
  const { quantization = 'unknown', isDistillable = false } = endpoint.model;
  if (zdr === true && !retainsNothing(endpoint.provider)) return 'provider.zdr';
  if (data_collection === 'deny' && !dataPolicy?.noTraining && !retainsNothing(endpoint.provider)) {
    return 'provider.data_collection';
  }
  if (enforce_distillable_text === true && !isDistillable) return 'provider.enforce_distillable_text';
  if (Array.isArray(quantizations) && quantizations.length > 0 && !quantizations.includes(quantization)) {
    return 'provider.quantizations';
  }
  if (typeof max_price === 'object' && max_price !== null && isDearer(endpoint, max_price as JsonObject)) {
    return 'provider.max_price';
  }
  return require_parameters === true && lacksParameter(endpoint, request) ? 'provider.require_parameters' : null;
}

/** `max_price` is in US dollars per million tokens (of audio, too), per request, per image; as numbers or as decimal strings. */
function isDearer({ model }: Endpoint, most: JsonObject): boolean {
  const { price } = model;
  const over = (rate: bigint | undefined, limit: unknown, units: bigint) => {
    if (limit === undefined || limit === null) return false;
    const bound = parseUsd(String(limit));
    return rate === undefined || bound === null || rate * units > bound;
  };
  return (
    over(price?.prompt, most['prompt'], 1_000_000n) ||
    over(price?.completion, most['completion'], 1_000_000n) ||
    over(price?.request, most['request'], 1n) ||
    over(price?.image, most['image'], 1n) ||
    over(price?.audio ?? price?.prompt, most['audio'], 1_000_000n)
  );
}

function lacksParameter({ model }: Endpoint, request: JsonObject): boolean {
  const sent = Object.keys(request).map((name) => (name === 'max_completion_tokens' ? 'max_tokens' : name));
  return sent.some((name) => PARAMETERS.has(name) && !model.supportedParameters.includes(name));
}
