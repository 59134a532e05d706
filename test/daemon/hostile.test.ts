import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { Tally } from '../../server/engine/tally.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { type RawAnswer, requestBytes, sendRaw } from '../support/raw-http.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

const BODY_LIMIT = 65_536;
const LISTED = 'https://app.example';
const CHAT = '/api/v1/chat/completions';
const chatBody = JSON.stringify({ model: 'one/plain', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 });

let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;
let port: number;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `server:\n  body_limit: ${BODY_LIMIT}\n  request_timeout: 700ms\n  allowed_origins: [${LISTED}]\n` +
      `providers:\n${providerYaml('one', provider.baseUrl, ['plain', 'deep'])}`,
  );
  key = (await daemon.key()).secret;
  port = Number(new URL(daemon.url).port);
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

// Whatever was done to it, the daemon answers the next one who asks properly, and nothing of it reached a provider.
afterEach(async () => {
  const sent = provider.received.length;
  expect((await daemon.chat(key, { model: 'one/plain', max_tokens: 20 })).status).toBe(200);
  expect(provider.received.length).toBe(sent + 1);
  expect(daemon.lines.filter((line) => line.level === 'error')).toEqual([]);
});

const host = () => `Host: 127.0.0.1:${port}`;
const bearer = (secret = key) => `Authorization: Bearer ${secret}`;
const JSON_TYPE = 'Content-Type: application/json';
const length = (body: string | Buffer) => `Content-Length: ${Buffer.byteLength(body)}`;

/** The refusal's status and reason, after checking that it is OpenRouter's envelope and says what to do. */
function refusalIn(answer: RawAnswer): readonly [number, string] {
  const { error } = JSON.parse(answer.body) as {
    error: { code: number; message: string; metadata: Record<string, string> };
  };
  expect(answer.headers['content-type']).toContain('application/json');
  expect(error.code).toBe(answer.status);
  expect(error.message).toMatch(/./);
  expect(error.metadata['error_type']).toMatch(/^[a-z_]+$/);
  expect(error.metadata['remedy']).toMatch(/./);
  expect(answer.body).not.toMatch(/\bat .*\.(ts|js):\d|node_modules|sk-cg-/);
  return [answer.status, error.metadata['reason'] ?? ''];
}

/** A POST of a call, in every way proper but for these header lines and this body. */
async function post(headers: readonly string[], body: string | Buffer = chatBody): Promise<readonly [number, string]> {
  const before = provider.received.length;
  const answer = await sendRaw(port, requestBytes('POST', CHAT, [...headers, length(body), 'Connection: close'], body));
  expect(provider.received.length).toBe(before);
  return refusalIn(answer);
}

/** Dollars that calls in flight hold of a key. */
async function inFlight(hash: string): Promise<number | undefined> {
  const tree = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
    workspaces: { keys: { hash: string; in_flight: number }[] }[];
  };
  return tree.workspaces.flatMap(({ keys }) => keys).find((one) => one.hash === hash)?.in_flight;
}

