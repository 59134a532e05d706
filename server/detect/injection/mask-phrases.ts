/** Patterns by the list they were made of: a policy's list is one object for as long as the policy stands. */
const patterns = new WeakMap<readonly string[], RegExp | null>();

/** The text with the phrases, whatever their case, blotted out; as long as before. */
export function maskPhrases(text: string, phrases: readonly string[]): string {
  if (phrases.length === 0) return text;
  let pattern = patterns.get(phrases);
  if (pattern === undefined) {
    const alternatives = phrases
      .filter((phrase) => phrase !== '')
      .toSorted((a, b) => b.length - a.length)
      .map((phrase) => phrase.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
    pattern = alternatives.length === 0 ? null : new RegExp(alternatives.join('|'), 'gi');
    patterns.set(phrases, pattern);
  }
  // A bar ends a sentence, so that no rule reaches across.
  return pattern === null ? text : text.replace(pattern, (phrase) => '|'.repeat(phrase.length));
}
