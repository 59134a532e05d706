import { digitsEnd, isDigit, isPreceded } from './around.ts';
import type { Span } from './email.ts';

const SSN = /\bssn\b|\bss#|social[\s_-]*security|soc[\s.]*sec|\bsocial\b[^.]{0,12}$/i;
const PLACE = /(?:suite|ste|apt|unit|no|box|floor|room)\.?\s*#?\s*$/i;

/** What a number of one hyphen may be as well. */
const ELSE =
  /(?:order|part|item|model|serial|invoice|ticket|case|ref(?:erence)?|account|acct|policy|tracking|id|no|number|#)[.:#\s]*$/i;

/**
 * A United States social security number whose digits begin at `start`: in three groups; in two, or bare, after a word that says so. Of two
 * groups three and six are nothing else that is common, five and four are a ZIP code.
 */
export function ssnAt(text: string, start: number): Span | null {
  const first = digitsEnd(text, start);
  if (first - start === 9)
    return isIssued(text.slice(start, first), text, start) && isNamed(text, start) ? { start, end: first } : null;
  if (first - start !== 3 && first - start !== 5) return null;
  const separator = text.charCodeAt(first);
  if (separator !== 0x2d && separator !== 0x20 && separator !== 0x2e) return null;
  const second = digitsEnd(text, first + 1);
  if (separator === 0x2d && second - start === 10) return inTwo(text, start, first, second);
  if (first - start !== 3) return null;
  if (second - first !== 3 || text.charCodeAt(second) !== separator) return null;
  const end = digitsEnd(text, second + 1);
  if (end - second !== 5) return null;
  // `Suite 680 36 4022 Oakridge`.
  if (separator === 0x20 && isPreceded(text, start, PLACE, 12)) return null;
  // `123-45-6789-0` is something else.
  if (text.charCodeAt(end) === separator && isDigit(text.charCodeAt(end + 1))) return null;
  const digits = text.slice(start, first) + text.slice(first + 1, second) + text.slice(second + 1, end);
  return isIssued(digits, text, start) ? { start, end } : null;
}

/** `078-051121`, `07805-1121`. */
function inTwo(text: string, start: number, hyphen: number, end: number): Span | null {
  const isZip = hyphen - start === 5;
  if (!isNamed(text, start) && (isZip || isPreceded(text, start, ELSE, 24))) return null;
  return isIssued(text.slice(start, hyphen) + text.slice(hyphen + 1, end), text, start) ? { start, end } : null;
}

/** No area 000 or 666, none from 900 on (those are tax ids, but for people who say it is theirs), no group 00, no serial 0000. */
function isIssued(digits: string, text: string, start: number): boolean {
  const area = digits.slice(0, 3);
  if (area === '000' || area === '666') return false;
  if (digits.slice(3, 5) === '00' || digits.slice(5) === '0000') return false;
  return area < '900' || isNamed(text, start);
}

const isNamed = (text: string, start: number) => isPreceded(text, start, SSN);
