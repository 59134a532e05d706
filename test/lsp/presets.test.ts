import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FrontMatterPlace, placeInFrontMatter } from '../../server/language/presets/front-matter-place.ts';
import { fieldsAt, nodesAt, type SchemaNode, valuesOf } from '../../server/language/presets/schema-node.ts';
import { parsePresetFile } from '../../server/presets/file.ts';
import { presetJsonSchema } from '../../server/presets/schema.ts';
import { applyWorkspaceEdit, Editor, model, preset, TestDaemon } from './editor.ts';

const daemon = new TestDaemon();
let editor: Editor;
beforeAll(() => daemon.start());
afterAll(() => daemon.stop());
beforeEach(async () => {
  daemon.host.known = [
    preset('hello', { description: 'Says hello.', model: 'callgate/sandbox', version: 3 }),
    preset('triage', { status: 'disabled' }),
    preset('old', { status: 'archived' }),
  ];
  daemon.host.catalogue = [model('openai/gpt-5-mini', 0.25, 2), model('local/llama', null, null)];
  editor = await Editor.open(daemon.url);
});
afterEach(() => editor.close());

const URI = 'file:///work/.callgate/presets/triage.preset.md';

/** Opens a preset file with the cursor where `|` stands. */
async function openAt(marked: string) {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const document = await editor.openText(URI, 'callgate-preset', text);
  return { text, document, at: document.positionAt(offset) };
}

describe('a preset file', () => {
  it('has the problems that publishing would find, where they stand', async () => {
    const text = '---\nmodel: openai/gpt-5-mini\ntemprature: 1\ntop_p: 7\n---\nHi\n';
    const document = await editor.openText(URI, 'callgate-preset', text);
    const diagnostics = await editor.diagnostics(URI, 1);
    const problems = parsePresetFile(text).problems;
    expect(problems.length).toBeGreaterThanOrEqual(2);
    expect(diagnostics.map(({ message, range }) => ({ message, range }))).toEqual(
      problems.map(({ message, start, end }) => ({
        message,
        range: { start: document.positionAt(start), end: document.positionAt(end) },
      })),
    );
    expect(diagnostics[0]).toMatchObject({
      code: 'preset/format',
      severity: 1,
      range: { start: { line: 2, character: 0 }, end: { line: 2, character: 10 } },
    });
  });

  it('is known by its name, whatever language the editor takes it for', async () => {
    await editor.openText(URI, 'markdown', '---\ntemprature: 1\n---\n');
    expect(await editor.diagnostics(URI, 1)).not.toEqual([]);
    const other = 'file:///work/README.md';
    await editor.openText(other, 'markdown', '---\ntemprature: 1\n---\n');
    expect(await editor.diagnostics(other, 1)).toEqual([]);
  });

  it('completes the fields it does not have yet, with what they mean', async () => {
    const { at } = await openAt('---\nmodel: openai/gpt-5-mini\ntemp|\n---\nseed: not a field\n');
    const items = await editor.complete(URI, at.line, at.character);
    const labels = items.map(({ label }) => label);
    expect(labels).toContain('temperature');
    expect(labels).toContain('seed');
    expect(labels).not.toContain('model');
    const item = items.find(({ label }) => label === 'temperature');
    expect(item).toMatchObject({
      detail: 'number',
      documentation: { kind: 'markdown', value: expect.stringContaining('at most 2') },
      textEdit: {
        newText: 'temperature: ',
        range: { start: { line: 2, character: 0 }, end: { line: 2, character: 4 } },
      },
    });
  });

  it.each([
    ['---\nreasoning:\n  |\n---\n', ['effort', 'max_tokens', 'summary']],
    ['---\nreasoning:\n  effort: |\n---\n', ['low', 'medium', 'high']],
    ['---\nreasoning:\n  effort: hi|gh # comment\n---\n', ['low', 'high']],
    ['---\ncache_enabled: |\n---\n', ['true', 'false']],
    ['---\nprovider:\n  data_collection: "|"\n---\n', ['allow', 'deny']],
    ['---\nprovider:\n  quantizations:\n    - |\n---\n', ['int4', 'bf16']],
    ['---\nprovider:\n  quantizations:\n  - int4\n  - |\n---\n', ['int4', 'bf16']],
    ['---\nprovider:\n  sort: |\n---\n', ['price', 'latency']],
    ['---\nprovider:\n  sort:\n    |\n---\n', ['by', 'partition']],
    ['---\nmodalities:\n  - text\n  - |\n', ['text', 'image']],
    ['---\ntools:\n  - type: function\n    function:\n      |\n---\n', ['name', 'description', 'parameters']],
    ['---\r\nreasoning:\r\n  |\r\n---\r\n', ['effort']],
  ])('completes at the cursor in %j', async (marked, labels) => {
    const { at } = await openAt(marked);
    const items = await editor.complete(URI, at.line, at.character);
    expect(items.map(({ label }) => label)).toEqual(expect.arrayContaining(labels));
  });

  it.each([
    ['the prompt', '---\nmodel: x/y\n---\nmodel: |\n'],
    ['the fence', '---|\nmodel: x/y\n---\n'],
    ['a comment', '---\n# mod|\n---\n'],
    ['a flow mapping', '---\nreasoning: {|}\n---\n'],
    ['a block scalar', '---\ndescription: >|\n  hi\n---\n'],
    ['a file without front matter', 'mod|'],
    ['a field nobody knows', '---\nnobody:\n  |\n---\n'],
  ])('completes nothing in %s', async (_name, marked) => {
    const at = marked.indexOf('|');
    const document = await editor.openText(URI, 'callgate-preset', marked.slice(0, at) + marked.slice(at + 1));
    const { line, character } = document.positionAt(at);
    expect(await editor.complete(URI, line, character)).toEqual([]);
  });

  it.each(['---\nmodel: op|\n---\n', '---\nmodels:\n  - local/x\n  - op|\n---\n', "---\nmodel: 'op|'\n---\n"])(
    'completes models with their price in %j',
    async (marked) => {
      const { at, document } = await openAt(marked);
      const items = await editor.complete(URI, at.line, at.character);
      expect(items.map(({ label, detail }) => [label, detail])).toEqual([
        ['openai/gpt-5-mini', '$0.25 in, $2 out per million tokens'],
        ['local/llama', 'price unknown'],
      ]);
      const edit = {
        documentChanges: [{ textDocument: { uri: URI, version: 1 }, edits: [items[0]!.textEdit as never] }],
      };
      const after = applyWorkspaceEdit(edit, { [URI]: document.getText() })[URI]!;
      expect(parsePresetFile(after).problems).toEqual([]);
    },
  );

  it('explains fields and models', async () => {
    const text = '---\nmodel: openai/gpt-5-mini\nreasoning:\n  effort: high\n---\n';
    await editor.openText(URI, 'callgate-preset', text);
    const value = async (line: number, character: number) => {
      const hover = await editor.hover(URI, line, character);
      return hover === null ? null : (hover.contents as { value: string }).value;
    };
    expect(await value(1, 2)).toContain('The model that answers');
    expect(await value(1, 12)).toContain('$0.25 in, $2 out per million tokens');
    expect(await value(3, 4)).toContain('Values: `max`');
    expect(await value(0, 1)).toBeNull();
    expect(await value(4, 1)).toBeNull();
  });

  it('offers no models while the daemon cannot list them', async () => {
    daemon.host.catalogue = new Error('no catalogue');
    const { at } = await openAt('---\nmodel: |\n---\n');
    expect(await editor.complete(URI, at.line, at.character)).toEqual([]);
  });
});

