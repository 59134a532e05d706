import { type Refusal, refuse } from '../errors.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { AdmitParts } from './admit.ts';
import type { Asked } from './asked.ts';
import type { BehaviorOfKey } from './behavior-parts.ts';
import { foresee } from './foresee.ts';
import { taskOf } from './task.ts';

/**
 * A behavior of tier A only proposes: what every policy before has let through, and its budgets would hold, is kept for a person to
 * run. The last gate, for the others come first.
 */
export function proposalGate(parts: AdmitParts, asked: Asked): Asked | Refusal | Promise<Asked | Refusal> {
  const { leave } = asked.input;
  if (leave) return isStale(asked, leave.presetHash) ? stale(asked) : asked;
  const behavior = parts.behaviors.behaviorOf(asked.key.id);
  return behavior?.tier === 'A' ? propose(parts, asked, behavior) : asked;
}

async function propose(parts: AdmitParts, asked: Asked, behavior: BehaviorOfKey): Promise<Asked | Refusal> {
  const { input, key, preset } = asked;
  const foreseen = await foresee(parts, asked);
  if (foreseen.kind === 'refused') return foreseen;
  const { decided, bound, maxTokens } = foreseen;
  const [first] = decided.eligible.routes;
  const model = first?.model ?? '';
  const provider = first?.endpoints[0]?.provider.name ?? '';
  const facts = {
    scope: 'behavior',
    behavior: behavior.name,
    behavior_id: behavior.id,
    tier: behavior.tier,
    model,
    provider,
    bound_usd: usdOfNano(bound),
  };
  if (asked.isDry) return refuse('proposal_only', { detail: `"${behavior.name}"`, metadata: facts });
  const kept = await parts.behaviors.proposals.keep({
    behavior,
    key,
    callId: input.id,
    model,
    provider,
    bound,
    maxTokens,
    preset,
    task: taskOf(asked),
    request: input.body,
  });
  return kept.kind === 'kept'
    ? refuse('proposal_only', {
        detail: `"${behavior.name}" may only propose; its proposal is ${kept.id}`,
        metadata: { ...facts, proposal_id: kept.id },
      })
    : refuse('proposal_only', {
        detail: `"${behavior.name}" may only propose, and too many of its proposals wait already: this one was not kept`,
        metadata: { ...facts, proposal_id: null },
      });
}

/** What was looked at before it was run must be what is run. */
const isStale = ({ preset }: Asked, hash: string | null) => (preset?.hash ?? null) !== hash;

function stale({ preset }: Asked): Refusal {
  return refuse('proposal_stale', {
    detail: `@preset/${preset?.slug ?? '?'} says something else now than when this was proposed`,
    metadata: { scope: 'behavior', preset: preset?.slug ?? null, version: preset?.version ?? null },
  });
}
