import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CALL_FINISHED, CHANGED } from '../../server/protocol.ts';
import { Editor, preset, TestDaemon } from './editor.ts';

const daemon = new TestDaemon();
beforeAll(() => daemon.start());
afterAll(() => daemon.stop());

const URI = 'file:///work/app.ts';
const UNKNOWN = `const model = '@preset/nobody';\n`;
const KNOWN = `const model = '@preset/hello';\n`;

describe('a connection', () => {
  it('says what it can do, in UTF-16 positions', async () => {
    const socket = new WebSocket(daemon.url);
    await once(socket, 'open');
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { capabilities: {} } }));
    const [data] = await once(socket, 'message');
    expect(JSON.parse(data.toString()).result).toMatchObject({
      serverInfo: { name: 'Callgate', version: '0.0.0-test' },
      capabilities: {
        positionEncoding: 'utf-16',
        textDocumentSync: { openClose: true, change: 2 },
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix'], resolveProvider: true },
      },
    });
    socket.terminate();
  });

  it('diagnoses with versions, after every change, and clears on close', async () => {
    const editor = await Editor.open(daemon.url);
    await editor.openText(URI, 'typescript', UNKNOWN);
    expect(await editor.diagnostics(URI, 1)).toMatchObject([
      { code: 'preset/unknown', source: 'Callgate', severity: 2 },
    ]);
    const name = { start: { line: 0, character: 23 }, end: { line: 0, character: 29 } };
    const { version } = await editor.change(URI, name, 'hello');
    expect(await editor.diagnostics(URI, version)).toEqual([]);
    await editor.connection.sendNotification('textDocument/didClose', { textDocument: { uri: URI } });
    expect(await editor.diagnostics(URI)).toEqual([]);
    await editor.close();
  });

  it('publishes only for the last version of a burst', async () => {
    const editor = await Editor.open(daemon.url);
    const seen: (number | undefined)[] = [];
    await editor.openText(URI, 'typescript', UNKNOWN);
    editor.connection.onNotification('textDocument/publishDiagnostics', (params: { version?: number }) => {
      seen.push(params.version);
    });
    let version = 1;
    const start = { line: 0, character: 0 };
    for (let round = 0; round < 30; round++) {
      version = (await editor.change(URI, { start, end: start }, ' ')).version;
    }
    // Its own handler took the place of the editor's.
    while (seen.at(-1) !== version) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen.length).toBeLessThan(30);
    expect(seen).toEqual(seen.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    await editor.close();
  });

  it('passes the daemon’s notifications on, and looks again when presets change', async () => {
    const editors = [await Editor.open(daemon.url), await Editor.open(daemon.url)];
    const heard = editors.map(
      (editor) => new Promise((resolve) => editor.connection.onNotification(CALL_FINISHED, resolve)),
    );
    const call = {
      id: 'gen-1',
      key_hash: 'k',
      workspace_id: 'w',
      preset: null,
      model: null,
      provider: null,
      status: 200,
      cost: 0,
    };
    daemon.broadcast(CALL_FINISHED, call);
    expect(await Promise.all(heard)).toEqual([call, call]);
    for (const editor of editors) {
      await editor.openText(URI, 'typescript', UNKNOWN);
      expect(await editor.diagnostics(URI, 1)).toHaveLength(1);
    }
    daemon.host.known = [preset('hello'), preset('nobody')];
    daemon.broadcast(CHANGED, { what: 'presets' });
    for (const editor of editors) {
      await editor.diagnosticsWhere(URI, ({ diagnostics }) => diagnostics.length === 0);
      await editor.close();
    }
    daemon.host.known = [preset('hello')];
  });

  it('says nothing about presets while the daemon cannot say which there are', async () => {
    daemon.host.known = new Error('store closed');
    const editor = await Editor.open(daemon.url);
    await editor.openText(URI, 'typescript', UNKNOWN);
    expect(await editor.diagnostics(URI, 1)).toEqual([]);
    expect(daemon.log.some((line) => line.includes('store closed'))).toBe(true);
    await editor.close();
    daemon.host.known = [preset('hello')];
  });
});

