import { isScalar, type ParsedNode } from 'yaml';
import type { Json } from './json.ts';
import { replaceKeepingComments, type YamlText } from './keep-comments.ts';
import { lineEnd } from './text-change.ts';
import { type Entry, isWritten } from './yaml-place.ts';
import { renderBlock, renderFlow, renderKey } from './yaml-render.ts';

/** A YAML text under edit, and how to write into it. */
export type YamlEdit = YamlText & {
  /** The order in which top-level keys are inserted. */
  readonly order: readonly string[];
};

/** Whether entries stand within brackets, and what stands before a value. */
export type Shape = { readonly flow: boolean; readonly indicator: ':' | '-' };

/** Puts a value in the place of another of whatever form, within brackets. */
export function rewriteFlow(
  edit: YamlEdit,
  { node, start, after, end }: Entry,
  value: Json,
  { indicator }: Shape,
): void {
  const text = renderFlow(value, scalarType(node));
  if (isWritten(node) && !edit.plain) replaceKeepingComments(edit, node.range[0], end, text.trimStart());
  else if (indicator === '-') replaceKeepingComments(edit, start, end, text.trimStart());
  else replaceKeepingComments(edit, after, end, edit.yaml[after - 1] === ':' ? text : `:${text}`);
}

/** The same in a block, where a map or list goes on lines below, unless a comment stands in the way. */
export function rewriteBlock(
  edit: YamlEdit,
  { node, after, end, indent }: Entry,
  value: Json,
  { indicator }: Shape,
): void {
  const { yaml, plain } = edit;
  const line = renderFlow(value, scalarType(node));
  const block = plain ? line : renderBlock(value, indicator, indent, scalarType(node));
  const below = block.startsWith('\n');
  const start = isWritten(node) && !plain ? node.range[0] : after;
  const headEnd = lineEnd(yaml, after);
  if (start > headEnd) {
    // The old value begins on a later line; a comment behind the key stays where it is.
    if (!below) insert(edit, after, block.includes('\n') ? line : block);
    replaceKeepingComments(edit, headEnd, lineEnd(yaml, end), below ? block : '');
    return;
  }
  const comment = yaml.slice(end, lineEnd(yaml, end)).trim() !== '';
  const text = comment && block.includes('\n') ? line : block;
  const onlyValue = start > after && !text.startsWith('\n');
  replaceKeepingComments(edit, onlyValue ? start : after, end, onlyValue ? text.trimStart() : text);
}

function scalarType(node: ParsedNode | null): string | undefined {
  return isScalar(node) ? (node.type ?? undefined) : undefined;
}

export function pairText(edit: YamlEdit, key: string, value: Json, indent: number): string {
  const text = edit.plain ? renderFlow(value) : renderBlock(value, ':', indent);
  return `${' '.repeat(indent)}${renderKey(key)}${text}\n`;
}

export function itemText(edit: YamlEdit, value: Json, indent: number): string {
  return `${' '.repeat(indent)}-${edit.plain ? renderFlow(value) : renderBlock(value, '-', indent)}\n`;
}

export function insert(edit: YamlEdit, offset: number, text: string): void {
  edit.changes.push({ start: offset, end: offset, text });
}
