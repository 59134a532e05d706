import type { GuardrailBuiltin, GuardrailFilter, GuardrailRules } from '../store/guardrail-store.ts';
import type { AdminContext } from './context.ts';
import type { GuardrailBody } from './guardrail-body.ts';

const GROUPS = ['anthropic', 'openai', 'google', 'xai', 'other'] as const;

/** The rules as they are after a change: what the body does not name stays. */
export function changedRules(
  admin: Pick<AdminContext, 'providers'>,
  rules: GuardrailRules,
  body: Omit<GuardrailBody, 'name'>,
): GuardrailRules {
  const kept = <T>(named: T | undefined, present: T): T => (named === undefined ? present : named);
  const models = (named: readonly string[] | null | undefined, present: readonly string[] | null) =>
    named ? [...new Set(named.map((name) => canonicalSlug(admin, name)))] : kept(named, present);
  const unique = (named: readonly string[] | null | undefined) => (named ? [...new Set(named)] : named);
  return {
    allowedProviders: kept(unique(body.allowed_providers), rules.allowedProviders),
    ignoredProviders: kept(unique(body.ignored_providers), rules.ignoredProviders),
    allowedModels: models(body.allowed_models, rules.allowedModels),
    ignoredModels: models(body.ignored_models, rules.ignoredModels),
    zdr: changedZdr(rules.zdr, body),
    paidTraining: kept(body.enable_paid_model_training, rules.paidTraining),
    freeTraining: kept(body.enable_free_model_training, rules.freeTraining),
    freePublication: kept(body.enable_free_model_publication, rules.freePublication),
    regions: kept(body.allowed_data_regions, rules.regions),
    modalities: kept(given(body.modalities), rules.modalities),
    builtins: kept(
      body.content_filter_builtins?.map(builtinOf) ?? nothing(body.content_filter_builtins),
      rules.builtins,
    ),
    custom: kept(body.content_filters?.map(customOf) ?? nothing(body.content_filters), rules.custom),
    reversible: kept(body.reversible, rules.reversible),
    markToolResults: kept(body.mark_tool_results, rules.markToolResults),
  };
}

const nothing = (value: unknown): null | undefined => (value === null ? null : undefined);

/** Without fields that are there and undefined. */
function given(modalities: GuardrailBody['modalities']): GuardrailRules['modalities'] | undefined {
  if (!modalities) return modalities;
  return Object.fromEntries(Object.entries(modalities).filter(([, rule]) => rule !== undefined));
}

/** The deprecated `enforce_zdr` speaks for the groups that the same body does not name. */
function changedZdr(present: GuardrailRules['zdr'], body: Omit<GuardrailBody, 'name'>): GuardrailRules['zdr'] {
  return Object.fromEntries(
    GROUPS.map((group) => {
      const named = body[`enforce_zdr_${group}`] ?? (body[`enforce_zdr_${group}`] === null ? null : body.enforce_zdr);
      return [group, named === undefined ? (present[group] ?? null) : named];
    }),
  );
}

function builtinOf(body: NonNullable<GuardrailBody['content_filter_builtins']>[number]): GuardrailBuiltin {
  return {
    slug: body.slug,
    action: body.action,
    directions: directionsOf(body.directions),
    scanScope: body.scan_scope ?? 'all_messages',
    threshold: body.threshold ?? null,
  };
}

function customOf(body: NonNullable<GuardrailBody['content_filters']>[number]): GuardrailFilter {
  const { pattern, action, label } = body;
  return { pattern, action, directions: directionsOf(body.directions), label: label ?? null };
}

/** OpenRouter looks at prompts alone; so does a filter that says nothing. */
function directionsOf(named: readonly ('input' | 'output')[] | undefined): readonly ('input' | 'output')[] {
  return named ? (['input', 'output'] as const).filter((one) => named.includes(one)) : ['input'];
}

/** A model's immutable name where somebody here knows the model; another name stays as it is: it may be configured later. */
function canonicalSlug({ providers }: Pick<AdminContext, 'providers'>, name: string): string {
  for (const provider of providers.list()) {
    const known = provider.models().find(({ id }) => id === name);
    if (known?.listed) return known.listed.canonicalSlug;
  }
  return name;
}
