import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claudeEvents, claudeStream } from '../support/fake-anthropic.ts';
import { answer, FakeProvider, failure, type Handler, stream, usageOf } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

const SECRET = 'provider-key-of-the-daemon';
const STREAM = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const chunk = (content: string) =>
  `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
const LAST = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: usageOf(10, 5) };
const END = `data: ${JSON.stringify(LAST)}\n\ndata: [DONE]\n\n`;
const WHOLE = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
  usage: usageOf(10, 5),
});

let provider: FakeProvider;
let daemon: TestDaemon;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, ['m'], '    key: env:ONE_KEY\n')}` +
      `${providerYaml('claude', provider.baseUrl, ['m'], '    dialect: anthropic\n    key: env:ONE_KEY\n')}`,
    { env: { ONE_KEY: SECRET } },
  );
});
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

async function call(reply: Handler, body: Record<string, unknown> = {}) {
  provider.on('m', reply);
  const key = await daemon.key({ limit: 1 });
  const response = await daemon.chat(key.secret, { model: 'one/m', max_tokens: 500, ...body });
  const text = await response.text();
  return { status: response.status, text, usage: (await daemon.keyData(key.hash))['usage'] };
}

describe('the daemon’s own key', () => {
  it('is taken out of an error midway', async () => {
    const { text } = await call(
      ({ headers }, response) => {
        const message = `Incorrect key ${headers.authorization}`;
        response.writeHead(200, STREAM);
        response.write(chunk('a'));
        response.end(`data: ${JSON.stringify({ error: { code: 401, message } })}\n\n`);
      },
      { stream: true },
    );
    expect(text).toContain('Incorrect key Bearer [redacted]');
    expect(text).not.toContain(SECRET);
  });

  it('is taken out of one in Anthropic’s dialect', async () => {
    const { text } = await call(
      ({ headers }, response) => {
        const [begin = '', block = '', delta = ''] = claudeEvents([{ type: 'text', text: 'hello' }]).map(
          (event) => `data: ${JSON.stringify(event)}\n\n`,
        );
        const error = { type: 'api_error', message: `no such key: ${headers['x-api-key']}` };
        response.writeHead(200, STREAM);
        response.end(`${begin}${block}${delta}data: ${JSON.stringify({ type: 'error', error })}\n\n`);
      },
      { stream: true, model: 'claude/m' },
    );
    expect(text).toContain('no such key: [redacted]');
    expect(text).not.toContain(SECRET);
  });

  it('is taken out before a long text is cut, which might leave half of it', async () => {
    const half = SECRET.slice(0, SECRET.length / 2);
    for (const before of [190, 3_985]) {
      const text = `${'-'.repeat(before)}${SECRET}${'-'.repeat(5_000)}`;
      const said = await call((_received, response) => void response.writeHead(400).end(text));
      expect(said.text).toContain('---');
      expect(said.text).not.toContain(half);
    }
  });
});

describe('a packed answer', () => {
  const packed =
    (coding: string, body: Buffer, status = 200): Handler =>
    (received, response) => {
      const type = received.body['stream'] ? STREAM : JSON_TYPE;
      response.writeHead(status, { ...type, 'content-encoding': coding }).end(body);
    };

  it.each([
    ['gzip', gzipSync(WHOLE)],
    ['X-GZIP', gzipSync(WHOLE)],
    ['br', brotliCompressSync(WHOLE)],
    ['identity', Buffer.from(WHOLE)],
  ])('is unpacked: %s', async (coding, body) => {
    const { status, text, usage } = await call(packed(coding, body));
    expect([status, usage, JSON.parse(text).choices[0].message.content]).toEqual([200, 0.00006, 'x']);
  });

  it('is unpacked when it is an error, even the beginning of one', async () => {
    const error = gzipSync(JSON.stringify({ error: { message: 'too odd' } }));
    expect(await call(packed('gzip', error, 400))).toMatchObject({
      status: 400,
      text: expect.stringContaining('one: too odd'),
    });
    const random = Buffer.from(Array.from({ length: 300_000 }, (_, at) => 33 + ((at * at * 31) % 90)));
    const long = await call(packed('gzip', gzipSync(`too long: ${random.toString('latin1')}`), 400));
    expect(long).toMatchObject({ status: 400, text: expect.stringContaining('one: too long') });
  });

  it('is unpacked as it streams', async () => {
    const { text, usage } = await call(
      async (_received, response) => {
        response.writeHead(200, { ...STREAM, 'content-encoding': 'gzip' });
        const gzip = createGzip();
        gzip.pipe(response);
        for (const one of ['a', 'b']) {
          gzip.write(chunk(one));
          gzip.flush();
          await sleep(5);
        }
        gzip.end(END);
      },
      { stream: true },
    );
    expect([text.includes('"content":"b"'), text.endsWith('data: [DONE]\n\n'), usage]).toEqual([true, true, 0.00006]);
  });

  it.each([
    ['gzip', 'no gzip at all', false],
    ['gzip', 'no gzip at all', true],
    ['zz', WHOLE, false],
    ['zz', END, true],
  ])('that cannot be unpacked is the provider’s failure, and was sent: %s (%#)', async (coding, body, streamed) => {
    const { status, text, usage } = await call(packed(coding, Buffer.from(body)), { stream: streamed });
    expect([status, text.includes('unpacked') || text.includes('incorrect header')]).toEqual([502, true]);
    expect(usage).toBeGreaterThan(0);
  });

  it('that unpacks to more than memory is for is not unpacked to its end', async () => {
    const { status, text } = await call(packed('gzip', gzipSync(Buffer.alloc(70_000_000, ' '))));
    expect([status, text.includes('unpacked')]).toEqual([502, true]);
  });
});

