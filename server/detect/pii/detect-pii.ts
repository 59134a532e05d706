import type { Finding } from '../finding.ts';
import { addressesIn } from './address.ts';
import { isWord } from './around.ts';
import { cardAt } from './card.ts';
import { emailAt, type Span } from './email.ts';
import { nationalIdsIn } from './find-national-ids.ts';
import { ibanAt } from './iban.ts';
import { ipv4At, ipv6Around } from './ip.ts';
import { NATIONAL_IDS } from './national-ids.ts';
import { namesIn } from './person-name.ts';
import { phoneAt } from './phone.ts';
import { ssnAt } from './ssn.ts';
import { CORE_TYPES } from './types.ts';

const CORE: ReadonlySet<string> = new Set(CORE_TYPES);

/**
 * Personal data of the given types in a text, in the order it stands, none overlapping. Linear: the core types are tried only where a
 * digit run, an `@` or `::` stands, and each looks at a bounded number of characters around. What begins before `from` is left out.
 */
export function detectPii(text: string, types: Iterable<string>, from = 0): readonly Finding[] {
  const wanted = types instanceof Set ? (types as ReadonlySet<string>) : new Set(types);
  const found: Finding[] = coreIn(text, wanted, from);
  const core = found.length;
  // None is without a digit.
  if (hasNationalIds(wanted) && /\d/.test(text)) found.push(...nationalIdsIn(text, wanted));
  if (wanted.has('person-name')) found.push(...namesIn(text));
  if (wanted.has('address')) found.push(...addressesIn(text));
  return found.length === core ? found : apart(found.filter(({ start }) => start >= from));
}

function coreIn(text: string, wanted: ReadonlySet<string>, from: number): Finding[] {
  const found: Finding[] = [];
  if (![...wanted].some((type) => CORE.has(type))) return found;
  const has = {
    email: wanted.has('email'),
    iban: wanted.has('iban'),
    ip: wanted.has('ip-address'),
    card: wanted.has('credit-card'),
    ssn: wanted.has('ssn'),
    phone: wanted.has('phone'),
  };
  const add = (type: string, { start, end }: Span) => {
    found.push({ detector: 'pii', type, start, end });
    return end;
  };
  const trigger = /[0-9]+|@|::/g;
  let floor = from;
  trigger.lastIndex = from;
  for (let hit = trigger.exec(text); hit; hit = trigger.exec(text)) {
    const at = hit.index;
    const one = hit[0];
    let end = 0;
    if (one === '@') {
      const span = has.email ? emailAt(text, at, floor) : null;
      if (span) end = add('email', span);
    } else if (one === '::') {
      const span = has.ip ? ipv6Around(text, at, floor) : null;
      if (span) end = add('ip-address', span);
    } else end = numberAt(text, at, one.length);
    if (end > 0) {
      floor = end;
      if (end > trigger.lastIndex) trigger.lastIndex = end;
    }
  }
  return found;

  function numberAt(all: string, at: number, length: number): number {
    const before = at > 0 ? all.charCodeAt(at - 1) : 0;
    const isPart = at > 0 && isWord(all.charCodeAt(at - 1));
    if (has.iban && length >= 2 && isPart && at - 2 >= floor && !isWord(all.charCodeAt(at - 3))) {
      const span = ibanAt(all, at - 2);
      if (span && !isWord(all.charCodeAt(span.end))) return add('iban', span);
    }
    const next = all.charCodeAt(at + length);
    if (has.ip && (before === 0x3a || next === 0x3a || isPart)) {
      const span = mayBeIpv6(all, at, length) ? ipv6Around(all, at, floor) : null;
      if (span) return add('ip-address', span);
    }
    if (isPart) return 0;
    // `.5`, `1.5`, `-5`: the rest of a number that begins before.
    const isRest = (before === 0x2e || before === 0x2d || before === 0x2c) && isWord(all.charCodeAt(at - 2));
    if (has.ip && next === 0x2e && length <= 3 && !isRest) {
      const span = ipv4At(all, at);
      if (span && !isWord(all.charCodeAt(span.end))) return add('ip-address', span);
    }
    if (!isRest) {
      if (has.card) {
        const span = cardAt(all, at);
        if (span && isEnd(all, span.end)) return add('credit-card', span);
      }
      if (has.ssn) {
        const span = ssnAt(all, at);
        if (span && isEnd(all, span.end)) return add('ssn', span);
      }
    }
    if (has.phone) {
      const span = phoneAt(all, at, floor);
      if (span) return add('phone', span);
    }
    return 0;
  }
}

/** No letter, digit or `@` follows, and no more of the number. */
function isEnd(text: string, end: number): boolean {
  const after = text.charCodeAt(end);
  if (isWord(after) || after === 0x40) return false;
  return !((after === 0x2d || after === 0x2e) && /\d/.test(text[end + 1] ?? ''));
}

function mayBeIpv6(text: string, at: number, length: number): boolean {
  // A group has at most four characters; the colon is among the next ones to either side.
  return text.slice(Math.max(0, at - 5), at).includes(':') || text.slice(at + length, at + length + 5).includes(':');
}

const NATIONAL: readonly string[] = NATIONAL_IDS.map(({ slug }) => slug);
const hasNationalIds = (wanted: ReadonlySet<string>) => NATIONAL.some((slug) => wanted.has(slug));

/** The longer of what overlaps; of equals what checks more. */
function apart(found: readonly Finding[]): Finding[] {
  const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const kept: Finding[] = [];
  for (const finding of sorted) {
    const last = kept.at(-1);
    if (!last || finding.start >= last.end) kept.push(finding);
    else if (finding.end - finding.start > last.end - last.start) kept[kept.length - 1] = finding;
  }
  return kept;
}
