import type { Span } from './provider-call.ts';

/** What an edit replaced: `[start, end)` of the old text became `[start, newEnd)` of the new one. */
export type ChangedSpan = Span & { readonly newEnd: number };

/**
 * The smallest single replacement that turns `before` into `after`; null when they are equal. Found by comparing the texts,
 * so a tree can never drift from its document as it could by replaying the editor's change events.
 */
export function changedSpan(before: string, after: string): ChangedSpan | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let kept = 0;
  while (
    kept < shorter - start &&
    before.charCodeAt(before.length - 1 - kept) === after.charCodeAt(after.length - 1 - kept)
  ) {
    kept++;
  }
  return { start, end: before.length - kept, newEnd: after.length - kept };
}
