import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestNames } from '../../server/presets/nearest.ts';
import {
  findPresetReferences,
  formatPresetReference,
  type PresetReference,
  parsePresetName,
  parsePresetReference,
} from '../../server/presets/reference.ts';

const HASH = '3f9c2ab';
const slug = fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}$/);
const reference: fc.Arbitrary<PresetReference> = fc.record({
  slug,
  model: fc.option(fc.stringMatching(/^[a-z]{1,9}\/[a-z0-9][a-z0-9.-]{0,20}(:(free|nitro))?$/)),
  pin: fc.option(
    fc.oneof(
      fc.record({ kind: fc.constant('version'), version: fc.integer({ min: 1, max: 999_999_999 }) }),
      fc.record({ kind: fc.constant('hash'), prefix: fc.stringMatching(/^[0-9a-f]{6,63}[a-f]$/) }),
      fc.constant({ kind: 'draft' as const }),
    ) as fc.Arbitrary<NonNullable<PresetReference['pin']>>,
  ),
  variant: fc.option(fc.constantFrom('nitro', 'floor', 'exacto')),
});

describe('parsePresetReference', () => {
  it.each<[string, Partial<PresetReference>]>([
    ['@preset/triage', { slug: 'triage', model: null, pin: null, variant: null }],
    ['openai/gpt-5@preset/triage', { slug: 'triage', model: 'openai/gpt-5' }],
    ['openai/gpt-5:free@preset/triage@3', { model: 'openai/gpt-5:free', pin: { kind: 'version', version: 3 } }],
    ['@preset/s@3:nitro', { slug: 's', pin: { kind: 'version', version: 3 }, variant: 'nitro' }],
    [`@preset/s@${HASH}`, { pin: { kind: 'hash', prefix: HASH } }],
    ['@preset/s@1234567', { pin: { kind: 'version', version: 1_234_567 } }],
    ['@preset/s@draft', { pin: { kind: 'draft' } }],
    ['@cf/meta/llama@preset/s', { model: '@cf/meta/llama' }],
    [`@preset/${'a'.repeat(64)}`, { slug: 'a'.repeat(64) }],
  ])('reads %s', (text, expected) => {
    expect(parsePresetReference(text)).toMatchObject({ kind: 'reference', reference: expected });
  });

  it.each(['openai/gpt-5', '', '@presets/x', 'preset/x', '@preset'])('sees no reference in %j', (text) => {
    expect(parsePresetReference(text)).toEqual({ kind: 'none' });
  });

  it.each([
    ['@preset/', '""'],
    ['@preset/Triage', 'lower-case'],
    ['@preset/a--b', 'hyphens'],
    ['@preset/-a', 'hyphens'],
    [`@preset/${'a'.repeat(65)}`, 'at most 64'],
    ['@preset/a@', 'not a version'],
    ['@preset/a@0', 'not a version'],
    ['@preset/a@03', 'not a version'],
    ['@preset/a@12345678901', 'not a version'],
    ['@preset/a@abc123', 'at least 7'],
    ['@preset/a@3F9C2AB', 'lower-case hex'],
    ['@preset/a@3@4', 'not a pin'],
    ['@preset/a:free', 'routing variants'],
    ['@preset/a:', 'routing variants'],
    ['@preset/a:nitro:floor', 'routing variants'],
    ['a b@preset/c', 'not a model'],
    ['@preset/a@preset/b', 'two presets'],
    [`${'m'.repeat(300)}@preset/a`, 'not a model'],
    ['@preset/a\n', 'lower-case'],
  ])('refuses %j', (text, message) => {
    expect(parsePresetReference(text)).toEqual({ kind: 'invalid', message: expect.stringContaining(message) });
  });

  it('reads back what is formatted', () => {
    fc.assert(
      fc.property(reference, (reference) => {
        expect(parsePresetReference(formatPresetReference(reference))).toEqual({ kind: 'reference', reference });
      }),
    );
  });

  it('never throws, and formats back what it reads', () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom('@preset/', 'a', '@', ':', '3', 'nitro', '/', ' ', '-')).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (text) => {
        for (const [parse, read] of [
          [parsePresetReference, text],
          [parsePresetName, text],
        ] as const) {
          const result = parse(read);
          if (result.kind === 'invalid') expect(result.message.length).toBeLessThan(400);
          if (result.kind === 'reference' && parse === parsePresetReference)
            expect(formatPresetReference(result.reference)).toBe(text);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('parsePresetName', () => {
  it.each(['triage@3', '@preset/triage@3'])('reads %s', (text) => {
    const reference = { slug: 'triage', model: null, pin: { kind: 'version', version: 3 }, variant: null };
    expect(parsePresetName(text)).toEqual({ kind: 'reference', reference });
  });

  it.each(['', 'openai/gpt-5', 'openai/gpt-5@preset/triage', 'Triage'])('refuses %j', (text) => {
    expect(parsePresetName(text).kind).toBe('invalid');
  });
});

describe('findPresetReferences', () => {
  const found = (text: string) => findPresetReferences(text).map(({ start, end }) => text.slice(start, end));

  it.each<[string, readonly string[]]>([
    ['model: "@preset/triage"', ['@preset/triage']],
    ["model: 'openai/gpt-5:free@preset/triage@3:nitro',", ['openai/gpt-5:free@preset/triage@3:nitro']],
    ['--model=@preset/a and @preset/b, then @preset/c.', ['@preset/a', '@preset/b', '@preset/c']],
    [`@preset/a@${HASH}\n@preset/b@draft`, [`@preset/a@${HASH}`, '@preset/b@draft']],
    ['(see https://host/x@preset/a)', ['@preset/a']],
    ['{"@preset/a": 1}', ['@preset/a']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source text of a template
    ['`@preset/${slug}` `@preset/a${b}` f"@preset/a{b}" "@preset/a-"', []],
    ['@preset/Upper @preset/lowerUp @preset/a/b @preset/a@nope @preset/a:free', []],
    ['@preset/a@preset/b', []],
    [`@preset/${'a'.repeat(65)}`, []],
    ['é@preset/a', ['@preset/a']],
  ])('in %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('finds every reference among other text', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(reference, fc.constantFrom(' ', '"', '\n', ', ', '`)', "'}"))), (parts) => {
        const text = parts.map(([reference, after]) => formatPresetReference(reference) + after).join('');
        expect(findPresetReferences(text).map(({ reference }) => reference)).toEqual(
          parts.map(([reference]) => reference),
        );
      }),
    );
  });

  it.each([
    ['marks', '@preset/'.repeat(200_000)],
    ['pins', '@preset/a'.repeat(200_000)],
    ['one slug', `@preset/${'a'.repeat(2_000_000)}`],
    ['hyphens', `@preset/${'a-'.repeat(1_000_000)}`],
    ['models', 'a/'.repeat(1_000_000) + '@preset/a '.repeat(100_000)],
  ])('takes hostile %s in its stride', (_, text) => {
    // Anything worse than linear would not end within the suite's time limit.
    for (const { start, end } of findPresetReferences(text)) expect(end - start).toBeLessThan(500);
    expect(parsePresetReference(text).kind).not.toBe('reference');
  });
});

describe('nearestNames', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['triag', ['triage', 'hello', 'triage-v2'], ['triage', 'triage-v2']],
    ['trigae', ['triage', 'hello'], ['triage']],
    ['maxTokens', ['max_tokens', 'min_p'], ['max_tokens']],
    ['xyz', ['triage'], []],
    ['', ['a'], []],
    ['x'.repeat(1000), ['x'.repeat(999)], []],
    ['a', ['b', 'b', 'c', 'd', 'e'], ['b', 'c', 'd']],
  ])('of %s among %j', (name, names, expected) => {
    expect(nearestNames(name, names)).toEqual(expected);
  });
});
