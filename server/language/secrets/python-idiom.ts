import type { OffsetEdit } from '../edits.ts';
import { type PythonString, pythonCode, pythonStrings } from './python-strings.ts';

/** `os.environ["NAME"]` in place of a key in a Python string, with `import os` where it is missing; null where it would not run. */
export function pythonEdits(
  text: string,
  secret: { readonly start: number; readonly end: number },
  name: string,
): readonly OffsetEdit[] | null {
  const strings = pythonStrings(text);
  const index = strings.findIndex((one) => one.start < secret.start && one.end > secret.end);
  const literal = strings[index];
  if (literal === undefined || literal.prefix.includes('b')) return null;
  const replacement = isWhole(literal, secret) ? wholeEdit(literal, name) : insideEdit(text, literal, secret, name);
  if (replacement === null || isConcatenated(text, strings, index)) return null;
  const importOs = missingImport(text);
  return importOs === null ? [replacement] : [importOs, replacement];
}

function isWhole(literal: PythonString, secret: { readonly start: number; readonly end: number }): boolean {
  const content = literal.start + literal.prefix.length + literal.quotes.length;
  return secret.start === content && secret.end === literal.end - literal.quotes.length;
}

function wholeEdit(literal: PythonString, name: string): OffsetEdit {
  const quote = literal.quotes.charAt(0);
  return { start: literal.start, end: literal.end, text: `os.environ[${quote}${name}${quote}]` };
}

/** The rest of the string stays: it becomes an f-string, unless braces in it would change their meaning. */
function insideEdit(
  text: string,
  literal: PythonString,
  secret: { readonly start: number; readonly end: number },
  name: string,
): OffsetEdit | null {
  // Before Python 3.12 an f-string's expressions may not use its own quote.
  const quote = literal.quotes.startsWith('"') ? "'" : '"';
  const field = `{os.environ[${quote}${name}${quote}]}`;
  if (literal.prefix.includes('f')) return { start: secret.start, end: secret.end, text: field };
  const before = text.slice(literal.start + literal.prefix.length, secret.start);
  const after = text.slice(secret.end, literal.end);
  if (/[{}]/.test(before + after) || literal.prefix === 'u') return null;
  return { start: literal.start, end: literal.end, text: `${literal.prefix}f${before}${field}${after}` };
}

/** `"a" "b"`: only strings may stand side by side. */
function isConcatenated(text: string, strings: readonly PythonString[], index: number): boolean {
  const [before, literal, after] = [strings[index - 1], strings[index], strings[index + 1]];
  if (literal === undefined) return false;
  const isBlank = (from: number, to: number): boolean => /^[\s\\]*$/.test(text.slice(from, to));
  const touches = (from: number, to: number): boolean => isBlank(from, to) && !text.slice(from, to).includes('\n');
  return (
    (before !== undefined && touches(before.end, literal.start)) ||
    (after !== undefined && touches(literal.end, after.start))
  );
}

/** Where `import os` goes: before the first import, else after the docstring or the comments at the top. */
function missingImport(text: string): OffsetEdit | null {
  const code = pythonCode(text);
  for (const [, names = ''] of code.matchAll(/^import[ \t]+([^\n;]+)/gm)) {
    if (names.split(',').some((name) => /^os(?:\.[\w.]+)?$/.test(name.trim()))) return null;
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const first = /^(?:import|from)[ \t]+(?!__future__)/m.exec(code);
  const at = first?.index ?? afterHeader(text, code);
  const before = at > 0 && text[at - 1] !== '\n' ? eol : '';
  return { start: at, end: at, text: `${before}import os${eol}${first === null ? eol : ''}` };
}

function afterHeader(text: string, code: string): number {
  let future = 0;
  for (const match of code.matchAll(/^from[ \t]+__future__[ \t]+import[ \t]*(?:\([^)]*\)|[^\n]*)/gm)) {
    future = match.index + match[0].length;
  }
  if (future > 0) return lineAfter(text, future);
  const docstring = pythonStrings(text)[0];
  if (docstring !== undefined && code.slice(0, docstring.start).trim() === '') {
    const rest = code.slice(docstring.end).split('\n', 1)[0] ?? '';
    if (rest.trim() === '') return lineAfter(text, docstring.end);
  }
  return /^(?:#[^\n]*(?:\n|$))*/.exec(text)?.[0].length ?? 0;
}

function lineAfter(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline === -1 ? text.length : newline + 1;
}
