import { kinds } from './runs.ts';
import type { View } from './view.ts';
import type { WordBook } from './word-book.ts';

const SPACED = /(?<![a-z0-9])[a-z](?:[ ._\-*|/,~+'"():;!?]{1,5}[a-z](?![a-z0-9])){5,}/g;
const MOST_LETTERS = 6_000;
const LONGEST_WORD = 16;
/** What a letter of no word costs, and what a word of one letter costs on top of its rank. */
const STRAY = 12;
const SINGLE = 3;

const SEPARATORS = kinds(' ._-*|/,~+\'"():;!?');
const ALPHANUMERIC = kinds('abcdefghijklmnopqrstuvwxyz0123456789');
const FEWEST = 6;
const WIDEST = 5;

/** Whether so many letters stand alone in a row: what no match of the pattern is without. */
function maySpell(text: string): boolean {
  let letters = 0;
  let gap = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 128 && SEPARATORS[code] === 1) {
      gap += 1;
      if (gap > WIDEST) letters = 0;
    } else if (code >= 0x61 && code <= 0x7a && !isAlphanumeric(text, at - 1) && !isAlphanumeric(text, at + 1)) {
      letters += 1;
      gap = 0;
      if (letters === FEWEST) return true;
    } else {
      letters = 0;
      gap = 0;
    }
  }
  return false;
}

function isAlphanumeric(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 && ALPHANUMERIC[code] === 1;
}

/** `i g n o r e   a l l` and `i.g.n.o.r.e` as words, or null where nothing is spaced out. */
export function unspaced(plain: View, book: WordBook): View | null {
  const { text } = plain;
  if (!maySpell(text)) return null;
  let out = '';
  const origin: number[] = [];
  const push = (character: string, at: number): void => {
    out += character;
    origin.push(plain.origin?.[at] ?? at);
  };
  let done = 0;
  let found = false;
  for (const match of text.matchAll(SPACED)) {
    found = true;
    for (; done < match.index; done++) push(text[done] ?? '', done);
    for (const { at, breaks } of lettersOf(match[0].slice(0, MOST_LETTERS * 2), match.index, book)) {
      if (breaks) push(' ', at);
      push(text[at] ?? '', at);
    }
    done = match.index + match[0].length;
  }
  if (!found) return null;
  for (; done < text.length; done++) push(text[done] ?? '', done);
  origin.push(plain.origin?.[text.length] ?? text.length);
  return { text: out, origin: Int32Array.from(origin), disguise: 'character_spacing' };
}

type Letter = { readonly at: number; breaks: boolean };

/** The letters of a spaced run, with where words begin: at wider gaps if there are any, else where the vocabulary says. */
function lettersOf(run: string, offset: number, book: WordBook): readonly Letter[] {
  const letters: Letter[] = [];
  const gaps: number[] = [];
  let previous = -1;
  for (let index = 0; index < run.length; index++) {
    const code = run.charCodeAt(index);
    if (code < 0x61 || code > 0x7a) continue;
    letters.push({ at: offset + index, breaks: false });
    // A space between letters joined by signs is where a word ends.
    const space = previous >= 0 && /\s/.test(run.slice(previous + 1, index)) ? 0.5 : 0;
    gaps.push(previous < 0 ? 0 : index - previous + space);
    previous = index;
  }
  const narrow = gaps.slice(1).reduce((least, gap) => Math.min(least, gap), Number.POSITIVE_INFINITY);
  const wide = gaps.filter((gap) => gap > narrow).length;
  // Fewer gaps than words can have are punctuation.
  if (wide * LONGEST_WORD > letters.length && wide * 2 < letters.length) {
    letters.forEach((letter, index) => {
      letter.breaks = (gaps[index] ?? 0) > narrow;
    });
    return letters;
  }
  for (const start of segment(letters.map(({ at }) => run[at - offset]).join(''), book)) {
    const letter = letters[start];
    if (letter) letter.breaks = true;
  }
  return letters;
}

/** Cuts a text without spaces into the likeliest words, each as likely as its rank says. */
function segment(text: string, book: WordBook): readonly number[] {
  const cost = new Float64Array(text.length + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(text.length + 1);
  cost[0] = 0;
  for (let end = 1; end <= text.length; end++) {
    for (let start = Math.max(0, end - LONGEST_WORD); start < end; start++) {
      const word = text.slice(start, end);
      const known = book.price(word);
      const price =
        known === Number.POSITIVE_INFINITY && end - start === 1 ? STRAY : known + (end - start === 1 ? SINGLE : 0);
      const total = (cost[start] ?? 0) + price;
      if (total < (cost[end] ?? 0)) {
        cost[end] = total;
        from[end] = start;
      }
    }
  }
  const starts: number[] = [];
  for (let end = text.length; end > 0; end = from[end] ?? 0) starts.push(from[end] ?? 0);
  return starts;
}