describe('who may speak', () => {
  it('a proper request is answered, so that what follows fails for its own reason', async () => {
    const answer = await sendRaw(
      port,
      requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, length(chatBody), 'Connection: close'], chatBody),
    );
    expect([answer.status, JSON.parse(answer.body).object]).toEqual([200, 'chat.completion']);
  });

  it.each([
    ['a wrong Host', () => ['Host: evil.example']],
    ['a rebinding name with our port', () => [`Host: evil.example:${port}`]],
    ['a rebinding name that looks local', () => [`Host: 127.0.0.1.evil.example:${port}`]],
    ['another port', () => [`Host: 127.0.0.1:${port + 1}`]],
    ['no Host', () => []],
    ['an empty Host', () => ['Host:']],
    ['Host twice, ours first', () => [host(), 'Host: evil.example']],
    ['Host twice, ours last', () => ['Host: evil.example', host()]],
    ['Host twice, the same', () => [host(), host()]],
  ])('not with %s', async (_what, hosts) => {
    expect(await post([...hosts(), bearer(), JSON_TYPE])).toEqual([403, 'host_denied']);
  });

  it.each([['http://evil.example/api/v1/key'], ['http://127.0.0.1/api/v1/key'], ['//evil.example/api/v1/key']])(
    'not with the target %s',
    async (target) => {
      const answer = await sendRaw(port, requestBytes('GET', target, [host(), bearer()]));
      // `//host/path` is a path to HTTP, and one nobody serves.
      expect(refusalIn(answer)).toEqual(target.startsWith('//') ? [404, 'not_found'] : [403, 'host_denied']);
    },
  );

  it.each([
    ['a foreign Origin', ['Origin: https://evil.example'], 'origin_denied'],
    ['the Origin null', ['Origin: null'], 'origin_denied'],
    ['an empty Origin', ['Origin:'], 'origin_denied'],
    ['a listed Origin and another', [`Origin: ${LISTED}`, 'Origin: https://evil.example'], 'origin_denied'],
    ['an Origin below a listed one', ['Origin: https://x.app.example'], 'origin_denied'],
    ['a cross-site page', ['Sec-Fetch-Site: cross-site'], 'cross_site_denied'],
    ['another port of localhost', ['Sec-Fetch-Site: same-site'], 'cross_site_denied'],
  ])('not from %s, even with a good key', async (_what, headers, reason) => {
    expect(await post([host(), bearer(), JSON_TYPE, ...headers])).toEqual([403, reason]);
  });

  it('from a listed origin, which alone is echoed', async () => {
    const headers = [host(), bearer(), `Origin: ${LISTED}`, 'Sec-Fetch-Site: cross-site'];
    const answer = await sendRaw(port, requestBytes('GET', '/api/v1/key', headers));
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, LISTED]);
    const asked = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization'];
    const preflight = await sendRaw(port, requestBytes('OPTIONS', CHAT, [host(), `Origin: ${LISTED}`, ...asked]));
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, LISTED]);
    const foreign = await sendRaw(
      port,
      requestBytes('OPTIONS', CHAT, [host(), 'Origin: https://evil.example', ...asked]),
    );
    expect(refusalIn(foreign)).toEqual([403, 'origin_denied']);
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    ['no token', () => [], 401, 'no_credentials'],
    ['an empty token', () => ['Authorization: Bearer '], 401, 'no_credentials'],
    ['another scheme', () => [`Authorization: Basic ${key}`], 401, 'no_credentials'],
    ['a wrong token', () => [bearer('sk-cg-v1-wrong')], 401, 'invalid_key'],
    ['a token and a half', () => [bearer(`${key}0`)], 401, 'invalid_key'],
    ['a wrong x-api-key', () => ['x-api-key: sk-cg-v1-wrong'], 401, 'invalid_key'],
    ['a wrong token before a right one', () => [bearer('sk-cg-v1-wrong'), bearer()], 401, 'invalid_key'],
    ['a wrong token beside a right x-api-key', () => [bearer('wrong'), `x-api-key: ${key}`], 401, 'invalid_key'],
    ['the hash of a key', () => [bearer('f'.repeat(64))], 401, 'invalid_key'],
    ['the management key', () => [bearer(daemon.managementKey)], 403, 'inference_key_required'],
  ])('nobody calls a model with %s', async (_what, headers, status, reason) => {
    expect(await post([host(), JSON_TYPE, ...headers()])).toEqual([status, reason]);
  });

  it.each([
    '/api/v1/keys',
    '/api/v1/nothing',
    '/',
    '/lsp',
    '/api/v1/callgate/status',
    '/favicon.ico',
    '/api/v1/../healthz',
  ])('without a token %s says only that one is wanted', async (path) => {
    expect(refusalIn(await sendRaw(port, requestBytes('GET', path, [host()])))).toEqual([401, 'no_credentials']);
  });

  it('/healthz tells anybody nothing but ok, and proves a nonce to who knows the key', async () => {
    const plain = await sendRaw(port, requestBytes('GET', '/healthz', [host()]));
    expect([plain.status, plain.body]).toEqual([200, '{"status":"ok"}']);
    expect(Object.keys(plain.headers).sort()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
    ]);
    const proven = await sendRaw(port, requestBytes('GET', '/healthz?nonce=abc', [host()]));
    expect(JSON.parse(proven.body)).toEqual({ status: 'ok', proof: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const long = await sendRaw(port, requestBytes('GET', `/healthz?nonce=${'a'.repeat(300)}`, [host()]));
    expect(long.body).toBe('{"status":"ok"}');
    const twice = await sendRaw(port, requestBytes('GET', '/healthz?nonce=a&nonce=b', [host()]));
    expect(twice.body).toBe('{"status":"ok"}');
    const page = await sendRaw(port, requestBytes('GET', '/healthz', [host(), 'Origin: https://evil.example']));
    expect(refusalIn(page)).toEqual([403, 'origin_denied']);
  });

  it('the sandbox behind the daemon is nobody else’s to call', async () => {
    for (const secret of [key, daemon.managementKey]) {
      const answer = await sendRaw(
        port,
        requestBytes(
          'POST',
          '/sandbox/v1/chat/completions',
          [host(), bearer(secret), JSON_TYPE, length(chatBody)],
          chatBody,
        ),
      );
      expect(refusalIn(answer)).toEqual([401, 'invalid_key']);
    }
  });
});

