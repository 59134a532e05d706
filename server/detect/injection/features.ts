import { CONCEPTS } from './lexicon.ts';
import type { Tokens } from './tokens.ts';

/** Hashed words, pairs of words and parts of words. */
export const WORD_BUCKETS = 1 << 17;
const C = CONCEPTS.length;
/** Concepts alone; two concepts in their order, near one another; two in one sentence; three in their order, hashed. */
const NEAR = C;
const TOGETHER = NEAR + C * C;
const TRIPLES = TOGETHER + C * C;
const TRIPLE_BUCKETS = 1 << 13;
export const CONCEPT_BUCKETS = TRIPLES + TRIPLE_BUCKETS;
const NEAR_WORDS = 5;

/** Remembers what was counted already in this window, without being cleared between windows. */
export class FeatureSet {
  /** A byte each, so that all of it stays in the processor's cache. */
  readonly #seen: Uint8Array;
  #round = 0;
  readonly found: Int32Array;
  count = 0;

  constructor(buckets: number, most: number) {
    this.#seen = new Uint8Array(buckets);
    this.found = new Int32Array(most);
  }

  clear(): void {
    this.count = 0;
    this.#round = (this.#round + 1) & 255;
    if (this.#round === 0) {
      this.#seen.fill(0);
      this.#round = 1;
    }
  }

  add(bucket: number): void {
    if (this.#seen[bucket] === this.#round || this.count === this.found.length) return;
    this.#seen[bucket] = this.#round;
    this.found[this.count++] = bucket;
  }
}

/** What the linear model sees of one window. */
export class Features {
  readonly words = new FeatureSet(WORD_BUCKETS, 8_192);
  readonly concepts = new FeatureSet(CONCEPT_BUCKETS, 2_048);

  /** Of the words `from` to `to`, the latter excluded. */
  read(tokens: Tokens, from: number, to: number): void {
    this.words.clear();
    this.concepts.clear();
    this.#readWords(tokens, from, to);
    this.#readConcepts(tokens, from, to);
  }

  #readWords(tokens: Tokens, from: number, to: number): void {
    const { words, sentences } = tokens;
    const set = this.words;
    let before = 0;
    for (let at = from; at < to; at++) {
      const word = words[at];
      if (!word) break;
      set.add(word.hash & (WORD_BUCKETS - 1));
      for (let index = 0; index < word.parts.length; index++) set.add((word.parts[index] ?? 0) & (WORD_BUCKETS - 1));
      if (at > from && sentences[at] === sentences[at - 1]) set.add(mix(before, word.hash) & (WORD_BUCKETS - 1));
      before = word.hash;
    }
  }

  #readConcepts(tokens: Tokens, from: number, to: number): void {
    const { concepts, sentences } = tokens;
    const set = this.concepts;
    let together = 0;
    let sentence = -1;
    let last = -1;
    let lastBits = 0;
    let beforeBits = 0;
    for (let at = from; at < to; at++) {
      const bits = concepts[at] ?? 0;
      if (bits === 0) continue;
      if (sentences[at] !== sentence) {
        this.#together(together);
        together = 0;
        sentence = sentences[at] ?? 0;
        lastBits = 0;
        beforeBits = 0;
      }
      together |= bits;
      if (lastBits !== 0 && at - last > NEAR_WORDS) {
        lastBits = 0;
        beforeBits = 0;
      }
      for (let left = bits; left !== 0; left &= left - 1) {
        const now = bitOf(left);
        set.add(now);
        for (let one = lastBits; one !== 0; one &= one - 1) {
          const earlier = bitOf(one);
          set.add(NEAR + earlier * C + now);
          for (let two = beforeBits; two !== 0; two &= two - 1) {
            const triple = mix((bitOf(two) * C + earlier) * C + now + 1, 0x51ed270b);
            set.add(TRIPLES + (triple & (TRIPLE_BUCKETS - 1)));
          }
        }
      }
      beforeBits = lastBits;
      lastBits = bits;
      last = at;
    }
    this.#together(together);
  }

  #together(bits: number): void {
    for (let one = bits; one !== 0; one &= one - 1) {
      const first = bitOf(one);
      for (let two = one & (one - 1); two !== 0; two &= two - 1) this.concepts.add(TOGETHER + first * C + bitOf(two));
    }
  }
}

/** The number of the lowest bit. */
function bitOf(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function mix(first: number, second: number): number {
  let hash = Math.imul(first ^ 0x9e3779b9, 0x85ebca6b) ^ second;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
