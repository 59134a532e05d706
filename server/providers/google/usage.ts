import { type Fields, fieldsOf, listOf } from '../anthropic/fields.ts';

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;

/** How many tokens of a breakdown are of one kind (`AUDIO`, `IMAGE`, …). */
const of = (details: unknown, modality: string): number =>
  listOf(details).reduce<number>((sum, one) => {
    const { modality: kind, tokenCount } = fieldsOf(one);
    return kind === modality ? sum + count(tokenCount) : sum;
  }, 0);

/**
 * Google counts thoughts, and what its own tools read, beside the answer and the prompt; OpenRouter's completion and prompt have them
 * in them. Null: no usage was sent. `isFinal` false: there is text that goes on, and what is not counted yet must not seem to be nothing.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function usageOf(usage: unknown, isFinal: boolean): Fields | null {
  const said = fieldsOf(usage);
  if (said !== usage) return null;
  const prompt = count(said['promptTokenCount']) + count(said['toolUsePromptTokenCount']);
  const thoughts = count(said['thoughtsTokenCount']);
  const isCounted = isFinal || said['candidatesTokenCount'] !== undefined;
  // The total is the sum of all; what only it has was written, too.
  const completion = isCounted
    ? Math.max(count(said['candidatesTokenCount']) + thoughts, count(said['totalTokenCount']) - prompt)
    : 0;
  const cachedAudio = of(said['cacheTokensDetails'], 'AUDIO');
  const heard = of(said['promptTokensDetails'], 'AUDIO');
  const seen = of(said['promptTokensDetails'], 'IMAGE');
  const spoken = of(said['candidatesTokensDetails'], 'AUDIO');
  const painted = of(said['candidatesTokensDetails'], 'IMAGE');
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: Math.min(prompt, count(said['cachedContentTokenCount'])),
      ...(cachedAudio > 0 ? { cached_tokens_details: { audio_tokens: cachedAudio } } : {}),
      ...(heard > 0 ? { audio_tokens: heard } : {}),
      ...(seen > 0 ? { image_tokens: seen } : {}),
    },
    completion_tokens_details: {
      reasoning_tokens: Math.min(thoughts, completion),
      ...(spoken > 0 ? { audio_tokens: spoken } : {}),
      ...(painted > 0 ? { image_tokens: painted } : {}),
    },
  };
}

const TIERS: Readonly<Record<string, string>> = {
  ON_DEMAND: 'default',
  ON_DEMAND_FLEX: 'flex',
  ON_DEMAND_PRIORITY: 'priority',
  standard: 'default',
  flex: 'flex',
  priority: 'priority',
};

/** The tier it was served in, where the usage says so in one of its two ways. */
export function tierOf(usage: unknown): Fields {
  const { trafficType, serviceTier } = fieldsOf(usage);
  const name = String(serviceTier ?? trafficType);
  return Object.hasOwn(TIERS, name) ? { service_tier: TIERS[name] } : {};
}
