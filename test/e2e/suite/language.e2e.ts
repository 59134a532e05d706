import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';
import { apply, completions, open, ours, problems, quickFixes, read, write } from './editing.ts';
import { eventually } from './eventually.ts';
import { attached, closeEditors, inWorkspace } from './extension.ts';
import { after, afterEach, before, describe, it } from './mocha.ts';
import { compile, runGreet } from './program.ts';

const GREET = 'src/greet.ts';

describe('the language server, in the editor', () => {
  let callgate: CallgateExports;
  before(async () => {
    callgate = await attached();
  });
  afterEach(closeEditors);

  describe('a direct call in TypeScript', () => {
    let original = '';
    before(async () => {
      original = await read(GREET);
    });
    after(() => write(GREET, original));

    it('is reported, routed by one action, and what that leaves compiles, runs and answers', async () => {
      const document = await open(GREET);
      const before = document.getText();
      const [call] = await problems(document, 'route/openai-sdk');
      assert.match(call.message, /^Direct provider call: it bypasses caps and presets$/);
      assert.equal(document.getText(call.range), 'new OpenAI');

      const actions = await quickFixes(document, call.range);
      const route = actions.find(({ title }) => title === 'Route through Callgate (@preset/hello)');
      assert.ok(route, actions.map(({ title }) => title).join('; '));
      assert.equal(route.isPreferred, true);
      await apply(route);
      const after = document.getText();
      assert.notEqual(after, before);
      assert.match(after, /model: '@preset\/hello'/);
      assert.ok(!after.includes('put-your-key-here'));
      await problems(document, 'route/openai-sdk', 0);

      assert.ok(await document.save());
      await compile(document.uri.fsPath);
      const key = await callgate.api.createKey({ name: 'greet', limit: 1, limit_reset: 'monthly' });
      assert.ok(key.kind === 'ok');
      const answer = await runGreet(document.uri.fsPath, {
        CALLGATE_BASE_URL: await callgate.api.baseUrl(),
        CALLGATE_API_KEY: key.value.key,
      });
      assert.match(answer, /callgate\/sandbox/);
      assert.match(answer, /Hello, I am Ada/);
      const { hash } = key.value.data;
      await eventually('the program’s spend', callgate.spend.onDidChange, () =>
        callgate.spend.keys.find((row) => row.hash === hash && row.requests === 1 && row.usage > 0),
      );
    });
  });

  describe('a key in a file', () => {
    const FILE = 'src/leak.ts';
    after(async () => {
      for (const path of [FILE, '.env', '.gitignore']) await vscode.workspace.fs.delete(inWorkspace(path));
    });

    it('is reported, and moved to .env, which git is told to ignore', async () => {
      const secret = ['sk', 'or', 'v1', randomBytes(32).toString('hex')].join('-');
      await write(FILE, `export const key = '${secret}';\n`);
      const document = await open(FILE);
      const [leak] = await problems(document, 'secret/openrouter-api-key');
      assert.equal(leak.severity, vscode.DiagnosticSeverity.Error);
      assert.equal(document.getText(leak.range), secret);
      assert.ok(!leak.message.includes(secret));

      const [move] = await quickFixes(document, leak.range);
      assert.equal(move?.title, 'Move to environment variable OPENROUTER_API_KEY');
      await apply(move);
      assert.equal(document.getText(), 'export const key = process.env.OPENROUTER_API_KEY;\n');
      for (const changed of vscode.workspace.textDocuments) if (changed.isDirty) assert.ok(await changed.save());
      assert.equal(await read('.env'), `OPENROUTER_API_KEY=${secret}\n`);
      assert.equal(await read('.gitignore'), '.env\n');
      await problems(document, 'secret/openrouter-api-key', 0);
      // In .env is where it belongs.
      assert.deepEqual(ours((await open('.env')).uri), []);
    });
  });

  describe('a preset file', () => {
    const FILE = '.callgate/presets/draft.preset.md';
    const TEXT = '---\nname: Draft\nmodel: callgate/\ntemperature: 9\nsystem: no\n\n---\nYou are a draft.\n';
    before(() => write(FILE, TEXT));
    after(() => vscode.workspace.fs.delete(inWorkspace(FILE)));

    it('is read by the schema: wrong values and unknown fields, where they stand', async () => {
      const document = await open(FILE);
      const found = await problems(document, 'preset/format', 2);
      assert.deepEqual(
        found.map(({ range }) => document.lineAt(range.start.line).text),
        ['temperature: 9', 'system: no'],
      );
      assert.match(found[0]?.message ?? '', /temperature/);
      assert.match(found[1]?.message ?? '', /system/);
    });

    it('offers the fields that are not there yet, and the models that the daemon serves', async () => {
      const document = await open(FILE);
      await problems(document, 'preset/format', 2);
      const fields = await completions(document, new vscode.Position(5, 0));
      assert.ok(fields.includes('max_tokens') && fields.includes('response_format'), fields.join(' '));
      assert.ok(!fields.includes('temperature'), 'a field that is there is offered again');
      const models = await completions(document, new vscode.Position(2, 'model: callgate/'.length));
      assert.ok(models.includes('callgate/sandbox'), models.join(' '));
    });
  });

  describe('callgate.yaml', () => {
    const FILE = 'callgate.yaml';
    const TEXT = [
      'workspaces:',
      '  - slug: staging',
      '    name: Staging',
      'guardrails:',
      '  - name: Strict',
      '    workspace: ',
      '    limit: 3',
      'keys:',
      '  - name: importer',
      '    ',
      '',
    ].join('\n');
    before(() => write(FILE, TEXT));
    after(() => vscode.workspace.fs.delete(inWorkspace(FILE)));

    it('is read by its schema: what `callgate plan` would refuse is said where it stands', async () => {
      const document = await open(FILE);
      const found = await problems(document, 'policy/format', 2);
      assert.deepEqual(
        found.map(({ range }) => document.lineAt(range.start.line).text.trim()),
        ['workspace:', 'limit: 3'],
      );
      assert.match(found[1]?.message ?? '', /limit/);
    });

    it('offers the fields of the section, and the names that the file gives', async () => {
      const document = await open(FILE);
      await problems(document, 'policy/format', 2);
      const fields = await completions(document, new vscode.Position(9, 4));
      assert.ok(fields.includes('guardrail') && fields.includes('limit'), fields.join(' '));
      const names = await completions(document, new vscode.Position(5, '    workspace: '.length));
      assert.ok(names.includes('staging'), names.join(' '));
    });
  });

  describe('a reference to a preset', () => {
    const UNKNOWN = 'src/unknown.ts';
    const KNOWN = 'src/known.ts';
    before(async () => {
      await write(UNKNOWN, `export const near = '@preset/helo';\nexport const far = '@preset/nope';\n`);
      await write(KNOWN, `export const known = '@preset/hello';\n`);
    });
    after(async () => {
      for (const path of [UNKNOWN, KNOWN]) await vscode.workspace.fs.delete(inWorkspace(path));
    });

    it('is warned of when nobody has published it, with the names that are near', async () => {
      const document = await open(UNKNOWN);
      const found = await problems(document, 'preset/unknown', 2);
      assert.deepEqual(
        found.map(({ range, severity }) => [document.getText(range), severity]),
        [
          ['@preset/helo', vscode.DiagnosticSeverity.Warning],
          ['@preset/nope', vscode.DiagnosticSeverity.Warning],
        ],
      );
      assert.match(found[0]?.message ?? '', /No preset "helo" is published.*Did you mean @preset\/hello\?/);
      assert.match(found[1]?.message ?? '', /No preset "nope" is published/);
    });

    it('is completed and explained', async () => {
      const document = await open(KNOWN);
      const at = new vscode.Position(0, `export const known = '@preset/`.length);
      assert.ok((await completions(document, at)).includes('hello'));
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        at,
      );
      const text = hovers.flatMap(({ contents }) =>
        contents.map((part) => (typeof part === 'string' ? part : part.value)),
      );
      assert.match(text.join('\n'), /\*\*@preset\/hello\*\*.*version 1/s);
    });
  });

  describe('without a daemon', () => {
    const FILE = 'src/direct.ts';
    before(() => write(FILE, `import OpenAI from 'openai';\nexport const client = new OpenAI();\n`));
    after(async () => {
      await vscode.workspace.fs.delete(inWorkspace(FILE));
      await vscode.commands.executeCommand('callgate.startDaemon');
      await callgate.ready();
    });

    it('says nothing and breaks nothing, and is back with it', async () => {
      const document = await open(FILE);
      const [call] = await problems(document, 'route/openai-sdk');
      await vscode.commands.executeCommand('callgate.stopDaemon');
      assert.equal(callgate.state().kind, 'stopped');
      await problems(document, 'route/openai-sdk', 0);
      assert.deepEqual(await quickFixes(document, call.range), []);
      const preset = await open('.callgate/presets/hello.preset.md');
      assert.deepEqual(ours(preset.uri), []);
      // Words of the text itself are still offered, by VS Code.
      assert.ok(!(await completions(preset, new vscode.Position(1, 0))).includes('response_format'));

      await vscode.commands.executeCommand('callgate.startDaemon');
      await callgate.ready();
      await problems(document, 'route/openai-sdk');
    });
  });
});
