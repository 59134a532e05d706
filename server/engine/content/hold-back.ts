import type { OutputReach } from '../../policy/content-filters.ts';
import { ibanLength, secretKeywordAt } from '../../policy/content-reach.ts';

/** An e-mail address has no more before its sign, and no more in all. */
const LOCAL = 65;
const ADDRESS = 320;
/** A card, a telephone number with its extension; and what may stand behind one and name it. */
const NUMBER = 64;
const BEHIND = 20;
const FEW_DIGITS = 6;
const IBAN = 46;
/** The longest credential but a block, and a block. */
const SECRET = 4_096;
const BLOCK = 8_400;
const BLOCK_BEGINS = '-----BEGIN ';

/**
 * Where the part of a text begins that may not be passed on yet, because what comes next can make it, or what stands there, part of a
 * finding: the last word, the groups of digits before it, a credential that has not ended. `from`: what stands before has been passed on.
 */
export function openFrom(text: string, from: number, reach: OutputReach): number {
  const open = tokenFrom(text, from, reach);
  return reach.others > 0 ? closedAt(text, from, reach, Math.min(open, text.length - reach.others)) : open;
}

/** The last place up to `at` where a text can be cut: not within what addresses and numbers are made of. */
export function closedAt(text: string, from: number, reach: OutputReach, at: number): number {
  return at <= from ? from : at >= text.length ? at : tokenFrom(text.slice(0, at), from, reach);
}

function tokenFrom(text: string, from: number, reach: OutputReach): number {
  let open = text.length;
  if (reach.core || reach.secrets) open = Math.min(open, wordFrom(text, from, reach.secrets));
  if (reach.core) open = Math.min(open, numberFrom(text, from), ibanFrom(text, from));
  if (reach.secrets) open = Math.min(open, blockFrom(text, from));
  open = Math.max(open, from);
  // Never between the halves of a character.
  const before = text.charCodeAt(open - 1);
  return open > from && before >= 0xd800 && before <= 0xdbff ? open - 1 : open;
}

/** The word at the end: what addresses, hosts and credentials are made of. */
function wordFrom(text: string, from: number, secrets: boolean): number {
  const most = Math.max(from, text.length - (secrets ? SECRET : ADDRESS));
  let start = text.length;
  while (start > most && isOfWord(text.charCodeAt(start - 1))) start -= 1;
  if (start === text.length) return start;
  let open = Math.max(start, text.length - LOCAL);
  const sign = text.indexOf('@', Math.max(start, text.length - ADDRESS));
  if (sign >= 0) open = Math.min(open, Math.max(start, sign - LOCAL));
  const keyword = secrets && text.length - start > LOCAL ? secretKeywordAt(text, start) : -1;
  if (keyword >= 0) open = Math.min(open, Math.max(start, keyword - 12));
  return open;
}

/** Groups of digits at the end; and a number that is long enough for a telephone's, until what stands behind it is known. */
function numberFrom(text: string, from: number): number {
  const least = Math.max(from, text.length - NUMBER - BEHIND);
  const tail = text.slice(least);
  if (!/\d/.test(tail)) return /[(+]\s?$/.test(tail) ? text.length - 2 : text.length;
  for (const cluster of tail.matchAll(/[(+]{0,2}\d[\d ().+\-/\u00a0]*/g)) {
    const digits = cluster[0].replace(/\D/g, '').length;
    const end = cluster.index + cluster[0].length;
    const ended = cluster.index + cluster[0].trimEnd().length;
    const behind = digits >= FEW_DIGITS ? BEHIND : 1;
    if (end === tail.length || tail.length - ended < behind) return least + cluster.index;
  }
  return /[(+]\s?$/.test(tail) ? text.length - 2 : text.length;
}

function ibanFrom(text: string, from: number): number {
  const least = Math.max(from, text.length - IBAN);
  const match = /(?<![0-9A-Za-z])([A-Za-z]{2})\d{2}(?:[ \-\u00a0]?[0-9A-Za-z])*[ \-\u00a0]?$/.exec(text.slice(least));
  if (!match) return text.length;
  const length = ibanLength(match[1] ?? '');
  return length !== null && match[0].replace(/[ \-\u00a0]/g, '').length <= length ? least + match.index : text.length;
}

function blockFrom(text: string, from: number): number {
  const at = text.indexOf(BLOCK_BEGINS, Math.max(from, text.length - BLOCK));
  return at < 0 ? text.length : at;
}

/** Letters, digits, and `. _ % + ' - @ : / =`. */
function isOfWord(code: number): boolean {
  if (code >= 0xc0) return code < 0x250;
  return (
    (code >= 0x2b && code <= 0x3a && code !== 0x2c) ||
    (code >= 0x40 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x25 ||
    code === 0x27 ||
    code === 0x3d
  );
}
