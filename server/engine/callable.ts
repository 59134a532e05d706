import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import { EndpointHealth } from '../routing/health.ts';
import { namedModel } from '../routing/preferences.ts';
import type { KeyRow } from '../store/store.ts';
import { accessDenial } from './access.ts';
import { choicesOf } from './choices.ts';
import { admittedKeys } from './declared-zdr.ts';
import { callerOf, isCallableHere } from './here.ts';

/**
 * By which endpoint a model would be called for a key first, as far as nothing but the model counts: with the provider keys that there
 * are for this caller, under the policy over it. Null: not at all.
 */
export function callableBy(
  key: KeyRow,
  policy: EffectivePolicy,
  providers: Providers,
): (modelId: string) => Endpoint | null {
  const caller = callerOf(key);
  const isHere = (name: string) => isCallableHere(name, providers, caller);
  const unpricedAllowed = key.allowUnpriced || policy.budgets.every(({ limit }) => limit === null);
  // Who rests for a minute may be called all the same.
  const chooser = { providers, health: new EndpointHealth(), now: 0, caller, unpricedAllowed };
  const whyNot = (endpoint: Endpoint) => accessDenial(endpoint, {}, policy, isHere)?.rule ?? null;
  return (modelId) => {
    const choices = choicesOf(namedModel(modelId), modelId, chooser, () => {});
    return choices.find(({ endpoint }) => admittedKeys(endpoint, whyNot).why === null)?.endpoint ?? null;
  };
}
