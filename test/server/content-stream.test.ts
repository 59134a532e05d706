import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CORE_TYPES, PII_TYPES } from '../../server/detect/pii/types.ts';
import { ContentCourse } from '../../server/engine/content/content-course.ts';
import { JsonScreen } from '../../server/engine/content/json-screen.ts';
import { TextScreen } from '../../server/engine/content/text-screen.ts';
import { Vault } from '../../server/engine/content/vault.ts';
import { ContentFilters, type Hit, redacted } from '../../server/policy/content-filters.ts';
import type { ContentAction, ContentRules } from '../../server/policy/effective-policy.ts';

const CORE = ['email', 'phone', 'ssn', 'credit-card', 'ip-address', 'iban', 'secrets'];
const rules = (slugs: readonly string[], action: ContentAction = 'redact'): ContentRules => ({
  builtins: slugs.map((slug) => ({
    value: { slug, action, directions: ['input', 'output'], scanScope: 'all_messages', threshold: null },
    sources: [],
  })),
  custom: [],
  reversible: true,
  markToolResults: false,
  injectionAllowList: [],
});
const key = Buffer.alloc(32, 7);
const filters = new ContentFilters(rules(CORE));
const course = () => new ContentCourse(filters, new Vault(() => key));
const whole = (text: string) => redacted(text, filters.output(text), ({ label }) => label);

