import { type Refusal, refuse } from '../errors.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import { unboundedBy } from '../pricing/bounded.ts';
import { serverWorkOf } from '../pricing/server-work.ts';
import { dialectOf } from '../providers/dialect.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import type { RoutingMemory } from '../routing/memory.ts';
import { type Circumstances, drawn, type Plan, planEndpoints, type Selection } from '../routing/plan.ts';
import { isUnpartitioned, namedModel, type Preferences, sortOf } from '../routing/preferences.ts';
import { accessDenial, type Denial, type LayerView, sourceView, whyDenied } from './access.ts';
import type { Asked } from './asked.ts';
import { type Choice, type Chooser, choicesOf } from './choices.ts';
import { type Conversation, conversationOf } from './conversation.ts';
import { admittedKeys } from './declared-zdr.ts';
import { unmetPreference } from './hard-filters.ts';
import { callerOf, isCallableHere } from './here.ts';
import { INEXPRESSIBLE, noRoute } from './no-route.ts';
import type { JsonObject } from './resolve-preset.ts';
import { outdone } from './soft-filters.ts';

/** A model of a call and where it can be had, in the order it will be tried. Ranked with others, it may stand there in parts. */
export type Route = { readonly model: string; readonly endpoints: readonly Endpoint[] };

export type LeftOut = {
  readonly model: string;
  readonly provider: string;
  readonly why: string;
  /** Of what policy left out: the layers that hold the rule. */
  readonly layers?: readonly LayerView[];
};

export type Eligible = {
  readonly kind: 'eligible';
  readonly routes: readonly Route[];
  /** What was left out, and why: for the dry run and `openrouter_metadata`. */
  readonly left: readonly LeftOut[];
  /** How the first endpoint was found. */
  readonly selection: Selection;
  /** The chance each endpoint had of being tried first among those of its model; null: there was nothing to choose. */
  readonly shares: ReadonlyMap<Endpoint, number> | null;
  /** By what the next call of this conversation finds the same endpoint; null: there is none to find. */
  readonly conversation: (() => Conversation) | null;
};

/** Who asks, as far as routing goes by it. */
export type RouteAsker = Pick<Chooser, 'caller' | 'unpricedAllowed'> & {
  readonly policy: Pick<EffectivePolicy, 'access' | 'modalities'>;
  readonly keyId: string;
  readonly sessionHeader: string | null;
};

export type RouteParts = {
  readonly providers: Providers;
  readonly memory: RoutingMemory;
  /** In [0, 1). */
  readonly random: () => number;
};

export const routeAsker = ({ key, policy, ownBudgets = [], input }: Asked): RouteAsker => ({
  keyId: key.id,
  policy,
  caller: callerOf(key),
  // Without a limit, what cannot be counted breaks none.
  unpricedAllowed:
    key.allowUnpriced || (ownBudgets.length === 0 && policy.budgets.every(({ limit }) => limit === null)),
  sessionHeader: input.caller.sessionId,
});

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
 * Every endpoint that may serve the request, in the order they will be tried. Refuses when none may, saying which of the reasons it
 * was. Changes nothing: the dry run asks the same. `now` in epoch milliseconds.
 */
