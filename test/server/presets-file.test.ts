import { applyPatch } from 'diff';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffPresets } from '../../server/presets/diff.ts';
import { formatPresetFile, parsePresetFile, presetSlugOfPath } from '../../server/presets/file.ts';
import { PRESET_FIELDS, presetConfigSchema, presetJsonSchema } from '../../server/presets/schema.ts';
import { config, hardText } from './presets-arbitraries.ts';

const TRIAGE = `---
# Owner: @support
name: Triage
model: openai/gpt-5-mini
temperature: 0.2 # calm
provider:
  order: [openai, azure]
---
You sort tickets.

Be brief.
`;

/** The first problem as the command line would print it, with the text it points at. */
function firstProblem(text: string) {
  const { file, problems } = parsePresetFile(text);
  const [problem] = problems;
  if (!problem) throw new Error('no problem found');
  expect(file === null).toBe(problems.some(({ severity }) => severity === 'error'));
  return {
    at: `${problem.line}:${problem.column}`,
    text: text.slice(problem.start, problem.end),
    message: problem.message,
    path: problem.path.join('.'),
  };
}

const front = (yaml: string) => `---\n${yaml}\n---\n`;

describe('parsePresetFile', () => {
  it('reads front matter and body', () => {
    expect(parsePresetFile(TRIAGE)).toEqual({
      file: {
        name: 'Triage',
        description: null,
        config: { model: 'openai/gpt-5-mini', temperature: 0.2, provider: { order: ['openai', 'azure'] } },
        systemPrompt: 'You sort tickets.\n\nBe brief.',
      },
      problems: [],
    });
  });

  it('reads a byte order mark and CRLF as the same preset', () => {
    expect(parsePresetFile(`\uFEFF${TRIAGE.replaceAll('\n', '\r\n')}`)).toEqual(parsePresetFile(TRIAGE));
  });

  it.each([
    ['---\n---\n', null],
    ['---\n---', null],
    ['---\n---\n\n \n', null],
    ['---\n---\nx', 'x'],
    ['---\n---\nx\n', 'x'],
    ['---\n---\nx\n\n', 'x\n'],
    ['---\n---\n\nx\n', 'x'],
    ['---\n---\nx\n', 'x'],
    ['---\n---\n\n\nx\n', '\nx'],
    ['---\n---\nx\r\n', 'x\r'],
    ['---\r\n---\r\nx\r\ny\r\n', 'x\ny'],
    ['---\n---\n---\nx\n---\n', '---\nx\n---'],
    ['--- \n# only a comment\n---\t\nx', 'x'],
  ])('the prompt of %j is %j', (text, prompt) => {
    expect(parsePresetFile(text)).toEqual({
      file: { name: null, description: null, config: {}, systemPrompt: prompt },
      problems: [],
    });
  });

  it.each([
    ['', { at: '1:1', text: '', message: expect.stringContaining('begins with front matter') }],
    ['\n---\n---\n', { at: '1:1', text: '' }],
    ['# Title\n---\n', { at: '1:1', text: '# Title' }],
    ['---\nmodel: x\n', { at: '1:1', text: '---', message: expect.stringContaining('no closing line') }],
    ['\uFEFF---', { at: '1:2', text: '---' }],
    [front('- a'), { at: '2:1', message: 'The front matter must be a map, not a list.' }],
    [front('just text'), { at: '2:1', text: 'just text', message: expect.stringContaining('must be a map') }],
    [
      front('temprature: 1'),
      {
        at: '2:1',
        text: 'temprature',
        message: 'Unknown field "temprature". Did you mean "temperature"?',
        path: 'temprature',
      },
    ],
    [front('maxTokens: 1'), { text: 'maxTokens', message: expect.stringContaining('Did you mean "max_tokens"') }],
    [front('messages: []'), { message: 'Unknown field "messages". It belongs to the single request.' }],
    [front('api_key: sk'), { message: expect.stringContaining('no endpoint, key or header') }],
    [front('system: hi'), { message: expect.stringContaining('below the front matter') }],
    [
      front('provider:\n  odrer: [a]'),
      { at: '3:3', text: 'odrer', message: 'Unknown field "odrer". Did you mean "order"?', path: 'provider.odrer' },
    ],
    [front('provider:\n  sort: {bye: price}'), { at: '3:10', text: 'bye', message: expect.stringContaining('"by"') }],
    [front('name: x\ntemperature: 2.5'), { at: '3:14', text: '2.5', message: 'temperature must be at most 2.' }],
    [front('temperature: "1"'), { text: '"1"', message: 'temperature must be a number, not the text "1".' }],
    [front('max_tokens: 1.5'), { text: '1.5', message: 'max_tokens must be a whole number, not 1.5.' }],
    [
      front('service_tier: fats'),
      { text: 'fats', message: expect.stringContaining('must be auto, default, fast, flex, priority or scale') },
    ],
    [front('stop: [a, b, c, d, e]'), { text: '[a, b, c, d, e]', message: 'stop must have at most 4 items.' }],
    [front('stop: 5'), { text: '5', message: 'stop must be text or a list, not 5.' }],
    [front('stop: [a, 5]'), { text: '5', message: 'stop[1] must be text, not 5.', path: 'stop.1' }],
    [front('model: "@preset/other"'), { message: expect.stringContaining('cannot build on another preset') }],
    [front('model: two words'), { text: 'two words' }],
    [
      front('tools:\n  - type: function\n    function: {}'),
      { message: 'tools[0].function.name is missing.', text: 'function', path: 'tools.0.function.name' },
    ],
    [
      front('tools:\n  - type: function\n    fnuction: {name: a}'),
      { message: expect.stringContaining('tools[0].function is missing') },
    ],
    [front('tools: [1]'), { text: '1', message: 'tools[0] must be a map, not 1.' }],
    [
      front('response_format: {type: xml}'),
      { text: 'xml', message: expect.stringContaining('must be text, json_object') },
    ],
    [front('response_format: json'), { text: 'json', message: expect.stringContaining('must be a map') }],
    [
      front('tool_choice: maybe'),
      { text: 'maybe', message: expect.stringContaining('must be none, auto or required') },
    ],
    [front('cache_ttl_seconds: 0'), { text: '0', message: 'cache_ttl_seconds must be at least 1.' }],
    [
      front('provider: {max_price: {prompt: cheap}}'),
      { text: 'cheap', message: expect.stringContaining('decimal number') },
    ],
    [front('name: a\nname: b'), { at: '3:1', message: expect.stringContaining('unique') }],
    [front('seed: .nan'), { text: '.nan', message: '.nan is not a number in JSON.' }],
    [front('seed: -.inf'), { text: '-.inf' }],
    [front('seed: 123456789012345678901'), { message: expect.stringContaining('too large to be kept exactly') }],
    [front('name: &a x\ndescription: *a'), { at: '3:14', text: '*a', message: expect.stringContaining('Aliases') }],
    [front('name: !!timestamp 2001-01-01'), { message: expect.stringContaining('tag') }],
    [front('name: !mine x'), { message: expect.stringContaining('tag') }],
    [front('[a]: b'), { message: expect.stringContaining('keys must be strings') }],
    [front('provider:\n\tsort: price'), { at: '3:1', message: expect.stringContaining('Tabs') }],
    [front('name: "x'), { message: expect.stringContaining('Missing closing') }],
    [front('name: x\n...\nmodel: y'), { at: '3:1', text: '...' }],
    [front('logit_bias: {__proto__: 1}'), { text: '__proto__' }],
    [front('metadata: {a: 1}'), { text: '1', message: 'metadata.a must be text, not 1.' }],
  ])('points at the problem in %j', (text, expected) => {
    expect(firstProblem(text)).toMatchObject(expected);
  });

  it('warns of a field without a value and still reads the file', () => {
    const text = front('name: x\ntemperature:');
    expect(firstProblem(text)).toMatchObject({
      at: '3:1',
      text: 'temperature',
      message: expect.stringContaining('has no value'),
    });
    expect(parsePresetFile(text).file).toMatchObject({ name: 'x', config: { temperature: null } });
  });

  it('tells every problem, in the order of the text', () => {
    const { problems } = parsePresetFile(front('a1: 1\ntemperature: 3\nb1: 1'));
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  it('never throws, and points within the text', () => {
    const lines = fc.array(
      fc.oneof(
        hardText,
        fc.constantFrom(
          '---',
          'model: x',
          'tools:',
          '  - type: function',
          '- - -',
          '? a',
          '<<: *a',
          '&a [',
          '{a: ',
          '|',
          '  x: >-',
        ),
      ),
    );
    const bodies = fc.oneof(
      hardText,
      lines.map((parts) => parts.join('\n')),
      lines.map((parts) => `---\n${parts.join('\n')}\n---\n`),
    );
    fc.assert(
      fc.property(bodies, (text) => {
        const { file, problems } = parsePresetFile(text);
        expect(file === null).toBe(problems.some(({ severity }) => severity === 'error'));
        for (const { start, end, line, column } of problems) {
          expect(0 <= start && start <= end && end <= text.length && line >= 1 && column >= 1).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['nesting', '['.repeat(50_000)],
    ['block nesting', '- '.repeat(50_000)],
    ['just too deep', `metadata: ${'['.repeat(70)}${']'.repeat(70)}`],
    ['length', `name: ${'x'.repeat(600_000)}`],
    ['unknown keys', Array.from({ length: 5_000 }, (_, index) => `temperatur${index}: 1`).join('\n')],
    ['a long key', `${'k'.repeat(900)}: 1`],
    ['fences that are none', '--- x\n'.repeat(20_000)],
    ['an alias bomb', ['a: &a [x, x]', 'b: &b [*a, *a]', 'c: &c [*b, *b]', 'd: [*c, *c]'].join('\n')],
  ])('refuses hostile %s with few problems', (_, yaml) => {
    const { file, problems } = parsePresetFile(front(yaml));
    expect(file).toBeNull();
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(100);
  });
});

describe('formatPresetFile', () => {
  it('writes fields in one order, whatever theirs', () => {
    const file = {
      name: 'N',
      description: null,
      config: { temperature: 1, models: ['a/b', 'c/d'] },
      systemPrompt: 'Hi',
    };
    expect(formatPresetFile(file)).toBe('---\nname: N\nmodels:\n  - a/b\n  - c/d\ntemperature: 1\n---\n\nHi\n');
    expect(formatPresetFile({ name: null, description: null, config: {}, systemPrompt: null })).toBe('---\n---\n');
  });

  it.each([' \n', 'a\n \nb', '\t\n', 'a\n\n', '\n', ' a\n b', 'a\r\nb', '---\n...\n# x'])(
    'keeps %j as it is',
    (text) => {
      const file = { name: null, description: text, config: { stop: [text] }, systemPrompt: null };
      expect(parsePresetFile(formatPresetFile(file)).file).toEqual(file);
    },
  );

  it('is undone by parsing', () => {
    const name = fc.oneof(
      fc.constant(null),
      hardText.filter((text) => text !== ''),
    );
    const prompt = fc.oneof(
      fc.constant(null),
      hardText.filter((text) => text.trim() !== ''),
    );
    fc.assert(
      fc.property(
        name,
        fc.oneof(fc.constant(null), hardText),
        config,
        prompt,
        (name, description, config, systemPrompt) => {
          const file = { name, description, config, systemPrompt };
          const text = formatPresetFile(file);
          expect(parsePresetFile(text)).toEqual({ file, problems: [] });
          expect(formatPresetFile({ ...file, config: Object.fromEntries(Object.entries(config).reverse()) })).toBe(
            text,
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('schema', () => {
  it('describes every field for people', () => {
    const { properties } = presetJsonSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.keys(properties)).toEqual(['name', 'description', ...PRESET_FIELDS]);
    for (const [name, { description }] of Object.entries(properties)) expect(description, name).toMatch(/^.{10,}\.$/);
    expect(JSON.parse(JSON.stringify(presetJsonSchema()))).toEqual(presetJsonSchema());
  });

  it('shows a field that may be null as one schema', () => {
    expect(presetJsonSchema()).toMatchObject({
      additionalProperties: false,
      properties: {
        temperature: { type: ['number', 'null'], minimum: 0, maximum: 2 },
        service_tier: { type: ['string', 'null'], enum: expect.arrayContaining(['flex', null]) },
        stop: { anyOf: [{ type: 'string' }, { type: 'array', maxItems: 4 }, { type: 'null' }] },
      },
    });
  });

  it.each([
    'messages',
    'input',
    'prompt',
    'stream',
    'preset',
    'user',
    'session_id',
    'base_url',
    'api_key',
    'headers',
    'endpoint',
  ])('has no place for %s', (field) => {
    expect(presetConfigSchema.safeParse({ [field]: 'x' }).success).toBe(false);
  });
});

describe('presetSlugOfPath', () => {
  it.each([
    ['/a/triage.preset.md', 'triage'],
    ['C:\\x\\support-v2.preset.md', 'support-v2'],
    ['triage.preset.md', 'triage'],
    ['/a/Triage.preset.md', null],
    ['/a/.preset.md', null],
    ['/a/a--b.preset.md', null],
    ['/a/triage.md', null],
    [`/a/${'x'.repeat(65)}.preset.md`, null],
  ])('%s → %s', (path, slug) => {
    expect(presetSlugOfPath(path)).toBe(slug);
  });
});

describe('diffPresets', () => {
  const file = { name: null, description: null, config: { temperature: 1 }, systemPrompt: 'One\nTwo' };

  it('is a unified diff of the canonical texts', () => {
    const other = { ...file, config: { temperature: 0.5 }, systemPrompt: 'One\nThree' };
    expect(diffPresets({ label: 'triage@1', file }, { label: 'triage@2', file: other })).toBe(
      '--- triage@1\n+++ triage@2\n@@ -1,6 +1,6 @@\n ---\n-temperature: 1\n+temperature: 0.5\n ---\n \n One\n-Two\n+Three\n',
    );
  });

  it('gives up on what has nothing in common, and is still a diff', () => {
    const lines = (word: string) => Array.from({ length: 3000 }, (_, index) => `${word} ${index}`).join('\n');
    const before = { ...file, systemPrompt: lines('a') };
    const diff = diffPresets({ label: 'a', file: before }, { label: 'b', file: { ...file, systemPrompt: lines('b') } });
    expect(diff.startsWith('--- a\n+++ b\n@@ -1,3004 +1,3004 @@\n----\n-temperature: 1\n')).toBe(true);
    expect(applyPatch(formatPresetFile(before), diff)).toBe(formatPresetFile({ ...file, systemPrompt: lines('b') }));
  });

  it('is empty for equal presets', () => {
    expect(diffPresets({ label: 'a', file }, { label: 'b', file: { ...file } })).toBe('');
  });
});
