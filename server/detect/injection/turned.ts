import { asLeet } from './leetspeak.ts';
import type { Tokens } from './tokens.ts';
import type { View } from './view.ts';
import type { WordBook } from './word-book.ts';

const FEWEST_WORDS = 3;
const KNOWN_SHARE = 0.6;
const LONGEST_STRETCH = 20_000;

/** Stretches of words that nobody knows, read as rot13, backwards, or with digits and signs for letters, where that makes them known. */
export function turned(plain: View, tokens: Tokens, book: WordBook): readonly View[] {
  const views: View[] = [];
  const leet = asLeet(plain, book);
  if (leet !== null) views.push(leet);
  for (const { start, end } of unknownStretches(tokens)) {
    const text = plain.text.slice(start, Math.min(end, start + LONGEST_STRETCH));
    const rotated = rotate(text);
    if (readsWell(rotated, book)) views.push(shifted(plain, rotated, start, 'rot13_injection'));
    const byWord = text.replace(/[a-z]+/g, (word) => reverse(word));
    if (readsWell(byWord, book)) {
      views.push(shifted(plain, byWord, start, 'reversed_injection'));
      views.push(backwards(plain, text, start));
    }
  }
  return views;
}

/** Where words of four letters and more that the book does not know stand together. Short words belong to either side. */
function unknownStretches(tokens: Tokens): readonly { readonly start: number; readonly end: number }[] {
  const stretches: { start: number; end: number }[] = [];
  let first = -1;
  let last = -1;
  let unknown = 0;
  let knownInRow = 0;
  const close = (): void => {
    if (unknown >= FEWEST_WORDS) stretches.push({ start: tokens.starts[first] ?? 0, end: tokens.ends[last] ?? 0 });
    first = -1;
    unknown = 0;
    knownInRow = 0;
  };
  for (let at = 0; at < tokens.count; at++) {
    const word = tokens.words[at];
    if (!word) break;
    if (word.known) {
      if (word.text.length >= 4 || ++knownInRow > 2) close();
      continue;
    }
    const code = word.text.charCodeAt(0);
    if (code < 0x61 || code > 0x7a) continue;
    if (first < 0) {
      first = at;
      // A short word before it may be part of it.
      while (first > 0 && (tokens.words[first - 1]?.text.length ?? 9) <= 3 && at - first < 2) first--;
    }
    last = at;
    knownInRow = 0;
    if (word.text.length >= 3) unknown++;
  }
  // What follows the last unknown word is short: it may be part of it too.
  close();
  return stretches.slice(0, 64);
}

function readsWell(text: string, book: WordBook): boolean {
  let known = 0;
  let all = 0;
  for (const [word] of text.matchAll(/[a-z]{3,}/g)) {
    all++;
    if (book.knows(word)) known++;
    if (all >= 200) break;
  }
  return all >= FEWEST_WORDS && known >= all * KNOWN_SHARE;
}

function rotate(text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    out += code >= 0x61 && code <= 0x7a ? String.fromCharCode(((code - 0x61 + 13) % 26) + 0x61) : text[index];
  }
  return out;
}

function reverse(text: string): string {
  return text.split('').reverse().join('');
}

function shifted(plain: View, text: string, start: number, disguise: string): View {
  const origin = new Int32Array(text.length + 1);
  for (let index = 0; index <= text.length; index++) origin[index] = plain.origin?.[start + index] ?? start + index;
  return { text, origin, disguise };
}

function backwards(plain: View, text: string, start: number): View {
  const origin = new Int32Array(text.length + 1);
  for (let index = 0; index < text.length; index++) {
    const at = start + text.length - 1 - index;
    origin[index] = plain.origin?.[at] ?? at;
  }
  origin[text.length] = plain.origin?.[start] ?? start;
  return { text: reverse(text), origin, disguise: 'reversed_injection' };
}
