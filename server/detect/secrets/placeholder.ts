/**
 * Whether a key's random part was typed rather than generated: few distinct characters, a repeated unit (`deadbeef…`),
 * or a run through the alphabet (`0123…`, also interleaved: `a1b2c3…`). Text is compared in the order of `alphabet`.
 */
export function looksTyped(body: string, alphabet: string, minimumEntropy: number): boolean {
  return shannonEntropy(body) < minimumEntropy || isRegular(body, alphabet);
}

/** Bits per character; 0 for the empty string. */
export function shannonEntropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Longest unit whose repetition is recognised; half of a 64-character body. */
const LONGEST_UNIT = 32;

/**
 * Counts, for every stride, how often a character is the previous one's neighbour (or equal) in the alphabet. More than
 * half of the pairs agreeing on one step is out of reach for chance at the lengths keys have.
 */
function isRegular(body: string, alphabet: string): boolean {
  const values = Array.from(body, (character) => alphabet.indexOf(character));
  const size = alphabet.length;
  for (let stride = 1; stride <= Math.min(LONGEST_UNIT, values.length / 2); stride++) {
    const steps = new Map<number, number>();
    const pairs = values.length - stride;
    for (let index = 0; index < pairs; index++) {
      const step = ((values[index + stride] ?? 0) - (values[index] ?? 0) + size) % size;
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    const regular = Math.max(steps.get(0) ?? 0, steps.get(1) ?? 0, steps.get(size - 1) ?? 0);
    if (regular > pairs / 2) return true;
  }
  return false;
}
