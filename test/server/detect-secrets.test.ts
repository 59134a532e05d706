import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSecrets } from '../../server/detect/secrets/find-secrets.ts';
import { looksTyped, shannonEntropy } from '../../server/detect/secrets/placeholder.ts';
import { SECRET_RULES } from '../../server/detect/secrets/rules.ts';

// Made here, never a key of anybody's; written in two parts so that other scanners leave this file alone.
const BODY = '3f9a1c7be2d4058f6a7719c0e4b85d12fa63907c8ed1b245769c0ab3f8e2d514';
const KEY = `sk-or-${'v1-'}${BODY}`;

const hex = (length: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length }).map((all) => all.join(''));

describe('findSecrets', () => {
  it.each([
    ['an assignment', `const key = "${KEY}";`],
    ['a header', `Authorization: Bearer ${KEY}`],
    ['a query string', `https://x.test/?key=${KEY}&alt=sse`],
    ['an XML element', `<apiKey>${KEY}</apiKey>`],
    ['a CSV row', `a,${KEY},b`],
    ['a shell default', `\${KEY:-${KEY}}`],
    ['user information', `https://u:${KEY}@host/`],
    ['escaped JSON', `"{\\"key\\": \\"${KEY}\\"}"`],
    ['a comment', `// was ${KEY}, rotate it`],
    ['the whole text', KEY],
    ['an escaped newline before it', `"\\n${KEY}"`],
  ])('finds a key in %s', (_name, text) => {
    const start = text.indexOf(KEY);
    expect(findSecrets(text).map((finding) => [finding.rule.id, finding.start, finding.end])).toEqual([
      ['secret/openrouter-api-key', start, start + KEY.length],
    ]);
  });

  it.each([
    ['dots', 'sk-or-v1-...'],
    ['x', `sk-or-v1-${'x'.repeat(64)}`],
    ['zeros', `sk-or-v1-${'0'.repeat(64)}`],
    ['a repeated word', `sk-or-v1-${'deadbeef'.repeat(8)}`],
    ['a repeated sequence', `sk-or-v1-${'0123456789abcdef'.repeat(4)}`],
    ['digits in turn', `sk-or-v1-${'1234567890'.repeat(7).slice(0, 64)}`],
    ['letters between digits', `sk-or-v1-${'a1b2c3d4e5f6'.repeat(6).slice(0, 64)}`],
    ['a placeholder', 'sk-or-v1-your-api-key'],
    ['a variable', `sk-or-v1-\${KEY}`],
    ['63 digits', KEY.slice(0, -1)],
    ['65 digits', `${KEY}0`],
    ['upper case', `sk-or-${'v1-'}${BODY.toUpperCase()}`],
    ['a hash alone', BODY],
  ])('leaves %s alone', (_name, text) => {
    expect(findSecrets(`key = "${text}"`)).toEqual([]);
  });

  it('finds every key of a text, in order', () => {
    const text = `${KEY}\n${KEY}\n${KEY}`;
    expect(findSecrets(text).map(({ start }) => start)).toEqual([0, KEY.length + 1, 2 * KEY.length + 2]);
  });

  it('finds generated keys wherever they stand, and nothing else', () => {
    const around = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('sk-or'));
    fc.assert(
      fc.property(around, around, (before, after) => {
        const body = randomBytes(32).toString('hex');
        const text = `${before} sk-or-v1-${body}"${after}`;
        const start = before.length + 1;
        expect(findSecrets(text).map((found) => [found.start, found.end])).toEqual([[start, start + 73]]);
        expect(findSecrets(before + after)).toEqual([]);
      }),
    );
  });

  it('survives hostile text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => Array.isArray(findSecrets(text))));
    expect(findSecrets('sk-or-v1-'.repeat(100_000))).toEqual([]);
    expect(findSecrets(`sk-or-v1-${'a'.repeat(1_000_000)}`)).toEqual([]);
    expect(findSecrets(KEY.slice(0, 72).repeat(10_000))).toEqual([]);
    expect(findSecrets(`\ud800${KEY}\udc00`)).toHaveLength(1);
  });

  it('finds nothing without rules', () => {
    expect(findSecrets(KEY, [])).toEqual([]);
  });
});

describe('the rule table', () => {
  it('holds rules that can be trusted to stay linear', () => {
    for (const rule of SECRET_RULES) {
      expect(rule.pattern.sticky).toBe(true);
      expect(rule.pattern.global).toBe(false);
      // Unbounded quantifiers are what backtracking is made of.
      expect(rule.pattern.source.replace(/\[[^\]]*\]/g, '')).not.toMatch(/[*+]|\{\d+,\}/);
      expect(rule.keywords.length).toBeGreaterThan(0);
      expect(rule.documentation).toMatch(/^https:\/\//);
      expect(rule.revocation).toMatch(/^https:\/\//);
    }
    expect(new Set(SECRET_RULES.map(({ id }) => id)).size).toBe(SECRET_RULES.length);
  });
});

describe('looksTyped', () => {
  it('takes random digits for generated', () => {
    fc.assert(
      fc.property(fc.constant(0), () => {
        const body = randomBytes(32).toString('hex');
        expect(looksTyped(body, '0123456789abcdef', 3), body).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes any repeated unit for typed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }).chain(hex), (unit) => {
        const body = unit.repeat(Math.ceil(64 / unit.length)).slice(0, 64);
        expect(looksTyped(body, '0123456789abcdef', 3)).toBe(true);
      }),
    );
  });

  it('measures entropy in bits', () => {
    expect(shannonEntropy('')).toBe(0);
    expect(shannonEntropy('aaaa')).toBe(0);
    expect(shannonEntropy('abab')).toBe(1);
    expect(shannonEntropy('abcd')).toBe(2);
  });
});
