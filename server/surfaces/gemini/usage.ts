import { type Fields, fieldsOf } from './fields.ts';

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;

/**
 * Google counts thoughts beside the answer; OpenRouter's completion has them in it. What a call cost is added, as OpenRouter does.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function usageOf(usage: unknown): Fields {
  const said = fieldsOf(usage);
  const prompt = count(said['prompt_tokens']);
  const completion = count(said['completion_tokens']);
  const thoughts = Math.min(completion, count(fieldsOf(said['completion_tokens_details'])['reasoning_tokens']));
  const cached = count(fieldsOf(said['prompt_tokens_details'])['cached_tokens']);
  const { cost, is_byok, cost_details } = said;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: completion - thoughts,
    totalTokenCount: prompt + completion,
    ...(cached > 0 ? { cachedContentTokenCount: cached } : {}),
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
    ...(cost === undefined ? {} : { cost, is_byok, cost_details }),
  };
}
