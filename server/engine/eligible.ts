import { type Refusal, refuse } from '../errors.ts';
import { dialectOf } from '../providers/dialect.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import { type Preferences, planEndpoints } from '../routing/plan.ts';
import { unmetPreference } from './hard-filters.ts';
import type { JsonObject } from './resolve-preset.ts';

/** One model of a call and where it can be had, in the order it will be tried. */
export type Route = { readonly model: string; readonly endpoints: readonly Endpoint[] };

export type Eligible = {
  readonly kind: 'eligible';
  readonly routes: readonly Route[];
  /** What was left out, and why: for the dry run and `openrouter_metadata`. */
  readonly left: readonly { readonly model: string; readonly provider: string; readonly why: string }[];
};

/** Suffixes that choose among endpoints and are no part of the model's name. */
const ROUTING_VARIANT = /(?::(?:nitro|floor|exacto))+$/;

/** The models a request names, in order of preference, each once. */
export function modelsOf(request: JsonObject): readonly string[] {
  const models = Array.isArray(request['models']) ? request['models'] : [];
  return [
    ...new Set(
      [request['model'], ...models].filter((model): model is string => typeof model === 'string' && model !== ''),
    ),
  ];
}

/**
 * Every endpoint that may serve the request, model by model. Refuses when none may, saying which of the reasons it was.
 * `unpricedAllowed`: whether an endpoint whose price nobody knows may serve it.
 */
export function eligibleRoutes(
  request: JsonObject,
  providers: Providers,
  restsUntil: (id: string) => number,
  unpricedAllowed: boolean,
): Eligible | Refusal {
  const models = modelsOf(request);
  if (models.length === 0) {
    return refuse('invalid_request', { message: 'No model is named: send "model", "models" or a preset that has one' });
  }
  const preferences = (request['provider'] ?? {}) as Preferences;
  const left: { model: string; provider: string; why: string }[] = [];
  const routes: Route[] = [];
  // A model and its variants are one endpoint, and none is tried twice.
  const planned = new Set<string>();
  for (const model of models) {
    const known = providers.endpoints(model.replace(ROUTING_VARIANT, ''));
    if (known.length === 0) left.push({ model, provider: '', why: 'unknown_model' });
    const usable = known.filter((endpoint) => {
      const why =
        unusable(endpoint, providers, unpricedAllowed) ??
        unmetPreference(endpoint, request) ??
        inexpressible(endpoint, request);
      if (why) left.push({ model, provider: endpoint.provider.slug, why });
      return !why;
    });
    const plan = planEndpoints(
      usable.filter(({ id }) => !planned.has(id)),
      preferences,
      restsUntil,
    );
    for (const { id } of plan.chosen) planned.add(id);
    for (const { endpoint, why } of plan.left) left.push({ model, provider: endpoint.provider.slug, why });
    if (plan.chosen.length > 0) routes.push({ model, endpoints: plan.chosen });
  }
  if (routes.length === 0) return refusalFor(models, left);
  // A model that can only be had where nobody wants to be asked yet comes after those that can be had now.
  const isResting = ({ endpoints }: Route) => Number(endpoints.every(({ id }) => restsUntil(id) > 0));
  return { kind: 'eligible', routes: routes.toSorted((a, b) => isResting(a) - isResting(b)), left };
}

function unusable(endpoint: Endpoint, providers: Providers, unpricedAllowed: boolean): string | null {
  if (providers.keyOf(endpoint.provider) === undefined) return 'no_key';
  return endpoint.model.price === null && !unpricedAllowed ? 'unpriced' : null;
}

const INEXPRESSIBLE = 'inexpressible: ';

/** What an endpoint's dialect has no words for is never dropped on the way: the endpoint is left out. */
function inexpressible(endpoint: Endpoint, request: JsonObject): string | null {
  const field = dialectOf(endpoint.provider.dialect).inexpressible?.(request, endpoint);
  return field ? `${INEXPRESSIBLE}${field}` : null;
}

function refusalFor(models: readonly string[], left: Eligible['left']): Refusal {
  const because = (why: string) => [
    ...new Set(left.filter((entry) => entry.why === why).map((entry) => entry.provider)),
  ];
  const model = models.join(', ');
  const metadata = { requested_models: models, excluded: left };
  if (because('unpriced').length > 0) return refuse('unpriced_model', { detail: model, metadata });
  const filtered = left.filter((entry) => entry.why.startsWith('provider.'));
  if (filtered.length > 0) {
    return refuse('no_endpoints', {
      message: `No allowed providers are available for the selected model. Providers serving ${model}: ${[...new Set(filtered.map((entry) => entry.provider))].join(', ')}, but the request's ${[...new Set(filtered.map((entry) => entry.why))].join(', ')} leaves none of them.`,
      metadata,
    });
  }
  const unsaid = left.find((entry) => entry.why.startsWith(INEXPRESSIBLE));
  if (unsaid) {
    const field = unsaid.why.slice(INEXPRESSIBLE.length);
    return refuse('invalid_request', {
      message: `${unsaid.provider} cannot be asked for ${field}, and nobody else here serves ${model}`,
      metadata: { ...metadata, field },
    });
  }
  const keyless = because('no_key');
  if (keyless.length > 0) {
    return refuse('provider_key_missing', { detail: `${keyless.join(' or ')} serves ${model}`, metadata });
  }
  return refuse('invalid_model', { message: `${model} is not a valid model ID`, metadata });
}