describe('a reference to a preset', () => {
  const CODE = 'file:///work/app.py';

  it.each([
    ['unknown', '"@preset/helo"', 'preset/unknown', 'Did you mean @preset/hello?'],
    ['unknown, with a model and a pin', '"openai/gpt-5@preset/nobody@3"', 'preset/unknown', 'No preset "nobody"'],
    ['disabled', '"@preset/triage"', 'preset/disabled', 'disabled'],
    ['archived', '"@preset/old:nitro"', 'preset/archived', 'archived'],
  ])('that is %s gets a warning', async (_name, text, code, message) => {
    await editor.openText(CODE, 'python', `m = ${text}`);
    const mark = text.indexOf('@preset/') + 4;
    const slug = /@preset\/[a-z]+/.exec(text)?.[0].length ?? 0;
    expect(await editor.diagnostics(CODE, 1)).toMatchObject([
      {
        code,
        severity: 2,
        message: expect.stringContaining(message),
        range: { start: { line: 0, character: mark }, end: { line: 0, character: mark + slug } },
      },
    ]);
  });

  it.each([
    ['a known one', 'python', 'm = "@preset/hello@3"'],
    ['a draft', 'python', 'm = "@preset/new-one@draft"'],
    ['an e-mail', 'python', 'a = "x@presets/nobody"'],
    ['prose', 'markdown', 'Use `@preset/your-name`.'],
    ['a preset’s prompt', 'callgate-preset', 'Say @preset/nobody.'],
  ])('is fine in %s', async (_name, languageId, text) => {
    await editor.openText(CODE, languageId, text);
    const diagnostics = await editor.diagnostics(CODE, 1);
    expect(diagnostics.filter(({ code }) => code !== 'preset/format')).toEqual([]);
  });

  it('is corrected to the nearest name, keeping model and pin', async () => {
    const text = 'm = "x/y@preset/helo@3:nitro"';
    await editor.openText(CODE, 'python', text);
    const [diagnostic] = await editor.diagnostics(CODE, 1);
    const actions = await editor.actions(CODE, diagnostic!.range);
    expect(actions.map(({ title }) => title)).toEqual(['Change to @preset/hello']);
    const texts = applyWorkspaceEdit(await editor.edit(actions[0]!), { [CODE]: text });
    expect(texts[CODE]).toBe('m = "x/y@preset/hello@3:nitro"');
  });

  it.each(['"@preset/|"', '"@preset/he|llo"', 'model: x/y@preset/h|', 'const m = `@preset/|'])(
    'is completed in %j',
    async (marked) => {
      const at = marked.indexOf('|');
      const text = marked.replace('|', '');
      await editor.openText(CODE, 'plaintext', text);
      const items = await editor.complete(CODE, 0, at);
      expect(items.map(({ label, detail }) => [label, detail])).toEqual([['hello', 'version 3 · callgate/sandbox']]);
      const edit = {
        documentChanges: [{ textDocument: { uri: CODE, version: 1 }, edits: [items[0]!.textEdit as never] }],
      };
      expect(applyWorkspaceEdit(edit, { [CODE]: text })[CODE]).toMatch(/@preset\/hello("|$)/);
    },
  );

  it('is completed nowhere else', async () => {
    await editor.openText(CODE, 'python', '"@preset /" @preset');
    expect(await editor.complete(CODE, 0, 10)).toEqual([]);
    expect(await editor.complete(CODE, 0, 19)).toEqual([]);
  });

  it('is explained', async () => {
    await editor.openText(CODE, 'python', 'm = "@preset/hello@3", "@preset/nobody"');
    expect(await editor.hover(CODE, 0, 10)).toEqual({
      contents: {
        kind: 'markdown',
        value: expect.stringMatching(/@preset\/hello@3.*HELLO\n\nSays hello.\n\nversion 3/),
      },
      range: { start: { line: 0, character: 5 }, end: { line: 0, character: 18 } },
    });
    expect(await editor.hover(CODE, 0, 30)).toBeNull();
    expect(await editor.hover(CODE, 0, 1)).toBeNull();
  });
});

describe('the place in front matter', () => {
  const schema = presetJsonSchema() as SchemaNode;

  it('is found for every field of the schema, wherever it is nested', () => {
    const check = (lines: string[], path: FrontMatterPlace['path'], indent: string, depth: number): void => {
      for (const [name, field] of fieldsAt(schema, path)) {
        const row = lines.length;
        const place = placeInFrontMatter([...lines, `${indent}${name}`], row, indent.length + name.length);
        expect(place).toMatchObject({ kind: 'key', path, text: name });
        const value = placeInFrontMatter([...lines, `${indent}${name}: x`], row, indent.length + name.length + 3);
        expect(value).toMatchObject({ kind: 'value', path: [...path, { field: name }], text: 'x' });
        if (field.properties !== undefined && depth < 4) {
          check([...lines, `${indent}${name}:`], [...path, { field: name }], `${indent}  `, depth + 1);
        }
      }
    };
    check(['---'], [], '', 0);
    const item = [{ field: 'tools' }, 'items'] as const;
    expect(nodesAt(schema, item).length).toBeGreaterThan(0);
    check(['---', 'tools:', '  - type: function', '', '    # why', '  - type: function'], item, '    ', 0);
    check(['---', 'tools:', '- type: function'], item, '  ', 0);
  });

  it('survives any text and any cursor', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('- - - a: b', '  : x', '-', '--- ', 'a: [', '"a": \'b', '\t- x', '__proto__:', 'constructor:'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.nat({ max: 14 }), fc.nat({ max: 40 }), (lines, row, column) => {
        const place = placeInFrontMatter(['---', ...lines], row, column);
        if (place === null) return;
        expect(place.start).toBeLessThanOrEqual(place.end);
        expect(place.end).toBeLessThanOrEqual(['---', ...lines][row]?.length ?? 0);
        valuesOf(nodesAt(schema, place.path));
        fieldsAt(schema, place.path);
      }),
    );
  });
});
