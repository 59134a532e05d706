import type { Cost } from '../pricing/cost.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { Usage } from '../pricing/usage.ts';
import type { JsonObject } from './resolve-preset.ts';
import { without } from './without.ts';

/**
 * OpenRouter's `usage`: the provider's own counts kept, and the cost added. An unknown price leaves `cost` null, never zero. With a
 * key of one's own (`isByok`), too, `cost` is the whole of it: clients add `upstream_inference_cost` to it.
 */
export function usageReport(raw: unknown, usage: Usage, cost: Cost, isByok = false): JsonObject {
  const own = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const details = (name: string) => (typeof own[name] === 'object' && own[name] !== null ? own[name] : {});
  return {
    ...without(own, ['cost_details', 'is_byok']),
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: {
      ...details('prompt_tokens_details'),
      cached_tokens: usage.cached,
      cache_write_tokens: usage.cacheWrite,
    },
    completion_tokens_details: { ...details('completion_tokens_details'), reasoning_tokens: usage.reasoning },
    cost: cost.source === 'unknown' ? null : usdOfNano(cost.nano),
    is_byok: isByok,
    cost_details: {
      upstream_inference_cost: null,
      upstream_inference_prompt_cost: usdOfNano(cost.promptNano),
      upstream_inference_completions_cost: usdOfNano(cost.completionNano),
    },
    callgate: { cost_source: cost.source },
  };
}