/** Texts with what the filters look for, and with what looks like it. */
const TEXTS: readonly string[] = readFileSync(new URL('../fixtures/content/answers.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => (JSON.parse(line) as { text: string }).text);

/** An answer as models write them, with a number or an address now and then. */
const PROSE = `Sure! Here is a summary of the quarterly report for 2024. Revenue grew by 12.5% to $3,400,000, mostly because of
the new subscription plans (see section 4.2). The team recommends three steps: 1) hire two engineers, 2) renew the contract with the
supplier, and 3) review pricing before June. If you have questions, write to jane.doe@acme.com or call +1 555 123 4567.

\`\`\`ts
const total = items.reduce((sum, item) => sum + item.price * item.count, 0);
\`\`\`

The function above runs in linear time. Its result is rounded to 2 digits, then shown to the customer, who may pay by card
(4111 1111 1111 1111) or by transfer. Nothing else has changed since version 1.4.2, and the server at 10.20.30.40 stays as it is.`;

function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, n = 0; at < text.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

describe('a text that comes in pieces', () => {
  it('is redacted as the whole text is, cut at every place', () => {
    for (const text of TEXTS) {
      const expected = whole(text);
      for (let at = 0; at <= text.length; at += 1) {
        const screen = new TextScreen(course());
        const out = screen.push(text.slice(0, at)) + screen.push(text.slice(at)) + screen.flush();
        expect(out, `${at}: ${text}`).toBe(expected);
      }
    }
  });

  it('is redacted as the whole text is, however many pieces there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...TEXTS), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
        (texts, sizes) => {
          const text = texts.join(' ');
          const screen = new TextScreen(course());
          expect(
            cut(text, sizes)
              .map((piece) => screen.push(piece))
              .join('') + screen.flush(),
          ).toBe(whole(text));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is redacted as the whole text is, whatever it is made of', () => {
    const part = fc.oneof(
      fc.constantFrom(
        ' ',
        '-',
        '.',
        '@',
        '(',
        ')',
        '+',
        '1',
        '55',
        '123',
        '4567',
        '4111 1111 1111 1111',
        'a@b.co',
        '::1',
        'DE89',
        'x',
        'fax',
        'call ',
        'SSN ',
        '\n',
        '😀',
        '日本',
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
        (parts, sizes) => {
          const text = parts.join('');
          const screen = new TextScreen(course());
          expect(
            cut(text, sizes)
              .map((piece) => screen.push(piece))
              .join('') + screen.flush(),
          ).toBe(whole(text));
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it('is held back by eight characters at most, on average', () => {
    const text = PROSE;
    // What is only flagged stays as long as it is, so that lengths can be compared.
    const flagging = new ContentFilters(rules(CORE, 'flag'));
    const screen = new TextScreen(new ContentCourse(flagging, new Vault(() => key)));
    let [sent, held, pieces, given] = [0, 0, 0, 0];
    const tokens = text.match(/ ?[\p{L}]+| ?\d{1,3}| ?[^\p{L}\d\s]+|\s+/gu) ?? [];
    for (const token of tokens) {
      given += token.length;
      sent += screen.push(token).length;
      held += given - sent;
      pieces += 1;
    }
    expect(held / pieces).toBeLessThanOrEqual(8);
  });

  it('takes time in proportion to its length, held back or not', () => {
    for (const hostile of ['1 ', 'a', '1', '@', 'a@', '-----BEGIN PRIVATE KEY-----\nA', 'eyJ', 'DE89 ', '+', '(']) {
      const steps = [20_000, 40_000].map((length) => {
        const screen = new TextScreen(course());
        const text = hostile.repeat(Math.ceil(length / hostile.length));
        let kept = 0;
        let out = 0;
        for (const piece of cut(text, [50])) {
          out += screen.push(piece).length;
          kept = Math.max(kept, text.length - out);
        }
        out += screen.flush().length;
        return kept;
      });
      // What may be held back, and looked at again with each piece, does not grow with the text.
      expect(steps[1] ?? 0, hostile).toBeLessThanOrEqual(Math.max(45_000, 2.2 * (steps[0] ?? 0)));
    }
  });
});

describe('custom patterns in a text that comes in pieces', () => {
  const withPatterns = (patterns: readonly string[], action: ContentAction = 'redact') =>
    new ContentFilters({
      ...rules(['email', 'phone']),
      custom: patterns.map((pattern) => ({
        value: { pattern, action, label: null, directions: ['input', 'output'] },
        sources: [],
      })),
    });
  const through = (own: ContentFilters, pieces: readonly string[]) => {
    const screen = new TextScreen(new ContentCourse(own, new Vault(() => key)));
    return pieces.map((piece) => screen.push(piece)).join('') + screen.flush();
  };
  const PATTERNS = [
    '\\bcanary\\b',
    'sk-[a-z]+',
    '<<[^>]*>>',
    'a{3,}b',
    'foo$',
    '^start',
    '(?:ab|abcd)e?',
    'x[\\s\\S]*y',
    '\\d{4}-\\d{2}',
    '(?:foo|foobar)baz?',
    '(?i)ÉTÉ|😀+',
  ] as const;

  it('find what they find in the whole text, however it is cut', () => {
    const part = fc.constantFrom(
      ...[
        'can',
        'canary',
        ' ',
        '-',
        'sk-',
        'abc',
        '<<',
        '>',
        '>>',
        'aaa',
        'b',
        'foo',
        'bar',
        'baz',
        'start',
        'abcd',
        'e',
      ],
      ...['x', 'y', '12', '1234-56', '\n', '😀', 'été', 'jane@acme.com', 'call 555-123-4567'],
    );
    fc.assert(
      fc.property(
        fc.subarray([...PATTERNS], { minLength: 1 }),
        fc.array(part, { maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
        (patterns, parts, sizes) => {
          const own = withPatterns(patterns);
          const text = parts.join('');
          expect(through(own, cut(text, sizes))).toBe(redacted(text, own.output(text), ({ label }) => label));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('find what is longer than any window, and hold back nothing else', () => {
    const own = withPatterns(['<<[^>]*>>']);
    expect(through(own, cut(`a <<${'secret '.repeat(2_000)}>> b`, [7]))).toBe('a [REDACTED] b');
    const screen = new TextScreen(new ContentCourse(own, new Vault(() => key)));
    expect(screen.push('Nothing of it. ')).toBe('Nothing of it. ');
    expect(screen.push('Now <')).toBe('Now ');
    expect(screen.push('a>')).toBe('<a>');
  });

  it('refuse an answer rather than hold it back without bound', () => {
    const screen = new TextScreen(new ContentCourse(withPatterns(['^a[\\s\\S]*z']), new Vault(() => key)));
    const piece = 'a'.repeat(100_000);
    expect(() => {
      for (let at = 0; at < 100; at += 1) expect(screen.push(piece)).toBe('');
    }).toThrow(/holds back/);
  });
});

describe('what is opt-in, in a text that comes in pieces', () => {
  const words = [
    ...[
      'Dear ',
      'Mr. ',
      'Anna ',
      'Maria ',
      'van ',
      'der ',
      'Berg',
      'my name is ',
      'I am ',
      'Customer ',
      'J. ',
      'O’Neil',
    ],
    ...[
      '12 ',
      'Main ',
      'Street ',
      'Apt 4, ',
      'Hauptstraße ',
      'PO Box ',
      'Springfield, ',
      'IL ',
      '62704',
      ' ',
      '\n',
      '.',
    ],
    ...['NHS 401 023 2137', 'SIN: 046 454 286', '12345678Z', 'AB 12 34 56 C', 'RSSMRA85T10A562S', 'PESEL 44051401359'],
    ...['4', '7', ', ', '-', 'Anotherverylongsurnameindeed ', 'Steuer-ID 86095742719', 'GOMC740516HDFRRL09'],
  ];
  const optIn = PII_TYPES.filter((type) => !(CORE_TYPES as readonly string[]).includes(type));

  it.each([
    ['national ids', optIn.filter((type) => type !== 'person-name' && type !== 'address')],
    ['names and addresses', ['person-name', 'address']],
    ['everything', [...PII_TYPES, 'secrets']],
  ])('is redacted as the whole text is: %s', (_, types) => {
    const own = new ContentFilters(rules(types));
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words, ...TEXTS), { minLength: 1, maxLength: 16 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        (parts, sizes) => {
          const text = parts.join('');
          const hits = own.output(text);
          found += hits.length;
          const screen = new TextScreen(new ContentCourse(own, new Vault(() => key)));
          const out = cut(text, sizes).map((piece) => screen.push(piece));
          expect(out.join('') + screen.flush()).toBe(redacted(text, hits, ({ label }) => label));
        },
      ),
      { numRuns: 1_500 },
    );
    expect(found).toBeGreaterThan(100);
  });
});

describe('JSON that comes in pieces', () => {
  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('jane@acme.com', 'call 555-123-4567', '日本 "x" \\ \n', 'none', ''),
      fc.constantFrom(1, 2.5, -3e4, 4111111111111111, true, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'phone', 'x@y.org', 'ssn'), tie('value'), { maxKeys: 3 }),
    ),
  }))['value'] as fc.Arbitrary<unknown>;
  const hide = (one: unknown): unknown => {
    if (typeof one === 'string') return whole(one);
    if (one === 4111111111111111) return '[CREDIT_CARD]';
    if (Array.isArray(one)) return one.map(hide);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [whole(name), hide(inner)]));
  };

  it('stays JSON, each leaf as it would be by itself, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b'), value, { minKeys: 1 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (document, sizes, spaced) => {
          const text = JSON.stringify(document, null, spaced ? 1 : 0).replaceAll('@', '\\u0040');
          const screen = new JsonScreen(course());
          const out =
            cut(text, sizes)
              .map((piece) => screen.push(piece))
              .join('') + screen.flush();
          expect(JSON.parse(out)).toEqual(hide(document));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('is looked at even where it is no JSON', () => {
    for (const [text, shown] of [
      ['jane@acme.com', '[EMAIL]'],
      ['{"a":1} then jane@acme.com', '{"a":1} then [EMAIL]'],
      ['{"a":"jane@acme.com', '{"a":"[EMAIL]'],
      ['{a: jane@acme.com}', '{a: "[EMAIL]"}'],
    ] as const) {
      const screen = new JsonScreen(course());
      expect(screen.push(text) + screen.flush()).toBe(shown);
    }
  });
});

describe('values that are put back', () => {
  it('come back from any placeholder of the call, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('jane@acme.com', 'jo@b.org', '+1 555 123 4567'), { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom(' ', ' EM', '[', 'EMAIL', '[EMAIL_', ']', 'Hello world. ', '\\'), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
        (values, noise, sizes) => {
          const none = new ContentFilters(rules([]));
          const one = new ContentCourse(none, new Vault(() => key));
          const names = values.map((value) => one.vault.placeholder('[EMAIL]', value));
          const text = names.map((name, at) => `${noise[at] ?? '.'} ${name}`).join(' ');
          const expected = values.map((each, at) => `${noise[at] ?? '.'} ${each}`).join(' ');
          const screen = new TextScreen(one);
          const out =
            cut(text, sizes)
              .map((piece) => screen.push(piece))
              .join('') + screen.flush();
          expect(out).toBe(expected);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('are found at no greater cost where there are many, and then are not logged one by one', () => {
    const [few, many] = [1, 2_000].map((count) => {
      const one = new ContentCourse(filters, new Vault(() => key));
      const hit = { ...filters.input('jane@acme.com', 'user')[0], action: 'redact' } as Hit;
      for (let at = 0; at < count; at += 1) one.placeholderFor(hit, `u${at}@b.co`);
      return one;
    });
    expect(many?.vault.pattern.source).toBe(few?.vault.pattern.source);
    const text = 'What u0@b.co wrote, and what else there was to be said of it, at some length.';
    expect(few?.conceal(text)).toMatch(/^What \[EMAIL_[0-9a-f]{6}\] wrote/);
    expect(many?.conceal(text)).toBe('[REDACTED]');
    expect(many?.conceal('u1999@b.co')).toMatch(/^\[EMAIL_/);
  });

  it('have other placeholders on another machine, and never one for two values', () => {
    const mine = new Vault(() => key);
    const other = new Vault(() => Buffer.alloc(32, 8));
    expect(mine.placeholder('[EMAIL]', 'a@b.co')).not.toBe(other.placeholder('[EMAIL]', 'a@b.co'));
    const names = new Set(Array.from({ length: 20_000 }, (_, at) => mine.placeholder('[EMAIL]', `u${at}@b.co`)));
    expect(names.size).toBe(20_000);
  });
});
