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
const EDGE = 16;

/**
 * What was found in texts before, so that a conversation's earlier messages are not judged again with each of its calls. In memory only
 * and bounded: two generations, of which the older goes when the younger is full. A text is looked up by its length and parts of it, and
 * then compared: hashing all of it, as a map does, takes far longer than that.
 */
export class VerdictMemory {
  readonly #most: number;
  #young = new Map<string, Verdict[]>();
  #old = new Map<string, Verdict[]>();
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

  #remember(key: string, alike: Verdict[] | undefined, verdict: Verdict): void {
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

function outline(text: string): string {
  const { length } = text;
  if (length <= 4 * EDGE) return text;
  const middle = length >> 1;
  return `${length}:${text.slice(0, EDGE)}${text.slice(middle, middle + EDGE)}${text.slice(-EDGE)}`;
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
