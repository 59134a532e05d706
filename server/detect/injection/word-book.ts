import { CONCEPTS, LEXICON } from './lexicon.ts';

/** What is known of a word; one object a word, shared by all tokens that are it. */
export type Word = {
  readonly text: string;
  /** Of the word itself, 32 bits. */
  readonly hash: number;
  /** Of its parts of four characters, the edges counted as one. */
  readonly parts: Int32Array;
  /** Concepts by their bit. */
  readonly concepts: number;
  /** Longer phrases that begin with this word. */
  readonly phrases: readonly Phrase[] | null;
  /** In the vocabulary or the lexicon. */
  readonly known: boolean;
  /** A known word whose inner letters were shuffled. */
  readonly repaired: boolean;
};

type Phrase = { readonly rest: readonly string[]; readonly concepts: number };

/** Scripts without spaces between words, or with affixes: looked for anywhere. */
export type Fragments = { readonly pattern: RegExp; readonly concepts: ReadonlyMap<string, number> };

const REMEMBERED = 30_000;
const LONGEST = 32;
const RANK_OF_LEXICON = 1_500;

/** Looks words up in the lexicon, with the words of a vocabulary as further ones that a shuffled word may stand for. */
export class WordBook {
  readonly #exact = new Map<string, number>();
  readonly #stems = new Map<string, number>();
  readonly #phrases = new Map<string, Phrase[]>();
  readonly #shuffled = new Map<number, string>();
  /** A word's rank, the most frequent first. */
  readonly #vocabulary: ReadonlyMap<string, number>;
  /** The first two letters of every stem: most words begin with none. */
  readonly #stemStarts = new Set<string>();
  readonly #memory = new Map<string, Word>();
  readonly fragments: Fragments;

  constructor(vocabulary: readonly string[]) {
    const fragments = new Map<string, number>();
    CONCEPTS.forEach((concept, bit) => {
      for (const entry of LEXICON[concept].split(/\s+/)) this.#add(entry, 1 << bit, fragments);
    });
    this.#vocabulary = new Map(vocabulary.map((word, rank) => [word, rank]));
    const letters = /^[a-z]{5,}$/;
    // The lexicon last: where two words look alike when shuffled, it is the one that matters.
    for (const word of [...vocabulary, ...this.#exact.keys()]) {
      if (letters.test(word)) this.#shuffled.set(shuffleKey(word), word);
    }
    const longestFirst = [...fragments.keys()].sort((a, b) => b.length - a.length);
    this.fragments = {
      pattern: new RegExp(longestFirst.map((text) => text.replace(/[^\p{L}\p{M}\p{N} ]/gu, '\\$&')).join('|'), 'g'),
      concepts: fragments,
    };
  }

  #add(entry: string, bit: number, fragments: Map<string, number>): void {
    const into = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) | bit);
    if (entry.startsWith('~')) {
      into(fragments, entry.slice(1).replaceAll('_', ' ').normalize('NFKC'));
    } else if (entry.includes('_')) {
      const [first = '', ...rest] = entry.split('_');
      const phrases = this.#phrases.get(first) ?? [];
      phrases.push({ rest, concepts: bit });
      this.#phrases.set(first, phrases);
    } else if (entry.endsWith('*')) {
      into(this.#stems, entry.slice(0, -1));
      this.#stemStarts.add(entry.slice(0, 2));
    } else into(this.#exact, entry);
  }

  /** Whether it is a word that the vocabulary or the lexicon holds. */
  knows(word: string): boolean {
    return this.#vocabulary.has(word) || this.#exact.has(word);
  }

  /** How much a word costs where a text without spaces is cut: the rarer the more; infinite for what is no word. */
  price(word: string): number {
    const rank = this.#vocabulary.get(word) ?? (this.#exact.has(word) ? RANK_OF_LEXICON : null);
    return rank === null ? Number.POSITIVE_INFINITY : Math.log(rank + 4);
  }

  /** `text` is lower case and normalised. */
  word(text: string): Word {
    const remembered = this.#memory.get(text);
    if (remembered !== undefined) return remembered;
    const word = this.#look(text);
    if (this.#memory.size >= REMEMBERED) this.#memory.clear();
    this.#memory.set(text, word);
    return word;
  }

  #look(text: string): Word {
    const known = this.knows(text);
    if (!known && text.length >= 5) {
      const meant = this.#shuffled.get(shuffleKey(text));
      if (meant !== undefined && meant.length === text.length && this.#conceptsOf(text) === 0) {
        return { ...this.word(meant), repaired: true };
      }
    }
    return {
      text,
      hash: hashOf(text, 0, text.length),
      parts: partsOf(text),
      concepts: this.#conceptsOf(text),
      phrases: this.#phrases.get(text) ?? null,
      known,
      repaired: false,
    };
  }

  #conceptsOf(text: string): number {
    let concepts = this.#exact.get(text) ?? 0;
    // "system's", "don't" and their kind are in the lexicon as they are; what is left of a possessive is the word.
    if (concepts === 0 && text.endsWith("'s")) concepts = this.#exact.get(text.slice(0, -2)) ?? 0;
    if (!this.#stemStarts.has(text.slice(0, 2))) return concepts;
    for (let length = Math.min(text.length, 14); length >= 2; length--) {
      const stem = this.#stems.get(text.slice(0, length));
      if (stem !== undefined) return concepts | stem;
    }
    return concepts;
  }
}

/** FNV-1a with a final mix, as a signed 32-bit integer. */
export function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}

const PART = 4;

function partsOf(text: string): Int32Array {
  const edged = `<${text.slice(0, LONGEST)}>`;
  if (edged.length <= PART) return new Int32Array(0);
  const parts = new Set<number>();
  for (let index = 0; index + PART <= edged.length; index++) parts.add(hashOf(edged, index, index + PART));
  return Int32Array.from(parts);
}

/** The same for every order of the inner letters. */
function shuffleKey(word: string): number {
  let inner = 0;
  for (let index = 1; index < word.length - 1; index++) {
    const code = word.charCodeAt(index);
    inner = (inner + Math.imul(code * code + 7, 0x9e3779b1)) | 0;
  }
  return (
    Math.imul(inner ^ (word.charCodeAt(0) * 31), 0x85ebca6b) ^ (word.charCodeAt(word.length - 1) * 1009 + word.length)
  );
}
