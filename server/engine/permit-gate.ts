import { type Refusal, refuse } from '../errors.ts';
import type { BudgetLayer } from '../policy/effective-policy.ts';
import { type PermitSubject, type Reason, requiredOf } from '../policy/permit.ts';
import { namedModel } from '../routing/preferences.ts';
import type { AdmitParts } from './admit.ts';
import type { Asked } from './asked.ts';
import type { BehaviorOfKey, PermitHeld, PermitMatter } from './behavior-parts.ts';
import { type Decided, decide } from './decide.ts';
import { modelsOf } from './eligible.ts';
import { keyRefusal } from './key-standing.ts';
import { madeOf } from './modalities.ts';
import { allNames, choosesModel } from './model-names.ts';
import { taskOf } from './task.ts';

/**
 * A person's leave, where something of the call requires it or its behavior is of tier B: a permit that was granted ahead, or one that
 * is asked for while the call waits. What a person runs from the queue has it.
 */
export function permitGate(parts: AdmitParts, asked: Asked): Asked | Refusal | Promise<Asked | Refusal> {
  const { behaviors } = parts;
  const requirements = behaviors.permits.requirements(asked.key.workspaceId);
  const behavior = behaviors.behaviorOf(asked.key.id);
  if (requirements.length === 0 && behavior?.tier !== 'B') return asked;
  // A proposal is not run before a person runs it, which is the leave.
  if (asked.input.leave || behavior?.tier === 'A') return asked;
  return withLeave(parts, asked, behavior);
}

async function withLeave(parts: AdmitParts, asked: Asked, behavior: BehaviorOfKey | null): Promise<Asked | Refusal> {
  const { permits, permitWaitMs } = parts.behaviors;
  const { input, key } = asked;
  const requirements = permits.requirements(key.workspaceId);
  const task = taskOf(asked);
  let decided: Decided | null = null;
  const route = async (): Promise<Decided | Refusal> => {
    const made = decided ?? (await decide(parts, asked));
    if (made.kind === 'decided') decided = made;
    return made;
  };
  // Who may serve it, and under which name, is known only once it has been looked for.
  const asksWhere = requirements.some(({ kind }) => kind === 'provider' || kind === 'model' || kind === 'modality');
  const found = asksWhere ? await route() : null;
  if (found?.kind === 'refused') return found;
  const reasons: Reason[] = [...requiredOf(requirements, subjectOf(asked, task, found))];
  if (behavior?.tier === 'B') reasons.unshift({ kind: 'behavior', value: behavior.name });
  if (reasons.length === 0) return asked;

  const question = { callId: input.id, key, task, reasons };
  if (asked.isDry) return (await permits.wouldTake(question)) ? asked : wanted(asked, reasons, task);
  const held = await permits.take(question);
  if (held) return permitted(asked, held);
  // Nobody is asked about a call that could not go anywhere.
  const going = await route();
  if (going.kind === 'refused') return going;
  const beganMs = performance.now();
  const answer = await permits.wait(question, matterOf(asked, behavior, going), {
    patienceMs: permitWaitMs(),
    signal: input.signal,
    onWaiting: input.onWaiting,
  });
  if (answer.kind === 'refused') return answer;
  const now = await asItStands(parts, asked);
  return now.kind === 'refused' ? now : { ...permitted(now, answer.permits), waitedMs: performance.now() - beganMs };
}

/** What was true of the key when the call began to wait may be true no more. */
async function asItStands(
  { keys, policyOf, now }: Pick<AdmitParts, 'keys' | 'policyOf' | 'now'>,
  asked: Asked,
): Promise<Asked | Refusal> {
  const key = await keys.byId(asked.key.id);
  const barred = keyRefusal(key, now());
  if (barred || !key) return barred ?? refuse('invalid_key');
  return { ...asked, key, policy: policyOf(key) };
}

function permitted(asked: Asked, permits: readonly PermitHeld[]): Asked {
  const capped = permits.filter(({ cap }) => cap !== null);
  return capped.length === 0 ? asked : { ...asked, ownBudgets: [...(asked.ownBudgets ?? []), ...capped.map(layerOf)] };
}

/** A permit's cap is a budget like any other, of what was called under it. */
const layerOf = ({ id, cap, task }: PermitHeld): BudgetLayer => ({
  id: `permit:${id}`,
  scope: 'permit',
  limit: cap,
  reset: null,
  includeByok: true,
  guardrailId: null,
  budgetId: id,
  name: `permit ${id.slice(0, 8)}${task === null ? '' : ` for task "${task}"`}`,
});

function subjectOf(asked: Asked, task: string | null, decided: Decided | null): PermitSubject {
  const endpoints = decided?.eligible.routes.flatMap((route) => route.endpoints) ?? [];
  const named = modelsOf(asked.request).map((model) => namedModel(model).id);
  return {
    keyId: asked.key.id,
    preset: asked.preset?.slug ?? null,
    // Another name of a model is no way around what is required of it.
    models: [...new Set([...named, ...endpoints.flatMap((endpoint) => [...allNames(endpoint)])])],
    isChosenElsewhere: endpoints.some(({ model }) => choosesModel(model.id)),
    providers: [...new Set(endpoints.flatMap(({ provider }) => [provider.slug, provider.name]))],
    modalities: madeOf(asked.request, endpoints),
    task,
  };
}

function matterOf(asked: Asked, behavior: BehaviorOfKey | null, { eligible, bound }: Decided): PermitMatter {
  const [first] = eligible.routes;
  const current = bound.current();
  const tokens = current.maxTokens ?? current.modelMaximum;
  const output = tokens === null ? null : Number((current.outputFemtoPerToken * BigInt(tokens)) / 1_000_000n);
  return {
    behavior,
    preset: asked.preset && { slug: asked.preset.slug, version: asked.preset.version },
    model: first?.model ?? '',
    provider: first?.endpoints[0]?.provider.name ?? '',
    bound: output === null ? null : current.inputNano + output,
  };
}

/** What a dry run says of a call that would wait for a person. */
function wanted({ key }: Asked, reasons: readonly Reason[], task: string | null): Refusal {
  return refuse('permit_required', {
    message: `This call would wait for a permit (${reasons.map(({ kind, value }) => `${kind} ${value}`).join(', ')})`,
    metadata: { scope: 'permit', key: key.name, task, reasons },
  });
}
