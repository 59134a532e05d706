import type { Node } from 'web-tree-sitter';
import { type ClientUse, referencesTo } from './client-uses.ts';
import { stringValue, unwrap } from './expressions.ts';
import { localObject, namedModels } from './model-slots.ts';
import { freshObject, propertyName, setOptions } from './option-edits.ts';
import type { RoutePlan, TextEdit } from './provider-call.ts';
import { isSdkClass } from './resolve-import.ts';
import { BASE_URL_VARIABLE, type SdkRule } from './sdk-rule.ts';
import { routedOptions, type Source } from './source.ts';

/** How to route one construction, and the models its calls name. Only what is known to run is offered. */
export function planRoute(
  construction: Node,
  uses: readonly ClientUse[],
  rule: SdkRule,
  baseUrl: string,
  source: Source,
): { readonly route: RoutePlan; readonly models: readonly string[] } {
  const named = namedModels(uses, source);
  const models = named.map(({ model }) => model);
  const reason = obstacle(construction, uses, rule, source);
  if (reason !== null) return { route: { kind: 'none', reason }, models };
  const edits = optionEdits(construction, routedOptions(rule, baseUrl, source.style), rule, source);
  if (edits === null) return { route: { kind: 'none', reason: 'its options are not written here' }, models };
  return { route: { kind: 'rewrite', edits, models: named.map(({ slot }) => slot) }, models };
}

/** Whether a client's base URL is Callgate's, or comes from where nobody can tell by reading the file. */
export function isRouted(construction: Node, rule: SdkRule, baseUrl: string, source: Source): boolean {
  const options = optionsObject(construction, source);
  const property = options?.namedChildren.findLast((child) => propertyName(child) === rule.options.baseUrl);
  if (property === undefined) return false;
  const value = property.type === 'pair' ? property.childForFieldName('value') : property;
  if (value === null || value.text.includes(BASE_URL_VARIABLE) || value.text.includes(rule.baseUrlVariable))
    return true;
  if (value.type === 'undefined' || value.type === 'null') return false;
  const literal = resolvedText(value, source);
  return literal === null || isSameServer(literal, baseUrl);
}

function obstacle(construction: Node, uses: readonly ClientUse[], rule: SdkRule, source: Source): string | null {
  if (construction.hasError) return 'the code does not parse here';
  const strange = uses.find((use) => !isServed(use.path, rule));
  if (strange !== undefined) return `Callgate does not serve "${strange.path.slice(0, 2).join('.')}" yet`;
  for (const option of optionsObject(construction, source)?.namedChildren ?? []) {
    const name = propertyName(option);
    if (name === rule.browserOption) return 'it runs in a browser, which has no environment variables';
    if (name === 'defaultHeaders' && /authorization|api-key/i.test(option.text)) return 'it sends its own credentials';
  }
  return null;
}

function isServed(path: readonly string[], rule: SdkRule): boolean {
  const known = [...rule.served, ...rule.harmless.map((name) => [name])];
  return known.some((served) => served.every((part, index) => path[index] === undefined || path[index] === part));
}

function optionEdits(
  construction: Node,
  options: ReadonlyMap<string, string>,
  rule: SdkRule,
  source: Source,
): TextEdit[] | null {
  const list = construction.childForFieldName('arguments');
  const fresh = (): string => freshObject(options, source, construction.startIndex);
  if (list === null) return [{ start: construction.endIndex, end: construction.endIndex, text: `(${fresh()})` }];
  const [argument, ...more] = argumentsOf(list);
  if (argument === undefined) return [{ start: list.startIndex + 1, end: list.startIndex + 1, text: fresh() }];
  const value = unwrap(argument);
  if (more.length > 0) return null;
  if (value.type === 'object') return setOptions(value, options, source);
  const local = localObject(value, source);
  if (local === null || !hasOpenType(local.declarator)) return null;
  // Changing a shared object would change whatever else reads it.
  const isOurs = (reference: Node): boolean => {
    const holder = reference.parent?.parent;
    const callee = holder?.type === 'new_expression' ? holder.childForFieldName('constructor') : null;
    return callee != null && isSdkClass(callee, rule, source.names);
  };
  const references = referencesTo(value.text, local.declarator, source);
  return references.every(isOurs) ? setOptions(local.node, options, source) : null;
}

/** Whether a declarator's type lets options be added: none, or the SDK's own. */
function hasOpenType(declarator: Node): boolean {
  const type = declarator.childForFieldName('type');
  return type === null || /\bClientOptions$/.test(type.text);
}

function optionsObject(construction: Node, source: Source): Node | null {
  const list = construction.childForFieldName('arguments');
  const argument = list === null ? undefined : argumentsOf(list)[0];
  const value = argument === undefined ? null : unwrap(argument);
  if (value === null) return null;
  return value.type === 'object' ? value : (localObject(value, source)?.node ?? null);
}

function argumentsOf(list: Node): Node[] {
  return list.namedChildren.filter((child) => child.type !== 'comment');
}

/** A string literal's value, also one constant away; null when only running the program would tell. */
function resolvedText(node: Node, source: Source): string | null {
  const value = unwrap(node);
  const literal = stringValue(value);
  if (literal !== null) return literal;
  if (value.type !== 'identifier' && value.type !== 'shorthand_property_identifier') return null;
  const constant = source.names.find(value.text, value)?.node.childForFieldName('value');
  return constant == null ? null : stringValue(unwrap(constant));
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

function isSameServer(url: string, baseUrl: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(baseUrl)) return false;
  const [a, b] = [new URL(url), new URL(baseUrl)];
  const isSameHost = a.hostname === b.hostname || (LOOPBACK.test(a.hostname) && LOOPBACK.test(b.hostname));
  return isSameHost && a.port === b.port && a.protocol === b.protocol;
}
