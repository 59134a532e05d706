import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setPresetField, setSystemPrompt } from '../../server/presets/edit.ts';
import { parsePresetFile } from '../../server/presets/file.ts';
import { splitPresetText } from '../../server/presets/front-matter.ts';
import type { Json } from '../../server/presets/json.ts';
import { setAt } from '../../server/presets/set-at.ts';
import { applyChanges } from '../../server/presets/text-change.ts';
import { readYaml } from '../../server/presets/yaml-source.ts';
import { hardText } from './presets-arbitraries.ts';

const TEXT = `---
# Owner: @support
name: 'Triage'   # shown in pickers

# The cheap one first.
models:
  - openai/gpt-5-mini
  # then the good one
  - "anthropic/claude-sonnet-4.6"   # pricey
temperature:   0.2 # calm
provider: { sort: price, order: [openai, azure] }
tools:
- type: function
  function:
    name: look_up
    description: |
      Finds a ticket.
      # no comment: part of the text
- type: openrouter:web_search
---
Body: # not YAML
`;

const set = (path: string, value: unknown, text = TEXT) => {
  const parts = path === '' ? [] : path.split('.');
  return applyChanges(text, setPresetField(text, parts, value));
};

/** What the edit did to the lines: those gone with `-`, those come with `+`. */
function changed(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

describe('setPresetField', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['temperature', 0.7, ['-temperature:   0.2 # calm', '+temperature:   0.7 # calm']],
    ['temperature', undefined, ['-temperature:   0.2 # calm']],
    ['name', 'Sorter', ["-name: 'Triage'   # shown in pickers", "+name: 'Sorter'   # shown in pickers"]],
    ['name', "It's", ["-name: 'Triage'   # shown in pickers", "+name: 'It''s'   # shown in pickers"]],
    ['description', 'Sort, then draft', ['+description: Sort, then draft']],
    ['description', 'Two\nlines', ['+description: |-', '+  Two', '+  lines']],
    [
      'models',
      ['openai/gpt-5-mini', 'x/y'],
      ['-  - "anthropic/claude-sonnet-4.6"   # pricey', '+  - "x/y"   # pricey'],
    ],
    ['models', ['a/b', 'openai/gpt-5-mini', 'anthropic/claude-sonnet-4.6'], ['+  - a/b']],
    ['models', ['anthropic/claude-sonnet-4.6'], ['-  - openai/gpt-5-mini']],
    ['models.2', 'z/z', ['+  - z/z']],
    [
      'models',
      'x/y',
      ['-models:', '-  - openai/gpt-5-mini', '-  - "anthropic/claude-sonnet-4.6"   # pricey', '+models: x/y'],
    ],
    [
      'provider.sort',
      'latency',
      ['-provider: { sort: price, order: [openai, azure] }', '+provider: { sort: latency, order: [openai, azure] }'],
    ],
    [
      'provider.sort',
      undefined,
      ['-provider: { sort: price, order: [openai, azure] }', '+provider: { order: [openai, azure] }'],
    ],
    ['provider.order', undefined, ['-provider: { sort: price, order: [openai, azure] }', '+provider: { sort: price }']],
    [
      'provider.order.0',
      undefined,
      ['-provider: { sort: price, order: [openai, azure] }', '+provider: { sort: price, order: [azure] }'],
    ],
    [
      'provider.zdr',
      true,
      [
        '-provider: { sort: price, order: [openai, azure] }',
        '+provider: { sort: price, order: [openai, azure], zdr: true }',
      ],
    ],
    [
      'tools.0',
      undefined,
      [
        '-- type: function',
        '-  function:',
        '-    name: look_up',
        '-    description: |',
        '-      Finds a ticket.',
        '-      # no comment: part of the text',
      ],
    ],
    [
      'tools.0.function.description',
      'Short.',
      [
        '-    description: |',
        '-      Finds a ticket.',
        '-      # no comment: part of the text',
        '+    description: Short.',
      ],
    ],
    ['tools.1.parameters', { max_results: 3 }, ['+  parameters:', '+    max_results: 3']],
    ['reasoning', { effort: 'low' }, ['+reasoning:', '+  effort: low']],
    ['reasoning.effort', 'low', ['+reasoning:', '+  effort: low']],
    ['temperature', { odd: ['x'] }, ['-temperature:   0.2 # calm', '+temperature:   {odd: [x]} # calm']],
  ])('sets %s to %j and touches nothing else', (path, value, lines) => {
    const after = set(path, value);
    expect(changed(TEXT, after)).toEqual(lines);
  });

  it('puts a new field where the schema has it', () => {
    expect(set('description', 'd')).toContain(
      "name: 'Triage'   # shown in pickers\ndescription: d\n\n# The cheap one first.\n",
    );
    expect(set('max_tokens', 9)).toContain('temperature:   0.2 # calm\nmax_tokens: 9\nprovider:');
    expect(set('plugins', [{ id: 'web' }])).toContain('- type: openrouter:web_search\nplugins:\n  - id: web\n---\n');
  });

  it('makes front matter where there is none', () => {
    expect(set('model', 'a/b', '')).toBe('---\nmodel: a/b\n---\n');
    expect(set('model', 'a/b', 'You sort.\n')).toBe('---\nmodel: a/b\n---\nYou sort.\n');
    expect(set('model', 'a/b', '---\n---\nx')).toBe('---\nmodel: a/b\n---\nx');
    expect(set('model', 'a/b', '---\n# todo\n---\nx')).toBe('---\n# todo\nmodel: a/b\n---\nx');
    expect(set('model', 'a/b', '---\n{}\n---\nx')).toBe('---\nmodel: a/b\n---\nx');
    expect(set('model', undefined, '')).toBe('');
  });

  it('writes the line ends of the file', () => {
    const crlf = TEXT.replaceAll('\n', '\r\n');
    for (const [path, value] of [
      ['description', 'Two\nlines'],
      ['tools.0', undefined],
      ['models', ['x/y']],
      ['reasoning.effort', 'low'],
    ] as const) {
      expect(set(path, value, crlf)).toBe(set(path, value).replaceAll('\n', '\r\n'));
    }
    expect(set('model', 'a/b', `\uFEFF${TEXT}`)).toBe(`\uFEFF${set('model', 'a/b')}`);
  });

  it('fills in a field that has no value yet', () => {
    expect(set('temperature', 1, '---\ntemperature:\nname: x\n---\n')).toBe('---\ntemperature: 1\nname: x\n---\n');
    expect(set('models', ['a/b'], '---\nmodels: # soon\nname: x\n---\n')).toBe(
      '---\nmodels: [a/b] # soon\nname: x\n---\n',
    );
  });

  it('keeps lists within brackets tidy', () => {
    const text = '---\nmodels: [\n  a/a, # one\n  # two\n  b/b,\n  c/c\n]\n---\n';
    expect(set('models.2', undefined, text)).toBe('---\nmodels: [\n  a/a, # one\n  # two\n  b/b,\n]\n---\n');
    expect(set('models', ['a/a', 'x/x'], text)).toBe('---\nmodels: [\n  a/a, # one\n  # two\n  x/x,\n]\n---\n');
    expect(set('models', ['a/a'], text)).toBe('---\nmodels: [\n  a/a, # one\n  # two\n]\n---\n');
    expect(set('models', ['c/c'], text)).toBe('---\nmodels: [\n  # two\n  c/c\n]\n---\n');
    expect(set('models', ['a/a', 'b/b'], '---\nmodels: [a/a, b/b, c/c]\n---\n')).toBe('---\nmodels: [a/a, b/b]\n---\n');
  });

  it('leaves nothing that a neighbour would take in', () => {
    expect(set('b', undefined, '---\na: |\n  text\nb:\n  - x\n  # c\n  - y\n---\n')).toBe(
      '---\na: |\n  text\n# c\n---\n',
    );
    expect(set('b', undefined, '---\n# c\na: |+\n  text\nb: x\n\nc: 1\n---\n')).toBe(
      '---\n# c\na: |\n  text\nc: 1\n---\n',
    );
  });

  it('removes what is left empty', () => {
    expect(set('a.b.c', undefined, '---\nname: x\na:\n  b:\n    c: 1\n---\n')).toBe('---\nname: x\n---\n');
    expect(set('name', undefined, '---\nname: x\n---\n')).toBe('---\n---\n');
  });

  it.each([
    ['unterminated', '---\nname: x\n'],
    ['not YAML', '---\nname: "x\n---\n'],
    ['not a map', '---\n- name\n---\n'],
    ['given twice', '---\nname: a\nname: b\n---\n'],
  ])('leaves front matter that is %s alone', (_, text) => {
    expect(setPresetField(text, ['name'], 'y')).toEqual([]);
  });

  it('makes no change when nothing differs', () => {
    expect(setPresetField(TEXT, ['models', '1'], 'anthropic/claude-sonnet-4.6')).toEqual([]);
    expect(setPresetField(TEXT, ['nothing', 'here'], undefined)).toEqual([]);
    expect(setPresetField(TEXT, ['__proto__'], 1)).toEqual([]);
  });
});

