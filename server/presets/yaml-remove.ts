import { replaceKeepingComments, type YamlText } from './keep-comments.ts';
import { lineEnd, lineStart, nextLine } from './text-change.ts';
import type { Entry } from './yaml-place.ts';

/** Which entries go, by index; where all go, nothing else may hold on to their lines. */
type Removed = (index: number) => boolean;

export function removeLines(edit: YamlText, entries: readonly Entry[], removed: Removed): void {
  const { yaml } = edit;
  const [first] = entries;
  const kept = entries.findIndex((_, index) => !removed(index));
  // A map or list within a list begins on the line of its dash: what follows the entries removed there moves up.
  const sharesLine = first !== undefined && yaml.slice(lineStart(yaml, first.start), first.start).trim() !== '';
  const front = sharesLine ? kept : 0;
  const moved = entries[front];
  if (first && moved && front > 0) replaceKeepingComments(edit, first.start, moved.start, '');
  for (const [index, { start, end }] of entries.entries()) {
    if (index >= front && removed(index)) replaceKeepingComments(edit, lineStart(yaml, start), nextLine(yaml, end), '');
  }
}

export function removeWithinBrackets(edit: YamlText, entries: readonly Entry[], removed: Removed): void {
  const { yaml } = edit;
  for (const [index, entry] of entries.entries()) {
    if (!removed(index) || (index > 0 && removed(index - 1))) continue;
    const following = entries.find((_, other) => other > index && !removed(other));
    const previous = entries[index - 1];
    const last = entries.at(-1) ?? entry;
    if (following) replaceKeepingComments(edit, entry.start, following.start, '');
    else if (!previous || !yaml.slice(previous.end, entry.start).includes('\n')) {
      replaceKeepingComments(edit, previous?.end ?? entry.start, last.end, '');
    } else {
      // On lines of their own, the last entries go with their comma; the one before may stand at the end.
      const end = last.end + (/^\s*,/.exec(yaml.slice(last.end, last.end + 80))?.[0].length ?? 0);
      const alone =
        yaml.slice(lineStart(yaml, entry.start), entry.start).trim() === '' &&
        yaml.slice(end, lineEnd(yaml, end)).trim() === '';
      replaceKeepingComments(
        edit,
        alone ? lineStart(yaml, entry.start) : entry.start,
        alone ? nextLine(yaml, end) : end,
        '',
      );
    }
  }
}
