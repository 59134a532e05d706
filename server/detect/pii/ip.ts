import { isIP } from 'node:net';
import { digitsEnd, isDigit, isPreceded, isWord } from './around.ts';
import type { Span } from './email.ts';

const VERSION =
  /(?:\bv|version|release|build|\bver\.?|section|chapter|§|firmware|update|chrome\/|safari\/|edge?\/|firefox\/)\s*[:=]?\s*["']?$/i;
const HOST = /\bip\b|ipv[46]|address|host|server|dns|src|dst|source|client|gateway|peer|from|ping/i;
/** Words right before that make even an address of nobody's, such as the loopback, one that somebody speaks of. */
const NAMED =
  /(?:\bip(?:v[46])?(?: address)?(?: is)?:?|\b(?:localhost|loopback|broadcast|unspecified|any|default)(?: is)?|\b(?:src|dst)=)\s{0,2}$/i;
const MASK = /^\/\d{1,3}(?![\w.])/;
const LONGEST = 45;

/** An IPv4 address whose digits begin at `start`. Loopback, the unspecified one and net masks are nobody's, unless they are called one. */
export function ipv4At(text: string, start: number): Span | null {
  let end = start;
  for (let octet = 0; octet < 4; octet += 1) {
    const from = octet === 0 ? start : end + 1;
    if (octet > 0 && text.charCodeAt(end) !== 0x2e) return null;
    end = digitsEnd(text, from);
    const length = end - from;
    if (length === 0 || length > 3 || (length > 1 && text.charCodeAt(from) === 0x30)) return null;
    if (length === 3 && text.slice(from, end) > '255') return null;
  }
  const address = text.slice(start, end);
  // Numbers with more than four parts are something else; none that begins like this.
  if (text.charCodeAt(end) === 0x2e && isWord(text.charCodeAt(end + 1)) && !address.startsWith('192.168.')) return null;
  if (address === '0.0.0.0' || address.startsWith('127.') || address.startsWith('255.'))
    return isCalledSo(text, start, end) ? { start, end } : null;
  if (isPreceded(text, start, VERSION, 16)) return null;
  // `8.3.1.1` is a section of something more often than a host.
  return end - start === 7 && !isPreceded(text, start, HOST, 24) ? null : { start, end };
}

/** The IPv6 address that `at` stands in; null when there is none. At most 45 characters are looked at to either side. */
export function ipv6Around(text: string, at: number, floor: number): Span | null {
  let start = at;
  const least = Math.max(floor, at - LONGEST);
  while (start > least && isPart(text.charCodeAt(start - 1))) start -= 1;
  let end = at;
  const most = Math.min(text.length, at + LONGEST);
  while (end < most && isPart(text.charCodeAt(end))) end += 1;
  while (end > start && (text.charCodeAt(end - 1) === 0x2e || isLoneColon(text, start, end))) end -= 1;
  if (isWord(text.charCodeAt(start - 1)) || isWord(text.charCodeAt(end))) return null;
  const address = text.slice(start, end);
  if (isIP(address) !== 6) return null;
  // The loopback is nobody's, and `::` is mostly punctuation, unless somebody says that it is an address.
  if (address === '::' || address === '::1') {
    if (!isCalledSo(text, start, end) && !(address === '::1' && isPreceded(text, start, HOST, 24))) return null;
  } else if (!isLikely(address)) return null;
  if (text.charCodeAt(end) !== 0x25) return { start, end };
  // The zone: `fe80::1%eth0`.
  let zone = end + 1;
  while (zone < text.length && zone - end < 17 && isWord(text.charCodeAt(zone))) zone += 1;
  return { start, end: zone > end + 1 ? zone : end };
}

const isLoneColon = (text: string, start: number, end: number) =>
  text.charCodeAt(end - 1) === 0x3a && !(end - start >= 2 && text.charCodeAt(end - 2) === 0x3a);

function isCalledSo(text: string, start: number, end: number): boolean {
  return isPreceded(text, start, NAMED, 24) || MASK.test(text.slice(end, end + 5));
}

/** `1::2` slices a list and `a::b` names a member: what is that short must have a group of four. */
function isLikely(address: string): boolean {
  const groups = address.split(/:+/).filter((group) => group !== '');
  if (groups.length >= 3) return /\d/.test(address);
  return groups.some((group) => group.length === 4 || group.includes('.')) && /\d/.test(address);
}

const isPart = (code: number) =>
  isDigit(code) || code === 0x3a || code === 0x2e || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
