import type { Node } from 'web-tree-sitter';
import { type ClientUse, referencesTo } from './client-uses.ts';
import { isConstant, isExported } from './declarations.ts';
import { isSame, stringValue, unwrap, wrapped } from './expressions.ts';
import { propertyName } from './option-edits.ts';
import type { ModelSlot } from './provider-call.ts';
import type { Source } from './source.ts';

/** A model named literally in a client's calls: what it is, and where a preset reference takes its place. */
export type NamedModel = { readonly model: string; readonly slot: ModelSlot };

/** The literal models of a client's calls, each place once. A model that is computed, or a preset already, is left alone. */
export function namedModels(uses: readonly ClientUse[], source: Source): readonly NamedModel[] {
  const found = new Map<number, NamedModel>();
  const calls = uses.flatMap((use) => (use.call === null ? [] : [use.call]));
  for (const call of calls) {
    const request = requestOf(call, calls, source);
    const property = request?.namedChildren.find((child) => propertyName(child) === 'model');
    const named = property === undefined ? null : modelOf(property, source);
    if (named !== null && !named.model.includes('@preset/')) found.set(named.slot.start, named);
  }
  return [...found.values()];
}

/** The object literal a call sends: written in the call, or a local constant that only such calls use. */
function requestOf(call: Node, calls: readonly Node[], source: Source): Node | null {
  const argument = call.childForFieldName('arguments')?.namedChildren.find((child) => child.type !== 'comment');
  const value = argument === undefined ? null : unwrap(argument);
  if (value?.type === 'object') return value;
  const object = value === null ? null : localObject(value, source);
  if (value === null || object === null) return null;
  const isOurs = (reference: Node): boolean => {
    const list = wrapped(reference).parent;
    return list?.type === 'arguments' && calls.some((one) => list.parent !== null && isSame(one, list.parent));
  };
  return referencesTo(value.text, object.declarator, source).every(isOurs) ? object.node : null;
}

/** The object literal of a `const` that no other file can see. */
export function localObject(name: Node, source: Source): { readonly node: Node; readonly declarator: Node } | null {
  if (name.type !== 'identifier') return null;
  const declaration = source.names.find(name.text, name);
  if (declaration === null || !isConstant(declaration) || isExported(declaration)) return null;
  const value = declaration.node.childForFieldName('value');
  const node = value === null ? null : unwrap(value);
  return node?.type === 'object' ? { node, declarator: declaration.node } : null;
}

function modelOf(property: Node, source: Source): NamedModel | null {
  const isShorthand = property.type === 'shorthand_property_identifier';
  const field = isShorthand ? property : property.childForFieldName('value');
  if (field === null) return null;
  const value = unwrap(field);
  const model = stringValue(value);
  if (model !== null) return { model, slot: literalSlot(value) };
  if (value.type !== 'identifier' && !isShorthand) return null;
  return constantModel(value, isShorthand ? 'model: ' : '', source);
}

/** `model: MODEL`: the constant is changed when nothing but models is made of it, else its use. */
function constantModel(name: Node, prefix: string, source: Source): NamedModel | null {
  const declaration = source.names.find(name.text, name);
  if (declaration === null || !isConstant(declaration)) return null;
  const value = declaration.node.childForFieldName('value');
  const literal = value === null ? null : unwrap(value);
  const model = literal === null ? null : stringValue(literal);
  if (literal === null || model === null) return null;
  const isPlain = !isExported(declaration) && declaration.node.childForFieldName('type') === null;
  const isModel = (reference: Node): boolean => {
    const holder = wrapped(reference).parent;
    const property = reference.type === 'identifier' ? holder : reference;
    return property !== null && property.type !== 'object' && propertyName(property) === 'model';
  };
  if (isPlain && referencesTo(name.text, declaration.node, source).every(isModel)) {
    return { model, slot: literalSlot(literal) };
  }
  const quote = source.style.quote;
  return { model, slot: { start: name.startIndex, end: name.endIndex, before: `${prefix}${quote}`, after: quote } };
}

function literalSlot(literal: Node): ModelSlot {
  const quote = literal.text.charAt(0);
  return { start: literal.startIndex, end: literal.endIndex, before: quote, after: quote };
}
