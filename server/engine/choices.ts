import type { Price } from '../pricing/price.ts';
import { type ByokKey, insistence, type KeyCaller } from '../providers/byok.ts';
import { type Credential, forbidsRouters } from '../providers/keys.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import type { EndpointHealth } from '../routing/health.ts';
import type { Candidate } from '../routing/plan.ts';
import { isCatalogueVariant, type NamedModel } from '../routing/preferences.ts';
import { allNames } from './model-names.ts';

/** An endpoint as routing ranks it, and the name it was asked for by. */
export type Choice = Candidate & { readonly endpoint: Endpoint; readonly model: string };

export type Chooser = {
  readonly providers: Providers;
  readonly health: EndpointHealth;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Some provider keys are for some callers only. */
  readonly caller: KeyCaller;
  /** Whether an endpoint whose price nobody knows may serve it. */
  readonly unpricedAllowed: boolean;
};

/** Every endpoint of a model with the keys there are for it; `leave` is told of those that cannot be called, and why. */
export function choicesOf(
  named: NamedModel,
  model: string,
  chooser: Chooser,
  leave: (endpoint: Endpoint, why: string) => void,
): readonly Choice[] {
  const { providers, caller, unpricedAllowed } = chooser;
  const known = providers.endpoints(named.id);
  const noRouter = routerBan(known, chooser);
  const isVariant = isCatalogueVariant(named.id);
  const choices: Choice[] = [];
  for (const endpoint of known) {
    const { provider } = endpoint;
    const price = endpoint.model.price;
    if (isVariant && !provider.isRouter && !provider.models().some(({ id }) => id === named.id)) {
      leave(endpoint, 'unknown_model');
    } else if (provider.isRouter && noRouter) leave(endpoint, noRouter);
    else if (price === null && !unpricedAllowed) leave(endpoint, 'unpriced');
    else if (provider.keys || providers.byok.of(provider.slug, caller).length > 0) {
      const brought = providers.byok.of(provider.slug, caller);
      const withKeys = keyedChoices(forRouter(endpoint, named.variants), price, model, chooser, brought);
      if (withKeys.length === 0) leave(endpoint, insistence(brought, () => allNames(endpoint)) ?? 'no_key');
      choices.push(...withKeys);
    } else if (providers.keyOf(provider) === undefined) leave(endpoint, 'no_key');
    else {
      const restsUntil = chooser.health.restsUntil(endpoint.id, chooser.now);
      choices.push(choice(forRouter(endpoint, named.variants), price, model, restsUntil, false));
    }
  }
  return choices;
}

/** Why a model must not be reached through a router: somebody's key of a provider that serves it insists on being used. */
function routerBan(
  known: readonly Endpoint[],
  { providers, caller }: Chooser,
): 'byok.is_byok_only' | 'byok.is_required' | null {
  if (providers.byok.isEmpty && !providers.list().some(({ keys }) => keys)) return null;
  if (!known.some(({ provider }) => provider.isRouter)) return null;
  for (const endpoint of underEveryName(known, providers)) {
    const { provider, model } = endpoint;
    if (provider.keys && forbidsRouters(provider, model.id, caller.keyHash)) return 'byok.is_required';
    if (provider.isRouter || !providers.byok.has(provider.slug)) continue;
    const why = insistence(providers.byok.of(provider.slug, caller), () => allNames(endpoint));
    if (why) return why;
  }
  return null;
}

/** Also where the same model is served under the other names by which a router has it: `<router>/<model>`, the catalogued one. */
function underEveryName(known: readonly Endpoint[], providers: Providers): readonly Endpoint[] {
  const names = known.flatMap((one) => (one.provider.isRouter ? [one.model.native, ...allNames(one)] : []));
  return [...new Set([...known, ...[...new Set(names)].flatMap((name) => providers.endpoints(name))])];
}

/** Where a provider has several keys, those kept as fallback make an endpoint of their own. Keys that rest are tried last. */
function keyedChoices(
  endpoint: Endpoint,
  price: Price | null,
  model: string,
  { providers, health, now, caller }: Chooser,
  brought: readonly ByokKey[],
): readonly Choice[] {
  const all = providers
    .credentials(endpoint.provider, endpoint.model.id, caller.keyHash, brought, () => allNames(endpoint))
    .map((credential) => ({ credential, rests: health.restsUntil(restingId(endpoint, credential), now) }))
    .toSorted((a, b) => a.rests - b.rests);
  return [false, true].flatMap((isFallback) => {
    const some = all.filter(({ credential }) => credential.isFallback === isFallback);
    const [first] = some;
    if (!first) return [];
    const credentials = some.map(({ credential }) => credential);
    return [choice({ ...endpoint, credentials }, price, model, first.rests, isFallback)];
  });
}

/** What rests when an endpoint asks to be left alone: it, or, where it has several keys, it with this one. */
export function restingId({ id }: Endpoint, credential: Credential | null): string {
  // Brought keys of two workspaces may have one name.
  const key = credential && (credential.byokId ?? credential.name);
  return key === null ? id : `${id}#${key}`;
}

/** A router chooses among endpoints of its own: it is told how. */
function forRouter(endpoint: Endpoint, variants: string): Endpoint {
  if (variants === '' || !endpoint.provider.isRouter) return endpoint;
  return { ...endpoint, model: { ...endpoint.model, native: `${endpoint.model.native}${variants}` } };
}

function choice(
  endpoint: Endpoint,
  price: Price | null,
  model: string,
  restsUntil: number,
  isFallback: boolean,
): Choice {
  const { id, provider } = endpoint;
  const { slug: tag, name, isRouter } = provider;
  return { id, tag, name, isRouter, isFallback, price: price && typical(price), restsUntil, endpoint, model };
}

/** Femto-dollars of a call with 750 tokens in and 250 out: prices of tokens and of requests made comparable. */
function typical(price: Price): number {
  let cost = typicalCosts.get(price);
  if (cost === undefined) {
    cost = Number(750n * price.prompt + 250n * price.completion + price.request);
    typicalCosts.set(price, cost);
  }
  return cost;
}
const typicalCosts = new WeakMap<Price, number>();
