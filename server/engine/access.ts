import type { AccessRules, EffectivePolicy, Source } from '../policy/effective-policy.ts';
import type { CatalogueModel } from '../pricing/catalogue.ts';
import type { Provider } from '../providers/provider.ts';
import { type Endpoint, retainsNothing } from '../providers/registry.ts';
import type { Preferences } from '../routing/preferences.ts';
import { meansAny } from '../routing/slugs.ts';
import { behindRouter, requestBehind } from './behind-router.ts';
import { promisesNoTraining, regionOf, trainingRule, zdrGroupOf } from './data-rules.ts';
import { modalityDenial } from './modalities.ts';
import { allNames, choosesModel, ownNames } from './model-names.ts';
import type { JsonObject } from './resolve-preset.ts';

/** The rule by which policy keeps an endpoint from serving a call, and the layers that hold it. */
export type Denial = {
  /** As guardrails name it: `allowed_providers`, `enforce_zdr_openai`, …; `modalities.image` and its like. */
  readonly rule: string;
  readonly sources: readonly Source[];
  /** For people: what would pass. */
  readonly remedy: string;
};

type Rules = Pick<EffectivePolicy, 'access' | 'modalities'>;

/**
 * Why policy does not let an endpoint serve this request; null when it does. A router is judged by what it can be told
 * ({@link behindRouter}); where that leaves it nothing to do, it is left out.
 */
export function accessDenial(
  endpoint: Endpoint,
  request: JsonObject,
  rules: Rules,
  isHere: (name: string) => boolean,
): Denial | null {
  const { access, modalities } = rules;
  const denial = access && remembered(access, endpoint);
  if (denial) return denial;
  const made = modalities && modalityDenial(modalities, endpoint, request);
  if (made) {
    const { modality, provider, sources } = made;
    const remedy =
      provider === null
        ? `Allow ${modality} generation in ${allowersOf(sources)}, or ask for text.`
        : `Only ${provider} may make ${modality === 'audio' ? 'audio' : `${modality}s`} here: name a model that it serves.`;
    return { rule: `modalities.${modality}`, sources, remedy };
  }
  return endpoint.provider.isRouter ? routerDenial(endpoint, request, rules, isHere) : null;
}

/** What policy says of an endpoint whatever the request: asked once for each, however many calls there are. */
function remembered(access: AccessRules, endpoint: Endpoint): Denial | null {
  const { provider, model } = endpoint;
  const ofAccess = known.get(access) ?? new WeakMap<Provider, WeakMap<CatalogueModel, Denial | null>>();
  const ofProvider = ofAccess.get(provider) ?? new WeakMap<CatalogueModel, Denial | null>();
  let denial = ofProvider.get(model);
  if (denial === undefined) {
    denial = standingDenial(access, endpoint);
    known.set(access, ofAccess.set(provider, ofProvider.set(model, denial)));
  }
  return denial;
}
const known = new WeakMap<AccessRules, WeakMap<Provider, WeakMap<CatalogueModel, Denial | null>>>();

function standingDenial(access: AccessRules, endpoint: Endpoint): Denial | null {
  return (
    modelDenial(access, endpoint) ??
    (endpoint.provider.isRouter ? null : (providerDenial(access, endpoint) ?? dataDenial(access, endpoint))) ??
    ignoredProvider(access, endpoint) ??
    regionDenial(access, endpoint)
  );
}

function modelDenial({ allowedModels, ignoredModels }: AccessRules, endpoint: Endpoint): Denial | null {
  if (allowedModels.length === 0 && ignoredModels.length === 0) return null;
  const { id } = endpoint.model;
  const own = ownNames(endpoint);
  const all = ignoredModels.length > 0 ? allNames(endpoint) : own;
  const listed = (list: ReadonlySet<string>, wanted: ReadonlySet<string>) =>
    [...list].some((entry) => wanted.has(entry.toLowerCase()));
  for (const { value, sources } of ignoredModels) {
    const remedy = `Use another model, or take ${id} from ignored_models of ${namesOf(sources)}.`;
    if (listed(value, all)) return { rule: 'ignored_models', sources, remedy };
    // It may choose one of them, and nobody would know before it has been asked.
    if (choosesModel(id))
      return { rule: 'ignored_models', sources, remedy: `Name a model: ${id} may choose an ignored one.` };
  }
  for (const { value, sources } of allowedModels) {
    if (listed(value, own)) continue;
    const some = [...value].slice(0, 5).join(', ');
    const remedy = `Use one of ${some}${value.size > 5 ? ', …' : ''}, or add ${id} to allowed_models of ${namesOf(sources)}.`;
    return { rule: 'allowed_models', sources, remedy };
  }
  return null;
}

