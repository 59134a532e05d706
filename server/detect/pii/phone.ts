import { CONTEXT, digitsEnd, isDigit, isPreceded, isWord } from './around.ts';
import type { Span } from './email.ts';

const FEWEST = 6;
const MOST = 15;
/** Characters of a number with its separators and extension. */
const LONGEST = 40;
/** After the number; streams wait for so many characters behind one. */
export const AFTER = 10;

const CALL =
  /phone|\btel\b|tel[:.]|telef|telephone|\bt\.?\s*:|mobile|\bcell|fax|\bcall(?:ed|ing|s)?\b|dial|reach(?:ed|able)?\b|answering at|whats\s?app|\bsms\b|text(?:ed)? (?:me|him|her|us|them)|messages? (?:to|on)|ring me|my registered|registered$|contact|handy|rufnummer|telefon|móvil|celular|portable|numéro|numero|telefoon|hotline|pager|voicemail/i;
const AFTERWARDS = /^[\s\-,;:()]{0,3}(?:office|fax|mobile|cell|home|work|phone|tel)\b/i;
/** Says so of any number, so not where the number is called something else. */
const NUMBER = /\bnumber (?:is|was)\s*:?\s*$|\bnumbers?\s*:\s*$|\bone is\s*$/i;
const NAMED_ELSE =
  /(?:licen[cs]e|card|account|acct|passport|policy|order|invoice|tracking|serial|routing|security|tax|id|member|case|ticket|reference|insurance|vin|part|model|phone book)\s*(?:number|no\.?|#)?\s*(?:is|was|:|#)?\s*$/i;
/** A number of six digits is one only right after its word. */
const NEAR = 16;
/** Words that make a number something else, unless one for a telephone stands nearer. */
const ELSE =
  /(?:\bid|order|invoice|isbn|issn|version|\bv|serial|account|acct|zip|postcode|postal|ticket|case|ref(?:erence)?|tracking|iban|policy|passport|licen[cs]e|ssn|card|routing|port|page|lines?|chapter|section|rfc|cve|date|dated|doi|hash|sha\d*|uuid|timestamp|epoch|\$|€|£|¥|#|=|size|width|height|x|price|total|amount|coordinates?|lat|lon|latitude|longitude)\s*(?:number|no\.?|is|was|:|=)?\s*["'(]?\s*$/i;

type Shape = {
  readonly digits: string;
  readonly groups: readonly number[];
  readonly separators: string;
  readonly plus: boolean;
  readonly paren: boolean;
  readonly extension: boolean;
  readonly span: Span;
};

/**
 * A telephone number whose digits begin at `start`. Some forms say so themselves: `+` and a country, North America's three groups, an
 * area in brackets, France's five pairs, a trunk zero and groups. Every other one needs a word before it, or right behind.
 */
export function phoneAt(text: string, start: number, floor: number): Span | null {
  const shape = shapeAt(text, start, floor);
  if (!shape) return null;
  const { digits, groups, separators, plus, paren, extension, span } = shape;
  const { length } = digits;
  if (isDate(digits, groups, separators)) return null;
  if (plus) return length >= 7 && isPlausible(digits) ? span : null;
  if (isNamed(text, span, length) && !isPreceded(text, span.start, NAMED_ELSE, 32))
    return isPlausible(digits) && !isDecimal(groups, separators) ? span : null;
  if (groups.length < 2 || isPreceded(text, span.start, ELSE, 24) || !isPlausible(digits)) return null;
  // The last groups of a longer number.
  if (text.charCodeAt(span.start - 1) === 0x20 && isDigit(text.charCodeAt(span.start - 2))) return null;
  if (isNorthAmerican(digits, groups, separators, paren, extension)) return span;
  if (paren)
    return length >= 8 && length <= 11 && (groups[0] ?? 0) >= 2 && groups.length <= 3 && (groups[1] ?? 0) >= 3
      ? span
      : null;
  if (separators === '....' || separators === '----' || separators === '    ')
    return digits.startsWith('0') && groups.length === 5 && length === 10 ? span : null;
  return isTrunk(digits, groups, separators) ? span : null;
}

function isNamed(text: string, { start, end }: Span, length: number): boolean {
  if (isPreceded(text, start, CALL, length > FEWEST ? CONTEXT : NEAR)) return true;
  return AFTERWARDS.test(text.slice(end, end + AFTER)) || (length > 8 && isPreceded(text, start, NUMBER, NEAR));
}

/** Takes the groups of digits together that belong together: one separator between two, an area in brackets, an extension. */
function shapeAt(text: string, start: number, floor: number): Shape | null {
  let from = start;
  let paren = false;
  if (from > floor && text.charCodeAt(from - 1) === 0x28) {
    from -= 1;
    paren = true;
  }
  let plus = false;
  const before = text.charCodeAt(from - 1);
  if (from > floor && before === 0x2b) {
    plus = true;
    from -= 1;
  }
  const outer = text.charCodeAt(from - 1);
  // A part of a word, a path, an amount, a longer number.
  if (
    from > 0 &&
    (isWord(outer) ||
      outer === 0x40 ||
      (outer === 0x2e && isDigit(text.charCodeAt(from - 2))) ||
      (outer === 0x2d && isWord(text.charCodeAt(from - 2))))
  )
    return null;
  if (outer === 0x2c && isDigit(text.charCodeAt(from - 2))) return null;
  let digits = '';
  const groups: number[] = [];
  let separators = '';
  let at = start;
  let end = start;
  let isOpen = paren;
  for (;;) {
    const next = digitsEnd(text, at);
    if (next === at || digits.length + next - at > MOST) break;
    // A line of many groups is a table, not a number.
    if (groups.length === 6) return null;
    digits += text.slice(at, next);
    groups.push(next - at);
    end = next;
    at = next;
    if (isOpen && text.charCodeAt(at) === 0x29) {
      isOpen = false;
      end = at + 1;
      at += 1;
      const gap = text.charCodeAt(at);
      separators += ')';
      if (gap === 0x20 || gap === 0x2d || gap === 0xa0) at += 1;
    } else {
      const separator = text.charCodeAt(at);
      if (separator !== 0x20 && separator !== 0x2d && separator !== 0x2e && separator !== 0xa0 && separator !== 0x2f)
        break;
      separators += separator === 0xa0 ? ' ' : (text[at] ?? '');
      at += 1;
      if (text.charCodeAt(at) === 0x28 && groups.length <= 2) {
        if (isOpen || separators.includes(')')) break;
        isOpen = true;
        paren = true;
        at += 1;
      }
    }
    if (at - from > LONGEST) break;
  }
  if (isOpen || digits.length < FEWEST) return null;
  separators = separators.slice(0, groups.length - 1);
  const extension = extensionEnd(text, end);
  const last = extension ?? end;
  const after = text.charCodeAt(last);
  if (isWord(after) || after === 0x40) return null;
  if ((after === 0x2e || after === 0x2c || after === 0x3a || after === 0x2f) && isDigit(text.charCodeAt(last + 1)))
    return null;
  if (after === 0x2d && isWord(text.charCodeAt(last + 1)) && !AFTERWARDS.test(text.slice(last, last + AFTER)))
    return null;
  if (after === 0x25) return null;
  return { digits, groups, separators, plus, paren, extension: extension !== null, span: { start: from, end: last } };
}

/** `x123`, ` ext. 123`. */
function extensionEnd(text: string, end: number): number | null {
  const match = /^\s?(?:x|ext\.?|extension)\s?(\d{1,6})(?!\w)/i.exec(text.slice(end, end + 20));
  return match ? end + match[0].length : null;
}

function isNorthAmerican(
  digits: string,
  groups: readonly number[],
  separators: string,
  paren: boolean,
  extension: boolean,
): boolean {
  const shape = groups.join('');
  const has = shape === '334' || shape === '1334' || shape === '3334' || shape === '2334';
  if (!has || (shape === '3334' && !digits.startsWith('001'))) return false;
  if (shape === '334' && !paren && !extension && separators[0] !== separators[1]) return false;
  if (paren || extension || shape !== '334') return true;
  // A sum in a table has spaces too.
  return separators !== '  ' ? separators !== '//' : digits.charCodeAt(0) !== 0x31 && digits.charCodeAt(3) > 0x31;
}

/** A trunk zero, then groups: `0431 35 06 90`, `046 406 6044`, `0910-5877671`. */
function isTrunk(digits: string, groups: readonly number[], separators: string): boolean {
  if (!digits.startsWith('0') || digits.startsWith('00') || digits.length < 9 || digits.length > 12) return false;
  if ((groups[0] ?? 0) < 2 || (groups[0] ?? 0) > 5 || groups.length > 5) return false;
  const shape = groups.join('');
  // A social security number that is none, a ZIP code.
  if (shape === '324' || shape === '54') return false;
  return !separators.includes('.') && new Set(separators).size <= 2 && groups.every((group) => group > 1);
}

/** `2024-05-01`, `01.05.2024`, `12/31/99 23`. */
function isDate(digits: string, groups: readonly number[], separators: string): boolean {
  // `1953-1964`.
  if (groups.length === 2 && groups[0] === 4 && groups[1] === 4 && /^(?:1[89]|20)\d\d(?:1[89]|20)/.test(digits))
    return true;
  if (groups.length < 3) return false;
  const [first = 0, second = 0, third = 0] = groups;
  if (first === 4 && second <= 2 && third <= 2 && /^(?:19|20)/.test(digits)) return true;
  return first <= 2 && second <= 2 && third === 4 && separators[0] === separators[1] && separators[0] !== ' ';
}

/** `1234.5678`: a fraction; `192.168.1.20` is one of addresses. */
function isDecimal(groups: readonly number[], separators: string): boolean {
  return (
    (separators === '.' && groups.length === 2) ||
    (separators === '...' && groups.length === 4 && groups.every((group) => group <= 3))
  );
}

function isPlausible(digits: string): boolean {
  return !/^(\d)\1+$/.test(digits) && digits !== '0123456789' && digits !== '123456';
}
