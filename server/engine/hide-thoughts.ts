import type { JsonObject } from './resolve-preset.ts';

const THOUGHTS: ReadonlySet<string> = new Set(['reasoning', 'reasoning_details']);

/**
 * A chunk's choices without the reasoning in them, for callers who do not want it; those that say nothing else are left out. The same
 * list when there is none.
 */
export function withoutThoughts(choices: readonly unknown[]): readonly unknown[] {
  return choices.some(hasThoughts) ? choices.flatMap(saidBesides) : choices;
}

const deltaOf = (choice: unknown): JsonObject => {
  const delta = typeof choice === 'object' && choice !== null ? (choice as JsonObject)['delta'] : null;
  return typeof delta === 'object' && delta !== null ? (delta as JsonObject) : {};
};

const hasThoughts = (choice: unknown) => Object.keys(deltaOf(choice)).some((name) => THOUGHTS.has(name));

function saidBesides(choice: unknown): readonly unknown[] {
  if (!hasThoughts(choice)) return [choice];
  const delta = Object.fromEntries(Object.entries(deltaOf(choice)).filter(([name]) => !THOUGHTS.has(name)));
  const isOver = typeof (choice as JsonObject)['finish_reason'] === 'string';
  const saysMore = Object.values(delta).some((value) => value !== '' && value !== null);
  return isOver || saysMore ? [{ ...(choice as JsonObject), delta }] : [];
}
