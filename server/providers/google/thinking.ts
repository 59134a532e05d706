import type { Fields } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import { type Effort, type Reasoning, reasoningBudget } from '../reasoning.ts';
import type { Level, ModelFacts } from './model-facts.ts';

const LEVEL: Readonly<Record<Effort, Level>> = {
  max: 'HIGH',
  xhigh: 'HIGH',
  high: 'HIGH',
  medium: 'MEDIUM',
  low: 'LOW',
  minimal: 'MINIMAL',
};

/**
 * Translates what is wanted of the model's reasoning into `thinkingConfig`; null: nothing is said. `maxTokens` is the whole output's,
 * of which thoughts are a part; `shown`: the caller wants to see them. https://ai.google.dev/gemini-api/docs/thinking
 */
export function thinkingConfigOf(
  reasoning: Reasoning | null,
  facts: ModelFacts,
  maxTokens: number,
  shown: boolean,
  notes: Notes,
): Fields | null {
  if (!reasoning) return null;
  const { effort, maxTokens: wanted } = reasoning;
  if (effort === 'off') return thinkingOff(facts, notes);
  if (facts.thinking === 'none') {
    notes.warn('reasoning is not sent: this model does not reason');
    return null;
  }
  const thoughts = shown ? { includeThoughts: true } : {};
  if (facts.thinking === 'fixed') {
    notes.warn('reasoning is not sent: this model decides by itself how much it thinks');
    return shown ? thoughts : null;
  }
  if (facts.thinking === 'budget') {
    const budget = budgetOf(reasoning, facts, maxTokens, notes);
    return { ...thoughts, ...(budget === null ? {} : { thinkingBudget: budget }) };
  }
  if (effort === null) {
    const level = nearest(levelOfTokens(wanted ?? 0), facts);
    notes.warn(`reasoning.max_tokens is sent as the level ${level}: this model is told no number`);
    return { ...thoughts, thinkingLevel: level };
  }
  return { ...thoughts, thinkingLevel: nearest(LEVEL[effort], facts) };
}

function thinkingOff(facts: ModelFacts, notes: Notes): Fields | null {
  if (facts.thinking === 'none') return null;
  if (facts.thinking === 'budget' && facts.budget.off) return { thinkingBudget: 0 };
  notes.warn('reasoning is not turned off: this model always reasons');
  if (facts.thinking === 'budget') return { thinkingBudget: facts.budget.least };
  return facts.thinking === 'level' ? { thinkingLevel: facts.levels[0] } : null;
}

function budgetOf({ effort, maxTokens: wanted }: Reasoning, facts: ModelFacts, maxTokens: number, notes: Notes) {
  const { least, most } = facts.budget;
  if (wanted !== null && wanted >= maxTokens) {
    notes.lack('reasoning.max_tokens (it must be less than max_tokens)');
    return null;
  }
  const budget = wanted ?? reasoningBudget(effort === 'off' || effort === null ? 'medium' : effort, maxTokens);
  const fitting = Math.min(Math.max(budget, least), most, maxTokens - 1);
  if (fitting < least) {
    notes.warn(`reasoning is not sent: it takes at least ${least} of max_tokens, and an answer after it`);
    return null;
  }
  return fitting;
}

/** Google's own budgets for its levels lie about here. */
const levelOfTokens = (tokens: number): Level => (tokens <= 2_048 ? 'LOW' : tokens <= 12_288 ? 'MEDIUM' : 'HIGH');

/** The next level that the model knows, upwards first: to think more does less harm. */
function nearest(level: Level, { levels }: ModelFacts): Level {
  const order: readonly Level[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];
  const from = order.indexOf(level);
  return levels.find((one) => order.indexOf(one) >= from) ?? levels.at(-1) ?? 'HIGH';
}
