import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeProvider, failure, stream } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

const COMMENT = ': CALLGATE PROCESSING\n\n';
let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, ['late', 'fails-late', 'pauses'])}`,
    {
      keepAliveMs: 100,
    },
  );
  key = (await daemon.key()).secret;
  provider.on('late', async (received, response) => {
    await sleep(350);
    await stream({})(received, response);
  });
  provider.on('fails-late', async (received, response) => {
    await sleep(350);
    await failure(500, 'too late')(received, response);
  });
  provider.on('pauses', stream({ chunks: 2, every: 350 }));
});
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

const textOf = async (model: string) => {
  const response = await daemon.chat(key, { model, stream: true });
  return { status: response.status, id: response.headers.get('x-generation-id'), text: await response.text() };
};

it('a stream whose provider is slow to begin begins with comments', async () => {
  const { status, text } = await textOf('one/late');
  expect(status).toBe(200);
  expect(text.startsWith(COMMENT + COMMENT)).toBe(true);
  expect(text).toContain('w4');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

it('an error after the first comment is a chunk of the stream', async () => {
  const { status, id, text } = await textOf('one/fails-late');
  expect([status, text.startsWith(COMMENT), text.endsWith('data: [DONE]\n\n')]).toEqual([200, true, true]);
  const [event] = text.split('\n\n').filter((block) => block.startsWith('data: {'));
  expect(JSON.parse(event?.slice(6) ?? '')).toMatchObject({
    id,
    error: { code: 502, metadata: { reason: 'upstream_failed' } },
    choices: [{ finish_reason: 'error' }],
  });
});

it('a stream that pauses goes on with comments', async () => {
  const { text } = await textOf('one/pauses');
  expect(text.indexOf(COMMENT)).toBeGreaterThan(text.indexOf('w0'));
  expect(text).toContain('w1');
});

it('a reader that takes nothing and never leaves is cut off, and its call settled', async () => {
  provider.on('pauses', async (_received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const event = `data: {"id":"x","choices":[{"index":0,"delta":{"content":"${'w'.repeat(60_000)}"},"finish_reason":null}]}\n\n`;
    while (!response.destroyed)
      if (!response.write(event)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  });
  const secret = (await daemon.key({ limit: 1_000 })).secret;
  const body = JSON.stringify({
    model: 'one/pauses',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 9,
  });
  const socket = connect({ port: Number(new URL(daemon.url).port), host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /api/v1/chat/completions HTTP/1.1\r\nHost: ${new URL(daemon.url).host}\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const count = provider.received.length;
  try {
    await expect.poll(() => provider.received.length).toBe(count + 1);
    const gone = () => daemon.lines.some(({ event, fields }) => event === 'call settled' && fields['status'] === 499);
    await expect.poll(gone, { timeout: 20_000 }).toBe(true);
  } finally {
    socket.destroy();
  }
});
