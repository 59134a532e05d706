import type { KeyCaller } from '../providers/byok.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';
import type { Preferences } from '../routing/preferences.ts';
import { preferencesBehind } from '../routing/router.ts';
import { means } from '../routing/slugs.ts';
import type { KeyRow } from '../store/store.ts';
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

/** The request as a router is to see it: its preferences are about what stands behind it. For all others as it is. */
export function requestFor(
  endpoint: Endpoint,
  request: JsonObject,
  providers: Providers,
  caller: KeyCaller,
): JsonObject {
  const { provider } = endpoint;
  const preferences = request['provider'];
  if (!provider.isRouter || typeof preferences !== 'object' || preferences === null) return request;
  const served = { tag: provider.slug, name: provider.name };
  const behind = preferencesBehind(preferences as Preferences, served, (name) =>
    isCallableHere(name, providers, caller),
  );
  return behind === preferences ? request : { ...request, provider: behind };
}
