import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { KeyCaller } from '../providers/byok.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import { means } from '../routing/slugs.ts';
import type { KeyRow } from '../store/store.ts';
import { behindRouter, requestBehind } from './behind-router.ts';
import type { JsonObject } from './resolve-preset.ts';

export const callerOf = (key: KeyRow): KeyCaller => ({
  keyId: key.id,
  keyHash: key.hash,
  workspaceId: key.workspaceId,
  userId: key.creatorUserId,
});

/** Whether a name in `order` or `only` is a provider that this caller can call here directly, so that no router need be asked for it. */
export function isCallableHere(name: string, providers: Providers, caller: KeyCaller): boolean {
  return providers
    .list()
    .some(
      (provider) =>
        !provider.isRouter &&
        means(name, { tag: provider.slug, name: provider.name }) &&
        (providers.keyOf(provider) !== undefined || providers.byok.of(provider.slug, caller).length > 0),
    );
}

/** The request as a router is to see it, policy's restrictions among its preferences. For all others as it is. */
export function requestFor(
  endpoint: Endpoint,
  request: JsonObject,
  policy: Pick<EffectivePolicy, 'access' | 'modalities'>,
  providers: Providers,
  caller: KeyCaller,
): JsonObject {
  if (!endpoint.provider.isRouter) return request;
  const isHere = (name: string) => isCallableHere(name, providers, caller);
  const isGuarded = policy.access !== null || policy.modalities !== null;
  const behind = isGuarded ? behindRouter(endpoint, request, policy, isHere) : null;
  return requestBehind(endpoint, request, behind, isHere);
}
