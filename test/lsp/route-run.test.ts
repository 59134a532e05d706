import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyWorkspaceEdit, Editor, preset, TestDaemon } from './editor.ts';
import { BASE_URL } from './syntax.ts';

const daemon = new TestDaemon();
let editor: Editor;
beforeAll(async () => {
  await daemon.start();
  editor = await Editor.open(daemon.url);
});
afterAll(async () => {
  await editor.close();
  await daemon.stop();
});
beforeEach(() => {
  daemon.host.known = [preset('hello')];
});

const PROGRAM = `import OpenAI from 'openai';

class Greeter {
  readonly #client = new OpenAI({
    apiKey: 'sk-hard-coded', // to be moved
    maxRetries: 0,
  });

  async greet(name: string): Promise<string> {
    const answer = await this.#client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: \`Greet \${name}\` }],
    });
    return answer.choices[0]?.message.content ?? '';
  }
}

console.log(await new Greeter().greet('Ada'));
`;

describe('routing from the editor', () => {
  let count = 0;
  const open = async (text: string, languageId = 'typescript') => {
    const uri = `file:///work/greeter-${count++}.ts`;
    await editor.openText(uri, languageId, text);
    return { uri, diagnostics: await editor.diagnostics(uri, 1) };
  };

  it('reports the construction, and no more of it', async () => {
    const { diagnostics } = await open(PROGRAM);
    expect(diagnostics).toEqual([
      {
        range: { start: { line: 3, character: 21 }, end: { line: 3, character: 31 } },
        severity: 3,
        source: 'Callgate',
        code: 'route/openai-sdk',
        message: 'Direct provider call: it bypasses caps and presets',
      },
    ]);
  });

  it('says why it offers nothing, when it does not', async () => {
    const { uri, diagnostics } = await open(
      `import OpenAI from 'openai';\nawait new OpenAI().images.generate({ prompt: 'x' });`,
    );
    expect(diagnostics[0]?.message).toContain('does not serve "images.generate" yet');
    expect(await editor.actions(uri, diagnostics[0]!.range)).toEqual([]);
  });

  it('offers presets of the same model first, then hello, then the newest, active ones only', async () => {
    daemon.host.known = [
      preset('plain', { updated_at: '2026-02-01T00:00:00Z' }),
      preset('hello', { updated_at: '2026-01-01T00:00:00Z' }),
      preset('newest', { updated_at: '2026-03-01T00:00:00Z' }),
      preset('same', { model: 'openai/gpt-4o', updated_at: '2025-01-01T00:00:00Z' }),
      preset('stopped', { status: 'disabled' }),
      preset('draft', { version: null }),
    ];
    const { uri, diagnostics } = await open(PROGRAM);
    const actions = await editor.actions(uri, diagnostics[0]!.range);
    expect(actions.map(({ title, isPreferred }) => [title, isPreferred])).toEqual([
      ['Route through Callgate (@preset/same)', true],
      ['Route through Callgate (@preset/hello)', false],
      ['Route through Callgate (@preset/newest)', false],
      ['Route through Callgate (@preset/plain)', false],
    ]);
  });

  it('offers hello while the daemon cannot list its presets', async () => {
    daemon.host.known = new Error('busy');
    const { uri, diagnostics } = await open(PROGRAM);
    const actions = await editor.actions(uri, diagnostics[0]!.range);
    expect(actions.map(({ title }) => title)).toEqual(['Route through Callgate (@preset/hello)']);
  });

  it('is silent about the same text in another language', async () => {
    expect((await open(PROGRAM, 'markdown')).diagnostics).toEqual([]);
  });

  it('gives a program that runs, and calls Callgate with the preset and its own key', async () => {
    const { uri, diagnostics } = await open(PROGRAM);
    const [action] = await editor.actions(uri, diagnostics[0]!.range);
    const text = applyWorkspaceEdit(await editor.edit(action!), { [uri]: PROGRAM })[uri]!;
    expect(text).toBe(
      PROGRAM.replace("'sk-hard-coded'", 'process.env.CALLGATE_API_KEY')
        .replace(
          'maxRetries: 0,\n',
          `maxRetries: 0,\n    baseURL: process.env.CALLGATE_BASE_URL ?? '${BASE_URL}/api/v1',\n`,
        )
        .replace("'gpt-4o'", "'@preset/hello'"),
    );
    const whole = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    expect(await editor.diagnostics(uri, (await editor.change(uri, whole, text)).version)).toEqual([]);

    const { output, requests } = await runAgainstServer(text);
    expect(output).toBe('Hello, Ada!\n');
    expect(requests).toEqual([
      { path: '/api/v1/chat/completions', authorization: 'Bearer sk-cg-v1-mine', model: '@preset/hello' },
    ]);
  });
});

/** Runs a TypeScript program whose Callgate is a server that answers every completion. */
async function runAgainstServer(text: string) {
  const requests: { path: string | undefined; authorization: string | undefined; model: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ path: request.url, authorization: request.headers.authorization, model: JSON.parse(body).model });
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello, Ada!' }, finish_reason: 'stop' }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'gen-1', object: 'chat.completion', created: 0, model: 'm', choices }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'callgate-run-'));
  try {
    await symlink(resolve(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'greeter.mts'), text);
    const { port } = server.address() as AddressInfo;
    const env = {
      ...process.env,
      CALLGATE_BASE_URL: `http://127.0.0.1:${port}/api/v1`,
      CALLGATE_API_KEY: 'sk-cg-v1-mine',
    };
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'greeter.mts')], { env });
    return { output: stdout, requests };
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}
