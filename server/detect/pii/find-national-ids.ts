import type { Finding } from '../finding.ts';
import { isPreceded } from './around.ts';
import { digitsOf } from './checksums.ts';
import { NATIONAL_IDS, type NationalId } from './national-ids.ts';

/**
 * National identification numbers of the given kinds, each kind's in the order they stand. One pass looks for what any of them may be;
 * only there is each kind tried.
 */
export function nationalIdsIn(text: string, slugs: ReadonlySet<string>): readonly Finding[] {
  const found: Finding[] = [];
  let rules: readonly Kind[] | null = null;
  ANY.lastIndex = 0;
  for (let hit = ANY.exec(text); hit; hit = ANY.exec(text)) {
    const start = hit.index;
    ANY.lastIndex = start + 1;
    rules ??= KINDS.filter(({ rule }) => slugs.has(rule.slug)).map((kind) => ({ ...kind, floor: 0 }));
    for (const kind of rules) {
      if (start < kind.floor) continue;
      kind.here.lastIndex = start;
      const value = kind.here.exec(text)?.[0];
      if (value === undefined) continue;
      kind.floor = start + value.length;
      if (isOne(text, kind.rule, start, value))
        found.push({ detector: 'pii', type: kind.rule.slug, start, end: kind.floor });
    }
  }
  return found;
}

/** `here`: the pattern at one place; `floor`: where the next number of the kind may begin. */
type Kind = { readonly rule: NationalId; readonly here: RegExp; floor: number };

const KINDS: readonly Kind[] = NATIONAL_IDS.map((rule) => {
  const { source, flags } = rule.pattern;
  return { rule, here: new RegExp(source, flags.replace('g', 'y')), floor: 0 };
});

const BEFORE = '(?<![\\w-])';
const BEHIND = '(?![\\w-])';

/** Kinds that begin with a letter, or may. */
const LETTER_FIRST = /^(?:\(\?![^)]*\))?(?:\[[A-Z]|\(\?:[A-Z]+\)\?)/;
const LOOSER = NATIONAL_IDS.map(({ pattern }) => looser(pattern.source));
const OF_LETTERS = LOOSER.filter((source) => LETTER_FIRST.test(source)).join('|');
const OF_DIGITS = LOOSER.filter((source) => !LETTER_FIRST.test(source) || source.startsWith('(?:')).join('|');

/**
 * Matches wherever a kind does: in either case, and where what must be repeated is only alike. Apart by what they begin with: most words
 * are no numbers.
 */
const ANY = new RegExp(`${BEFORE}(?:(?=\\d)(?:${OF_DIGITS})|(?=[a-z])(?:${OF_LETTERS}))${BEHIND}`, 'gi');

/** What stands between its borders, without groups and references back to them: those would count anew in `ANY`. */
function looser(source: string): string {
  if (!source.startsWith(BEFORE) || !source.endsWith(BEHIND))
    throw new Error(`a national id has no borders: ${source}`);
  let group = '(?!)';
  return source
    .slice(BEFORE.length, -BEHIND.length)
    .replace(/\((?!\?)([^()]*)\)/, (_, inside: string) => {
      group = `(?:${inside})`;
      return group;
    })
    .replaceAll('\\1', () => group);
}

function isOne(text: string, { context, needsContext, isValid }: NationalId, start: number, value: string): boolean {
  const isGrouped = /[^A-Za-z0-9]/.test(value);
  const mustBeNamed = needsContext === 'always' || (needsContext === 'ungrouped' && !isGrouped);
  if (mustBeNamed && !isPreceded(text, start, context)) return false;
  return isValid(digitsOf(value), value);
}
