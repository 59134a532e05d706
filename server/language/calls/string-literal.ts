import type { Node } from 'web-tree-sitter';
import { isSame } from './expressions.ts';
import type { StringLiteral } from './provider-call.ts';

/** Places where a string literal is part of the syntax, so that no expression may stand there. */
const FIXED = new Set([
  'import_statement',
  'import_require_clause',
  'export_statement',
  'import_attribute',
  'literal_type',
  'enum_assignment',
  'expression_statement',
  'property_signature',
  'method_definition',
  'module',
]);

/** The string or template literal around an offset, if an expression could take its place; null in comments and elsewhere. */
export function stringLiteralAt(root: Node, offset: number): StringLiteral | null {
  let node = root.descendantForIndex(offset);
  while (node !== null && node.type !== 'string' && node.type !== 'template_string') {
    // Inside `${…}` one is not in the template any more.
    if (node.type === 'template_substitution') return null;
    node = node.parent;
  }
  const parent = node?.parent;
  if (node == null || parent == null || node.hasError || FIXED.has(parent.type)) return null;
  const key = parent.childForFieldName('key') ?? parent.childForFieldName('name');
  if (key !== null && isSame(key, node)) return null;
  const span = { start: node.startIndex, end: node.endIndex };
  if (node.type === 'template_string') {
    const isTagged = parent.type === 'call_expression';
    return isTagged ? null : { ...span, kind: 'template' };
  }
  return { ...span, kind: parent.type === 'jsx_attribute' ? 'attribute' : 'value' };
}
