import type { Node } from 'web-tree-sitter';
import { isSame, nodesWithText, wrapped } from './expressions.ts';
import type { Source } from './source.ts';

/** One use of a client: the members read from it, and the call they end in, if they do. */
export type ClientUse = { readonly path: readonly string[]; readonly call: Node | null };

/** How a client created by `construction` is used in its file: through its variable, `this.field`, or on the spot. */
export function clientUses(construction: Node, source: Source): readonly ClientUse[] {
  const value = valuePosition(construction);
  const parent = value.parent;
  if (parent?.type === 'member_expression') return [useOf(value)];
  if (parent?.type === 'variable_declarator') {
    const name = parent.childForFieldName('name');
    return name?.type === 'identifier' ? variableUses(name.text, parent, source) : [];
  }
  if (parent?.type === 'assignment_expression') {
    const left = parent.childForFieldName('left');
    if (left?.type === 'identifier') {
      const declaration = source.names.find(left.text, left);
      return declaration === null ? [] : variableUses(left.text, declaration.node, source);
    }
    const isField = left?.type === 'member_expression' && left.childForFieldName('object')?.type === 'this';
    return isField ? fieldUses(left.childForFieldName('property')?.text ?? '', construction, source) : [];
  }
  if (parent?.type === 'public_field_definition' || parent?.type === 'field_definition') {
    return fieldUses(parent.childForFieldName('name')?.text ?? '', construction, source);
  }
  return [];
}

/** The nodes that read a variable, by the declaration they resolve to. Its own declarator is not among them. */
export function referencesTo(name: string, declaration: Node, source: Source): Node[] {
  return nodesWithText(source.root, source.text, name).filter((node) => {
    if (node.type !== 'identifier' && node.type !== 'shorthand_property_identifier') return false;
    const parent = node.parent;
    if (parent?.type === 'variable_declarator' && isSame(parent, declaration)) {
      const pattern = parent.childForFieldName('name');
      if (pattern !== null && node.startIndex < pattern.endIndex) return false;
    }
    const found = source.names.find(name, node);
    return found !== null && isSame(found.node, declaration);
  });
}

/** Climbs out of `await`, casts, and the defaults of `cached ?? new Client()`, to where the value is put. */
function valuePosition(node: Node): Node {
  let value = wrapped(node);
  for (;;) {
    const parent = value.parent;
    const operator = parent?.childForFieldName('operator')?.text;
    const isDefault = parent?.type === 'binary_expression' && (operator === '??' || operator === '||');
    const isBranch = parent?.type === 'ternary_expression';
    if (parent === null || (!isDefault && !isBranch)) return value;
    value = wrapped(parent);
  }
}

function variableUses(name: string, declaration: Node, source: Source): ClientUse[] {
  return referencesTo(name, declaration, source)
    .map(useOf)
    .filter((use) => use.path.length > 0);
}

function fieldUses(name: string, construction: Node, source: Source): ClientUse[] {
  const home = enclosingClass(construction);
  if (name === '' || home === null) return [];
  return nodesWithText(source.root, source.text, name).flatMap((node) => {
    const member = node.parent;
    if (member?.type !== 'member_expression' || member.childForFieldName('object')?.type !== 'this') return [];
    const owner = enclosingClass(member);
    if (owner === null || !isSame(owner, home)) return [];
    const use = useOf(member);
    return use.path.length > 0 ? [use] : [];
  });
}

/** Follows `.a.b.c(…)` outwards from a client; `.withOptions(…)` gives a client again. */
function useOf(client: Node): ClientUse {
  let path: string[] = [];
  let value = wrapped(client);
  for (;;) {
    const parent = value.parent;
    if (parent?.type === 'member_expression' && isField(parent, 'object', value)) {
      path.push(parent.childForFieldName('property')?.text ?? '');
      value = wrapped(parent);
    } else if (parent?.type === 'call_expression' && isField(parent, 'function', value)) {
      if (path.join('.') !== 'withOptions') return { path, call: parent };
      path = [];
      value = wrapped(parent);
    } else {
      return { path, call: null };
    }
  }
}

function isField(parent: Node, field: string, child: Node): boolean {
  const found = parent.childForFieldName(field);
  return found !== null && isSame(found, child);
}

function enclosingClass(node: Node): Node | null {
  let scope: Node | null = node;
  while (scope !== null && scope.type !== 'class_body') scope = scope.parent;
  return scope;
}
