import type { Word, WordBook } from './word-book.ts';

/** The words of a text in their order, in parallel arrays. */
export type Tokens = {
  readonly count: number;
  readonly words: readonly Word[];
  /** Offsets in the text that was read. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Which sentence a word stands in. */
  readonly sentences: readonly number[];
  /** The word's own concepts and those of the phrases that begin here. */
  readonly concepts: Int32Array;
  /** Whether a character was taken as a word somewhere, so that words stand further apart. */
  readonly unspaced: boolean;
};

const LONGEST_WORD = 48;
/** 0 nothing, 1 part of a word, 2 part of a word when between two, 3 end of a sentence when space follows, 4 always an end */
const KIND = new Uint8Array(128);
for (let code = 0x61; code <= 0x7a; code++) KIND[code] = 1;
for (let code = 0x30; code <= 0x39; code++) KIND[code] = 1;
for (const character of "'-_") KIND[character.charCodeAt(0)] = 2;
for (const character of '.!?') KIND[character.charCodeAt(0)] = 3;
for (const character of ';|{}<>') KIND[character.charCodeAt(0)] = 4;

/** Reads a normalised text (lower case). Linear: each character is looked at once, and no word is longer than 48. */
export function tokenise(text: string, book: WordBook): Tokens {
  const words: Word[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const sentences: number[] = [];
  const texts: string[] = [];
  let sentence = 0;
  let unspaced = false;
  let fragmented = false;
  let index = 0;
  const { length } = text;
  while (index < length) {
    const code = text.charCodeAt(index);
    const kind = code < 128 ? (KIND[code] ?? 0) : kindBeyond(code);
    if (kind === 0 || kind === 2) {
      // An empty line ends a sentence; a single break is how long lines are wrapped.
      if (code === 10 && text.charCodeAt(index + 1) === 10) sentence++;
      index++;
      continue;
    }
    if (kind >= 3) {
      const next = text.charCodeAt(index + 1);
      if (kind === 4 || !(next > 32)) sentence++;
      index++;
      continue;
    }
    const start = index;
    if (code >= 0x0600) fragmented = true;
    if (isUnspaced(code)) {
      unspaced = true;
      index++;
    } else {
      index++;
      while (index < length && index - start < LONGEST_WORD) {
        const inner = text.charCodeAt(index);
        const innerKind = inner < 128 ? (KIND[inner] ?? 0) : kindBeyond(inner);
        if (innerKind === 1 ? isUnspaced(inner) : innerKind !== 2 || !isLetter(text.charCodeAt(index + 1))) break;
        index++;
      }
    }
    const word = text.slice(start, index);
    texts.push(word);
    words.push(book.word(word));
    starts.push(start);
    ends.push(index);
    sentences.push(sentence);
  }
  const concepts = new Int32Array(words.length);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    concepts[at] = (concepts[at] ?? 0) | word.concepts;
    if (word.phrases !== null) addPhrases(word, at, texts, concepts);
  }
  if (fragmented) addFragments(text, book, starts, concepts);
  return { count: words.length, words, starts, ends, sentences, concepts, unspaced };
}

function addPhrases(word: Word, at: number, texts: readonly string[], concepts: Int32Array): void {
  for (const { rest, concepts: bits } of word.phrases ?? []) {
    if (rest.every((text, offset) => texts[at + 1 + offset] === text)) concepts[at] = (concepts[at] ?? 0) | bits;
  }
}

/** Where a fragment begins, its concepts are the word's: in these scripts a word is a character, or has the fragment inside. */
function addFragments(text: string, book: WordBook, starts: readonly number[], concepts: Int32Array): void {
  const { pattern, concepts: known } = book.fragments;
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    while (at + 1 < starts.length && (starts[at + 1] ?? 0) <= match.index) at++;
    concepts[at] = (concepts[at] ?? 0) | (known.get(match[0]) ?? 0);
  }
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code > 127 && kindBeyond(code) === 1);
}

function kindBeyond(code: number): number {
  if (code < 0xc0) return 0;
  if (code === 0xd7 || code === 0xf7) return 0;
  if (code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0x0964 || code === 0x061f || code === 0x2026)
    return 4;
  if ((code >= 0x2000 && code <= 0x2bff) || (code >= 0x3000 && code <= 0x303f)) return 0;
  if ((code >= 0xff00 && code <= 0xff0f) || (code >= 0xfe10 && code <= 0xfe6f)) return 0;
  // Halves of characters beyond the first plane: emoji for the most part.
  if (code >= 0xd800 && code <= 0xdfff) return 0;
  return 1;
}

/** Chinese, Japanese, Thai, Lao, Khmer, Burmese: a character is taken as a word. */
function isUnspaced(code: number): boolean {
  return (
    (code >= 0x3040 && code <= 0x30ff) ||
    (code >= 0x3400 && code <= 0x9fff) ||
    (code >= 0x0e00 && code <= 0x0eff) ||
    (code >= 0x1000 && code <= 0x109f) ||
    (code >= 0x1780 && code <= 0x17ff)
  );
}
