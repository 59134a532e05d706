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

/** More tokens, or US dollars, than one call can come to: a provider that says so is taken not to have said anything. */
const MOST_TOKENS = 1_000_000_000;
const MOST_USD = 100_000;

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;

let openai: Provider | undefined;

/**
 * Reads the `usage` of an OpenAI-shaped answer or chunk; null when there is none.
 * `usage.cost` (OpenRouter and others that route) is what the provider charged, in US dollars. With a key of one's own at the
 * provider behind it (`is_byok`), that is only the router's fee, and what the provider charged stands beside it.
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
    const prompt = count(usage['input_tokens']);
    const completion = count(usage['output_tokens']);
    if (prompt > MOST_TOKENS || completion > MOST_TOKENS) return null;
    return {
      prompt,
      completion,
      cached: count(usage['cache_read_tokens']),
      cacheWrite: count(usage['cache_write_tokens']),
      reasoning: count(usage['output_reasoning_tokens']),
      reportedCost: costIn(raw as Readonly<Record<string, unknown>>),
    };
  } catch {
    // A provider's usage is read leniently: what cannot be understood is as if it had not been sent (and is estimated).
    return null;
  }
}

function costIn({ cost, is_byok, cost_details }: Readonly<Record<string, unknown>>): Nano | null {
  if (typeof cost !== 'number') return null;
  const details = typeof cost_details === 'object' && cost_details !== null ? cost_details : {};
  const beside = 'upstream_inference_cost' in details ? details.upstream_inference_cost : null;
  if (is_byok === true && typeof beside !== 'number') return null;
  const whole = is_byok === true ? cost + Number(beside) : cost;
  return whole >= 0 && whole <= MOST_USD ? nanoOfUsd(whole) : null;
}
