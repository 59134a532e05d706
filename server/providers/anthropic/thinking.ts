import { type Effort, type Reasoning, reasoningBudget } from '../reasoning.ts';
import type { Fields } from './fields.ts';
import type { ModelFacts } from './model-facts.ts';
import type { Notes } from './notes.ts';

const LEAST_BUDGET = 1_024;

export type Thinking = {
  /** The request's `thinking`; null: not sent. */
  readonly thinking: Fields | null;
  /** A level of `output_config.effort`; null: not sent. */
  readonly effort: string | null;
};

const NOTHING: Thinking = { thinking: null, effort: null };

/**
 * Translates what is wanted of the model's reasoning. `maxTokens` is the whole output's, of which a budget is a part; `bar` is why
 * this request cannot be thought about by budget.
 * https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 */
export function thinkingOf(
  reasoning: Reasoning | null,
  facts: ModelFacts,
  maxTokens: number,
  bar: string | null,
  notes: Notes,
): Thinking {
  if (!reasoning) return NOTHING;
  if (reasoning.effort === 'off') return thinkingOff(facts, notes);
  if (facts.thinking === 'none') {
    notes.warn('reasoning is not sent: this model does not reason');
    return NOTHING;
  }
  const wantsBudget = reasoning.maxTokens !== null;
  if (facts.thinking === 'budget' || (facts.thinking === 'both' && wantsBudget)) {
    return thinkingByBudget(reasoning, maxTokens, bar, notes);
  }
  if (wantsBudget) notes.warn('reasoning.max_tokens is not sent: this model decides by itself how much it thinks');
  const adaptive = facts.thinking === 'adaptive' ? { type: 'adaptive', display: 'summarized' } : { type: 'adaptive' };
  return { thinking: adaptive, effort: reasoning.effort ? levelOf(reasoning.effort, facts) : null };
}

/** The nearest level that the model knows, or null when it knows none. */
export function levelOf(effort: Effort, facts: ModelFacts): string | null {
  const { efforts } = facts;
  if (efforts.length === 0) return null;
  if (effort === 'minimal') return 'low';
  if (efforts.includes(effort)) return effort;
  return effort === 'xhigh' ? 'high' : (efforts.at(-1) ?? null);
}

function thinkingOff(facts: ModelFacts, notes: Notes): Thinking {
  if (facts.off === 'absent') return NOTHING;
  if (facts.off === 'disabled') return { thinking: { type: 'disabled' }, effort: null };
  notes.warn('reasoning is not turned off: this model always reasons');
  return facts.off === null ? { thinking: null, effort: 'low' } : { thinking: { type: 'between_tools' }, effort: null };
}

function thinkingByBudget(reasoning: Reasoning, maxTokens: number, bar: string | null, notes: Notes): Thinking {
  if (bar) {
    notes.warn(`reasoning is not sent: ${bar}`);
    return NOTHING;
  }
  const { maxTokens: wanted, effort } = reasoning;
  if (wanted !== null && wanted >= maxTokens) {
    notes.lack('reasoning.max_tokens (it must be less than max_tokens)');
    return NOTHING;
  }
  const budget =
    wanted === null ? reasoningBudget(effort === 'off' ? 'medium' : (effort ?? 'medium'), maxTokens) : wanted;
  const fitting = Math.min(Math.max(budget, LEAST_BUDGET), maxTokens - 1);
  if (fitting < LEAST_BUDGET) {
    notes.warn(`reasoning is not sent: it takes at least ${LEAST_BUDGET} of max_tokens, and an answer after it`);
    return NOTHING;
  }
  return { thinking: { type: 'enabled', budget_tokens: fitting }, effort: null };
}