describe('reasoning that the caller does not want to see', () => {
  const thought = (name: string) => (text: string) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: '', [name]: text }, finish_reason: null }] })}\n\n`;
  const thinks = (think: (text: string) => string): Handler => {
    return (_received, response) => {
      response.writeHead(200, STREAM);
      response.end(`${think('Hm, let me see.')}${think(' Yes.')}${chunk('Done.')}${END}`);
    };
  };
  const claude = claudeStream({
    events: claudeEvents([
      { type: 'thinking', thinking: 'Hm, let me see.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      { type: 'text', text: 'Done.' },
    ]),
  });

  it.each([
    ['reasoning', 'one/m', thinks(thought('reasoning'))],
    ['reasoning_content', 'one/m', thinks(thought('reasoning_content'))],
    ['Anthropic’s', 'claude/m', claude],
  ])('is kept out of a stream: %s', async (_, model, reply) => {
    for (const body of [{ reasoning: { exclude: true } }, { include_reasoning: false }]) {
      const { text, usage } = await call(reply, { ...body, model, stream: true });
      expect([text.includes('Hm'), /"reasoning(_details|_content)?":/.test(text), text.includes('c2ln')]).toEqual([
        false,
        false,
        false,
      ]);
      expect([text.includes('"content":"Done."'), usage]).toEqual([true, 0.00006]);
    }
    expect((await call(reply, { model, stream: true })).text).toContain('"reasoning":"Hm, let me see."');
  });

  it.each([
    ['one/m', chunk('')],
    ['claude/m', `data: ${JSON.stringify(claudeEvents([])[0])}\n\n`],
  ])('is charged all the same when the caller leaves before anything else comes: %s', async (model, begin) => {
    const words = 'many words about nothing much '.repeat(40);
    const think = model === 'one/m' ? thought('reasoning')(words) : claudeThought(words);
    provider.on('m', (_received, response) => void response.writeHead(200, STREAM).write(`${begin}${think}`));
    const key = await daemon.key({ limit: 1 });
    const leaving = new AbortController();
    const body = { model, max_tokens: 500, stream: true, reasoning: { exclude: true } };
    // What begins the stream is passed on, and came together with the thought.
    await daemon.chat(key.secret, body, { signal: leaving.signal });
    leaving.abort();
    // Two hundred words at ten dollars per million tokens.
    await expect.poll(async () => (await daemon.keyData(key.hash))['usage']).toBeGreaterThan(0.001);
  });

  const claudeThought = (thinking: string) =>
    `data: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking } })}\n\n`;
});

describe('a connection', () => {
  it.each([false, true])('may say that the answer is still to come (streamed: %s)', async (streamed) => {
    const { status, usage } = await call(
      async (received, response) => {
        response.writeProcessing();
        response.writeEarlyHints({ link: '</x>; rel=preload' });
        await (streamed ? stream({}) : answer({}))(received, response);
      },
      { stream: streamed },
    );
    expect([status, usage]).toEqual([200, 0.00006]);
  });

  it('is used again after errors, whole answers and streams', async () => {
    const ports = new Set<number | undefined>();
    for (const reply of [failure(400), failure(500), answer({}), stream({}), failure(404), stream({})]) {
      for (const streamed of [false, true]) {
        await call(
          (received, response) => {
            ports.add(response.socket?.remotePort);
            return reply(received, response);
          },
          { stream: streamed },
        );
      }
    }
    expect(ports.size).toBe(1);
  });

  it.each([false, true])('that ends before the length it promised has broken (streamed: %s)', async (streamed) => {
    const { text, usage } = await call(
      async (_received, response) => {
        response.writeHead(200, { ...(streamed ? STREAM : JSON_TYPE), 'content-length': '1000' });
        response.write(streamed ? chunk('abc') : '{"choices":[');
        await sleep(5);
        response.socket?.end();
      },
      { stream: streamed },
    );
    expect(text).toContain('"reason":"upstream_failed"');
    expect(usage).toBeGreaterThan(0);
  });
});

describe('a provider that is faster than the reader', () => {
  const TEXT = chunk('y'.repeat(1_000));
  const MOST = 100_000_000;

  /** A stream as fast as it is taken, up to `MOST` bytes. */
  function flood() {
    const state = { sent: 0, cut: false };
    const handler: Handler = async (_received, response) => {
      response.writeHead(200, STREAM).setMaxListeners(0);
      const closed = once(response, 'close').then(() => {
        state.cut = !response.writableFinished;
      });
      while (state.sent < MOST && !response.destroyed) {
        state.sent += TEXT.length;
        if (!response.write(TEXT)) {
          const drained = new AbortController();
          await Promise.race([once(response, 'drain', { signal: drained.signal }).catch(() => {}), closed]);
          drained.abort();
        }
      }
      response.end(END);
    };
    return { state, handler };
  }

  /** A caller that reads nothing once the answer has begun. */
  async function stalled(handler: Handler) {
    provider.on('m', handler);
    const key = await daemon.key();
    const { port, host } = new URL(daemon.url);
    const socket = connect(Number(port), '127.0.0.1');
    const body = JSON.stringify({ model: 'one/m', stream: true, messages: [{ role: 'user', content: 'x' }] });
    const head = `POST /api/v1/chat/completions HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${key.secret}\r\n`;
    socket.write(`${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'readable');
    return { socket, key };
  }

  async function comesToRest(state: { readonly sent: number }) {
    for (let before = -1; before !== state.sent; await sleep(300)) before = state.sent;
  }

  it('is made to wait, and is cut off and charged when the reader goes', async () => {
    const { state, handler } = flood();
    const { socket, key } = await stalled(handler);
    await comesToRest(state);
    // What the sockets between hold; the daemon itself holds less than a megabyte.
    expect(state.sent).toBeLessThan(MOST / 3);
    socket.resetAndDestroy();
    await expect.poll(() => state.cut).toBe(true);
    await expect.poll(async () => (await daemon.keyData(key.hash))['usage']).toBeGreaterThan(0);
  });

  it('goes on to the end when the reader does', async () => {
    const { state, handler } = flood();
    const { socket, key } = await stalled(handler);
    await comesToRest(state);
    let end = '';
    socket.on('data', (data) => {
      end = (end + data.toString('latin1')).slice(-100);
    });
    await expect.poll(() => end, { timeout: 25_000 }).toContain('data: [DONE]');
    expect([state.sent >= MOST, state.cut]).toEqual([true, false]);
    expect((await daemon.keyData(key.hash))['usage']).toBe(0.00006);
    socket.destroy();
  });
});

it('events are the caller’s as they were sent, whatever the bytes are cut at', async () => {
  const words = ['ä', '漢字', '😀', 'a\\"b', '\u2028'];
  const bytes = Buffer.from(`\uFEFF: hello\r\n\r\n${words.map(chunk).join('').replaceAll('\n\n', '\r\n\r\n')}${END}`);
  provider.on('m', async (_received, response) => {
    response.writeHead(200, STREAM);
    for (let at = 0; at < bytes.length; at += 7) {
      response.write(bytes.subarray(at, at + 7));
      if (at % 70 === 0) await sleep(0);
    }
    response.end();
  });
  const key = await daemon.key();
  const events = await eventsOf(await daemon.chat(key.secret, { model: 'one/m', stream: true }));
  const contents = events
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data).choices[0]?.delta.content)
    .filter((content) => content !== undefined);
  expect(contents).toEqual(words);
});
