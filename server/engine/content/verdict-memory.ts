import { hash } from 'node:crypto';
import type { ContentFilters, Hit, Speaker } from '../../policy/content-filters.ts';

type Verdict = {
  readonly filters: ContentFilters;
  readonly speaker: Speaker;
  readonly hits: readonly Hit[];
  readonly next: Verdict | null;
};

/** Engines hash strings up to some length only; longer ones would all meet in one place. */
const LONGEST_KEY = 8_192;
/** Characters of texts in each of two generations. */
const MOST_CHARACTERS = 6_000_000;
const MOST_TEXTS = 50_000;

/**
 * What was found in texts before, so that a conversation's earlier messages are not judged again with each of its calls. In memory only
 * and bounded: two generations, of which the older goes when the younger is full.
 */
export class VerdictMemory {
  readonly #most: number;
  #young = new Map<string, Verdict>();
  #old = new Map<string, Verdict>();
  #characters = 0;

  constructor(most: number = MOST_CHARACTERS) {
    this.#most = most;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** What `judge` finds in the text, or found when it was last asked for the same. */
  hits(filters: ContentFilters, text: string, speaker: Speaker, judge: () => readonly Hit[]): readonly Hit[] {
    const key = text.length > LONGEST_KEY ? `\0${hash('sha256', text, 'base64')}` : text;
    const young = this.#young.get(key);
    const found = find(young, filters, speaker) ?? find(this.#old.get(key), filters, speaker);
    const hits = found?.hits ?? judge();
    if (found && found === find(young, filters, speaker)) return hits;
    this.#characters += young ? 0 : key.length;
    this.#young.set(key, { filters, speaker, hits, next: young ?? null });
    if (this.#characters > this.#most || this.#young.size > MOST_TEXTS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    return hits;
  }
}

function find(from: Verdict | null | undefined, filters: ContentFilters, speaker: Speaker): Verdict | null {
  for (let verdict = from ?? null; verdict; verdict = verdict.next)
    if (verdict.filters === filters && verdict.speaker === speaker) return verdict;
  return null;
}
