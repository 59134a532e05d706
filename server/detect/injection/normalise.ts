import { CONFUSABLES } from './confusables.ts';
import type { View } from './view.ts';

/**
 * What a reader sees of a text: no invisible characters, tag characters as the ASCII they stand for, compatibility forms (full width,
 * mathematical) as plain letters, no diacritics on Latin, look-alikes of other scripts as Latin inside words that mix both; lower case.
 * Source: Unicode TR36 and TR39. Linear; ASCII, the usual case, costs one lower-casing.
 */
export function normalise(original: string): View {
  if (isAscii(original)) return { text: original.toLowerCase(), origin: null, disguise: null };
  const out: number[] = [];
  const origin: number[] = [];
  let index = 0;
  while (index < original.length) {
    const code = original.codePointAt(index) ?? 0;
    const size = code > 0xffff ? 2 : 1;
    if (code < 0x80) {
      out.push(code >= 0x41 && code <= 0x5a ? code + 32 : code);
      origin.push(index);
    } else if (!isInvisible(code)) {
      const plain = plainOf(code);
      for (let at = 0; at < plain.length; at++) {
        out.push(plain.charCodeAt(at));
        origin.push(index);
      }
    }
    index += size;
  }
  latiniseMixedWords(out);
  origin.push(original.length);
  return { text: textOf(out), origin: Int32Array.from(origin), disguise: null };
}

/** In pieces, because a call takes only so many arguments. */
function textOf(units: readonly number[]): string {
  let text = '';
  for (let at = 0; at < units.length; at += 4_096) text += String.fromCharCode(...units.slice(at, at + 4_096));
  return text;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Zero-width characters, joiners, direction marks, soft hyphens, variation selectors, fillers. */
function isInvisible(code: number): boolean {
  return (
    code === 0xad ||
    code === 0x34f ||
    code === 0x61c ||
    code === 0x115f ||
    code === 0x1160 ||
    code === 0x17b4 ||
    code === 0x17b5 ||
    (code >= 0x180b && code <= 0x180f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0x3164 ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0xfeff ||
    code === 0xffa0 ||
    code === 0xe0001 ||
    code === 0xe007f ||
    (code >= 0xe0100 && code <= 0xe01ef)
  );
}

/** Of the characters met: normalising one costs a microsecond. */
const known = new Map<number, string>();
const KNOWN_LIMIT = 20_000;

function plainOf(code: number): string {
  const before = known.get(code);
  if (before !== undefined) return before;
  const plain = computePlain(code);
  if (known.size < KNOWN_LIMIT) known.set(code, plain);
  return plain;
}

function computePlain(code: number): string {
  if (code >= 0xe0020 && code <= 0xe007e) return String.fromCharCode(code - 0xe0000).toLowerCase();
  // Negative squared and circled letters have no compatibility form.
  if (code >= 0x1f130 && code <= 0x1f149) return String.fromCharCode(0x61 + code - 0x1f130);
  if (code >= 0x1f150 && code <= 0x1f169) return String.fromCharCode(0x61 + code - 0x1f150);
  if (code >= 0x1f170 && code <= 0x1f189) return String.fromCharCode(0x61 + code - 0x1f170);
  if (code >= 0x1f1e6 && code <= 0x1f1ff) return String.fromCharCode(0x61 + code - 0x1f1e6);
  if (code === 0x2018 || code === 0x2019 || code === 0x2bc || code === 0x2032) return "'";
  if (code === 0x201c || code === 0x201d || code === 0xab || code === 0xbb) return '"';
  if (code >= 0x2010 && code <= 0x2015) return '-';
  const character = String.fromCodePoint(code);
  if (code >= 0xac00 && code <= 0xd7a3) return character;
  const compatible = character.normalize('NFKC').toLowerCase();
  const apart = compatible.normalize('NFD');
  // Marks are part of the letter in scripts beyond Latin, Greek and Cyrillic: there they stay.
  const first = apart.charCodeAt(0);
  if (first < 0x530) return apart.replace(/[\u0300-\u036f]/g, '') || '';
  return compatible;
}

/** Within a run of letters that has Latin in it, look-alikes become Latin; a word all in Cyrillic or Greek is left as it is. */
function latiniseMixedWords(units: number[]): void {
  const mostlyLatin = latinShare(units) > 0.5;
  let start = 0;
  while (start < units.length) {
    let end = start;
    let latin = false;
    let strange = false;
    for (; end < units.length && isWordPart(units[end] ?? 0); end++) {
      const code = units[end] ?? 0;
      if (isLatin(code)) latin = true;
      else if (code > 0x7f) strange = true;
    }
    if (strange && (latin || (mostlyLatin && allConfusable(units, start, end)))) {
      for (let index = start; index < end; index++) {
        const code = units[index] ?? 0;
        if (code > 0x7f) units[index] = CONFUSABLES.get(code) ?? code;
      }
    }
    start = end === start ? end + 1 : end;
  }
}

function latinShare(units: readonly number[]): number {
  let latin = 0;
  let letters = 0;
  for (const code of units) {
    if (isLatin(code)) latin++;
    if (code > 0xbf || isLatin(code)) letters++;
  }
  return letters === 0 ? 0 : latin / letters;
}

/** A word of four letters and more, in a text mostly Latin, that could be read as Latin throughout. */
function allConfusable(units: readonly number[], start: number, end: number): boolean {
  if (end - start < 4) return false;
  for (let index = start; index < end; index++) if (!CONFUSABLES.has(units[index] ?? 0)) return false;
  return true;
}

const isLatin = (code: number): boolean => code >= 0x61 && code <= 0x7a;

function isWordPart(code: number): boolean {
  if (isLatin(code) || (code >= 0x30 && code <= 0x39)) return true;
  return code > 0xbf && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f);
}
