import { digitsEnd, isPreceded } from './around.ts';
import { digitsOf, isRepeated, luhn } from './checksums.ts';
import type { Span } from './email.ts';

const FEWEST = 12;
const MOST = 19;
/** How issuers print them: Amex and Diners in three groups, the others in fours. */
const GROUPINGS: ReadonlySet<string> = new Set(['4444', '465', '464', '4445', '44443', '44442', '444', '445', '4443']);
const CARD =
  /card|visa|master|maestro|amex|american express|discover|diners|jcb|\bcc\b|karte|tarjeta|carte|credit|debit/i;
const ELSE = /imei|order|tracking|invoice|serial|\bid\b|isbn|timestamp/i;

/** A payment card's number whose digits begin at `start`: its issuer's prefix and length, and the check digit. */
export function cardAt(text: string, start: number): Span | null {
  const span = grouped(text, start);
  if (!span) return null;
  const digits = digitsOf(text.slice(span.start, span.end));
  if (isRepeated(digits) || !luhn(digits)) return null;
  const isBare = span.end - span.start === digits.length;
  switch (issued(digits)) {
    case 'yes':
      // An IMEI has fifteen digits and the same check digit.
      return isBare && isPreceded(text, start, ELSE, 20) && !isPreceded(text, start, CARD) ? null : span;
    case 'rarely':
      return isPreceded(text, start, CARD) ? span : null;
    case 'no':
      return null;
  }
}

function grouped(text: string, start: number): Span | null {
  let end = digitsEnd(text, start);
  if (end - start >= FEWEST) return end - start <= MOST ? { start, end } : null;
  if (end - start !== 4) return null;
  const separator = text.charCodeAt(end);
  if (separator !== 0x20 && separator !== 0x2d) return null;
  let lengths = '4';
  let digits = 4;
  while (text.charCodeAt(end) === separator) {
    const next = digitsEnd(text, end + 1);
    const length = next - end - 1;
    if (length === 0 || digits + length > MOST) break;
    digits += length;
    lengths += String(length);
    end = next;
  }
  return digits >= FEWEST && GROUPINGS.has(lengths) ? { start, end } : null;
}

/** Whether an issuer has numbers of this beginning and length; `rarely`: so many other numbers look like it that a word must say so. */
function issued(digits: readonly number[]): 'yes' | 'rarely' | 'no' {
  const { length } = digits;
  const four = digits.slice(0, 4).reduce((sum, digit) => sum * 10 + digit, 0);
  const two = Math.floor(four / 100);
  const three = Math.floor(four / 10);
  if (two === 34 || two === 37) return length === 15 ? 'yes' : 'no';
  if (two >= 40 && two <= 49) return length === 16 ? 'yes' : length === 13 || length === 19 ? 'rarely' : 'no';
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16 ? 'yes' : 'no';
  if (four === 6011 || (three >= 644 && three <= 649) || two === 65) return length >= 16 ? 'yes' : 'no';
  if (four >= 3528 && four <= 3589) return length >= 16 ? 'yes' : 'no';
  if ((three >= 300 && three <= 305) || three === 309 || two === 36 || two === 38 || two === 39)
    return length === 14 ? 'yes' : length >= 16 ? 'rarely' : 'no';
  if (two === 62 || two === 81) return length >= 16 ? 'yes' : 'no';
  if (four === 1800 || four === 2131) return length === 15 ? 'rarely' : 'no';
  // Maestro.
  return two === 50 || (two >= 56 && two <= 69) ? 'rarely' : 'no';
}
