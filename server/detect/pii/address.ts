import type { Finding } from '../finding.ts';

const STREET =
  '(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Way|Place|Pl|Square|Sq|Terrace|Ter|Parkway|Pkwy|Highway|Hwy)';
const WORD = "[\\p{Lu}\\d][\\p{L}\\d'’.-]{0,24}";

const RULES: readonly { readonly rule: string; readonly pattern: RegExp }[] = [
  {
    rule: 'street',
    pattern: new RegExp(
      `\\b\\d{1,5}[A-Za-z]?\\s(?:${WORD}\\s){1,4}${STREET}\\b\\.?(?:,?\\s(?:Apt|Suite|Ste|Unit|#)\\.?\\s?\\w{1,6})?(?:,?\\s(?:${WORD}\\s?){1,3},?\\s[A-Z]{2}\\s\\d{5}(?:-\\d{4})?)?`,
      'gu',
    ),
  },
  { rule: 'po-box', pattern: /\bP\.?\s?O\.?\s?Box\s\d{1,6}\b/gi },
  {
    rule: 'continental',
    pattern:
      /\b\p{Lu}\p{L}{2,24}(?:straße|strasse|str\.|gasse|weg|platz|allee|straat|laan|gatan|vägen|vej|gade)\s\d{1,4}[a-z]?(?:,?\s\d{4,5}\s\p{Lu}\p{L}{2,24})?/gu,
  },
];

/** Postal addresses as they are written in the United States and on the continent, and post boxes. */
export function addressesIn(text: string): readonly Finding[] {
  const found: Finding[] = [];
  for (const { rule, pattern } of RULES)
    for (const match of text.matchAll(pattern))
      found.push({
        detector: 'pii',
        type: 'address',
        start: match.index,
        end: match.index + match[0].trimEnd().length,
        rule,
      });
  return found;
}
