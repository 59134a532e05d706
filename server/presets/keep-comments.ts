import { lineEnd, lineStart, nextLine, type Span, type TextChange } from './text-change.ts';

export type YamlText = {
  readonly yaml: string;
  /** Lines that must survive, see `commentLines`. */
  readonly comments: readonly Span[];
  /** Write what is safe next to anything rather than what is pretty. */
  readonly plain: boolean;
  readonly changes: TextChange[];
};

/** Replaces a range, but leaves the lines of comment within it where they are, behind the new text. */
export function replaceKeepingComments(
  { yaml, comments, plain, changes }: YamlText,
  start: number,
  end: number,
  text: string,
): void {
  const kept = comments.filter((comment) => comment.start >= start && lineEnd(yaml, comment.start) <= end);
  const line = lineStart(yaml, start);
  const bare = kept.length > 0 && text === '' && yaml.slice(line, start).trim() === '';
  let from = bare ? line : start;
  let pending = text;
  for (const comment of kept) {
    const open = pending === '' ? from > lineStart(yaml, from) : !pending.endsWith('\n');
    // Left as deep as it was, a comment could become text of a block scalar before it.
    const indentation = plain ? yaml.indexOf('#', comment.start) - comment.start : 0;
    changes.push({ start: from, end: comment.start + indentation, text: open ? `${pending}\n` : pending });
    from = comment.end;
    pending = '';
  }
  if (kept.length === 0) {
    if (end > from || pending !== '') changes.push({ start: from, end, text: pending });
  } else if (from < end) {
    changes.push(restBehindComment(yaml, from, end));
  }
}

/** Behind a comment the rest begins on a line of its own, as deep as it was; an empty rest goes with its line end. */
function restBehindComment(yaml: string, from: number, end: number): TextChange {
  const line = lineStart(yaml, end);
  const [indentation = ''] = /^[ \t]*/.exec(yaml.slice(line, end)) ?? [];
  if (lineEnd(yaml, end) === end) return { start: from, end: nextLine(yaml, end), text: '' };
  return { start: from, end, text: indentation };
}
