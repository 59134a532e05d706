const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Levels of arrays and objects in a request or an answer: no schema of a tool comes near it. */
export const DEPTH_LIMIT = 256;

/**
 * Whether a JSON text nests arrays and objects deeper than the limit. What reads it later (schemas, the weighing of a request, its
 * encoding for a provider) calls itself for each level, and would end in a full stack instead of in an answer. Linear in the text.
 */
export function nestsTooDeep(text: string): boolean {
  if (text.length <= DEPTH_LIMIT) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = stringEnd(text, at) - 1;
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > DEPTH_LIMIT) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
      default:
    }
  }
  return false;
}

/** Index past the closing quote of the string that begins at `from`; strings hold whole images, so they are leapt over. */
export function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return text.length;
}