/**
 * Front matter as a person may write it, in lines: any mix of blocks and brackets, quoting, and comments in between. An entry's
 * first line stands behind its colon or dash.
 */
type Lines = readonly string[];
const gap = fc.constantFrom<Lines[]>([], [], [], ['# a comment'], ['  # indented'], [''], ['', '# two', '    # lines']);
const eol = fc.constantFrom('', '', '', ' # why');
const leaf = fc.constantFrom(
  '1.50',
  "'it''s'",
  '"a\\tb"',
  'plain text',
  'null',
  '',
  'true',
  '[]',
  '{}',
  '[ x, "y z" ]',
  '{a: 1, b: [2]}',
);

const { entry } = fc.letrec<{ entry: Lines; map: Lines; list: Lines }>((tie) => ({
  entry: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.tuple(leaf, eol).map(([text, comment]) => [`${text === '' ? '' : ' '}${text}${comment}`]),
    fc
      .constantFrom('|', '|-', '>-', '|+', '| # why')
      .map((header) => [` ${header}`, '      some text', '      # and more']),
    fc.constant([' [', '  # first', '  a, # one', '  # second', '  b,', ' ]']),
    fc.constant([' { p: 1,', '  # inner', '  q: 2 }']),
    fc.constant([' plain and', '  longer']),
    tie('map'),
    tie('list'),
  ),
  map: fc
    .tuple(
      eol,
      fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), tie('entry'), gap), {
        minLength: 1,
        selector: ([key]) => key,
      }),
    )
    .map(([comment, entries]) => [
      comment,
      ...entries.flatMap(([key, lines, before]) => indented(`${key}:`, lines, before)),
    ]),
  list: fc
    .tuple(eol, fc.array(fc.tuple(tie('entry'), gap), { minLength: 1, maxLength: 4 }))
    .map(([comment, entries]) => [comment, ...entries.flatMap(([lines, before]) => indented('-', lines, before))]),
}));

