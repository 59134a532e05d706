import { BLOCK_SCORE, FLAG_SCORE } from '../detect/injection/detect-injection.ts';
import { isInjectionFilter } from './builtin-filters.ts';
import type {
  BuiltinFilter,
  ContentAction,
  ContentDirection,
  ContentRules,
  CustomFilter,
  Source,
  Sourced,
} from './effective-policy.ts';
import type { RuleLayer } from './layer-rules.ts';

const STRICTNESS: Readonly<Record<ContentAction, number>> = { flag: 0, redact: 1, block: 2 };
const DIRECTIONS: readonly ContentDirection[] = ['input', 'output'];

type Filter = { readonly action: ContentAction; readonly directions: readonly ContentDirection[] };
type Said<T extends Filter> = { readonly filter: T; readonly source: Source };

/**
 * What is looked for in a call's texts: the filters of all layers, each entity once for a direction, with the strictest of the actions
 * that somebody asks for there. An injection filter stands once for each action, over the widest scope and from the lowest score that
 * somebody asks for with it. Null: nobody looks for anything.
 */
export function combineContent(
  layers: readonly RuleLayer[],
  injectionAllowList: readonly string[],
): ContentRules | null {
  const builtins = needed(
    united(
      layers.flatMap(({ rules, source }) => (rules.builtins ?? []).map((filter) => ({ filter, source }))),
      // Who marks what looks suspicious anywhere must not make another's block of what is certain in a user's words reach as far.
      ({ slug, action }) => (isInjectionFilter(slug) ? `${slug} ${action}` : slug),
      strictestBuiltin,
    ),
  );
  const custom = united(
    layers.flatMap(({ rules, source }) => (rules.custom ?? []).map((filter) => ({ filter, source }))),
    ({ pattern }) => pattern,
    strictestCustom,
  );
  const markToolResults = layers.some(({ rules }) => rules.markToolResults === true);
  if (builtins.length === 0 && custom.length === 0 && !markToolResults) return null;
  return { builtins, custom, reversible: isReversible(layers), markToolResults, injectionAllowList };
}

/** Values come back to the caller only when a layer asks for it and no layer that says something says otherwise. */
function isReversible(layers: readonly RuleLayer[]): boolean {
  const said = layers.map(({ rules }) => rules.reversible).filter((one) => one !== null);
  return said.length > 0 && said.every(Boolean);
}

/** One rule for each entity and direction, in the order of their names; one for both directions where they come to the same. */
function united<T extends Filter>(
  said: readonly Said<T>[],
  nameOf: (filter: T) => string,
  strictest: (same: readonly Said<T>[]) => T,
): readonly Sourced<T>[] {
  const names = [...new Set(said.map(({ filter }) => nameOf(filter)))].toSorted();
  return names.flatMap((name) => {
    const perDirection = DIRECTIONS.flatMap((direction) => {
      const same = said.filter(({ filter }) => nameOf(filter) === name && filter.directions.includes(direction));
      return same.length === 0 ? [] : [sourced({ ...strictest(same), directions: [direction] }, same)];
    });
    const [input, output] = perDirection;
    if (!input || !output || key(input) !== key(output)) return perDirection;
    return [{ value: { ...input.value, directions: DIRECTIONS }, sources: input.sources }];
  });
}

/** Named are the layers that ask for the action which is taken. */
function sourced<T extends Filter>(value: T, same: readonly Said<T>[]): Sourced<T> {
  const sources = same.filter(({ filter }) => filter.action === value.action).map(({ source }) => source);
  return { value, sources: [...new Set(sources)] };
}

const key = ({ value, sources }: Sourced<Filter>) => JSON.stringify([{ ...value, directions: null }, sources]);

function strictestBuiltin(same: readonly Said<BuiltinFilter>[]): BuiltinFilter {
  const filters = same.map(({ filter }) => filter);
  const [first] = filters as [BuiltinFilter];
  const scopes = new Set(filters.map(({ scanScope }) => scanScope));
  const action = strictestAction(filters);
  const thresholds = filters.map(({ threshold }) => threshold);
  return {
    slug: first.slug,
    action,
    directions: [],
    scanScope: scopes.size === 1 ? first.scanScope : 'all_messages',
    threshold: lowest(thresholds, ownThreshold(first.slug, action)),
  };
}

/** Without what a stricter rule of the same filter finds anyway. */
function needed(rules: readonly Sourced<BuiltinFilter>[]): readonly Sourced<BuiltinFilter>[] {
  const least = ({ slug, action, threshold }: BuiltinFilter) => threshold ?? ownThreshold(slug, action);
  const covers = (one: BuiltinFilter, other: BuiltinFilter) =>
    one.slug === other.slug &&
    STRICTNESS[one.action] > STRICTNESS[other.action] &&
    other.directions.every((direction) => one.directions.includes(direction)) &&
    (one.scanScope === 'all_messages' || one.scanScope === other.scanScope) &&
    least(one) <= least(other);
  return rules.filter(({ value }) => !rules.some((other) => covers(other.value, value)));
}

function strictestCustom(same: readonly Said<CustomFilter>[]): CustomFilter {
  const filters = same.map(({ filter }) => filter);
  const [first] = filters as [CustomFilter];
  const action = strictestAction(filters);
  const labels = filters.filter((one) => one.action === action).flatMap(({ label }) => label ?? []);
  return { pattern: first.pattern, action, directions: [], label: labels.toSorted()[0] ?? null };
}

function strictestAction(filters: readonly Filter[]): ContentAction {
  return filters.reduce<ContentAction>(
    (found, { action }) => (STRICTNESS[action] > STRICTNESS[found] ? action : found),
    'flag',
  );
}

/** From which score a filter finds when nobody says: a model that refuses must be surer than one that only marks. */
const ownThreshold = (slug: string, action: ContentAction): number =>
  slug === 'prompt-injection' && action === 'block' ? BLOCK_SCORE : FLAG_SCORE;

/** Null is the detector's own, `own`; it stays null where nobody names another. */
function lowest(thresholds: readonly (number | null)[], own: number): number | null {
  return thresholds.every((one) => one === null) ? null : Math.min(...thresholds.map((one) => one ?? own));
}
