import { Lexer } from 'yaml';

/** Replaces the text from `start` to `end` (UTF-16 offsets, the end exclusive). Changes of one edit do not overlap and are in order. */
export type TextChange = { readonly start: number; readonly end: number; readonly text: string };

export type Span = { readonly start: number; readonly end: number };

export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let result = '';
  let done = 0;
  for (const { start, end, text: inserted } of changes) {
    result += text.slice(done, start) + inserted;
    done = end;
  }
  return result + text.slice(done);
}

/** The lines of a YAML text that hold a comment and nothing else, line ends included. A `#` within a scalar is no comment. */
export function commentLines(yaml: string): readonly Span[] {
  const spans: Span[] = [];
  let offset = 0;
  let blankSince = 0;
  for (const token of new Lexer().lex(yaml)) {
    // The lexer marks documents, scalars and errors by control characters that stand for no text.
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') continue;
    const start = offset;
    offset += token.length;
    if (token.startsWith('#') && yaml.startsWith(token, start) && yaml.slice(blankSince, start).trim() === '') {
      spans.push({ start: blankSince, end: nextLine(yaml, offset) });
    }
    if (token.includes('\n')) blankSince = start + token.lastIndexOf('\n') + 1;
  }
  return spans;
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line ends that `offset` is on, before its line end. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline < 0) return text.length;
  return newline > 0 && text[newline - 1] === '\r' ? newline - 1 : newline;
}

export function nextLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}
