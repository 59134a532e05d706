/** Puts `value` into a field without moving the caret of somebody who is in it. */
export function setText(field: HTMLInputElement | HTMLTextAreaElement, value: string): void {
  if (field.value === value) return;
  if (document.activeElement !== field || field.selectionStart === null) {
    field.value = value;
    return;
  }
  const before = field.value;
  const { selectionStart, selectionEnd, scrollTop } = field;
  field.value = value;
  field.setSelectionRange(
    carried(before, value, selectionStart),
    carried(before, value, selectionEnd ?? selectionStart),
  );
  field.scrollTop = scrollTop;
}

/** Where the place `at` of `before` is in `after`: the same when the change lies behind it, moved along when before it. */
function carried(before: string, after: string, at: number): number {
  let head = 0;
  while (head < Math.min(before.length, after.length) && before[head] === after[head]) head += 1;
  if (at <= head) return at;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return at >= before.length - tail ? after.length - (before.length - at) : after.length - tail;
}
