import type { ContentFilters, Hit, Speaker } from '../../policy/content-filters.ts';

type Verdict = {
  readonly text: string;
  readonly filters: ContentFilters;
  readonly speaker: Speaker;
  readonly hits: readonly Hit[];
};

/** Characters of texts in each of two generations, and in one text that is worth remembering. */
const MOST_CHARACTERS = 6_000_000;
const MOST_TEXTS = 50_000;
/** Texts that look alike from outside and are remembered besides one another. */
const MOST_ALIKE = 16;
/** Characters of a text that are looked at to look it up. */
const SAMPLES = 48;

/**
 * What was found in texts before, so that a conversation's earlier messages are not judged again with each of its calls. In memory only
 * and bounded: two generations, of which the older goes when the younger is full. A text is looked up by its length and characters all
 * over it, and then compared: hashing all of it, as a map does, takes far longer than that.
 */
export class VerdictMemory {
  readonly #most: number;
  #young = new Map<number, Verdict[]>();
  #old = new Map<number, Verdict[]>();
  #characters = 0;
  #texts = 0;

  constructor(most: number = MOST_CHARACTERS) {
    this.#most = most;
  }

  /** Characters of the texts of the younger generation. */
  get characters(): number {
    return this.#characters;
  }

  /** What `judge` finds in the text, or found when it was last asked for the same. */
  hits(filters: ContentFilters, text: string, speaker: Speaker, judge: () => readonly Hit[]): readonly Hit[] {
    const key = outline(text);
    const young = this.#young.get(key);
    const known = find(young, filters, text, speaker);
    if (known) return known.hits;
    const old = find(this.#old.get(key), filters, text, speaker);
    const verdict = old ?? { text, filters, speaker, hits: judge() };
    if (text.length <= this.#most / 4) this.#remember(key, young, verdict);
    return verdict.hits;
  }

  #remember(key: number, alike: Verdict[] | undefined, verdict: Verdict): void {
    if (!alike) this.#young.set(key, [verdict]);
    else {
      alike.push(verdict);
      if (alike.length > MOST_ALIKE) alike.shift();
    }
    this.#characters += verdict.text.length;
    this.#texts += 1;
    if (this.#characters <= this.#most && this.#texts <= MOST_TEXTS) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#characters = 0;
    this.#texts = 0;
  }
}

function outline(text: string): number {
  const { length } = text;
  const step = Math.max(1, Math.floor(length / SAMPLES));
  let mixed = length;
  for (let at = length - 1; at >= 0; at -= step) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  // A number that engines keep without an object around it.
  return (mixed ^ (mixed >>> 15)) >> 1;
}

function find(
  alike: readonly Verdict[] | undefined,
  filters: ContentFilters,
  text: string,
  speaker: Speaker,
): Verdict | null {
  if (!alike) return null;
  for (const verdict of alike)
    if (verdict.filters === filters && verdict.speaker === speaker && verdict.text === text) return verdict;
  return null;
}
