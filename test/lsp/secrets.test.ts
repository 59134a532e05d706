import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TRUSTED } from '../../server/protocol.ts';
import { applyWorkspaceEdit, Editor, TestDaemon } from './editor.ts';

const KEY = `sk-or-${'v1-'}3f9a1c7be2d4058f6a7719c0e4b85d12fa63907c8ed1b245769c0ab3f8e2d514`;
const OTHER_KEY = `sk-or-${'v1-'}9b41d07e5ac2f8361e70d94bb5837ca2610fe9d8347c5ab21f08e6d37b9c4a55`;
const NAME = 'OPENROUTER_API_KEY';
const LINE = `${NAME}=${KEY}\n`;

const daemon = new TestDaemon();
beforeAll(() => daemon.start());
afterAll(() => daemon.stop());

let path = '';
let folder = '';
let editor: Editor;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'callgate-secrets-'));
  folder = pathToFileURL(path).href;
  editor = await Editor.open(daemon.url, { folder });
});
afterEach(async () => {
  await editor.close();
  await rm(path, { recursive: true });
});

/** Opens a file, chooses its first fix, and gives all texts after it (only those under the folder, by name); null without a fix. */
async function fixed(file: string, languageId: string, text: string, others: Record<string, string> = {}) {
  const uri = `${folder}/${file}`;
  for (const [name, content] of Object.entries(others)) await writeFile(join(path, name), content);
  await editor.openText(uri, languageId, text);
  const [diagnostic] = await editor.diagnostics(uri, 1);
  if (diagnostic === undefined) throw new Error('nothing found');
  const [action] = await editor.actions(uri, diagnostic.range);
  if (action === undefined) return null;
  const known = Object.fromEntries(
    Object.entries({ ...others, [file]: text }).map(([name, content]) => [`${folder}/${name}`, content]),
  );
  const texts = applyWorkspaceEdit(await editor.edit(action), known);
  return Object.fromEntries(Object.entries(texts).map(([name, content]) => [name.slice(folder.length + 1), content]));
}

