/** Words a window: some 800 characters of English. */
const WINDOW = 140;
const STEP = 110;
/** And one that a payload of a sentence or two fills by half. */
const SMALL = 48;
const SMALL_STEP = 24;

/** The windows that a text of `count` words is read in: whole when it is short, else overlapping ones of two sizes. */
export function windowsOf(
  count: number,
): readonly { readonly from: number; readonly to: number; readonly small: boolean }[] {
  const windows: { from: number; to: number; small: boolean }[] = [];
  for (let from = 0; from < Math.max(1, count); from += STEP) {
    const to = Math.min(count, from + WINDOW);
    windows.push({ from, to, small: false });
    if (to === count) break;
  }
  if (count > SMALL * 1.5) {
    for (let from = 0; from < count; from += SMALL_STEP) {
      const to = Math.min(count, from + SMALL);
      windows.push({ from, to, small: true });
      if (to === count) break;
    }
  }
  return windows;
}
