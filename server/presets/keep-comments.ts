import { lineEnd, lineStart, nextLine, type Span, type TextChange } from './text-change.ts';

export type YamlText = {
  readonly yaml: string;
  /** Lines that must survive, see `commentLines`. */
  readonly comments: readonly Span[];
  readonly changes: TextChange[];
};

/** Replaces a range, but leaves the lines of comment within it where they are, behind the new text. */
export function replaceKeepingComments(
  { yaml, comments, changes }: YamlText,
  start: number,
  end: number,
  text: string,
): void {
  const kept = comments.filter((comment) => comment.start >= start && lineEnd(yaml, comment.start) <= end);
  let from = start;
  let pending = text;
  for (const comment of kept) {
    const open = pending === '' ? from > lineStart(yaml, from) : !pending.endsWith('\n');
    changes.push({ start: from, end: comment.start, text: open ? `${pending}\n` : pending });
    from = comment.end;
    pending = '';
  }
  const stop = kept.length > 0 ? afterComment(yaml, from, end) : end;
  if (stop > from || pending !== '') changes.push({ start: from, end: stop, text: pending });
}

/** Behind a comment the rest begins on a line of its own: its indentation stays, and an empty rest goes with its line end. */
function afterComment(yaml: string, from: number, end: number): number {
  if (from > end) return from;
  const line = lineStart(yaml, end);
  if (line >= from && yaml.slice(line, end).trim() === '') return line;
  return lineEnd(yaml, end) === end ? nextLine(yaml, end) : end;
}
