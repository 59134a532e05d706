import type { CanonicalRequest } from './dialect.ts';

/** OpenRouter's efforts, and the part of the output tokens each stands for where a provider wants a number. */
export const EFFORT_RATIO = { max: 0.95, xhigh: 0.95, high: 0.8, medium: 0.5, low: 0.2, minimal: 0.1 } as const;

export type Effort = keyof typeof EFFORT_RATIO;

/** What a request wants of a model's reasoning. */
export type Reasoning = {
  /** `off`: it must not reason; null: nothing was said, or only `maxTokens`. */
  readonly effort: Effort | 'off' | null;
  readonly maxTokens: number | null;
};

/** Reads `reasoning` and its older spellings; null when the request leaves it to the model. */
export function reasoningOf(request: CanonicalRequest): Reasoning | null {
  const { reasoning, reasoning_effort } = request;
  const fields = (typeof reasoning === 'object' && reasoning !== null ? reasoning : {}) as Record<string, unknown>;
  const effort = effortOf(fields['effort'] ?? reasoning_effort);
  const most = fields['max_tokens'];
  const maxTokens = typeof most === 'number' && Number.isInteger(most) && most > 0 ? most : null;
  if (fields['enabled'] === false || effort === 'off') return { effort: 'off', maxTokens: null };
  if (effort !== null || maxTokens !== null) return { effort, maxTokens };
  return fields['enabled'] === true || request['include_reasoning'] === true
    ? { effort: 'medium', maxTokens: null }
    : null;
}

function effortOf(value: unknown): Effort | 'off' | null {
  if (value === 'none') return 'off';
  return typeof value === 'string' && Object.hasOwn(EFFORT_RATIO, value) ? (value as Effort) : null;
}

/** Whether the caller wants the reasoning itself kept out of the answer. */
export function excludesReasoning(request: CanonicalRequest): boolean {
  const { reasoning } = request;
  return (
    (typeof reasoning === 'object' && reasoning !== null && 'exclude' in reasoning && reasoning.exclude === true) ||
    request['include_reasoning'] === false
  );
}

/** The number of reasoning tokens an effort stands for: its part of the output, and within what providers accept. */
export function reasoningBudget(effort: Effort, maxTokens: number): number {
  return Math.min(128_000, Math.max(1_024, Math.floor(maxTokens * EFFORT_RATIO[effort])));
}
