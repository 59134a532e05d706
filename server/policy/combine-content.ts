import { FLAG_SCORE } from '../detect/injection/detect-injection.ts';
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
 * that somebody asks for there, over the widest of the scopes and from the lowest of the thresholds. Null: nobody looks for anything.
 */
export function combineContent(
  layers: readonly RuleLayer[],
  injectionAllowList: readonly string[],
): ContentRules | null {
  const builtins = united(
    layers.flatMap(({ rules, source }) => (rules.builtins ?? []).map((filter) => ({ filter, source }))),
    ({ slug }) => slug,
    strictestBuiltin,
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
  // Where one redacts and another blocks, what the one would have redacted must not pass for the other being surer.
  const isMixed =
    first.slug === 'prompt-injection' &&
    new Set(filters.map(({ action }) => action).filter((action) => action !== 'flag')).size > 1;
  return {
    slug: first.slug,
    action: strictestAction(filters),
    directions: [],
    scanScope: scopes.size === 1 ? first.scanScope : 'all_messages',
    threshold: lowest(filters.map(({ threshold }) => threshold)) ?? (isMixed ? FLAG_SCORE : null),
  };
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

/** Null is the detector's own; beside a number it stands for the lower of the two. */
function lowest(thresholds: readonly (number | null)[]): number | null {
  const numbers = thresholds.filter((one) => one !== null);
  if (numbers.length === 0) return null;
  return Math.min(...numbers, ...(numbers.length < thresholds.length ? [FLAG_SCORE] : []));
}
