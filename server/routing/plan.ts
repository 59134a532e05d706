/** Which endpoints a call may use, in order: pure. */

export type Candidate = { readonly id: string; readonly provider: { readonly slug: string } };

/** The part of OpenRouter's `provider` preferences that this daemon decides by. */
export type Preferences = {
  readonly order?: readonly string[] | null | undefined;
  readonly only?: readonly string[] | null | undefined;
  readonly ignore?: readonly string[] | null | undefined;
  readonly allow_fallbacks?: boolean | null | undefined;
};

export type Plan<T extends Candidate> = {
  readonly chosen: readonly T[];
  readonly left: readonly { readonly endpoint: T; readonly why: string }[];
};

/** `google-vertex` also stands for `google-vertex/us-east5`. */
const names = (list: readonly string[], slug: string) =>
  list.some((name) => name === slug || slug.startsWith(`${name}/`));

/**
 * Orders the endpoints of one model. `only` and `ignore` filter, `order` puts the named ones first and, without fallbacks, leaves
 * the others out; those that rest come last, the one that is back first in front.
 */
export function planEndpoints<T extends Candidate>(
  endpoints: readonly T[],
  preferences: Preferences,
  restsUntil: (id: string) => number,
): Plan<T> {
  const left: { endpoint: T; why: string }[] = [];
  const keep = (list: readonly T[], test: (endpoint: T) => boolean, why: string) =>
    list.filter((endpoint) => {
      const kept = test(endpoint);
      if (!kept) left.push({ endpoint, why });
      return kept;
    });
  const { only, ignore } = preferences;
  // An empty list puts nobody first.
  const order = preferences.order?.length ? preferences.order : null;
  let chosen = endpoints;
  if (only) chosen = keep(chosen, ({ provider }) => names(only, provider.slug), 'provider.only');
  if (ignore) chosen = keep(chosen, ({ provider }) => !names(ignore, provider.slug), 'provider.ignore');
  if (order) {
    const rank = ({ provider }: T) => {
      const at = order.findIndex((name) => names([name], provider.slug));
      return at < 0 ? order.length : at;
    };
    if (preferences.allow_fallbacks === false)
      chosen = keep(chosen, (endpoint) => rank(endpoint) < order.length, 'provider.order');
    chosen = chosen.toSorted((a, b) => rank(a) - rank(b));
  }
  chosen = chosen.toSorted((a, b) => restsUntil(a.id) - restsUntil(b.id));
  if (preferences.allow_fallbacks === false && !order) {
    for (const endpoint of chosen.slice(1)) left.push({ endpoint, why: 'provider.allow_fallbacks' });
    chosen = chosen.slice(0, 1);
  }
  return { chosen, left };
}
