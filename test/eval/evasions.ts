import { randomOf } from '../../server/detect/injection/train/expand.ts';

const HOMOGLYPHS: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  o: 'о',
  p: 'р',
  s: 'ѕ',
  x: 'х',
  y: 'у',
  j: 'ј',
  h: 'һ',
  k: 'κ',
  n: 'ո',
  u: 'υ',
  v: 'ν',
  g: 'ɡ',
};
const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };

const each = (text: string, change: (character: string, random: () => number) => string): string => {
  const random = randomOf(text.length);
  return Array.from(text, (character) => change(character, random)).join('');
};
const shuffled = (word: string, random: () => number): string => {
  const inner = Array.from(word.slice(1, -1));
  for (let index = inner.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [inner[index], inner[other]] = [inner[other] ?? '', inner[index] ?? ''];
  }
  return `${word[0]}${inner.join('')}${word.at(-1)}`;
};

/** Ways of disguising a text, by name. */
export const EVASIONS: Readonly<Record<string, (text: string) => string>> = {
  homoglyph: (text) => each(text, (one, random) => (random() < 0.5 ? (HOMOGLYPHS[one] ?? one) : one)),
  'full width': (text) =>
    each(text, (one) => (one > ' ' && one <= '~' ? String.fromCharCode(one.charCodeAt(0) + 0xfee0) : one)),
  'mathematical bold': (text) =>
    each(text, (one) =>
      /[a-z]/.test(one)
        ? String.fromCodePoint(0x1d41a + one.charCodeAt(0) - 97)
        : /[A-Z]/.test(one)
          ? String.fromCodePoint(0x1d400 + one.charCodeAt(0) - 65)
          : one,
    ),
  'zero width': (text) => each(text, (one, random) => (random() < 0.3 ? `${one}\u200b` : one)),
  'soft hyphen': (text) => each(text, (one, random) => (random() < 0.3 ? `${one}\u00ad` : one)),
  'tag characters': (text) =>
    each(text, (one) => (one >= ' ' && one <= '~' ? String.fromCodePoint(0xe0000 + one.charCodeAt(0)) : one)),
  leetspeak: (text) => each(text, (one) => LEET[one.toLowerCase()] ?? one),
  typoglycemia: (text) => {
    const random = randomOf(text.length);
    return text.replace(/[A-Za-z]{5,}/g, (word) => shuffled(word, random));
  },
  spaced: (text) =>
    text
      .split(' ')
      .map((word) => Array.from(word).join(' '))
      .join('   '),
  'spaced, no gaps': (text) => Array.from(text.replaceAll(' ', '')).join(' '),
  dotted: (text) =>
    text
      .split(' ')
      .map((word) => Array.from(word).join('.'))
      .join(' '),
  base64: (text) => Buffer.from(text).toString('base64'),
  hex: (text) => Buffer.from(text).toString('hex'),
  rot13: (text) =>
    text.replace(/[a-z]/gi, (one) => String.fromCharCode(one.charCodeAt(0) + (one.toLowerCase() < 'n' ? 13 : -13))),
  reversed: (text) => Array.from(text).reverse().join(''),
  'url escapes': (text) => Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'html escapes': (text) => Array.from(text, (one) => `&#${one.codePointAt(0)};`).join(''),
};
