/** What `provider` preferences mean for a router, behind which stand providers that cannot be called here directly: pure. */
import type { Preferences } from './preferences.ts';
import { means, meansAny, type Served } from './slugs.ts';

type IsHere = (name: string) => boolean;

/**
 * The place of a router in `order` or `only`: where it is named itself, or a provider that only it can reach. -1: it is not meant.
 * A provider that can be called here is never reached through a router, which would show the prompt to one more.
 */
export const routerRank = (names: readonly string[], router: Served, isHere: IsHere): number =>
  names.findIndex((name) => means(name, router) || !isHere(name));

/**
 * The preferences as a router is to see them: without its own name and without those that are called directly. Gives the same object
 * when nothing changes.
 */
export function preferencesBehind(preferences: Preferences, router: Served, isHere: IsHere): Preferences {
  const { order, only } = preferences;
  if (!order?.length && !only) return preferences;
  const behind = (names: readonly string[]) => names.filter((name) => !means(name, router) && !isHere(name));
  const { order: _order, only: _only, allow_fallbacks, ...kept } = preferences;
  const orderBehind = order?.length ? behind(order) : null;
  // Who allows the router itself, allows what stands behind it.
  const onlyBehind = only && !meansAny(only, router) ? behind(only) : null;
  // "No other than this router" is not "no other than the first one behind it".
  const isOwn = orderBehind?.length === 0;
  return {
    ...kept,
    ...(allow_fallbacks === undefined || isOwn ? {} : { allow_fallbacks }),
    ...(orderBehind?.length ? { order: orderBehind } : {}),
    ...(onlyBehind ? { only: onlyBehind } : {}),
  };
}
