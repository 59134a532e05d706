import { isMap, isScalar, isSeq, type ParsedNode, type YAMLSeq } from 'yaml';
import { equalJson, isJsonObject, type Json, type JsonObject } from './json.ts';
import { replaceKeepingComments, type YamlText } from './keep-comments.ts';
import { lineEnd, lineStart, nextLine } from './text-change.ts';
import { type Entry, isWritten, mapEntries, seqEntries, type YamlMap } from './yaml-place.ts';
import { renderBlock, renderFlow, renderKey } from './yaml-render.ts';

/** A YAML text under edit, and how to write into it. */
export type YamlEdit = YamlText & {
  /** Write new values on one line and replace all behind the colon: less pretty, and safe next to anything. */
  readonly plain: boolean;
  /** The order in which top-level keys are inserted. */
  readonly order: readonly string[];
};

type Shape = { readonly flow: boolean; readonly indicator: ':' | '-' };

/** Adds the changes that turn the front matter's map from `before` into `value`, and touch only what differs. */
export function editRoot(edit: YamlEdit, root: ParsedNode | null, before: JsonObject, value: JsonObject): void {
  if (isMap(root) && root.items.length > 0 && (!root.flow || survives(before, value))) {
    editMap(edit, root as YamlMap, before, value, edit.order);
    return;
  }
  const text = Object.entries(value)
    .map(([key, inner]) => pairText(edit, key, inner, 0))
    .join('');
  if (isWritten(root)) replaceKeepingComments(edit, root.range[0], root.range[1], text.replace(/\n$/, ''));
  else replaceKeepingComments(edit, edit.yaml.length, edit.yaml.length, text);
}

function editMap(edit: YamlEdit, map: YamlMap, before: JsonObject, value: JsonObject, order: readonly string[]): void {
  const entries = mapEntries(edit.yaml, map);
  const keys = map.items.map(({ key }) => String(isScalar(key) ? key.value : ''));
  const shape: Shape = { flow: map.flow === true, indicator: ':' };
  for (const [index, entry] of entries.entries()) {
    const key = keys[index] ?? '';
    const wanted = Object.hasOwn(value, key) ? value[key] : undefined;
    if (wanted !== undefined) editValue(edit, entry, before[key] ?? null, wanted, shape);
  }
  removeEntries(edit, entries, (index) => !Object.hasOwn(value, keys[index] ?? ''), shape);
  for (const [key, inner] of Object.entries(value)) {
    if (Object.hasOwn(before, key)) continue;
    const anchor = entries[insertAfter(key, keys, order)];
    if (!anchor) continue;
    if (shape.flow) insert(edit, anchor.end, `, ${renderKey(key)}${renderFlow(inner)}`);
    else insert(edit, nextLine(edit.yaml, anchor.end), pairText(edit, key, inner, anchor.indent));
  }
}

function editSeq(edit: YamlEdit, seq: YAMLSeq<ParsedNode>, before: readonly Json[], value: readonly Json[]): void {
  const entries = seqEntries(edit.yaml, seq);
  const shape: Shape = { flow: seq.flow === true, indicator: '-' };
  const shorter = Math.min(before.length, value.length);
  let head = 0;
  while (head < shorter && equalJson(before[head], value[head])) head++;
  let tail = 0;
  while (tail < shorter - head && equalJson(before.at(-1 - tail), value.at(-1 - tail))) tail++;
  const changed = shorter - head - tail;
  for (let index = head; index < head + changed; index++) {
    const entry = entries[index];
    if (entry) editValue(edit, entry, before[index] ?? null, value[index] ?? null, shape);
  }
  removeEntries(edit, entries, (index) => index >= head + changed && index < before.length - tail, shape);
  const added = value.slice(head + changed, value.length - tail);
  const first = entries[0];
  const previous = entries[head + changed - 1];
  for (const item of added) {
    if (shape.flow && previous) insert(edit, previous.end, `,${renderFlow(item)}`);
    else if (shape.flow && first) insert(edit, first.start, `${renderFlow(item).trimStart()}, `);
    else if (previous) insert(edit, nextLine(edit.yaml, previous.end), itemText(edit, item, previous.indent));
    else if (first)
      insert(edit, first.start, `${itemText(edit, item, first.indent).trimStart()}${' '.repeat(first.indent)}`);
  }
}