function indented(head: string, [first = '', ...more]: Lines, before: Lines): Lines {
  // A dash and the map or list that follows may share a line.
  const compact = head === '-' && first === '' && /^ {2}\S/.test(more[0] ?? '') && !/^ {2}#/.test(more[0] ?? '');
  const lines = compact ? [`- ${more[0]?.slice(2)}`, ...more.slice(1)] : [`${head}${first}`, ...more];
  return [...before, ...lines].map((line) => (line === '' ? '' : `  ${line}`));
}

const document = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'model', 'temperature'), entry, gap), {
      minLength: 1,
      selector: ([key]) => key,
    }),
    gap,
  )
  .map(([entries, end]) => {
    const lines = entries
      .flatMap(([key, lines, before]) => indented(`${key}:`, lines, before))
      .map((line) => line.replace(/^ {2}/, ''));
    return ['---', ...lines, ...end, '---', 'Body', ''].join('\n');
  });

const path = fc.array(fc.constantFrom('a', 'b', 'c', 'd', '0', '1', '2', 'model'), { minLength: 1, maxLength: 3 });
const newValue = fc.oneof(
  fc.constant(undefined),
  hardText,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom<Json>(
    null,
    [],
    {},
    ['x'],
    ['a', 'b', 'c'],
    { a: 1 },
    { p: 1, z: { y: ['text\n'] } },
    'lines\nof text\n',
    [{ a: 1, b: 2 }, [1, [2]]],
  ),
);

function yamlOf(text: string): string {
  const parts = splitPresetText(text);
  if (parts.kind !== 'parts') throw new Error('no front matter');
  return text.slice(parts.yamlStart, parts.yamlEnd);
}

