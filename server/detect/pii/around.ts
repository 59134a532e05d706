/** Characters to the left of a candidate in which a word can say what it is. Streams keep as much of what they have let go. */
export const CONTEXT = 48;

/** Whether one of the words of `pattern` stands shortly before `start`. */
export function isPreceded(text: string, start: number, pattern: RegExp, window = CONTEXT): boolean {
  return start > 0 && pattern.test(text.slice(Math.max(0, start - window), start));
}

export const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** ASCII letters, digits and `_`, and every character beyond ASCII that is not punctuation: what a word is made of. */
export function isWord(code: number): boolean {
  return (
    isDigit(code) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    isLetterBeyond(code)
  );
}

/** Latin, Greek and Cyrillic letters. In scripts that put no space between words a number begins anywhere. */
const isLetterBeyond = (code: number): boolean => code >= 0xc0 && code <= 0x052f && code !== 0xd7 && code !== 0xf7;

/** Index past the digits that stand at `from`. */
export function digitsEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isDigit(text.charCodeAt(at))) at += 1;
  return at;
}
