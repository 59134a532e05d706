import { isInjectionFilter, labelOfFilter } from '../policy/builtin-filters.ts';
import { NO_RULES } from '../policy/layer-rules.ts';
import { usdOfNano } from '../pricing/money.ts';
import type {
  GuardrailRow,
  GuardrailRules,
  KeyAssignmentRow,
  MemberAssignmentRow,
  OrganizationPolicyRow,
} from '../store/guardrail-store.ts';
import type { KeyRow } from '../store/store.ts';

/** OpenRouter's guardrail object, then what only Callgate has. */
export function guardrailView(row: GuardrailRow): Record<string, unknown> {
  const { rules } = row;
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    workspace_id: row.workspaceId,
    limit_usd: row.limit === null ? null : usdOfNano(row.limit),
    reset_interval: row.reset,
    include_byok_in_budgets: row.includeByok,
    enforce_zdr: row.enforceZdr,
    ...accessView(rules),
    allowed_data_regions: rules.regions,
    content_filter_builtins: rules.builtins?.map(builtinView) ?? null,
    content_filters:
      rules.custom?.map(({ pattern, action, label, directions }) => ({
        pattern,
        action,
        label,
        directions,
      })) ?? null,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
    modalities: rules.modalities,
    reversible: rules.reversible,
    mark_tool_results: rules.markToolResults,
    is_default: row.isDefault,
  };
}

/** The ceiling of an organization that has said nothing yet is one that says nothing. */
export function organizationPolicyView(
  organizationId: string,
  row: OrganizationPolicyRow | null,
): Record<string, unknown> {
  const rules = row?.rules ?? NO_RULES;
  return {
    organization_id: organizationId,
    ...accessView(rules),
    modalities: rules.modalities,
    injection_allow_list: row?.injectionAllowList ?? [],
    updated_at: row?.updatedAt ?? null,
  };
}

function accessView(rules: GuardrailRules): Record<string, unknown> {
  return {
    allowed_providers: rules.allowedProviders,
    ignored_providers: rules.ignoredProviders,
    allowed_models: rules.allowedModels,
    ignored_models: rules.ignoredModels,
    enforce_zdr_anthropic: rules.zdr.anthropic ?? null,
    enforce_zdr_openai: rules.zdr.openai ?? null,
    enforce_zdr_google: rules.zdr.google ?? null,
    enforce_zdr_xai: rules.zdr.xai ?? null,
    enforce_zdr_other: rules.zdr.other ?? null,
    enable_paid_model_training: rules.paidTraining,
    enable_free_model_training: rules.freeTraining,
    enable_free_model_publication: rules.freePublication,
  };
}

function builtinView(filter: NonNullable<GuardrailRules['builtins']>[number]): Record<string, unknown> {
  const { slug, action, directions, scanScope, threshold } = filter;
  return {
    slug,
    action,
    label: labelOfFilter(slug),
    ...(isInjectionFilter(slug) ? { scan_scope: scanScope } : {}),
    directions,
    ...(slug === 'prompt-injection' ? { threshold } : {}),
  };
}

export function keyAssignmentView(row: KeyAssignmentRow, key: KeyRow): Record<string, unknown> {
  return {
    id: row.id,
    guardrail_id: row.guardrailId,
    key_hash: key.hash,
    key_name: key.name,
    key_label: key.label,
    assigned_by: row.assignedBy,
    created_at: row.createdAt,
  };
}

export function memberAssignmentView(row: MemberAssignmentRow): Record<string, unknown> {
  return {
    id: row.id,
    guardrail_id: row.guardrailId,
    organization_id: row.organizationId,
    user_id: row.userId,
    assigned_by: row.assignedBy,
    created_at: row.createdAt,
  };
}
