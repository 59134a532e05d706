import type { View } from './view.ts';
import type { WordBook } from './word-book.ts';

const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  8: 'b',
  9: 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
  '(': 'c',
};
const LONGEST_WORD = 24;

/** 0 no part of a word, 1 a letter; what may stand for one: 2 anywhere, 3 but not at a word's end, 4 in a word with letters alone. */
const KIND = new Uint8Array(128);
for (let code = 0x61; code <= 0x7a; code += 1) KIND[code] = 1;
for (const sign of '0134578') KIND[sign.charCodeAt(0)] = 2;
for (const sign of '!|(+') KIND[sign.charCodeAt(0)] = 3;
for (const sign of '269@$') KIND[sign.charCodeAt(0)] = 4;

/** The text with digits and signs read as letters, where that makes words of it, or null. Each character stands for one, so offsets stay. */
export function asLeet(plain: View, book: WordBook): View | null {
  const { text } = plain;
  let mixed = 0;
  let understood = 0;
  let out = '';
  let copied = 0;
  const { length } = text;
  for (let at = 0; at < length; ) {
    const start = at;
    // How many of each kind, of all there are and up to the last that is not to be cut off the end.
    let letters = 0;
    let digits = 0;
    let end = start;
    let within = 0;
    for (; at < length && at - start < LONGEST_WORD; at += 1) {
      const code = text.charCodeAt(at);
      const kind = code < 128 ? KIND[code] : 0;
      if (kind === 0) break;
      if (kind === 1) letters += 1;
      else if (kind === 2) digits += 1;
      if (kind !== 3) {
        end = at + 1;
        within = end - start - letters;
      }
    }
    if (at === start) at += 1;
    // Without a letter it must be two digits or more that can all be letters; with letters, something must stand for one.
    if (letters === 0 ? digits < 2 || digits < end - start : within === 0) continue;
    const bare = text.slice(start, end);
    mixed += 1;
    let read = spelt(bare, 'i');
    if (!isKnown(read, book)) read = spelt(bare, 'l');
    if (isKnown(read, book)) understood += 1;
    else read = spelt(bare, 'i');
    out += text.slice(copied, start) + read;
    copied = start + bare.length;
  }
  if (understood < 3 || understood * 2 < mixed) return null;
  return { text: out + text.slice(copied), origin: plain.origin, disguise: 'leetspeak' };
}

const isKnown = (word: string, book: WordBook) => word.length > 1 && book.knows(word);

/** `one`: what `1` and `!` are read as. */
function spelt(word: string, one: string): string {
  let out = '';
  for (const sign of word) out += sign === '1' || sign === '!' ? one : (LEET[sign] ?? sign);
  return out;
}