export function eligibleRoutes(
  request: JsonObject,
  asker: RouteAsker,
  { providers, memory, random }: RouteParts,
  now: number,
): Eligible | Refusal {
  const models = modelsOf(request);
  if (models.length === 0) {
    return refuse('invalid_request', { message: 'No model is named: send "model", "models" or a preset that has one' });
  }
  const online = models.find((model) => model.endsWith(':online'));
  if (online) return refuse('invalid_request', { message: `${online}: :online is not served here. ${ONLINE_REMEDY}` });
  const preferences = (request['provider'] ?? {}) as Preferences;
  const left: LeftOut[] = [];
  const chooser: Chooser = { providers, health: memory.health, now, ...asker };
  const work = asker.unpricedAllowed ? null : serverWorkOf(request);
  const unbounded = ({ model }: Endpoint) => {
    const by = work && unboundedBy(model.price, request['service_tier'], work);
    return by ? `unbounded: ${by}` : null;
  };
  const { policy } = asker;
  const denials = policy.access || policy.modalities ? new Map<string, Denial>() : null;
  const forbidden = (endpoint: Endpoint) => {
    const denial =
      denials && accessDenial(endpoint, request, policy, (name) => isCallableHere(name, providers, asker.caller));
    if (!denial) return null;
    const why = whyDenied(denial);
    denials.set(why, denial);
    return why;
  };
  // A model and its variants are one endpoint, and none is tried twice.
  const taken = new Set<string>();
  const perModel = models.map((model) => {
    const named = namedModel(model);
    const leave = ({ provider }: Endpoint, why: string) => {
      const denial = denials?.get(why);
      left.push({ model, provider: provider.slug, why, ...(denial ? { layers: denial.sources.map(sourceView) } : {}) });
    };
    const whyNot = (endpoint: Endpoint) =>
      forbidden(endpoint) ??
      unmetPreference(endpoint, request) ??
      inexpressible(endpoint, request) ??
      unbounded(endpoint);
    let found = choicesOf(named, model, chooser, leave).flatMap((choice) => {
      const { endpoint, why } = admittedKeys(choice.endpoint, whyNot);
      if (why) leave(endpoint, why);
      if (why || taken.has(endpoint.id)) return [];
      return endpoint === choice.endpoint ? [choice] : [{ ...choice, endpoint }];
    });
    const worse = outdone(
      found.map(({ endpoint }) => endpoint),
      request,
    );
    if (worse.size > 0) found = found.filter(({ endpoint }) => !worse.has(endpoint));
    for (const [endpoint, why] of worse) leave(endpoint, why);
    for (const { id } of found) taken.add(id);
    if (found.length === 0 && !left.some((one) => one.model === model))
      left.push({ model, provider: '', why: 'unknown_model' });
    return { model, sort: named.sort, id: named.id, choices: found };
  });

  const [first] = perModel;
  const [only] = first?.choices ?? [];
  // Most calls have one place to go and nothing to say about it.
  if (only && perModel.length === 1 && first?.choices.length === 1 && !request['provider']) {
    const routes = [{ model: only.model, endpoints: [only.endpoint] }];
    return { kind: 'eligible', routes, left, selection: 'only', shares: null, conversation: null };
  }
  const hasChoice = perModel.some(({ choices }) => choices.length > 1) && !preferences.order?.length;
  const conversation = hasChoice ? remembered(() => conversationOf(request, asker.keyId, asker.sessionHeader)) : null;
  // Telling one conversation from another costs more than all the rest of this; most daemons remember none.
  const isSticky = conversation && memory.sticky.size > 0;
  const circumstances = (modelId: string): Circumstances => ({
    hasOutage: (id) => memory.breakers.hasOutage(id, now),
    recent: (id) => memory.records.recent(id, now),
    uptime: (id) => memory.records.of(id, now).uptimeLast30m,
    isHere: (name) => isCallableHere(name, providers, asker.caller),
    sticky: isSticky ? memory.sticky.endpointOf(stickyId(conversation(), modelId), now) : null,
  });
  const together = models.length > 1 && sortOf(preferences) !== null && isUnpartitioned(preferences, request['route']);
  const plans: readonly Plan<Choice>[] = together
    ? [
        planEndpoints(
          perModel.flatMap(({ choices }) => choices),
          preferences,
          null,
          circumstances(''),
        ),
      ]
    : perModel.map(({ choices, sort, id }) => planEndpoints(choices, preferences, sort, circumstances(id)));

  const routes: Route[] = [];
  for (const plan of plans) {
    for (const { endpoint, why } of plan.left) left.push({ model: endpoint.model, provider: endpoint.tag, why });
    let chosen = drawn(plan.ranked, random);
    if (plan.onlyFirst) {
      const first = chosen[0]?.id;
      for (const { model, tag, id } of chosen)
        if (id !== first) left.push({ model, provider: tag, why: 'provider.allow_fallbacks' });
      chosen = chosen.filter(({ id }) => id === first);
    }
    routes.push(...inRoutes(chosen));
  }
  if (routes.length === 0) return noRoute(models, left, denials);
  const shares = hasChoice || plans.some(({ ranked }) => ranked.length > 1) ? sharesOf(plans) : null;
  return {
    kind: 'eligible',
    routes: together ? routes : restingLast(routes, plans),
    left,
    selection: plans.find(({ ranked }) => ranked.length > 0)?.selection ?? 'only',
    shares,
    conversation,
  };
}

const ONLINE_REMEDY = 'Send "plugins": [{ "id": "web" }] with a model of a router that searches, such as OpenRouter.';

function remembered<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Under which name a conversation with a model is remembered. */
export const stickyId = ({ name }: Conversation, modelId: string) => `${name} ${modelId}`;

/** What an endpoint's dialect has no words for is never dropped on the way: the endpoint is left out. */
function inexpressible(endpoint: Endpoint, request: JsonObject): string | null {
  const field = dialectOf(endpoint.provider.dialect).inexpressible?.(request, endpoint);
  return field ? `${INEXPRESSIBLE}${field}` : null;
}

/** Choices in the order they are tried, those of one model that follow each other together. */
function inRoutes(choices: readonly Choice[]): readonly Route[] {
  const routes: { model: string; endpoints: Endpoint[] }[] = [];
  for (const { model, endpoint } of choices) {
    const last = routes.at(-1);
    if (last?.model === model) last.endpoints.push(endpoint);
    else routes.push({ model, endpoints: [endpoint] });
  }
  return routes;
}

/** A model that can only be had where nobody wants to be asked yet comes after those that can be had now. */
function restingLast(routes: readonly Route[], plans: readonly Plan<Choice>[]): readonly Route[] {
  if (routes.length < 2) return routes;
  const awake = new Set(
    plans
      .flatMap(({ ranked }) => ranked.filter(({ endpoint }) => endpoint.restsUntil === 0))
      .map(({ endpoint }) => endpoint.model),
  );
  return routes.toSorted((a, b) => Number(!awake.has(a.model)) - Number(!awake.has(b.model)));
}

function sharesOf(plans: readonly Plan<Choice>[]): ReadonlyMap<Endpoint, number> {
  return new Map(
    plans.flatMap(({ ranked }) => ranked.map(({ endpoint, share }) => [endpoint.endpoint, share] as const)),
  );
}