describe('a key in a file', () => {
  it('is reported where it stands, without its text', async () => {
    const uri = `${folder}/app.ts`;
    await editor.openText(uri, 'typescript', `// 😀\nconst a = 'ü', key = '${KEY}';\n`);
    const diagnostics = await editor.diagnostics(uri, 1);
    expect(diagnostics).toEqual([
      {
        range: { start: { line: 1, character: 22 }, end: { line: 1, character: 95 } },
        severity: 1,
        source: 'Callgate',
        code: 'secret/openrouter-api-key',
        codeDescription: { href: expect.stringContaining('https://openrouter.ai/docs/') },
        message: expect.stringContaining('https://openrouter.ai/settings/keys'),
      },
    ]);
    const actions = await editor.actions(uri, diagnostics[0]!.range);
    expect(actions.map(({ title, kind, isPreferred }) => ({ title, kind, isPreferred }))).toEqual([
      { title: `Move to environment variable ${NAME}`, kind: 'quickfix', isPreferred: true },
    ]);
    expect(JSON.stringify([diagnostics, actions, daemon.log])).not.toContain(KEY.slice(9));
  });

  it('goes to .env and nowhere else', async () => {
    expect(await fixed('app.ts', 'typescript', `const key = '${KEY}';\n`)).toEqual({
      'app.ts': `const key = process.env.${NAME};\n`,
      '.env': LINE,
      '.gitignore': '.env\n',
    });
  });

  it.each([
    ['.env', true],
    ['.env.local', true],
    ['.env.example', false],
    ['.env.production.sample', false],
    ['env.ts', false],
  ])('in %s is left alone: %s', async (file, isLeftAlone) => {
    const uri = `${folder}/${file}`;
    await editor.openText(uri, 'properties', LINE);
    expect(await editor.diagnostics(uri, 1)).toHaveLength(isLeftAlone ? 0 : 1);
  });

  it('has no fix outside of every folder, in an untrusted one, or when another kind is asked for', async () => {
    const outside = 'untitled:Untitled-1';
    await editor.openText(outside, 'typescript', `const key = '${KEY}';\n`);
    const [diagnostic] = await editor.diagnostics(outside, 1);
    expect(await editor.actions(outside, diagnostic!.range)).toEqual([]);

    const wary = await Editor.open(daemon.url, { folder, initializationOptions: { trusted: false } });
    const uri = `${folder}/app.ts`;
    await wary.openText(uri, 'typescript', `const key = '${KEY}';\n`);
    const [found] = await wary.diagnostics(uri, 1);
    expect(await wary.actions(uri, found!.range)).toEqual([]);
    await wary.connection.sendNotification(TRUSTED);
    expect(await wary.actions(uri, found!.range)).toHaveLength(1);
    expect(await wary.actions(uri, found!.range, ['refactor'])).toEqual([]);
    expect(await wary.actions(uri, found!.range, ['quickfix'])).toHaveLength(1);
    const end = { line: 0, character: 0 };
    expect(await wary.actions(uri, { start: end, end })).toEqual([]);
    await wary.close();
  });

  it('refuses to edit a text that has changed since', async () => {
    const uri = `${folder}/app.ts`;
    await editor.openText(uri, 'typescript', `const key = '${KEY}';\n`);
    const [diagnostic] = await editor.diagnostics(uri, 1);
    const [action] = await editor.actions(uri, diagnostic!.range);
    const start = { line: 0, character: 0 };
    await editor.change(uri, { start, end: start }, '\n');
    await expect(editor.edit(action!)).rejects.toThrow('changed');
    await expect(editor.edit({ title: 'forged', data: { fix: 99_999, uri, version: 2 } })).rejects.toThrow('changed');
  });

  it('is edited at once for an editor that cannot ask again', async () => {
    const plain = await Editor.open(daemon.url, { folder, capabilities: {} });
    await writeFile(join(path, '.env'), '');
    await writeFile(join(path, '.gitignore'), '.env');
    const uri = `${folder}/app.ts`;
    await plain.openText(uri, 'typescript', `const key = '${KEY}';\n`);
    const [diagnostic] = await plain.diagnostics(uri, 1);
    const [action] = await plain.actions(uri, diagnostic!.range);
    expect(action?.edit?.documentChanges).toHaveLength(2);
    await plain.close();
  });
});

describe('.env and .gitignore', () => {
  const TEXT = `const key = '${KEY}';\n`;
  const FIXED = `const key = process.env.${NAME};\n`;

  it.each([
    [
      'are appended to',
      { '.env': 'A=1\n', '.gitignore': 'dist\n' },
      { '.env': `A=1\n${LINE}`, '.gitignore': 'dist\n.env\n' },
    ],
    [
      'get the newline they lack',
      { '.env': 'A=1', '.gitignore': 'dist' },
      { '.env': `A=1\n${LINE}`, '.gitignore': 'dist\n.env\n' },
    ],
    [
      'keep CRLF',
      { '.env': 'A=1\r\n', '.gitignore': '*.env\r\n' },
      { '.env': `A=1\r\n${NAME}=${KEY}\r\n`, '.gitignore': '*.env\r\n' },
    ],
    [
      'are left alone when they have it',
      { '.env': `export ${NAME} = "${KEY}"`, '.gitignore': '/.env' },
      { '.env': `export ${NAME} = "${KEY}"`, '.gitignore': '/.env' },
    ],
    [
      'are told again after an exception',
      { '.env': LINE, '.gitignore': '.env*\n!.env\n' },
      { '.env': LINE, '.gitignore': '.env*\n!.env\n.env\n' },
    ],
  ])('%s', async (_name, others, after) => {
    expect(await fixed('app.ts', 'typescript', TEXT, others)).toEqual({ 'app.ts': FIXED, ...after });
  });

  it('never lose another value of the same name', async () => {
    const others = { '.env': `${NAME}=${OTHER_KEY}\n`, '.gitignore': '.env\n' };
    expect(await fixed('app.ts', 'typescript', TEXT, others)).toEqual({
      'app.ts': `const key = process.env.${NAME}_2;\n`,
      '.env': `${NAME}=${OTHER_KEY}\n${NAME}_2=${KEY}\n`,
      '.gitignore': '.env\n',
    });
  });

  it('are read as the editor has them, saved or not', async () => {
    await writeFile(join(path, '.env'), 'OLD=1\n');
    await editor.openText(`${folder}/.env`, 'properties', 'NEW=1\n');
    const uri = `${folder}/app.ts`;
    await editor.openText(uri, 'typescript', TEXT);
    const [diagnostic] = await editor.diagnostics(uri, 1);
    const [action] = await editor.actions(uri, diagnostic!.range);
    const texts = applyWorkspaceEdit(await editor.edit(action!), { [uri]: TEXT, [`${folder}/.env`]: 'NEW=1\n' });
    expect(texts[`${folder}/.env`]).toBe(`NEW=1\n${LINE}`);
  });
});

