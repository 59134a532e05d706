import { isDigit } from './around.ts';
import { mod97 } from './checksums.ts';
import type { Span } from './email.ts';

/** Characters of an IBAN by country: the registry of SWIFT, release 99. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
    'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
    'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** An IBAN whose country stands at `start`, in one piece or in groups: the country's length, and the check digits. */
export function ibanAt(text: string, start: number): Span | null {
  const length = LENGTHS[text.slice(start, start + 2).toUpperCase()];
  if (length === undefined || !isDigit(text.charCodeAt(start + 2)) || !isDigit(text.charCodeAt(start + 3))) return null;
  let compact = '';
  let at = start;
  while (compact.length < length) {
    const code = text.charCodeAt(at);
    if (isAlphanumeric(code)) compact += text[at];
    else if (!isGroupEnd(code) || !isAlphanumeric(text.charCodeAt(at + 1))) return null;
    at += 1;
  }
  return mod97(compact.slice(4) + compact.slice(0, 4)) === 1 ? { start, end: at } : null;
}

/** A space, a no-break one, or a hyphen. */
const isGroupEnd = (code: number) => code === 0x20 || code === 0xa0 || code === 0x2d;

const isAlphanumeric = (code: number) =>
  isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);

/** Characters of an IBAN of this country, letters in either case; null: no such country. */
export const ibanLength = (country: string): number | null => LENGTHS[country.toUpperCase()] ?? null;
