import { combineAccess } from './combine-access.ts';
import { accountsOf, combineBudgets } from './combine-budgets.ts';
import { combineContent } from './combine-content.ts';
import { combineModalities } from './combine-modalities.ts';
import type { EffectivePolicy, RuleScope } from './effective-policy.ts';
import type { RuleLayer } from './layer-rules.ts';
import type { PolicyGuardrail, PolicyInputs } from './policy-inputs.ts';

/**
 * Combines what every layer above a call says into the one policy that the engine goes by. Pure. Adding a layer never admits more: lists
 * intersect, refusals unite, the strictest action wins, each budget stands for itself. The one exception is stated at
 * {@link combineModalities}. Source: `docs/decisions/0013-policy.md`.
 */
export function combine(inputs: PolicyInputs): EffectivePolicy {
  const layers = ruleLayersOf(inputs);
  const { organization, behavior } = inputs;
  const source = behavior && {
    scope: 'behavior' as const,
    guardrailId: null,
    name: `behavior "${behavior.name}"`,
  };
  return {
    budgets: combineBudgets(inputs),
    accounts: accountsOf(inputs),
    access: combineAccess(layers),
    modalities: combineModalities(layers, source),
    content: combineContent(layers, organization?.injectionAllowList ?? []),
  };
}

/** From the outermost in; a guardrail that stands at two places counts at the outer one. */
function ruleLayersOf(inputs: PolicyInputs): readonly RuleLayer[] {
  const { organization } = inputs;
  const layers: RuleLayer[] = [];
  if (organization?.rules) {
    const source = { scope: 'organization' as const, guardrailId: null, name: `organization "${organization.name}"` };
    layers.push({ source, rules: organization.rules });
  }
  const add = (guardrail: PolicyGuardrail | null, scope: RuleScope) => {
    if (!guardrail || layers.some(({ source }) => source.guardrailId === guardrail.id)) return;
    const source = { scope, guardrailId: guardrail.id, name: `guardrail "${guardrail.name}"` };
    layers.push({ source, rules: guardrail.rules });
  };
  add(inputs.defaultGuardrail, 'workspace-default');
  add(inputs.memberGuardrail, 'member');
  add(inputs.keyGuardrail, 'api-key');
  return layers;
}
