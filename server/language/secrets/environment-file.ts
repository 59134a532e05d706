import type { OffsetEdit } from '../edits.ts';

/** How a value gets into an `.env` file: under which name, and what to write (null when it is there already). */
export type EnvironmentEntry = { readonly name: string; readonly edit: OffsetEdit | null };

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$/gm;

/**
 * Finds a place for `value` in an `.env` text. A name that holds another value is left alone: the next of NAME, NAME_2, NAME_3…
 * is taken. Lines are appended, in the file's own line ends.
 */
export function environmentEntry(text: string, name: string, value: string): EnvironmentEntry {
  const known = new Map<string, string>();
  for (const [, key = '', raw = ''] of text.matchAll(ASSIGNMENT)) known.set(key, unquoted(raw));
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name}_${count}`;
    const held = known.get(candidate);
    if (held === value) return { name: candidate, edit: null };
    if (held === undefined) return { name: candidate, edit: appendedLine(text, `${candidate}=${value}`) };
  }
}

/** What to append to a `.gitignore` so that git leaves `.env` alone; null when a line there says so. */
export function ignoreEntry(text: string): OffsetEdit | null {
  const lines = text.split('\n').map((line) => line.trim());
  const last = lines.findLast((line) => /^!?(?:\*\*\/|\/)?(?:\.env|\.env\*|\*\.env|\.\*)$/.test(line));
  return last === undefined || last.startsWith('!') ? appendedLine(text, '.env') : null;
}

function appendedLine(text: string, line: string): OffsetEdit {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text === '' || text.endsWith('\n') ? '' : eol;
  return { start: text.length, end: text.length, text: `${before}${line}${eol}` };
}

function unquoted(raw: string): string {
  const value = raw.trim();
  const quoted = /^(["'`])(.*)\1/.exec(value);
  return quoted?.[2] ?? value.replace(/\s+#.*$/, '');
}
