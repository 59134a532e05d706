import type { Refusal } from '../errors.ts';
import type { AccessRules, Modality, ModalityRules } from '../policy/effective-policy.ts';
import type { Endpoint } from '../providers/registry.ts';
import { namedModel } from '../routing/preferences.ts';
import { accessDenial, allowersOf, type Denial, sourceView, whyDenied } from './access.ts';
import type { AdmitParts } from './admit.ts';
import type { Asked } from './asked.ts';
import { modelsOf } from './eligible.ts';
import { callerOf, isCallableHere } from './here.ts';
import { askedModalities, toolModalities } from './modalities.ts';
import { deniedByPolicy } from './no-route.ts';
import type { JsonObject } from './resolve-preset.ts';

/**
 * Whether policy lets anybody serve what is asked for. Which endpoints may is decided where they are chosen, by the same rules: those
 * that hold now, for the call may have waited for a person.
 */
export function accessGate(parts: AdmitParts, asked: Asked): Asked | Refusal {
  const policy = parts.policyOf(asked.key);
  const { access, modalities } = policy;
  const current = policy === asked.policy ? asked : { ...asked, policy };
  if (access === null && modalities === null) return current;
  const { request } = asked;
  return (
    (modalities && unmakeable(modalities, request)) ??
    (access && choosing(access, request)) ??
    unserved(parts, current) ??
    current
  );
}

/** What the request says it wants made, and may not be. */
function unmakeable(rules: ModalityRules, request: JsonObject): Refusal | null {
  const refused = (modality: Modality, remedy: string) =>
    deniedByPolicy(
      { rule: `modalities.${modality}`, sources: rules[modality].sources, remedy },
      modelsOf(request).join(', '),
      {},
    );
  for (const modality of askedModalities(request)) {
    const { value, sources } = rules[modality];
    if (value.rule === 'deny')
      return refused(modality, `Allow ${modality} generation in ${allowersOf(sources)}, or ask for text.`);
  }
  for (const modality of toolModalities(request)) {
    const { value, sources } = rules[modality];
    if (value.rule === 'deny')
      return refused(modality, `Leave the tool out, or allow ${modality} generation in ${allowersOf(sources)}.`);
    // A tool is run by whom the router likes.
    if (value.rule === 'pin')
      return refused(modality, `Leave the tool out and call a model of ${value.provider}, which alone may make it.`);
  }
  return null;
}

/** Plugins and tools of a router that ask models of their own choice. */
const CHOOSING_PLUGINS: ReadonlySet<unknown> = new Set(['fusion']);
const CHOOSING_TOOL = /^openrouter:(?:fusion|advisor|subagent)$/;

function choosing({ allowedModels, ignoredModels }: AccessRules, { plugins, tools }: JsonObject): Refusal | null {
  const [first] = [...allowedModels, ...ignoredModels];
  if (!first) return null;
  const list = <T>(value: unknown) => (Array.isArray(value) ? (value as readonly T[]) : []);
  const plugin = list<{ readonly id?: unknown; readonly enabled?: unknown }>(plugins).find(
    ({ id, enabled }) => enabled !== false && CHOOSING_PLUGINS.has(id),
  );
  const tool = list<{ readonly type?: unknown }>(tools).find(
    ({ type }) => typeof type === 'string' && CHOOSING_TOOL.test(type),
  );
  const by = plugin ? `plugin ${String(plugin.id)}` : tool ? `tool ${String(tool.type)}` : null;
  if (by === null) return null;
  const denial: Denial = {
    rule: allowedModels.length > 0 ? 'allowed_models' : 'ignored_models',
    sources: first.sources,
    remedy: `Leave out the ${by}: it asks models of its own choice.`,
  };
  return deniedByPolicy(denial, by, {});
}

/** Refuses when no endpoint of any model of the request may serve it, whatever its content is. */
function unserved({ providers }: AdmitParts, { key, policy, request }: Asked): Refusal | null {
  const caller = callerOf(key);
  const isHere = (name: string) => isCallableHere(name, providers, caller);
  const models = modelsOf(request);
  const left: { model: string; endpoint: Endpoint; denial: Denial }[] = [];
  for (const model of models) {
    const endpoints = providers.endpoints(namedModel(model).id);
    if (endpoints.length === 0) return null;
    for (const endpoint of endpoints) {
      const denial = accessDenial(endpoint, request, policy, isHere);
      // A key that somebody brought may be of an account that keeps nothing.
      if (!denial || denial.rule.startsWith('enforce_zdr_')) return null;
      left.push({ model, endpoint, denial });
    }
  }
  const [first] = left;
  if (!first) return null;
  const excluded = left.map(({ model, endpoint, denial }) => ({
    model,
    provider: endpoint.provider.slug,
    why: whyDenied(denial),
    layers: denial.sources.map(sourceView),
  }));
  const also = [...new Set(left.map(({ denial }) => denial))].filter((denial) => denial !== first.denial);
  return deniedByPolicy(first.denial, models.join(', '), { requested_models: models, excluded }, also);
}
