import type { Node } from 'web-tree-sitter';
import { clientUses } from './client-uses.ts';
import { nodesWithText } from './expressions.ts';
import type { ProviderCall } from './provider-call.ts';
import { isSdkClass } from './resolve-import.ts';
import { isRouted, planRoute } from './route-plan.ts';
import { SDK_RULES } from './sdk-rule.ts';
import type { Source } from './source.ts';

/** A file written by people has a few; the rest of a generated or hostile one is not worth the time it takes. */
const MOST_CALLS = 200;

/**
 * Finds the SDK clients a text constructs that speak to a provider directly. `baseUrl` is the daemon's own (scheme, host and port): a
 * client that has it, or reads one from the environment, is routed already. Broken code yields what can still be seen.
 */
export function findProviderCalls(source: Source, baseUrl: string): readonly ProviderCall[] {
  const rules = SDK_RULES.filter((rule) => source.text.includes(rule.keyword));
  if (rules.length === 0) return [];
  const calls: ProviderCall[] = [];
  for (const construction of constructions(source)) {
    const callee = construction.childForFieldName('constructor');
    const rule = callee === null ? undefined : rules.find((one) => isSdkClass(callee, one, source.names));
    if (callee === null || rule === undefined || isRouted(construction, rule, baseUrl, source)) continue;
    const uses = clientUses(construction, source);
    const { route, models } = planRoute(construction, uses, rule, baseUrl, source);
    calls.push({ rule: rule.id, start: construction.startIndex, end: callee.endIndex, models, route });
    if (calls.length === MOST_CALLS) break;
  }
  return calls;
}

function constructions(source: Source): readonly Node[] {
  return nodesWithText(source.root, source.text, 'new').flatMap((keyword) =>
    keyword.type === 'new' && keyword.parent?.type === 'new_expression' ? [keyword.parent] : [],
  );
}
