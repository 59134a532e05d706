import type { BudgetLayer, BudgetScope } from './effective-policy.ts';
import type { PolicyGuardrail, PolicyInputs } from './policy-inputs.ts';

/** A budget that is over is told by its broadest interval, so that one comes first. */
const BREADTH = [null, 'monthly', 'weekly', 'daily'] as const;

/**
 * Every budget that a call of this key must fit under, in OpenRouter's order: the workspace's default guardrail for the member and for
 * the key, the member's guardrail, the key's guardrail, the workspace's budgets, the key's own limit, and the organization's credits.
 * A guardrail's budget is each subject's own, and counts what the subject has spent, under whichever guardrail. A guardrail that stands
 * at two places over the same subject is named once.
 */
export function combineBudgets(inputs: PolicyInputs): readonly BudgetLayer[] {
  const { key, workspace, organization } = inputs;
  const creator = key.creatorUserId;
  const layers: BudgetLayer[] = [];
  const add = (layer: BudgetLayer) => {
    const isSame = (other: BudgetLayer) =>
      layer.guardrailId !== null && other.guardrailId === layer.guardrailId && other.id === layer.id;
    if (!layers.some(isSame)) layers.push(layer);
  };
  const guard = (guardrail: PolicyGuardrail | null, scope: BudgetScope, subject: string | null) => {
    if (guardrail?.limit !== null && guardrail?.limit !== undefined && subject) add(guarded(guardrail, scope, subject));
  };
  const member = creator === null ? null : `member:${creator}`;
  guard(inputs.defaultGuardrail, 'workspace_default_member', member && `${member}@${workspace.id}`);
  guard(inputs.defaultGuardrail, 'workspace_default_key', `key:${key.id}`);
  guard(inputs.memberGuardrail, 'member', member);
  guard(inputs.keyGuardrail, 'api_key', `key:${key.id}`);
  for (const layer of workspaceLayers(workspace)) add(layer);
  // Always there: the key's spend is counted whether or not it has a limit today.
  add({
    guardrailId: null,
    budgetId: null,
    id: `key:${key.id}`,
    scope: 'key_limit',
    limit: key.limit,
    reset: key.limitReset,
    includeByok: key.includeByokInLimit,
    name: `key "${key.name}"`,
  });
  const credits = creditsLayer(organization);
  if (credits) add(credits);
  return layers;
}

/** A workspace's budgets, the broadest first. */
export function workspaceLayers(workspace: PolicyInputs['workspace']): readonly BudgetLayer[] {
  return BREADTH.flatMap((reset) => {
    const budget = workspace.budgets.find((one) => one.reset === reset);
    if (!budget) return [];
    return {
      id: `workspace:${workspace.id}`,
      scope: 'workspace' as const,
      limit: budget.limit,
      reset,
      includeByok: workspace.includeByok,
      guardrailId: null,
      budgetId: budget.id,
      name: `workspace "${workspace.slug}"`,
    };
  });
}

/** What was prepaid; null: nothing was, and nothing limits. */
export function creditsLayer(
  organization: Pick<NonNullable<PolicyInputs['organization']>, 'id' | 'name' | 'credits'> | null,
): BudgetLayer | null {
  if (organization === null || organization.credits === null) return null;
  return {
    id: `credits:${organization.id}`,
    scope: 'credits',
    limit: organization.credits,
    reset: null,
    // A call on somebody's own provider key costs no credits, at OpenRouter as here.
    includeByok: false,
    guardrailId: null,
    budgetId: null,
    name: `organization "${organization.name}"`,
  };
}

function guarded(guardrail: PolicyGuardrail, scope: BudgetScope, subject: string): BudgetLayer {
  return {
    id: subject,
    scope,
    limit: guardrail.limit,
    reset: guardrail.reset,
    includeByok: guardrail.includeByok,
    guardrailId: guardrail.id,
    budgetId: null,
    name: `guardrail "${guardrail.name}"`,
  };
}

/** Whose spend a call of this key is, whether or not a budget limits it today. */
export function accountsOf({ key, workspace, organization }: PolicyInputs): readonly string[] {
  const { creatorUserId: creator } = key;
  return [
    `key:${key.id}`,
    ...(creator === null ? [] : [`member:${creator}`, `member:${creator}@${workspace.id}`]),
    `workspace:${workspace.id}`,
    ...(organization ? [`credits:${organization.id}`] : []),
  ];
}
