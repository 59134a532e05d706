import type { OffsetEdit } from '../edits.ts';

/** `"$NAME"` in place of a key in a POSIX shell script; null in comments and wherever the quoting is not plain to see. */
export function shellEdits(
  text: string,
  secret: { readonly start: number; readonly end: number },
  name: string,
): readonly OffsetEdit[] | null {
  const quoting = quotingAt(text, secret.start);
  const next = text[secret.end] ?? '';
  switch (quoting?.kind) {
    case 'none':
      return [{ start: secret.start, end: secret.end, text: `"$${name}"` }];
    case 'double': {
      // `$NAME_x` and `$NAME[0]` would read something else.
      const read = next === '"' || next === ' ' || next === '\n' ? `$${name}` : `\${${name}}`;
      return [{ start: secret.start, end: secret.end, text: read }];
    }
    case 'single': {
      const opensHere = quoting.start === secret.start - 1;
      const closesHere = next === "'";
      const start = opensHere ? quoting.start : secret.start;
      const end = closesHere ? secret.end + 1 : secret.end;
      return [{ start, end, text: `${opensHere ? '' : "'"}"$${name}"${closesHere ? '' : "'"}` }];
    }
    default:
      return null;
  }
}

type Quoting = { readonly kind: 'none' | 'double' | 'single'; readonly start: number };

/** The quotes around `offset`, read from the start of the text; null after a heredoc, or inside a comment or substitution. */
function quotingAt(text: string, offset: number): Quoting | null {
  let kind: Quoting['kind'] = 'none';
  let start = 0;
  for (let at = 0; at < offset; at++) {
    const character = text[at];
    if (kind === 'single') {
      if (character === "'") kind = 'none';
    } else if (character === '\\') {
      at++;
    } else if (kind === 'double') {
      if (character === '`' || text.startsWith('$(', at)) return null;
      if (character === '"') kind = 'none';
    } else if (character === '"' || character === "'") {
      if (text[at - 1] === '$') return null;
      kind = character === '"' ? 'double' : 'single';
      start = at;
    } else if (character === '#' && isCommentStart(text, at)) {
      const end = text.indexOf('\n', at);
      if (end === -1 || end >= offset) return null;
      at = end;
    } else if (text.startsWith('<<', at)) {
      if (text[at + 2] !== '<') return null;
      at += 2;
    }
  }
  return { kind, start };
}

function isCommentStart(text: string, at: number): boolean {
  return at === 0 || /[\s;&|(]/.test(text[at - 1] ?? '');
}
