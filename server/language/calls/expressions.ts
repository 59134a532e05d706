import type { Node } from 'web-tree-sitter';

/** Wrappers that do not change which value an expression is. */
const TRANSPARENT = new Set([
  'parenthesized_expression',
  'as_expression',
  'satisfies_expression',
  'non_null_expression',
  'type_assertion',
]);

/** The expression inside parentheses, casts and `!`. */
export function unwrap(node: Node): Node {
  let inner = node;
  while (TRANSPARENT.has(inner.type)) {
    // `<T>x` has its type first; every other wrapper has its expression first.
    const next = inner.type === 'type_assertion' ? inner.lastNamedChild : inner.firstNamedChild;
    if (next === null) return inner;
    inner = next;
  }
  return inner;
}

/** The outermost wrapper around `node` that is still the same value. */
export function wrapped(node: Node): Node {
  let outer = node;
  while (outer.parent !== null && TRANSPARENT.has(outer.parent.type)) outer = outer.parent;
  return outer;
}

/** The value of a string literal without escapes or substitutions; null for anything else. */
export function stringValue(node: Node): string | null {
  if (node.type !== 'string' && node.type !== 'template_string') return null;
  const parts = node.namedChildren;
  if (parts.some((part) => part.type !== 'string_fragment')) return null;
  return parts.map((part) => part.text).join('');
}

/** The name of a property's key, unquoted; null when it is computed. */
export function keyName(key: Node): string | null {
  if (key.type === 'string') return stringValue(key);
  return key.type === 'property_identifier' || key.type === 'shorthand_property_identifier' ? key.text : null;
}

export function isSame(a: Node, b: Node): boolean {
  return a.id === b.id && a.startIndex === b.startIndex && a.endIndex === b.endIndex;
}

/** Nodes of a given text, found through the text rather than by walking the tree: cheap however large the file. */
export function nodesWithText(root: Node, text: string, needle: string): Node[] {
  const nodes: Node[] = [];
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + needle.length)) {
    const node = root.descendantForIndex(at, at + needle.length);
    if (node !== null && node.startIndex === at && node.endIndex === at + needle.length) nodes.push(node);
  }
  return nodes;
}
