import { isDigit } from './around.ts';

/** RFC 5321's most, before and after the sign. */
const MOST_LOCAL = 64;
const MOST_DOMAIN = 255;

export type Span = { readonly start: number; readonly end: number };

/** The address whose `@` stands at `at`; null when there is none, or it is something else that is written so. */
export function emailAt(text: string, at: number, floor: number): Span | null {
  let start = at;
  const least = Math.max(floor, at - MOST_LOCAL - 1);
  while (start > least && isLocal(text.charCodeAt(start - 1))) start -= 1;
  if (at - start > MOST_LOCAL) return null;
  // Quotes and dots before an address are not its own.
  while (start < at && !isAlphanumeric(text.charCodeAt(start)) && text.charCodeAt(start) !== 0x5f) start += 1;
  if (start === at || text.charCodeAt(at - 1) === 0x2e) return null;
  const end = domainEnd(text, at + 1);
  if (end === null) return null;
  return isElse(text, start, at, end) ? null : { start, end };
}

/** Index past a host name of two labels or more, the last of them letters; null when none begins here. */
function domainEnd(text: string, from: number): number | null {
  let end: number | null = null;
  let label = from;
  const most = Math.min(text.length, from + MOST_DOMAIN);
  for (let at = from; ; at += 1) {
    const code = at < most ? text.charCodeAt(at) : 0;
    if (isHost(code)) continue;
    let last = at;
    while (last > label && text.charCodeAt(last - 1) === 0x2d) last -= 1;
    if (last === label || text.charCodeAt(label) === 0x2d) return end;
    if (label > from && isTopLevel(text, label, last)) end = last;
    if (code !== 0x2e || last !== at) return end;
    label = at + 1;
  }
}

function isTopLevel(text: string, from: number, to: number): boolean {
  if (to - from < 2 || to - from > 63) return false;
  if (text.startsWith('xn--', from)) return true;
  for (let at = from; at < to; at += 1) if (isDigit(text.charCodeAt(at))) return false;
  return true;
}

/** `git@host:path` and other logins, `user:password@host`, `name@sha256.…`: no mailboxes. */
function isElse(text: string, start: number, at: number, end: number): boolean {
  const before = text.charCodeAt(start - 1);
  const after = text.charCodeAt(end);
  if (after === 0x3a && text.startsWith('git', start) && at - start === 3) return true;
  // The secret part of a URL: `//user:password@host`.
  if (before === 0x3a) {
    const slashes = text.lastIndexOf('//', start);
    if (slashes >= 0 && start - slashes < 80 && !/\s/.test(text.slice(slashes, start))) return true;
  }
  return before === 0x2f && text.charCodeAt(start - 2) === 0x2f;
}

function isAlphanumeric(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code >= 0xc0;
}

/** `. _ % + - ' & / = # ! $ * ? ^ ~` are allowed by RFC 5322; of them those that mailboxes have. */
function isLocal(code: number): boolean {
  return (
    (isAlphanumeric(code) && code < 0x250) ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x25 ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x27
  );
}

const isHost = (code: number): boolean => (isAlphanumeric(code) && code < 0x250) || code === 0x2d;
