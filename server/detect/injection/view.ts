/** A reading of a text: what it says once its disguise is taken off, and where each of its characters stood in the original. */
export type View = {
  /** Lower case. */
  readonly text: string;
  /** The original's UTF-16 offset of each character, and of the end; null: the same offsets. */
  readonly origin: Int32Array | null;
  /** How the text was disguised, for the finding's rule; null: it was not. */
  readonly disguise: string | null;
  /** The run of the original that all of this was decoded from: whatever is found in it, the whole run says it. */
  readonly whole?: { readonly start: number; readonly end: number };
};

/** Where a span of a view stands in the original text. */
export function spanOf(view: View, start: number, end: number): { readonly start: number; readonly end: number } {
  const { origin, whole } = view;
  if (whole) return whole;
  if (origin === null) return { start, end };
  const first = origin[start] ?? 0;
  const last = end > start ? (origin[end - 1] ?? first) : first;
  // A character may stand for several of the original's (a ligature, an escape): the span ends where the next one begins.
  const after = origin[end] ?? last + 1;
  // In a text read backwards the origins fall.
  return first <= last
    ? { start: first, end: after > last ? after : last + 1 }
    : { start: last, end: Math.max(first + 1, last + 1) };
}
