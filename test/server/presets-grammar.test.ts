import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import oniguruma from 'vscode-oniguruma';
import textmate, { type IGrammar } from 'vscode-textmate';

const require = createRequire(import.meta.url);
const INJECTION = 'callgate.preset-reference.injection';
const FILES: Readonly<Record<string, string>> = {
  'text.callgate.preset': 'syntaxes/preset.tmLanguage.json',
  [INJECTION]: 'syntaxes/preset-reference.injection.tmLanguage.json',
  'source.yaml': require.resolve('tm-grammars/grammars/yaml.json'),
  'source.ts': require.resolve('tm-grammars/grammars/typescript.json'),
  'source.python': require.resolve('tm-grammars/grammars/python.json'),
  'source.shell': require.resolve('tm-grammars/grammars/shellscript.json'),
  'source.json': require.resolve('tm-grammars/grammars/json.json'),
  'source.dotenv': require.resolve('tm-grammars/grammars/dotenv.json'),
  'text.html.markdown': require.resolve('tm-grammars/grammars/markdown.json'),
};

let registry: textmate.Registry;

beforeAll(async () => {
  await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));
  registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (scope) => {
      const file = FILES[scope];
      return file === undefined ? null : textmate.parseRawGrammar(readFileSync(file, 'utf8'), file);
    },
    getInjections: (scope) => (scope === INJECTION || scope === 'text.callgate.preset' ? [] : [INJECTION]),
  });
});

async function grammar(scope: string): Promise<IGrammar> {
  const loaded = await registry.loadGrammar(scope);
  if (!loaded) throw new Error(`no grammar ${scope}`);
  return loaded;
}

/** Every token of a text with its scopes, innermost last. */
async function tokens(scope: string, text: string) {
  const loaded = await grammar(scope);
  let stack = textmate.INITIAL;
  return text.split('\n').flatMap((line, row) => {
    const result = loaded.tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens.map(({ startIndex, endIndex, scopes }) => ({
      row,
      text: line.slice(startIndex, endIndex),
      scopes,
    }));
  });
}

/** The tokens of our own scopes, as `text scope`, the scope without its end. */
async function references(scope: string, text: string): Promise<readonly string[]> {
  return (await tokens(scope, text)).flatMap(({ text, scopes }) => {
    const own = scopes.findLast((name) => name.endsWith('.callgate'));
    return own && own !== 'meta.preset-reference.callgate' ? [`${text} ${own.replace('.callgate', '')}`] : [];
  });
}

describe('preset grammar', () => {
  const TEXT = '---\n# Owner\nmodel: openai/gpt-5 # cheap\n---\n# Title\n\nUse `code`.\n\n---\nmodel: x';

  it('embeds YAML between the fences and Markdown below', async () => {
    const all = await tokens('text.callgate.preset', TEXT);
    const at = (row: number, text: string) =>
      all.find((token) => token.row === row && token.text.includes(text))?.scopes ?? [];
    expect(at(0, '---')).toContain('punctuation.definition.begin.frontmatter');
    expect(at(1, ' Owner')).toEqual(
      expect.arrayContaining(['meta.embedded.block.frontmatter', 'comment.line.number-sign.yaml']),
    );
    expect(at(2, 'odel')).toEqual(expect.arrayContaining(['meta.embedded.block.frontmatter', 'entity.name.tag.yaml']));
    expect(at(3, '---')).toContain('punctuation.definition.end.frontmatter');
    expect(at(4, 'Title')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^markup\.heading|^entity\.name\.section/)]),
    );
    for (const { row, scopes } of all)
      expect(scopes.includes('meta.embedded.block.frontmatter'), `line ${row}`).toBe(row === 1 || row === 2);
  });

  it('is not led astray by fences within the prompt', async () => {
    const last = (await tokens('text.callgate.preset', TEXT)).filter(({ row }) => row === 9);
    expect(last.flatMap(({ scopes }) => scopes)).not.toContain('entity.name.tag.yaml');
  });

  it('ends an unfinished string of YAML at the fence', async () => {
    const all = await tokens('text.callgate.preset', '---\nname: "open\n---\nText');
    expect(all.at(-1)).toMatchObject({ text: 'Text', scopes: ['text.callgate.preset', 'meta.paragraph.markdown'] });
  });

  it('takes a byte order mark', async () => {
    const all = await tokens('text.callgate.preset', '\uFEFF---\nmodel: x\n---');
    expect(all.find(({ text }) => text.endsWith('odel'))?.scopes).toContain('meta.embedded.block.frontmatter');
  });
});

describe('preset reference grammar', () => {
  it.each([
    ['source.ts', "const model = '@preset/triage';"],
    ['source.python', 'model = "@preset/triage"'],
    ['source.shell', 'curl -d "{\\"model\\": \\"@preset/triage\\"}"'],
    ['source.shell', 'callgate run --model=@preset/triage'],
    ['source.yaml', 'model: "@preset/triage"'],
    ['source.yaml', 'models: [x, "@preset/triage"]'],
    ['source.json', '{"model": "@preset/triage"}'],
    ['source.dotenv', 'MODEL=@preset/triage'],
    ['text.html.markdown', 'Call @preset/triage, please.'],
  ])('is at work in %s: %s', async (scope, text) => {
    expect(await references(scope, text)).toEqual([
      '@preset/ keyword.other.preset',
      'triage entity.name.function.preset',
    ]);
  });

  it.each<[string, readonly string[]]>([
    [
      'openai/gpt-5:free@preset/s@3:nitro',
      [
        'openai/gpt-5 variable.other.constant.model',
        ':free storage.modifier.variant',
        '@preset/ keyword.other.preset',
        's entity.name.function.preset',
        '@ punctuation.separator.pin',
        '3 constant.numeric.version',
        ': punctuation.separator.variant',
        'nitro storage.modifier.variant',
      ],
    ],
    [
      '@preset/s@3f9c2ab',
      [
        '@preset/ keyword.other.preset',
        's entity.name.function.preset',
        '@ punctuation.separator.pin',
        '3f9c2ab constant.numeric.hex.hash',
      ],
    ],
    [
      '@preset/a-b@draft',
      [
        '@preset/ keyword.other.preset',
        'a-b entity.name.function.preset',
        '@ punctuation.separator.pin',
        'draft constant.language.draft',
      ],
    ],
    ['@preset/Upper', []],
    ['@preset/a@nope', []],
    ['@preset/a:free', []],
    ['@preset/a/b', []],
    ['openai/gpt-5', []],
  ])('tells the parts of %s', async (text, expected) => {
    expect(await references('source.ts', `f('${text}')`)).toEqual(expected);
  });

  it('leaves comments and code alone', async () => {
    expect(await references('source.ts', '// @preset/triage')).toEqual([]);
    expect(await references('source.ts', 'a = b@preset/triage')).toEqual([]);
  });

  it('takes long strings in its stride', async () => {
    const loaded = await grammar('source.json');
    for (const part of ['a', 'a/', '@', '@preset/', 'a:b', 'A1+/']) {
      // The limit is the tokenizer's own: it gives a line up when it takes longer.
      expect(loaded.tokenizeLine(`{"k": "${part.repeat(20_000)}"}`, textmate.INITIAL, 10_000).stoppedEarly, part).toBe(
        false,
      );
    }
  });
});