function providerDenial({ allowedProviders }: AccessRules, { provider }: Endpoint): Denial | null {
  for (const { value, sources } of allowedProviders) {
    if (meansAny([...value], { tag: provider.slug, name: provider.name })) continue;
    const some = [...value].slice(0, 5).join(', ');
    const remedy = `Use a model that ${some} serves, or add ${provider.slug} to allowed_providers of ${namesOf(sources)}.`;
    return { rule: 'allowed_providers', sources, remedy };
  }
  return null;
}

function ignoredProvider({ ignoredProviders }: AccessRules, { provider }: Endpoint): Denial | null {
  for (const { value, sources } of ignoredProviders) {
    if (!meansAny([...value], { tag: provider.slug, name: provider.name })) continue;
    const remedy = `Use another provider, or take ${provider.slug} from ignored_providers of ${namesOf(sources)}.`;
    return { rule: 'ignored_providers', sources, remedy };
  }
  return null;
}

function dataDenial(access: AccessRules, endpoint: Endpoint): Denial | null {
  const { provider, model } = endpoint;
  const group = zdrGroupOf(provider);
  const zdr = access.zdr.find(({ value }) => value === group);
  const promise = `data_policy of ${provider.slug} in config.yaml, where that is true`;
  if (zdr && !retainsNothing(provider)) {
    const remedy = `Use an endpoint with zero data retention, say zdr in the ${promise}, or lift enforce_zdr_${group} of ${namesOf(zdr.sources)}.`;
    return { rule: `enforce_zdr_${group}`, sources: zdr.sources, remedy };
  }
  const training = trainingRule(access, model);
  if (!training || promisesNoTraining(endpoint)) return null;
  const rule =
    training === access.noPaidTraining
      ? 'enable_paid_model_training'
      : training === access.noFreeTraining
        ? 'enable_free_model_training'
        : 'enable_free_model_publication';
  const remedy = `Use a provider that does not train on prompts, say no_training in the ${promise}, or set ${rule} in ${namesOf(training.sources)}.`;
  return { rule, sources: training.sources, remedy };
}

function regionDenial({ regions }: AccessRules, endpoint: Endpoint): Denial | null {
  if (regions.length === 0) return null;
  const region = regionOf(endpoint);
  const by = regions.find(({ value }) => region !== null && !value.has(region));
  if (!by) return null;
  const remedy = `Use an endpoint in ${[...by.value].join(' or ')}, or add ${region} to allowed_data_regions of ${namesOf(by.sources)}.`;
  return { rule: 'allowed_data_regions', sources: by.sources, remedy };
}

/** A router that may reach none of the providers that policy and the request both allow. */
function routerDenial(
  endpoint: Endpoint,
  request: JsonObject,
  rules: Rules,
  isHere: (name: string) => boolean,
): Denial | null {
  const behind = behindRouter(endpoint, request, rules, isHere);
  if (behind.only === null) return null;
  const { only = [] } = requestBehind(endpoint, request, behind, isHere)['provider'] as Preferences;
  if (only?.some((name) => !meansAny(behind.ignore, { tag: name, name }))) return null;
  const { sources } = behind;
  const { slug } = endpoint.provider;
  const remedy = `Use a provider that is allowed, or add ${slug} to allowed_providers of ${namesOf(sources)}.`;
  return { rule: 'allowed_providers', sources, remedy };
}

export const namesOf = (sources: readonly Source[]) => [...new Set(sources.map(({ name }) => name))].join(' and ');

/** Where a modality is allowed that these layers deny. A behavior's key makes none until a guardrail says so. */
export const allowersOf = (sources: readonly Source[]) =>
  sources.every(({ scope }) => scope === 'behavior')
    ? `a guardrail over the key of ${namesOf(sources)}, which generates none unless one says so`
    : namesOf(sources);

/** A layer as answers show it. */
export type LayerView = {
  readonly scope: Source['scope'];
  readonly guardrail_id: string | null;
  readonly name: string;
};

export const sourceView = ({ scope, guardrailId, name }: Source): LayerView => ({
  scope,
  guardrail_id: guardrailId,
  name,
});

/** As it stands in what was left out: the rule, and whose. */
export const whyDenied = ({ rule, sources }: Denial) => `policy.${rule}: ${namesOf(sources)}`;