function editValue(edit: YamlEdit, entry: Entry, before: Json, value: Json, shape: Shape): void {
  const { node } = entry;
  if (equalJson(before, value)) return;
  if (isMap(node) && isJsonObject(before) && isJsonObject(value) && survives(before, value)) {
    editMap(edit, node as YamlMap, before, value, []);
  } else if (isSeq(node) && Array.isArray(before) && Array.isArray(value) && before.length > 0 && value.length > 0) {
    editSeq(edit, node as YAMLSeq<ParsedNode>, before, value);
  } else if (shape.flow) rewriteFlow(edit, entry, value, shape);
  else rewriteBlock(edit, entry, value, shape);
}

/** Puts a value in the place of another of whatever form, within brackets. */
function rewriteFlow(edit: YamlEdit, { node, start, after, end }: Entry, value: Json, { indicator }: Shape): void {
  const text = renderFlow(value, scalarType(node));
  if (isWritten(node) && !edit.plain) replaceKeepingComments(edit, node.range[0], end, text.trimStart());
  else if (indicator === '-') replaceKeepingComments(edit, start, end, text.trimStart());
  else replaceKeepingComments(edit, after, end, edit.yaml[after - 1] === ':' ? text : `:${text}`);
}

/** The same in a block, where a map or list goes on lines below, unless a comment stands in the way. */
function rewriteBlock(edit: YamlEdit, { node, after, end, indent }: Entry, value: Json, { indicator }: Shape): void {
  const { yaml, plain } = edit;
  const line = renderFlow(value, scalarType(node));
  const block = plain ? line : renderBlock(value, indicator, indent, scalarType(node));
  const below = block.startsWith('\n');
  const start = isWritten(node) && !plain ? node.range[0] : after;
  const headEnd = lineEnd(yaml, after);
  if (start > headEnd) {
    // The old value begins on a later line; a comment behind the key stays where it is.
    if (!below) insert(edit, after, block.includes('\n') ? line : block);
    replaceKeepingComments(edit, headEnd, end, below ? block : '');
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

function removeEntries(
  edit: YamlEdit,
  entries: readonly Entry[],
  removed: (index: number) => boolean,
  shape: Shape,
): void {
  const { yaml } = edit;
  const firstKept = entries.findIndex((_, index) => !removed(index));
  const [first] = entries;
  const kept = entries[firstKept];
  // Entries at the front share a bracket's or a dash's line with what follows them.
  const sharesLine = first !== undefined && yaml.slice(lineStart(yaml, first.start), first.start).trim() !== '';
  const front = first && kept && (shape.flow || sharesLine) ? firstKept : 0;
  if (first && kept && front > 0) replaceKeepingComments(edit, first.start, kept.start, '');
  for (const [index, { start, end }] of entries.entries()) {
    if (index < front || !removed(index)) continue;
    if (shape.flow) replaceKeepingComments(edit, entries[index - 1]?.end ?? start, end, '');
    else replaceKeepingComments(edit, lineStart(yaml, start), nextLine(yaml, end), '');
  }
}

/** Behind the nearest of the keys that come before it in the order, else behind the last. */
function insertAfter(key: string, keys: readonly string[], order: readonly string[]): number {
  const rank = order.indexOf(key);
  const ranks = keys.map((other) => order.indexOf(other)).map((other) => (other < rank ? other : -1));
  const nearest = Math.max(-1, ...ranks);
  return nearest < 0 ? keys.length - 1 : ranks.indexOf(nearest);
}

function survives(before: JsonObject, value: JsonObject): boolean {
  return Object.keys(before).some((key) => Object.hasOwn(value, key));
}

function pairText(edit: YamlEdit, key: string, value: Json, indent: number): string {
  const text = edit.plain ? renderFlow(value) : renderBlock(value, ':', indent);
  return `${' '.repeat(indent)}${renderKey(key)}${text}\n`;
}

function itemText(edit: YamlEdit, value: Json, indent: number): string {
  return `${' '.repeat(indent)}-${edit.plain ? renderFlow(value) : renderBlock(value, '-', indent)}\n`;
}

function insert(edit: YamlEdit, offset: number, text: string): void {
  edit.changes.push({ start: offset, end: offset, text });
}
