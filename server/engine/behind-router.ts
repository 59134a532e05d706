import type { AccessRules, EffectivePolicy, Source } from '../policy/effective-policy.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { Preferences } from '../routing/preferences.ts';
import { preferencesBehind } from '../routing/router.ts';
import { means, meansAny } from '../routing/slugs.ts';
import { trainingRule, zdrGroupsBehind } from './data-rules.ts';
import { pinsOf } from './modalities.ts';
import type { JsonObject } from './resolve-preset.ts';

/** What policy lets a router do behind itself: to be sent with the request, since only the router can hold it. */
export type Behind = {
  /** The only providers; null: any. */
  readonly only: readonly string[] | null;
  /** By whom `only` is what it is. */
  readonly sources: readonly Source[];
  readonly ignore: readonly string[];
  readonly zdr: boolean;
  readonly deniesCollection: boolean;
};

/**
 * What a router must be told. A provider that can be called here is never reached through a router; who allows the router itself allows
 * what is behind it.
 */
export function behindRouter(
  endpoint: Endpoint,
  request: JsonObject,
  { access, modalities }: Pick<EffectivePolicy, 'access' | 'modalities'>,
  isHere: (name: string) => boolean,
): Behind {
  const served = { tag: endpoint.provider.slug, name: endpoint.provider.name };
  const lists = [
    ...(access?.allowedProviders ?? []).map(({ value, sources }) => ({ names: [...value], sources })),
    ...(modalities ? pinsOf(modalities, endpoint, request) : []).map(({ value, sources }) => ({
      names: [value],
      sources,
    })),
  ];
  let only: readonly string[] | null = null;
  const sources: Source[] = [];
  for (const list of lists) {
    if (meansAny(list.names, served)) continue;
    const names = list.names.filter((name) => !isHere(name));
    only = only === null ? names : commonNames(only, names);
    sources.push(...list.sources);
  }
  return {
    only,
    sources,
    ignore: (access?.ignoredProviders ?? []).flatMap(({ value }) => [...value]),
    zdr: access !== null && mustRetainNothing(access, endpoint.model.id),
    deniesCollection: access !== null && trainingRule(access, endpoint.model) !== null,
  };
}

function mustRetainNothing({ zdr }: AccessRules, modelId: string): boolean {
  if (zdr.length === 0) return false;
  const groups = zdrGroupsBehind(modelId);
  return groups === null || zdr.some(({ value }) => groups.has(value));
}

/**
 * The request as a router is to see it: its preferences are about what stands behind it, and policy's are among them. The same object
 * when there is nothing to say.
 */
export function requestBehind(
  { provider }: Endpoint,
  request: JsonObject,
  behind: Behind | null,
  isHere: (name: string) => boolean,
): JsonObject {
  const said = request['provider'];
  const hasSaid = typeof said === 'object' && said !== null;
  const own = hasSaid
    ? preferencesBehind(said as Preferences, { tag: provider.slug, name: provider.name }, isHere)
    : NOTHING_SAID;
  const told = behind ? withPolicy(own, behind) : own;
  return told === (hasSaid ? said : NOTHING_SAID) ? request : { ...request, provider: told };
}
const NOTHING_SAID: Preferences = {};

function withPolicy(own: Preferences, { only, ignore, zdr, deniesCollection }: Behind): Preferences {
  if (only === null && ignore.length === 0 && !zdr && !deniesCollection) return own;
  return {
    ...own,
    ...(only === null ? {} : { only: own.only ? commonNames(own.only, only) : only }),
    ...(ignore.length === 0 ? {} : { ignore: [...new Set([...(own.ignore ?? []), ...ignore])] }),
    ...(zdr ? { zdr: true } : {}),
    ...(deniesCollection ? { data_collection: 'deny' } : {}),
  };
}

/** The narrower of every two names that mean the same providers: `google-vertex` and `google-vertex/us-east5` have the latter in common. */
export function commonNames(some: readonly string[], others: readonly string[]): readonly string[] {
  const slugs = (names: readonly string[]) => names.map((name) => name.trim().toLowerCase().replaceAll(' ', '-'));
  const found = new Set<string>();
  for (const a of slugs(some)) {
    for (const b of slugs(others)) {
      if (means(b, { tag: a, name: a })) found.add(a);
      else if (means(a, { tag: b, name: b })) found.add(b);
    }
  }
  return [...found];
}
