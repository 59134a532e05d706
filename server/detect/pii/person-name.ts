import type { Finding } from '../finding.ts';

/** A capitalised word of any script that has capitals, with what names have inside. */
const NAME = "\\p{Lu}[\\p{L}'’-]{1,24}";
const NAMES = `${NAME}(?:\\s(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|bin|al|el|ter|af|av)\\s){0,2}(?:\\p{Lu}\\.\\s)?${NAME}){0,3}`;

const RULES: readonly { readonly rule: string; readonly pattern: RegExp }[] = [
  {
    rule: 'title',
    pattern: new RegExp(
      `\\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Mme|Herr|Frau|Señora?|Sra|Sr)\\.?\\s(${NAMES})`,
      'gu',
    ),
  },
  {
    rule: 'introduced',
    pattern: new RegExp(
      `\\b(?:[Mm]y name is|[Nn]ame\\s?:|[Nn]amed|[Cc]alled|I am|I'm|I’m|[Tt]his is|[Ss]igned,?|[Ss]incerely,?|[Rr]egards,?|[Dd]ear|[Pp]atient|[Ee]mployee|[Cc]ustomer|[Cc]ardholder)\\s(${NAMES})`,
      'gu',
    ),
  },
];

/** Capitalised words that begin sentences and titles, and are nobody. */
const NOBODY =
  /^(?:The|This|That|Sir|Madam|Team|All|Customer|Hiring|Friend|Support|Service|Not|Sorry|Happy|Here|Going|Sure|Just|An?|In|On|Data|User|Name|Id)\b/;

/** Names of people where a title or an introduction says that one comes. What stands without such words is not found. */
export function namesIn(text: string): readonly Finding[] {
  const found: Finding[] = [];
  for (const { rule, pattern } of RULES) {
    for (const match of text.matchAll(pattern)) {
      const name = match[1] ?? '';
      const end = match.index + match[0].length;
      if (!NOBODY.test(name)) found.push({ detector: 'pii', type: 'person-name', start: end - name.length, end, rule });
    }
  }
  return found;
}