describe('what a body may be', () => {
  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['a form’s plain text', 'text/plain'],
    ['a form’s plain text that claims more', 'text/plain; x=application/json'],
    ['a multipart form', 'multipart/form-data; boundary=x'],
    ['a type that begins like JSON', 'application/jsonp'],
    ['an octet stream', 'application/octet-stream'],
  ])('not %s', async (_what, type) => {
    expect(await post([host(), bearer(), `Content-Type: ${type}`])).toEqual([415, 'unsupported_media_type']);
  });

  it('not one without a type', async () => {
    expect(await post([host(), bearer()])).toEqual([415, 'unsupported_media_type']);
  });

  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const within = (name: string, value: string) => `${chatBody.slice(0, -1)},"${name}":${value}}`;

  it.each([
    ['an empty body', ''],
    ['half a body', chatBody.slice(0, -10)],
    ['two bodies', chatBody + chatBody],
    ['no JSON', 'model=one/plain'],
    ['JSON with comments', `/* hi */${chatBody}`],
    ['NaN', within('temperature', 'NaN')],
    ['a __proto__ key', within('__proto__', '{"isAdmin":true}')],
    ['a __proto__ key in escapes', within('\\u005f_proto__', '{"isAdmin":true}')],
    ['a __proto__ key far inside', within('metadata', '{"a":[{"__proto__":{}}]}')],
    ['a constructor’s prototype', within('constructor', '{"prototype":{"isAdmin":true}}')],
    ['arrays in arrays without end', within('extra', nested(20_000))],
    ['objects in objects without end', within('extra', `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`)],
    ['brackets that never close', '['.repeat(60_000)],
    ['a list', `[${chatBody}]`],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"text"'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['an overlong encoding', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
    ['half a character', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"}')])],
    ['a gzipped body', Buffer.from('1f8b0800000000000003abae05004b95a8fe02000000', 'hex')],
  ])('not %s', async (_what, body) => {
    const [status, reason] = await post([host(), bearer(), JSON_TYPE], body);
    expect(status).toBe(400);
    expect(['invalid_json', 'invalid_request']).toContain(reason);
  });

  it('brackets in a text are no depth', async () => {
    const body = JSON.stringify({
      model: 'one/plain',
      messages: [{ role: 'user', content: `\\"${'['.repeat(5_000)}` }],
    });
    const answer = await sendRaw(
      port,
      requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, length(body), 'Connection: close'], body),
    );
    expect(answer.status).toBe(200);
  });

  it('in any charset it names, if there is one', async () => {
    const send = (charset: string, body: Buffer) =>
      sendRaw(
        port,
        requestBytes(
          'POST',
          CHAT,
          [host(), bearer(), `${JSON_TYPE}; charset=${charset}`, length(body), 'Connection: close'],
          body,
        ),
      );
    expect((await send('utf-16le', Buffer.from(chatBody, 'utf16le'))).status).toBe(200);
    expect((await send('"ISO-8859-1"', Buffer.from(chatBody.replace('Hi', 'é'), 'latin1'))).status).toBe(200);
    const sent = provider.received.at(-1)?.body['messages'];
    expect(sent).toEqual([{ role: 'user', content: 'é' }]);
    expect(refusalIn(await send('klingon', Buffer.from(chatBody)))).toEqual([400, 'invalid_json']);
    expect(refusalIn(await send('utf-8', Buffer.from(chatBody, 'utf16le')))).toEqual([400, 'invalid_json']);
  });

  it('not larger than the limit, announced or not', async () => {
    const large = JSON.stringify({ model: 'one/plain', messages: [{ role: 'user', content: 'x'.repeat(BODY_LIMIT) }] });
    expect(await post([host(), bearer(), JSON_TYPE], large)).toEqual([413, 'payload_too_large']);
    const announced = await sendRaw(
      port,
      requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, 'Content-Length: 99999999999999'], 'x'),
    );
    expect(refusalIn(announced)).toEqual([413, 'payload_too_large']);
  });

  it('not in chunks without end: the connection is closed', async () => {
    const head = requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, 'Transfer-Encoding: chunked']);
    let closed = false;
    const answer = await sendRaw(port, head, async (socket) => {
      socket.once('close', () => {
        closed = true;
      });
      const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
      for (let index = 0; index < 200 && !socket.destroyed && !socket.readableEnded; index += 1) {
        socket.write(chunk);
        await sleep(1);
      }
    });
    expect(refusalIn(answer)).toEqual([413, 'payload_too_large']);
    expect(answer.headers['connection']).toBe('close');
    await expect.poll(() => closed).toBe(true);
  });

  it('not drop by drop: the time for a request is the time for all of it', async () => {
    const half = requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, 'Content-Length: 4000'], '{');
    const slow = await sendRaw(port, half, async (socket) => {
      while (!socket.destroyed && !socket.readableEnded) {
        socket.write(' ');
        await sleep(100);
      }
    });
    expect(refusalIn(slow)).toEqual([408, 'request_timeout']);
    const headers = await sendRaw(port, `POST ${CHAT} HTTP/1.1\r\n${host()}\r\n`, async (socket) => {
      while (!socket.destroyed && !socket.readableEnded) {
        socket.write('X-Drop: 1\r\n');
        await sleep(100);
      }
    });
    expect(refusalIn(headers)).toEqual([408, 'request_timeout']);
  });

  it('not deeper from a provider than can be charged: the call ends, and nothing stays reserved', async () => {
    provider.on('deep', (_received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const calls = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
      response.end(
        `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","tool_calls":${calls}}}]}`,
      );
    });
    const capped = await daemon.key({ limit: 1 });
    const answer = await daemon.chat(capped.secret, { model: 'one/deep', max_tokens: 20 });
    expect(answer.status).toBe(502);
    expect(await inFlight(capped.hash)).toBe(0);
    expect((await daemon.keyData(capped.hash))['usage']).toBeGreaterThan(0);
  });

  it('even our own failure leaves nothing reserved', async () => {
    const capped = await daemon.key({ limit: 1 });
    vi.spyOn(Tally.prototype, 'add').mockImplementationOnce(() => {
      throw new Error('a bug');
    });
    const answer = await daemon.chat(capped.secret, { model: 'one/plain', max_tokens: 20 });
    expect([answer.status, ((await answer.json()) as { error: { message: string } }).error.message]).toEqual([
      500,
      'Internal error',
    ]);
    expect(await inFlight(capped.hash)).toBe(0);
    expect((await daemon.keyData(capped.hash))['usage']).toBeGreaterThan(0);
    // Said in the log, and only there.
    expect(daemon.lines.splice(0).filter((line) => line.level === 'error')).toMatchObject([
      { event: 'request failed' },
    ]);
  });
});

