import type { Node } from 'web-tree-sitter';
import { keyName } from './expressions.ts';
import type { TextEdit } from './provider-call.ts';
import { indentAt, type Source } from './source.ts';

/** An object literal as text, one property a line, for a constructor that has no options yet. */
export function freshObject(options: ReadonlyMap<string, string>, source: Source, at: number): string {
  const { eol, indentUnit } = source.style;
  const indent = indentAt(source.text, at);
  const lines = Array.from(options, ([name, value]) => `${indent}${indentUnit}${name}: ${value},`);
  return ['{', ...lines, `${indent}}`].join(eol);
}

/**
 * The edits that make an object literal hold `options`. Values are replaced in place, missing ones are appended; whatever a
 * later spread or computed key could override is moved behind it. Everything else stays as it is. Null when a property is
 * a method or an accessor, which has no value to replace.
 */
export function setOptions(object: Node, options: ReadonlyMap<string, string>, source: Source): TextEdit[] | null {
  const properties = object.namedChildren.filter((child) => child.type !== 'comment');
  const lastOverride = properties.findLastIndex(isOverride);
  const edits: TextEdit[] = [];
  const missing: string[] = [];
  for (const [name, value] of options) {
    const index = properties.findLastIndex((property) => propertyName(property) === name);
    const property = properties[index];
    if (property === undefined) {
      missing.push(`${name}: ${value}`);
      continue;
    }
    const old = property.type === 'pair' ? property.childForFieldName('value') : property;
    if (old === null || property.type === 'method_definition') return null;
    if (index < lastOverride) {
      edits.push(removal(property, source));
      missing.push(`${name}: ${value}`);
    } else {
      const text = property.type === 'pair' ? value : `${name}: ${value}`;
      edits.push({ start: old.startIndex, end: old.endIndex, text });
    }
  }
  if (missing.length > 0) edits.push(...additions(object, properties, missing, source));
  return edits;
}

/** The name of a property, or null for spreads and computed keys. */
export function propertyName(property: Node): string | null {
  if (property.type === 'shorthand_property_identifier') return property.text;
  const key = property.childForFieldName(property.type === 'method_definition' ? 'name' : 'key');
  return key === null ? null : keyName(key);
}

function isOverride(property: Node): boolean {
  return property.type === 'spread_element' || propertyName(property) === null;
}

/** Takes a property away with its comma and the space after it, so that what follows takes its place. */
function removal(property: Node, source: Source): TextEdit {
  let comma = property.nextSibling;
  while (comma?.type === 'comment') comma = comma.nextSibling;
  const end = comma?.type === ',' ? comma.endIndex : property.endIndex;
  const space = /^\s*/.exec(source.text.slice(end))?.[0].length ?? 0;
  return { start: property.startIndex, end: end + space, text: '' };
}

function additions(object: Node, properties: readonly Node[], missing: readonly string[], source: Source): TextEdit[] {
  const { eol, indentUnit } = source.style;
  const last = properties.at(-1);
  const brace = object.lastChild?.startIndex ?? object.endIndex - 1;
  const anchor = object.lastChild?.previousSibling?.endIndex ?? object.startIndex + 1;
  const indent = indentAt(source.text, object.startIndex);
  if (last === undefined) {
    const lines = missing.map((property) => `${eol}${indent}${indentUnit}${property},`).join('');
    const closing = source.text.slice(anchor, brace).includes('\n') ? '' : `${eol}${indent}`;
    // `{ }` loses its space, `{ /* why */ }` keeps its comment.
    const end = closing === '' ? anchor : brace;
    return [{ start: anchor, end, text: lines + closing }];
  }
  const comma = object.children.find((child) => child.type === ',' && child.startIndex >= last.endIndex);
  const first = properties[0] ?? last;
  const isMultiline = source.text.slice(object.startIndex, first.startIndex).includes('\n');
  if (!isMultiline) {
    const start = comma?.endIndex ?? last.endIndex;
    const text = comma === undefined ? `, ${missing.join(', ')}` : ` ${missing.join(', ')},`;
    return [{ start, end: start, text }];
  }
  const inner = indentAt(source.text, first.startIndex);
  const lines = missing.map((property) => `${eol}${inner}${property}`).join(',') + (comma === undefined ? '' : ',');
  if (comma !== undefined) return [{ start: anchor, end: anchor, text: lines }];
  // A comment may stand between the last property and the brace: the comma goes before it, the lines after it.
  if (anchor === last.endIndex) return [{ start: anchor, end: anchor, text: `,${lines}` }];
  return [
    { start: last.endIndex, end: last.endIndex, text: ',' },
    { start: anchor, end: anchor, text: lines },
  ];
}
