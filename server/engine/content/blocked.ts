import { type Refusal, refuse } from '../../errors.ts';
import type { Hit } from '../../policy/content-filters.ts';

const MOST_QUOTED = 100;
const MOST_NAMED = 16;

/** What was found, and the words of it where they are an attack and not somebody's data. */
export type BlockedHit = { readonly hit: Hit; readonly text: string };

/** The refusal of a request, in OpenRouter's words; it names the layer that asks for it, and never quotes personal data or secrets. */
export function requestBlocked(blocked: readonly BlockedHit[]): Refusal {
  const attacks = blocked.filter(({ hit }) => hit.detector === 'injection');
  const [first] = attacks.length > 0 ? attacks : blocked;
  if (!first) throw new Error('nothing was found that blocks a call');
  const where = whereOf(first.hit, 'input');
  if (attacks.length === 0)
    return refuse('content_blocked', { detail: first.hit.name, metadata: { ...where, ...namesOf(blocked) } });
  const patterns = distinct(attacks.map(({ text }) => text.slice(0, MOST_QUOTED)));
  return refuse('prompt_injection_blocked', { metadata: { patterns, ...where, ...namesOf(attacks) } });
}

/** The refusal of an answer. */
export function answerBlocked(hit: Hit): Refusal {
  return refuse('content_output_blocked', {
    detail: hit.name,
    metadata: { ...whereOf(hit, 'output'), ...namesOf([{ hit, text: '' }]) },
  });
}

function whereOf({ sources }: Hit, direction: string) {
  const [source] = sources;
  return {
    direction,
    scope: source?.scope ?? null,
    guardrail_id: source?.guardrailId ?? null,
    guardrail_name: source?.name ?? null,
  };
}

const namesOf = (blocked: readonly BlockedHit[]) => ({
  filters: distinct(blocked.map(({ hit }) => hit.type)),
  rules: distinct(blocked.flatMap(({ hit }) => hit.rule ?? [])),
});

const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)].slice(0, MOST_NAMED);