describe('what is HTTP at all', () => {
  it.each([
    ['a header without end', () => requestBytes('GET', '/healthz', [host(), `X-Bomb: ${'x'.repeat(200_000)}`]), 431],
    [
      'thousands of headers',
      () => requestBytes('GET', '/healthz', [host(), ...Array.from({ length: 5_000 }, (_, at) => `X-${at}: 1`)]),
      431,
    ],
    ['a target without end', () => requestBytes('GET', `/${'a'.repeat(200_000)}`, [host()]), 431],
    ['garbage', () => Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n', 'latin1'), 400],
    ['a method nobody knows', () => requestBytes('BREW', '/pot', [host()]), 400],
    ['a header with a line break in it', () => requestBytes('GET', '/healthz', [host(), 'X: a\rb']), 400],
    ['a blank before the colon', () => requestBytes('GET', '/healthz', [`Host : 127.0.0.1:${port}`]), 400],
    [
      'two lengths',
      () => requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, 'Content-Length: 1', 'Content-Length: 2'], '{}'),
      400,
    ],
    [
      'a length and chunks',
      () =>
        requestBytes(
          'POST',
          CHAT,
          [host(), bearer(), JSON_TYPE, 'Content-Length: 4', 'Transfer-Encoding: chunked'],
          '0\r\n\r\n',
        ),
      400,
    ],
    [
      'a negative length',
      () => requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, 'Content-Length: -1'], '{}'),
      400,
    ],
    [
      'a chunk that is none',
      () =>
        requestBytes(
          'POST',
          CHAT,
          [host(), bearer(), JSON_TYPE, 'Transfer-Encoding: chunked'],
          'zz\r\n{}\r\n0\r\n\r\n',
        ),
      400,
    ],
  ])('not %s', async (_what, bytes, status) => {
    const answer = await sendRaw(port, bytes());
    expect(refusalIn(answer)[0]).toBe(status);
    expect(answer.headers['connection']).toBe('close');
  });

  it('a caller that hangs up in the middle of its body costs nothing', async () => {
    const before = provider.received.length;
    const head = requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, 'Content-Length: 4000'], '{"model":');
    const answer = await sendRaw(port, head, async (socket) => {
      await sleep(20);
      socket.destroy();
    });
    expect(answer.status).toBe(0);
    expect(provider.received.length).toBe(before);
  });

  it('an offer of HTTP/2, as Java makes with every request, is passed over', async () => {
    const offer = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
    ];
    const answer = await sendRaw(
      port,
      requestBytes('POST', CHAT, [host(), bearer(), JSON_TYPE, length(chatBody), ...offer], chatBody),
    );
    expect([answer.status, JSON.parse(answer.body).object]).toEqual([200, 'chat.completion']);
  });
});

