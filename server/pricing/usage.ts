import { extractUsage, findProvider, type Provider } from '@pydantic/genai-prices';
import { type Nano, nanoOfUsd } from './money.ts';

/** What a call used, in the provider's own tokens. `prompt` includes cached and cache-written ones, `completion` reasoning. */
export type Usage = {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** What the provider says it charged; null when it does not say. */
  readonly reportedCost: Nano | null;
};

export const NO_USAGE: Usage = { prompt: 0, completion: 0, cached: 0, cacheWrite: 0, reasoning: 0, reportedCost: null };

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;

let openai: Provider | undefined;

/**
 * Reads the `usage` of an OpenAI-shaped answer or chunk; null when there is none.
 * `usage.cost` (OpenRouter and others that route) is what the provider charged, in US dollars.
 */
export function usageOfOpenAi(answer: { readonly usage?: unknown }): Usage | null {
  const raw = answer.usage;
  if (typeof raw !== 'object' || raw === null) return null;
  openai ??= findProvider({ providerId: 'openai' });
  if (!openai) return null;
  try {
    const { usage } = extractUsage(
      openai,
      { model: '', usage: { prompt_tokens: 0, completion_tokens: 0, ...raw } },
      'chat',
    );
    const cost = 'cost' in raw ? raw.cost : undefined;
    return {
      prompt: count(usage['input_tokens']),
      completion: count(usage['output_tokens']),
      cached: count(usage['cache_read_tokens']),
      cacheWrite: count(usage['cache_write_tokens']),
      reasoning: count(usage['output_reasoning_tokens']),
      reportedCost: typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? nanoOfUsd(cost) : null,
    };
  } catch {
    // A provider's usage is read leniently: what cannot be understood is as if it had not been sent (and is estimated).
    return null;
  }
}