const wholeLineComments = (text: string) =>
  text
    .split(/\r?\n/)
    .filter((line) => /^\s*# (a comment|indented|two|lines|first|second|inner)$/.test(line))
    .map((line) => line.trim());

describe('any edit of any front matter', () => {
  it('is tried on valid front matter', () => {
    fc.assert(
      fc.property(document, (text) => {
        expect(readYaml(yamlOf(text))).toMatchObject({ syntax: [], findings: [] });
      }),
    );
  });

  it('says what was asked for, and leaves comments and the body', () => {
    fc.assert(
      fc.property(document, path, newValue, fc.boolean(), (text, path, wanted, windows) => {
        const before = windows ? text.replaceAll('\n', '\r\n') : text;
        const changes = setPresetField(before, path, wanted);
        for (const [index, { start, end }] of changes.entries()) {
          expect(start).toBeLessThanOrEqual(end);
          expect(start).toBeGreaterThanOrEqual(changes[index - 1]?.end ?? 0);
        }
        const after = applyChanges(before, changes);
        const target =
          setAt(
            readYaml(yamlOf(text)).value,
            path,
            wanted === undefined ? undefined : JSON.parse(JSON.stringify(wanted)),
          ) ?? {};
        expect(readYaml(yamlOf(after))).toMatchObject({ syntax: [], findings: [] });
        expect(readYaml(yamlOf(after)).value).toEqual(target);
        expect(wholeLineComments(after)).toEqual(wholeLineComments(before));
        expect(after.endsWith(windows ? '\r\n---\r\nBody\r\n' : '\n---\nBody\n')).toBe(true);
        if (windows) expect(after).not.toMatch(/[^\r]\n/);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(hardText, hardText, fc.array(hardText), (yaml, body, path) => {
        const text = `---\n${yaml}\n---\n${body}`;
        expect(() => applyChanges(text, setPresetField(text, path, 1))).not.toThrow();
        expect(() => setPresetField(yaml, path, undefined)).not.toThrow();
      }),
    );
  });
});

describe('setSystemPrompt', () => {
  it('changes only what differs', () => {
    expect(setSystemPrompt('---\n---\nYou sort tickets.\n', 'You draft tickets.')).toEqual([
      { start: 12, end: 15, text: 'draf' },
    ]);
    expect(setSystemPrompt('---\n---\nSame\n', 'Same')).toEqual([]);
    expect(setSystemPrompt('---\n---\nSame', 'Same')).toEqual([]);
  });

  it.each([
    ['---\nname: x\n---\n', 'New', '---\nname: x\n---\nNew\n'],
    ['---\nname: x\n---', 'New', '---\nname: x\n---\nNew\n'],
    ['---\n---\nOld\n', '  \n', '---\n---\n'],
    ['---\n---\nOld', 'New', '---\n---\nNew'],
    ['---\n---\nOld', 'New\n', '---\n---\nNew\n\n'],
    ['---\r\n---\r\nOld\r\n', 'A\nB', '---\r\n---\r\nA\r\nB\r\n'],
    ['', 'New', '---\n---\n\nNew\n'],
    ['Only text\n', 'New', '---\n---\n\nNew\n'],
    ['---\n---\nOld\n', '\nNew', '---\n---\n\n\nNew\n'],
    ['---\n---\nOld', '\r\nNew', '---\n---\n\n\r\nNew'],
    ['---\n---\n\nOld\n', 'New', '---\n---\n\nNew\n'],
    ['---\nunterminated', 'New', '---\nunterminated'],
  ])('of %j to %j', (text, prompt, after) => {
    expect(applyChanges(text, setSystemPrompt(text, prompt))).toBe(after);
  });

  it('is what parsing then finds, whatever the prompt', () => {
    fc.assert(
      fc.property(hardText, hardText, fc.boolean(), (old, prompt, windows) => {
        const text = windows ? `---\r\nname: x\r\n---\r\n${old}` : `---\nname: x\n---\n${old}`;
        const after = applyChanges(text, setSystemPrompt(text, prompt));
        const expected = prompt.trim() === '' ? null : windows ? prompt.replaceAll('\r\n', '\n') : prompt;
        expect(parsePresetFile(after).file?.systemPrompt).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
