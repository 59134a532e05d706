import { promptOfBody, promptOrNull, splitPresetText } from './front-matter.ts';
import { equalJson, isJsonObject, type Json, type JsonObject } from './json.ts';
import { frontMatterSchema } from './schema.ts';
import { setAt } from './set-at.ts';
import { applyChanges, commentLines, nextLine, type TextChange } from './text-change.ts';
import { editRoot } from './yaml-edit.ts';
import { renderYaml } from './yaml-render.ts';
import { readYaml } from './yaml-source.ts';

/**
 * The smallest changes that set one field of the front matter to a JSON value, or remove it (`undefined`); a map or list that
 * loses its last entry goes too. `path` names keys, and items of lists by index; what is missing on the way is made. Comment
 * lines, the order of keys, quoting, line ends and every byte not concerned stay. A text without front matter gets one.
 *
 * No changes when nothing differs, when the front matter cannot be edited (unterminated, not YAML, not a map), and for a path or
 * value that no front matter can hold (`__proto__`, too deep).
 */
export function setPresetField(text: string, path: readonly string[], value: unknown): readonly TextChange[] {
  const wanted: Json | undefined = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  const parts = splitPresetText(text);
  if (parts.kind === 'unterminated') return [];
  if (parts.kind === 'none') {
    if (wanted === undefined) return [];
    const target = setAt({}, path, wanted);
    return isJsonObject(target) ? [{ start: 0, end: 0, text: `---\n${renderYaml(target)}---\n` }] : [];
  }
  const yaml = text.slice(parts.yamlStart, parts.yamlEnd);
  const source = readYaml(yaml);
  if (source.syntax.length > 0 || !isJsonObject(source.value)) return [];
  const before = source.value;
  const target = setAt(before, path, wanted) ?? {};
  if (!isJsonObject(target) || equalJson(before, target)) return [];

  const comments = commentLines(yaml);
  const order = Object.keys(frontMatterSchema.shape);
  for (const plain of [false, true]) {
    const edit = { yaml, comments, plain, order, changes: [] };
    editRoot(edit, source.document.contents, before, target);
    const changes = arrange(edit.changes, parts.eol);
    if (saysExactly(applyChanges(yaml, changes), target)) return move(changes, parts.yamlStart);
  }
  // Where what is left would run into its neighbours (blank lines after a `|+`), the fields are written anew.
  const kept = comments.map(({ start, end }) => yaml.slice(start, end).trim());
  const anew = [...kept, renderYaml(target)].join('\n');
  const whole = arrange([{ start: nextLine(yaml, 0), end: yaml.length, text: anew }], parts.eol);
  return saysExactly(applyChanges(yaml, whole), target) ? move(whole, parts.yamlStart) : [];
}

/** The smallest change that makes `systemPrompt` the body of the file; blank text removes the body. */
export function setSystemPrompt(text: string, systemPrompt: string): readonly TextChange[] {
  const parts = splitPresetText(text);
  if (parts.kind === 'unterminated') return [];
  const prompt = promptOrNull(systemPrompt);
  if (parts.kind === 'none')
    return prompt === null ? [] : [{ start: 0, end: text.length, text: `---\n---\n\n${prompt}\n` }];

  const body = text.slice(parts.bodyStart);
  const lines = parts.eol === '\r\n' ? (prompt?.replaceAll('\r\n', '\n') ?? null) : prompt;
  if (promptOfBody(body, parts.eol) === lines) return [];
  if (lines === null) return [{ start: parts.bodyStart, end: text.length, text: '' }];
  const fence = text.endsWith('\n', parts.bodyStart) ? '' : '\n';
  // A prompt that begins with a blank line would lose it to the fence.
  const parting = !parts.parted && /^[ \t]*\r?\n/.test(lines) ? '\n' : '';
  const last = body === '' || body.endsWith('\n') || lines.endsWith('\n') ? '\n' : '';
  const wanted = (fence + parting + lines + last).replaceAll('\n', parts.eol);
  return [narrow(body, wanted, parts.bodyStart)];
}

function saysExactly(yaml: string, target: JsonObject): boolean {
  const { syntax, value } = readYaml(yaml);
  return syntax.length === 0 && equalJson(value, target);
}

/** In order of place; at one place insertions come first, in the order they were made. */
function arrange(changes: readonly TextChange[], eol: string): readonly TextChange[] {
  return changes
    .map((change) => ({ ...change, text: change.text.replaceAll('\n', eol) }))
    .sort((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start));
}

function move(changes: readonly TextChange[], by: number): readonly TextChange[] {
  return changes.map(({ start, end, text }) => ({ start: start + by, end: end + by, text }));
}

/** Leaves out what both have at the beginning and the end, never between the halves of a CRLF or a surrogate pair. */
function narrow(before: string, after: string, offset: number): TextChange {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  if (/[\r\ud800-\udbff]$/.test(before.slice(0, head))) head--;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  if (tail > 0 && /^[\n\udc00-\udfff]/.test(before.slice(before.length - tail))) tail--;
  return { start: offset + head, end: offset + before.length - tail, text: after.slice(head, after.length - tail) };
}
