/** Where the parts of a preset file lie, in UTF-16 offsets. */
export type PresetParts =
  | {
      readonly kind: 'parts';
      /** From the opening `---` (after a byte order mark) up to the closing one. */
      readonly yamlStart: number;
      readonly yamlEnd: number;
      /** After the closing fence and the one blank line that may part it from the prompt. */
      readonly bodyStart: number;
      /** Whether that blank line is there. */
      readonly parted: boolean;
      /** The line end of the opening fence stands for the whole file. */
      readonly eol: '\n' | '\r\n';
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unterminated'; readonly start: number; readonly end: number };

const OPENING = /^\uFEFF?(---[ \t]*)(\r?\n|$)/;

/** Finds the front matter: a line of `---` first of all, up to the next such line. Time is linear in the text. */
export function splitPresetText(text: string): PresetParts {
  const opening = OPENING.exec(text);
  if (!opening) return { kind: 'none' };
  const [line, fence = '', newline = ''] = opening;
  const yamlStart = line.length - newline.length - fence.length;
  // Not `^` and `$`: with the m flag they also match at U+2028, which YAML and editors do not take for a line end.
  const closing = /\n---[ \t]*(?:\r?\n([ \t]*\r?\n)?|$)/g;
  closing.lastIndex = line.length - 1;
  const found = newline === '' ? null : closing.exec(text);
  if (!found) return { kind: 'unterminated', start: yamlStart, end: yamlStart + fence.length };
  return {
    kind: 'parts',
    yamlStart,
    yamlEnd: found.index + 1,
    bodyStart: closing.lastIndex,
    parted: found[1] !== undefined,
    eol: newline === '\r\n' ? '\r\n' : '\n',
  };
}

/** An empty prompt, or one of white space alone (which some providers refuse), is no prompt. */
export function promptOrNull(systemPrompt: string | null): string | null {
  return systemPrompt === null || systemPrompt.trim() === '' ? null : systemPrompt;
}

/**
 * The system prompt that a body holds: the body without its last newline, which belongs to the file. In a file with CRLF line
 * ends they are read as LF, so that a checkout on Windows is the same version; in a file with LF a CR is part of the prompt.
 */
export function promptOfBody(body: string, eol: '\n' | '\r\n'): string | null {
  const prompt = eol === '\r\n' ? body.replaceAll('\r\n', '\n') : body;
  return promptOrNull(prompt.endsWith('\n') ? prompt.slice(0, -1) : prompt);
}