describe('two editors on one daemon', () => {
  it('may hold different unsaved text for one file', async () => {
    const [one, two] = [await Editor.open(daemon.url), await Editor.open(daemon.url)];
    const broken = `import OpenAI from 'openai';\nconst c = new OpenAI();\n`;
    const fine = `import OpenAI from 'openai';\nconst c = new OpenAI({ baseURL: process.env.CALLGATE_BASE_URL });\n`;
    await one.openText(URI, 'typescript', broken);
    await two.openText(URI, 'typescript', fine);
    expect(await one.diagnostics(URI, 1)).toMatchObject([{ code: 'route/openai-sdk' }]);
    expect(await two.diagnostics(URI, 1)).toEqual([]);
    const end = { line: 2, character: 0 };
    expect(await one.diagnostics(URI, (await one.change(URI, { start: end, end }, '\n')).version)).toHaveLength(1);
    expect(await two.diagnostics(URI, (await two.change(URI, { start: end, end }, '\n')).version)).toHaveLength(0);
    await Promise.all([one.close(), two.close()]);
  });

  it.each([
    [
      'shuts down and exits',
      async (editor: Editor) => {
        await editor.connection.sendRequest('shutdown');
        const closed = once(editor.socket, 'close');
        await editor.connection.sendNotification('exit');
        expect((await closed)[0]).toBe(1000);
      },
    ],
    [
      'exits without shutting down',
      async (editor: Editor) => {
        const closed = once(editor.socket, 'close');
        await editor.connection.sendNotification('exit');
        await closed;
      },
    ],
    [
      'is killed in the middle of a request',
      async (editor: Editor) => {
        await editor.openText(URI, 'typescript', `import OpenAI from 'openai';\n${'new OpenAI();\n'.repeat(100)}`);
        const asked = editor.hover(URI, 0, 0).catch(() => null);
        const closed = once(editor.socket, 'close');
        editor.socket.terminate();
        await closed;
        editor.connection.dispose();
        await asked;
      },
    ],
  ])('go on when one of them %s', async (_name, leave) => {
    const [leaving, staying] = [await Editor.open(daemon.url), await Editor.open(daemon.url)];
    await staying.openText(URI, 'typescript', KNOWN);
    expect(await staying.diagnostics(URI, 1)).toEqual([]);
    await leave(leaving);
    const start = { line: 0, character: 15 };
    const { version } = await staying.change(URI, { start, end: { line: 0, character: 29 } }, '@preset/nobody');
    expect(await staying.diagnostics(URI, version)).toHaveLength(1);
    daemon.broadcast(CHANGED, { what: 'keys' });
    expect(await staying.hover(URI, 0, 0)).toBeNull();
    await staying.close();
  });
});

describe('hostile frames', () => {
  /** The code the daemon closes a socket with after these frames. */
  const closeCode = async (...frames: (string | Buffer)[]): Promise<number> => {
    const socket = new WebSocket(daemon.url);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    for (const frame of frames) socket.send(frame);
    return (await closed)[0];
  };

  it.each([
    ['no JSON', 'hello', 1007],
    ['half of it', '{"jsonrpc":"2.0",', 1007],
    ['nothing', '', 1007],
    ['a number', '1', 1007],
    ['null', 'null', 1007],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"x"}]', 1007],
    ['another protocol', '{"method":"initialize"}', 1007],
    ['a header', 'Content-Length: 2\r\n\r\n{}', 1007],
    ['a cancellation of nothing', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{}}', 1007],
    ['deep nesting', '['.repeat(400_000), 1007],
    ['a binary frame', Buffer.from('{"jsonrpc":"2.0","method":"initialized"}'), 1003],
    ['too large a frame', `"${'x'.repeat(1_100_000)}"`, 1009],
  ])('of %s close that socket', async (_name, frame, code) => {
    expect(await closeCode(frame)).toBe(code);
  });

  it('leave the other editor alone, whatever is in them', async () => {
    const staying = await Editor.open(daemon.url);
    const socket = new WebSocket(daemon.url);
    await once(socket, 'open');
    const methods = [
      'initialize',
      'textDocument/didOpen',
      'textDocument/didChange',
      'textDocument/codeAction',
      'codeAction/resolve',
      'textDocument/hover',
      'nobody/knows',
    ];
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, -1, 2 ** 53, '', URI, '__proto__'),
        fc.string(),
        fc.dictionary(
          fc.constantFrom(
            'textDocument',
            'uri',
            'position',
            'line',
            'character',
            'version',
            'text',
            'contentChanges',
            'range',
            'data',
            'fix',
            'context',
            'capabilities',
            'workspaceFolders',
            '__proto__',
          ),
          tie('any'),
        ),
        fc.array(tie('any'), { maxLength: 3 }),
      ),
    })).any;
    for (const params of fc.sample(fc.tuple(fc.constantFrom(...methods), value, fc.option(fc.nat())), {
      numRuns: 300,
      seed: 7,
    })) {
      const [method, body, id] = params;
      socket.send(JSON.stringify({ jsonrpc: '2.0', ...(id === null ? {} : { id }), method, params: body }));
    }
    // Answered only after everything before it has been read.
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'last', method: 'shutdown' }));
    for (;;) {
      const [data] = await once(socket, 'message');
      if (JSON.parse(data.toString()).id === 'last') break;
    }
    socket.terminate();
    await staying.openText(URI, 'typescript', UNKNOWN);
    expect(await staying.diagnostics(URI, 1)).toHaveLength(1);
    await staying.close();
  });
});