describe('the editor’s socket', () => {
  const upgrade = (more: readonly string[], path = '/lsp') =>
    sendRaw(
      port,
      requestBytes('GET', path, [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...more,
      ]),
    );
  const protocol = 'Sec-WebSocket-Protocol: callgate-lsp';
  const managing = () => bearer(daemon.managementKey);

  it.each([
    ['no token', () => [host(), protocol], 401, 'no_credentials'],
    ['a wrong token', () => [host(), protocol, bearer('sk-cg-mgmt-v1-wrong')], 401, 'invalid_key'],
    ['an API key', () => [host(), protocol, bearer()], 403, 'management_key_required'],
    ['a foreign Origin', () => [host(), protocol, managing(), 'Origin: https://evil.example'], 403, 'origin_denied'],
    ['the Origin null', () => [host(), protocol, managing(), 'Origin: null'], 403, 'origin_denied'],
    ['our own address as Origin', () => [host(), protocol, managing(), `Origin: ${daemon.url}`], 403, 'origin_denied'],
    ['a cross-site page', () => [host(), protocol, managing(), 'Sec-Fetch-Site: cross-site'], 403, 'cross_site_denied'],
    ['a wrong Host', () => [`Host: evil.example:${port}`, protocol, managing()], 403, 'host_denied'],
    ['Host twice', () => [host(), 'Host: evil.example', protocol, managing()], 403, 'host_denied'],
    ['no subprotocol', () => [host(), managing()], 400, 'invalid_request'],
    ['another subprotocol', () => [host(), managing(), 'Sec-WebSocket-Protocol: chat'], 400, 'invalid_request'],
  ])('is closed to %s', async (_what, headers, status, reason) => {
    const answer = await upgrade(headers());
    expect(refusalIn(answer)).toEqual([status, reason]);
  });

  it('is at one path alone, and no token stands in it', async () => {
    expect(refusalIn(await upgrade([host(), protocol, managing()], '/other'))).toEqual([404, 'not_found']);
    expect(refusalIn(await upgrade([host(), protocol, managing()], CHAT))).toEqual([404, 'not_found']);
    expect(refusalIn(await upgrade([host(), protocol], `/lsp?key=${daemon.managementKey}`))).toEqual([
      401,
      'no_credentials',
    ]);
  });

  it('with a handshake that is broken is refused', async () => {
    const broken = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      host(),
      protocol,
      managing(),
      'Sec-WebSocket-Key: short',
    ];
    expect((await sendRaw(port, requestBytes('GET', '/lsp', broken))).status).toBe(400);
    const posted = [...broken.slice(0, -1), 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    expect((await sendRaw(port, requestBytes('POST', '/lsp', posted))).status).toBe(405);
  });

  const open = async () => {
    const socket = new WebSocket(`${daemon.url.replace('http', 'ws')}/lsp`, 'callgate-lsp', {
      headers: { authorization: `Bearer ${daemon.managementKey}` },
    });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  };

  it('closes on a frame larger than 16 MiB, and on nothing else’s account', async () => {
    const other = await open();
    const socket = await open();
    expect(socket.protocol).toBe('callgate-lsp');
    const closed = once(socket, 'close');
    socket.send('x'.repeat(16 * 1024 * 1024 + 1));
    expect((await closed)[0]).toBe(1009);
    expect(other.readyState).toBe(WebSocket.OPEN);
    const answered = once(other, 'message');
    other.send(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { processId: null, rootUri: null, capabilities: {} },
      }),
    );
    expect(JSON.parse(String((await answered)[0]))).toMatchObject({
      id: 1,
      result: { capabilities: expect.anything() },
    });
    other.terminate();
  });

  it('outlives messages that are no messages', async () => {
    const socket = await open();
    for (const message of [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{"jsonrpc":"1.0"}',
      '{"jsonrpc":"2.0","id":1}',
      '['.repeat(100_000),
    ])
      socket.send(message);
    socket.send(Buffer.from([0xff, 0x00]));
    // What follows is answered, or the socket was closed for it: never silence.
    const end = await Promise.race([
      once(socket, 'close').then(() => 'closed'),
      once(socket, 'message').then(() => 'answered'),
    ]);
    expect(['closed', 'answered']).toContain(end);
    socket.terminate();
  });
});
