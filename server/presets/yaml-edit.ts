import { isCollection, isMap, isScalar, isSeq, type ParsedNode, type YAMLSeq } from 'yaml';
import { equalJson, isJsonObject, type Json, type JsonObject } from './json.ts';
import { replaceKeepingComments } from './keep-comments.ts';
import { nextLine } from './text-change.ts';
import { type Entry, isWritten, mapEntries, seqEntries, type YamlMap } from './yaml-place.ts';
import { removeLines, removeWithinBrackets } from './yaml-remove.ts';
import { renderFlow, renderKey } from './yaml-render.ts';
import { insert, itemText, pairText, rewriteBlock, rewriteFlow, type Shape, type YamlEdit } from './yaml-rewrite.ts';

/** Adds the changes that turn the front matter's map from `before` into `value`, and touch only what differs. */
export function editRoot(edit: YamlEdit, root: ParsedNode | null, before: JsonObject, value: JsonObject): void {
  if (isMap(root) && root.items.length > 0 && (!root.flow || (!edit.plain && survives(before, value)))) {
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
  const removed = (index: number): boolean => !Object.hasOwn(value, keys[index] ?? '');
  if (shape.flow) removeWithinBrackets(edit, entries, removed);
  else removeLines(edit, entries, removed);
  const lastKept = entries.findLast((_, index) => !removed(index));
  for (const [key, inner] of Object.entries(value)) {
    if (Object.hasOwn(before, key)) continue;
    const anchor = shape.flow ? lastKept : entries[insertAfter(key, keys, order)];
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
  const removed = (index: number): boolean => index >= head + changed && index < before.length - tail;
  if (shape.flow) removeWithinBrackets(edit, entries, removed);
  else removeLines(edit, entries, removed);
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
  const whole = edit.plain && isCollection(node) && node.flow === true;
  if (!whole && isMap(node) && isJsonObject(before) && isJsonObject(value) && survives(before, value)) {
    editMap(edit, node as YamlMap, before, value, []);
  } else if (
    !whole &&
    isSeq(node) &&
    Array.isArray(before) &&
    Array.isArray(value) &&
    before.length > 0 &&
    value.length > 0
  ) {
    editSeq(edit, node as YAMLSeq<ParsedNode>, before, value);
  } else if (shape.flow) rewriteFlow(edit, entry, value, shape);
  else rewriteBlock(edit, entry, value, shape);
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
