import { looksTyped } from './placeholder.ts';
import type { SecretRule } from './rule.ts';
import { SECRET_RULES } from './rules.ts';

/** Where a credential stands, in UTF-16 offsets. Never carries the credential's text, so it can be logged and sent. */
export type SecretFinding = { readonly rule: SecretRule; readonly start: number; readonly end: number };

/**
 * Finds credentials in any text, in the order they stand, none overlapping. Linear: one pass looks for the literals of all
 * rules, and a bounded pattern is tried only where one begins. Placeholders and examples are left out.
 */
export function findSecrets(text: string, rules: readonly SecretRule[] = SECRET_RULES): readonly SecretFinding[] {
  const findings: SecretFinding[] = [];
  const prefilter = literalPrefilter(rules);
  for (let hit = prefilter.exec(text); hit !== null; hit = prefilter.exec(text)) {
    const finding = matchAt(text, hit.index, rules);
    if (finding !== null) findings.push(finding);
    prefilter.lastIndex = finding?.end ?? hit.index + 1;
  }
  return findings;
}

function matchAt(text: string, index: number, rules: readonly SecretRule[]): SecretFinding | null {
  for (const rule of rules) {
    if (!rule.keywords.some((keyword) => text.startsWith(keyword, index))) continue;
    // Sticky: `exec` starts exactly here, whatever an earlier call left behind.
    rule.pattern.lastIndex = index;
    const match = rule.pattern.exec(text);
    if (match === null) continue;
    const body = match[0].slice(rule.prefixLength);
    if (!looksTyped(body, rule.alphabet, rule.minimumEntropy)) {
      return { rule, start: index, end: index + match[0].length };
    }
  }
  return null;
}

function literalPrefilter(rules: readonly SecretRule[]): RegExp {
  const literals = rules.flatMap((rule) => rule.keywords).map((literal) => literal.replace(/[^\w]/g, '\\$&'));
  // Without a rule, nothing is to be found: `(?!)` matches nowhere, an empty pattern would everywhere.
  return new RegExp(literals.length > 0 ? literals.join('|') : '(?!)', 'g');
}
