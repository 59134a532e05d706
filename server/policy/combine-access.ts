import type { AccessRules, Source, Sourced, ZdrGroup } from './effective-policy.ts';
import type { LayerRules, RuleLayer } from './layer-rules.ts';

const GROUPS: readonly ZdrGroup[] = ['anthropic', 'openai', 'google', 'xai', 'other'];

/**
 * Access over all layers: allow-lists intersect and ignore-lists unite, which is each layer's list standing for itself; data policy is
 * as strict as the strictest layer. Null: nobody restricts anything.
 */
export function combineAccess(layers: readonly RuleLayer[]): AccessRules | null {
  const lists = <T>(of: (rules: LayerRules) => readonly T[] | null): readonly Sourced<ReadonlySet<T>>[] =>
    layers.flatMap(({ rules, source }) => {
      const list = of(rules);
      return list ? [{ value: new Set(list), sources: [source] }] : [];
    });
  const sources = (holds: (rules: LayerRules) => boolean): readonly Source[] =>
    layers.filter(({ rules }) => holds(rules)).map(({ source }) => source);
  const forbidden = (permission: 'paidTraining' | 'freeTraining' | 'freePublication'): Sourced<true> | null => {
    const by = sources((rules) => rules[permission] === false);
    return by.length > 0 ? { value: true, sources: by } : null;
  };
  const access: AccessRules = {
    allowedProviders: lists((rules) => rules.allowedProviders),
    ignoredProviders: lists((rules) => rules.ignoredProviders),
    allowedModels: lists((rules) => rules.allowedModels),
    ignoredModels: lists((rules) => rules.ignoredModels),
    zdr: GROUPS.flatMap((group) => {
      const by = sources((rules) => rules.zdr[group] === true);
      return by.length > 0 ? [{ value: group, sources: by }] : [];
    }),
    noPaidTraining: forbidden('paidTraining'),
    noFreeTraining: forbidden('freeTraining'),
    noFreePublication: forbidden('freePublication'),
    regions: lists((rules) => rules.regions),
  };
  const restricts = Object.values(access).some((rule) => (Array.isArray(rule) ? rule.length > 0 : rule !== null));
  return restricts ? access : null;
}
