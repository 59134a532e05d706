import { stringEnd } from './json-depth.ts';

/**
 * Replaces members of a JSON object's text and leaves every other byte as it stands: numbers keep their digits, strings their
 * escapes, members their order. `text` must be valid JSON holding an object.
 */
export function spliceTopLevel(text: string, members: Readonly<Record<string, string | null>>): string {
  const names = Object.keys(members);
  const placed: string[] = [];
  let out = '';
  let copied = 0;
  let kept = 0;
  let at = skipSpace(text, 0) + 1;
  const open = at;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === '}') break;
    const memberStart = at;
    const keyEnd = stringEnd(text, at);
    const key = nameAmong(names, text, at, keyEnd);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    const comma = skipSpace(text, valueEnd);
    const isLast = text[comma] !== ',';
    const value = key === undefined ? undefined : members[key];
    if (value === null) {
      // The comma that goes is the one after, or for the last member the one before.
      out += text.slice(copied, memberStart);
      if (isLast) out = out.replace(/,\s*$/, '');
      copied = isLast ? valueEnd : skipSpace(text, comma + 1);
    } else {
      kept += 1;
      if (key !== undefined && value !== undefined) {
        out += text.slice(copied, valueStart) + value;
        copied = valueEnd;
        placed.push(key);
      }
    }
    at = isLast ? comma : comma + 1;
  }
  let added = '';
  for (const key of names) {
    const value = members[key] ?? null;
    if (value !== null && !placed.includes(key)) added += `${added === '' ? '' : ','}${JSON.stringify(key)}:${value}`;
  }
  if (added === '') return out + text.slice(copied);
  return `${out}${text.slice(copied, Math.max(copied, at, open))}${kept > 0 ? ',' : ''}${added}${text.slice(at)}`;
}

/** Which of the names a member's quoted text means; undefined: none of them. */
function nameAmong(names: readonly string[], text: string, start: number, end: number): string | undefined {
  for (let at = start + 1; at < end; at += 1) {
    if (text.charCodeAt(at) !== 0x5c) continue;
    const meant: unknown = JSON.parse(text.slice(start, end));
    return names.find((name) => name === meant);
  }
  // Compared where they stand: to cut each out, and to look it up, costs more than all the rest here.
  return names.find((name) => name.length === end - start - 2 && text.startsWith(name, start + 1));
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    at += 1;
  }
  return at;
}

/** Index past the value that begins at `from`. */
function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = stringEnd(text, at);
        if (depth === 0) return at;
        continue;
      case 0x7b:
      case 0x5b:
        depth += 1;
        break;
      case 0x7d:
      case 0x5d:
        if (depth === 0) return trimEnd(text, from, at);
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
      case 0x2c:
        if (depth === 0) return trimEnd(text, from, at);
        break;
      default:
    }
    at += 1;
  }
  return text.length;
}

function trimEnd(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && /\s/.test(text[at - 1] ?? '')) at -= 1;
  return at;
}