describe('the idiom', () => {
  const read = `process.env.${NAME}`;
  it.each([
    ['double quotes', 'typescript', `const k = "${KEY}";`, `const k = ${read};`],
    ['a template', 'typescript', `const k = \`${KEY}\`;`, `const k = ${read};`],
    ['part of a template', 'typescript', `const k = \`Bearer ${KEY}\`;`, `const k = \`Bearer \${${read}}\`;`],
    [
      'part of a string',
      'javascript',
      `const h = { a: 'Bearer \`\${x}\` ${KEY}' };`,
      `const h = { a: \`Bearer \\\`\\\${x}\\\` \${${read}}\` };`,
    ],
    ['an argument', 'javascript', `f('${KEY}', 1)`, `f(${read}, 1)`],
    ['an attribute', 'typescriptreact', `const a = <A k="${KEY}" />;`, `const a = <A k={${read}} />;`],
    [
      'a file that reads by index',
      'typescript',
      `const p = process.env['PORT'], k = '${KEY}';`,
      `const p = process.env['PORT'], k = process.env['${NAME}'];`,
    ],
    ['a comment', 'typescript', `// ${KEY}`, null],
    ['a type', 'typescript', `type K = '${KEY}';`, null],
    ['a property’s name', 'typescript', `const o = { '${KEY}': 1 };`, null],
    ['an import', 'typescript', `import '${KEY}';`, null],
    ['a tagged template', 'typescript', `tag\`${KEY}\`;`, null],
    ['an unclosed string', 'typescript', `const k = '${KEY}`, null],
    ['Python', 'python', `import os\nk = "${KEY}"\n`, `import os\nk = os.environ["${NAME}"]\n`],
    [
      'Python with a prefix',
      'python',
      `import sys, os.path\nk = r'${KEY}'\n`,
      `import sys, os.path\nk = os.environ['${NAME}']\n`,
    ],
    [
      'Python’s f-string',
      'python',
      `import os\nk = f"Bearer ${KEY} {x}"\n`,
      `import os\nk = f"Bearer {os.environ['${NAME}']} {x}"\n`,
    ],
    [
      'part of a Python string',
      'python',
      `import os\nk = 'Bearer ${KEY}'\n`,
      `import os\nk = f'Bearer {os.environ["${NAME}"]}'\n`,
    ],
    [
      'a long Python string',
      'python',
      `import os\nk = """a\n${KEY}\nb"""\n`,
      `import os\nk = f"""a\n{os.environ['${NAME}']}\nb"""\n`,
    ],
    ['Python bytes', 'python', `k = b"${KEY}"\n`, null],
    ['a Python comment', 'python', `# "${KEY}"\n`, null],
    ['Python braces', 'python', `k = "{} ${KEY}"\n`, null],
    ['Python strings side by side', 'python', `k = ("a" "${KEY}")\n`, null],
    ['a shell word', 'shellscript', `run --key=${KEY} now\n`, `run --key="$${NAME}" now\n`],
    ['double quotes in shell', 'shellscript', `export K="${KEY}"\n`, `export K="$${NAME}"\n`],
    [
      'part of double quotes',
      'shellscript',
      `curl -H "Authorization: Bearer ${KEY}" x\n`,
      `curl -H "Authorization: Bearer $${NAME}" x\n`,
    ],
    ['a name that goes on', 'shellscript', `echo "${KEY}_x"\n`, `echo "\${${NAME}}_x"\n`],
    ['single quotes', 'shellscript', `K='${KEY}'\n`, `K="$${NAME}"\n`],
    [
      'the end of single quotes',
      'shellscript',
      `curl -H 'Authorization: Bearer ${KEY}' x\n`,
      `curl -H 'Authorization: Bearer '"$${NAME}" x\n`,
    ],
    ['the middle of single quotes', 'shellscript', `echo 'a ${KEY} b'\n`, `echo 'a '"$${NAME}"' b'\n`],
    ['a shell comment', 'shellscript', `# ${KEY}\n`, null],
    ['a heredoc', 'shellscript', `cat <<EOF\n${KEY}\nEOF\n`, null],
    ['a substitution in quotes', 'shellscript', `x="$(curl -H "Authorization: Bearer ${KEY}")"\n`, null],
    ['a dotenv template', 'shellscript', LINE, `${NAME}=\n`, '.env.example'],
    ['a language without one', 'cobol', `MOVE "${KEY}" TO K.\n`, null],
  ])('in %s', async (_name, languageId, before, after, file = 'file') => {
    const texts = await fixed(file, languageId, before);
    expect(texts?.[file] ?? null).toBe(after);
    expect(texts?.['.env'] ?? null).toBe(after === null ? null : LINE);
  });

  it.each([
    ['nothing', `k = "${KEY}"\n`, `import os\n\nk = os.environ["${NAME}"]\n`],
    ['an import', `import json\nk = "${KEY}"\n`, `import os\nimport json\nk = os.environ["${NAME}"]\n`],
    [
      'a shebang',
      `#!/usr/bin/env python3\n# hi\nk = "${KEY}"\n`,
      `#!/usr/bin/env python3\n# hi\nimport os\n\nk = os.environ["${NAME}"]\n`,
    ],
    [
      'a docstring',
      `"""Doc\nimport os\n"""\nk = "${KEY}"\n`,
      `"""Doc\nimport os\n"""\nimport os\n\nk = os.environ["${NAME}"]\n`,
    ],
    [
      'the future',
      `from __future__ import (\n  annotations,\n)\nk = "${KEY}"\n`,
      `from __future__ import (\n  annotations,\n)\nimport os\n\nk = os.environ["${NAME}"]\n`,
    ],
    ['an alias of os', `import os as o\nk = "${KEY}"\n`, `import os\nimport os as o\nk = os.environ["${NAME}"]\n`],
  ])('imports os in Python after %s', async (_name, before, after) => {
    expect((await fixed('app.py', 'python', before))?.['app.py']).toBe(after);
  });
});

