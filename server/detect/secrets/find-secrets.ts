import { looksTyped } from './placeholder.ts';
import type { SecretRule } from './rule.ts';
import { SECRET_RULES } from './rules.ts';

/** Where a credential stands, in UTF-16 offsets. Never carries the credential's text, so it can be logged and sent. */
export type SecretFinding = { readonly rule: SecretRule; readonly start: number; readonly end: number };

/** Of a long credential, so much is looked at to tell whether it was typed. */
const MOST_JUDGED = 128;

/**
 * Finds credentials in any text, in the order they stand, none overlapping. Linear: one pass looks for the literals of all
 * rules, and a bounded pattern is tried only where one begins. Placeholders and examples are left out.
 */
export function findSecrets(
  text: string,
  rules: readonly SecretRule[] = SECRET_RULES,
  from = 0,
): readonly SecretFinding[] {
  const findings: SecretFinding[] = [];
  const { prefilter, byFirst } = indexOf(rules);
  let floor = from;
  prefilter.lastIndex = from;
  for (let hit = prefilter.exec(text); hit !== null; hit = prefilter.exec(text)) {
    const some = byFirst.get(hit[0].charCodeAt(0)) ?? [];
    const finding = matchAt(text, hit.index, some, floor);
    if (finding !== null) findings.push(finding);
    floor = finding?.end ?? floor;
    prefilter.lastIndex = finding?.end ?? hit.index + 1;
  }
  return findings;
}

function matchAt(text: string, index: number, rules: readonly SecretRule[], floor: number): SecretFinding | null {
  for (const rule of rules) {
    if (!rule.keywords.some((keyword) => text.startsWith(keyword, index))) continue;
    if (rule.startsWord && isInWord(text, index)) continue;
    const start = rule.before ? startBefore(text, index, rule.before, floor) : index;
    if (start === null) continue;
    // Sticky: `exec` starts exactly here, whatever an earlier call left behind.
    rule.pattern.lastIndex = index;
    const match = rule.pattern.exec(text);
    if (match === null) continue;
    const body = match[0].slice(rule.prefixLength, rule.prefixLength + MOST_JUDGED);
    if (looksTyped(body, rule.alphabet, rule.minimumEntropy) || rule.isValid?.(match[0]) === false) continue;
    return { rule, start, end: index + match[0].length };
  }
  return null;
}

function startBefore(
  text: string,
  index: number,
  { pattern, most }: NonNullable<SecretRule['before']>,
  floor: number,
): number | null {
  const match = pattern.exec(text.slice(Math.max(floor, index - most), index));
  return match ? index - match[0].length : null;
}

/** Whether the character before is a letter or digit, and not that of an escape such as `\n`. */
function isInWord(text: string, index: number): boolean {
  if (index === 0 || !/[0-9A-Za-z]/.test(text[index - 1] ?? '')) return false;
  return !(index > 1 && text[index - 2] === '\\' && /[nrt]/.test(text[index - 1] ?? ''));
}

type RuleIndex = { readonly prefilter: RegExp; readonly byFirst: ReadonlyMap<number, readonly SecretRule[]> };
const indexes = new WeakMap<readonly SecretRule[], RuleIndex>();

function indexOf(rules: readonly SecretRule[]): RuleIndex {
  let index = indexes.get(rules);
  if (!index) {
    const byFirst = new Map<number, SecretRule[]>();
    for (const rule of rules)
      for (const first of new Set(rule.keywords.map((keyword) => keyword.charCodeAt(0))))
        byFirst.set(first, [...(byFirst.get(first) ?? []), rule]);
    index = { prefilter: literalPrefilter(rules), byFirst };
    indexes.set(rules, index);
  }
  return index;
}

function literalPrefilter(rules: readonly SecretRule[]): RegExp {
  const literals = rules.flatMap((rule) => rule.keywords).map((literal) => literal.replace(/[^\w]/g, '\\$&'));
  // Without a rule, nothing is to be found: `(?!)` matches nowhere, an empty pattern would everywhere.
  return new RegExp(literals.length > 0 ? literals.join('|') : '(?!)', 'g');
}

/** Where the literal of a rule begins at or after `from`; -1: nowhere. */
export function secretKeywordAt(text: string, from: number): number {
  const { prefilter } = indexOf(SECRET_RULES);
  prefilter.lastIndex = from;
  return prefilter.exec(text)?.index ?? -1;
}
