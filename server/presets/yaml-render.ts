import { Document, Scalar, stringify, visit } from 'yaml';
import type { Json } from './json.ts';

const OPTIONS = { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false } as const;

/** A whole block of YAML; ends in a newline, unless the object is empty. */
export function renderYaml(fields: Readonly<Record<string, unknown>>): string {
  return Object.keys(fields).length === 0 ? '' : stringifyBlock(fields);
}

/**
 * What stands behind a `key:` or a `-` in a block of YAML: ` value` on the same line, or lines below it, indented deeper than the
 * key or dash at column `indent`. No newline at the end. `like`: the type of the old scalar, whose quoting is kept.
 */
export function renderBlock(value: Json, after: ':' | '-', indent: number, like?: string): string {
  // Keeping (`|+`) would take in the blank lines that follow in the file.
  if (typeof value === 'string' && /(^|\n)[ \t]*\n$/.test(value)) return renderFlow(value);
  const node = scalarLike(value, like);
  const text = stringifyBlock(after === ':' ? { k: node } : [node]);
  return text.slice(after === ':' ? 2 : 1, -1).replace(/\n(?=[^\n])/g, `\n${' '.repeat(indent)}`);
}

/** ` value` on one line, fit to stand within `[…]` and `{…}` too. */
export function renderFlow(value: Json, like?: string): string {
  const flow = { ...OPTIONS, collectionStyle: 'flow', flowCollectionPadding: false, doubleQuotedAsJSON: true } as const;
  return ` ${stringify([scalarLike(value, like)], flow).slice(1, -2)}`;
}

/** A key with its colon, quoted where it must be. */
export function renderKey(key: string): string {
  return stringify({ [key]: null }, { ...OPTIONS, nullStr: '' }).trimEnd();
}

function stringifyBlock(value: unknown): string {
  const document = new Document(value, OPTIONS);
  visit(document, {
    // Block scalars lose the white space of lines that have nothing else.
    Scalar(_, node) {
      if (typeof node.value === 'string' && /(^|\n)[ \t]+(\n|$)/.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ ...OPTIONS, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

function scalarLike(value: Json, like: string | undefined): unknown {
  if (typeof value !== 'string' || value.includes('\n') || (like !== 'QUOTE_SINGLE' && like !== 'QUOTE_DOUBLE'))
    return value;
  const scalar = new Scalar(value);
  scalar.type = like;
  return scalar;
}