describe('the result', () => {
  const run = (file: string, ...args: string[]) =>
    promisify(execFile)(file, args, { env: { ...process.env, [NAME]: KEY } }).then(({ stdout }) => stdout);

  it.each([
    ['node', 'app.mjs', 'javascript', `console.log('${KEY}', \`[\${1}${KEY}]\`);\n`],
    ['python3', 'app.py', 'python', `#!/usr/bin/env python3\n"""Doc."""\nprint("${KEY}")\nprint('[${KEY}]')\n`],
    ['sh', 'app.sh', 'shellscript', `echo ${KEY} "a ${KEY}_b" 'c ${KEY} d' "${KEY}"\n`],
  ])('runs under %s and prints what it printed', async (program, file, languageId, text) => {
    let current = text;
    const uri = `${folder}/${file}`;
    await writeFile(join(path, '.env'), LINE);
    await editor.openText(uri, languageId, current);
    for (let version = 1; current.includes(KEY); ) {
      const [diagnostic] = await editor.diagnostics(uri, version);
      const [action] = await editor.actions(uri, diagnostic!.range);
      current = applyWorkspaceEdit(await editor.edit(action!), { [uri]: current })[uri]!;
      const whole = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };
      version = (await editor.change(uri, whole, current)).version;
    }
    await writeFile(join(path, `before-${file}`), text);
    await writeFile(join(path, file), current);
    expect(await run(program, join(path, file))).toBe(await run(program, join(path, `before-${file}`)));
  });
});
