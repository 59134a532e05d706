import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure, type Received, stream, usageOf } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let second: FakeProvider;
let daemon: TestDaemon;

const SECRET = 'provider-key-of-the-daemon';

beforeAll(async () => {
  provider = await FakeProvider.start();
  second = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, ['m'], '    key: env:ONE_KEY\n    timeout: 400ms\n')}` +
      `  two:\n    base_url: ${second.baseUrl}\n    models:\n      - { id: one/m, native: rescue, pricing: { prompt: "0.000001", completion: "0.00001" } }\n` +
      `${providerYaml('patient', provider.baseUrl, ['m'])}${providerYaml('closed', 'http://127.0.0.1:9/v1', ['m'])}`,
    { env: { ONE_KEY: SECRET } },
  );
});
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
  await second.stop();
});

type Reply = (received: Received, response: ServerResponse) => void | Promise<void>;
type Body = {
  readonly error?: { readonly code: number; readonly message: string; readonly metadata: Record<string, unknown> };
  readonly choices?: readonly { readonly finish_reason: string | null }[];
  readonly usage?: {
    readonly completion_tokens: number;
    readonly cost: number;
    readonly callgate: { cost_source: string };
  };
};

const ONLY = { model: 'one/m', max_tokens: 500, provider: { only: ['one'] } };
const bytes =
  (headers: Record<string, string>, body: string, status = 200): Reply =>
  (_received, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
const JSON_TYPE = { 'content-type': 'application/json' };
const STREAM_TYPE = { 'content-type': 'text/event-stream' };
const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta }], ...more })}\n\n`;
const LAST = 'data: {"choices":[{"index":0,"delta":{"content":"end"},"finish_reason":"stop"}]}\n\n';
const WHOLE = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
  usage: usageOf(10, 5),
};

async function call(reply: Reply, body: object = {}) {
  provider.on('m', reply);
  const key = await daemon.key({ limit: 1 });
  const response = await daemon.chat(key.secret, { ...ONLY, ...body });
  const text = await response.text();
  return { status: response.status, text, key };
}

async function whole(reply: Reply, body: object = {}) {
  const { status, text, key } = await call(reply, body);
  return { status, body: JSON.parse(text) as Body, spent: (await daemon.keyData(key.hash))['usage'] };
}

/** The last chunk of a stream, which is the one with the usage. */
async function lastChunk(reply: Reply): Promise<Body> {
  provider.on('m', reply);
  const key = await daemon.key({ limit: 1 });
  const events = await eventsOf(await daemon.chat(key.secret, { ...ONLY, stream: true }));
  expect(events.at(-1)).toBe('[DONE]');
  return JSON.parse(events.at(-2) ?? '') as Body;
}

describe('an answer out of shape', () => {
  it.each([
    ['choices that are no objects', bytes(JSON_TYPE, '{"choices":[null]}')],
    ['choices that are texts', bytes(JSON_TYPE, '{"choices":["x"]}')],
    ['no content', bytes({}, '', 204)],
    ['something behind the document', bytes(JSON_TYPE, '{"choices":[]} x')],
  ])('is the provider’s failure, not ours: %s', async (_, reply) => {
    const { status, body } = await whole(reply);
    expect([status, body.error?.metadata['reason']]).toEqual([502, 'upstream_failed']);
  });

  it('an event without an end is cut off before it fills the memory', async () => {
    let sent = 0;
    const endless: Reply = async (_received, response) => {
      response.writeHead(200, STREAM_TYPE);
      response.write('data: ');
      for (; sent < 200 && !response.destroyed; sent += 1) {
        if (!response.write('a'.repeat(1_000_000))) await sleep(1);
      }
      response.end();
    };
    const { status, body } = await whole(endless, { stream: true, model: 'patient/m', provider: {} });
    expect([status, body.error?.metadata['reason']]).toEqual([502, 'upstream_failed']);
    expect(sent).toBeLessThan(200);
  });

  it.each([
    ['an empty error', JSON.stringify({ error: '', ...WHOLE })],
    ['a byte order mark', `\uFEFF${JSON.stringify(WHOLE)}`],
  ])('is passed on when it can be understood: %s', async (_, text) => {
    expect(await whole(bytes(JSON_TYPE, text))).toMatchObject({ status: 200, spent: 0.00006 });
  });

  it('a redirect is not followed, and another endpoint is asked', async () => {
    const { status, body } = await whole(bytes({ location: 'http://127.0.0.1:9/' }, '', 301), { provider: {} });
    expect([status, body]).toMatchObject([200, { provider: 'two' }]);
  });
});

describe('a provider that hangs', () => {
  const comments: Reply = (_received, response) => {
    response.writeHead(200, STREAM_TYPE);
    const timer = setInterval(() => response.write(': still here\n\n'), 50);
    response.on('close', () => clearInterval(timer));
  };
  const silence: Reply = (_received, response) => {
    response.writeHead(200, STREAM_TYPE);
    response.write(': hello\n\n');
  };

  it.each([
    ['says nothing but comments', comments],
    ['sends headers and no more', silence],
  ])('does not hold a stream past its time: it %s', async (_, reply) => {
    const { status, body, spent } = await whole(reply, { stream: true });
    expect([status, body.error?.metadata['reason']]).toEqual([504, 'upstream_timeout']);
    // It may have worked on the request.
    expect(spent).toBeGreaterThan(0);
  });

  it.each([
    ['and stays connected', (response: ServerResponse) => void response.write('data: [DONE]\n\n')],
    ['and goes on talking', (response: ServerResponse) => void response.end('data: [DONE]\n\ndata: what else?\n\n')],
  ])('after [DONE] %s is done', async (_, ending) => {
    const last = await lastChunk((_received, response) => {
      response.writeHead(200, STREAM_TYPE);
      response.write(LAST);
      ending(response);
    });
    expect(last).toMatchObject({ choices: [] });
    expect(last.error).toBeUndefined();
  });

  it('a stream that says [DONE] and never gave a reason to finish was not cut short', async () => {
    const last = await lastChunk(bytes(STREAM_TYPE, `${chunk({ content: 'a' })}data: [DONE]\n\n`));
    expect(last.error).toBeUndefined();
  });
});

describe('a stream that dies', () => {
  const dying =
    (...events: string[]): Reply =>
    async (_received, response) => {
      response.writeHead(200, STREAM_TYPE);
      for (const event of events) response.write(event);
      await sleep(50);
      response.destroy();
    };

  it('is charged what came after the usage it began with', async () => {
    const words = Array.from({ length: 300 }, (_, index) => chunk({ content: ` word${index % 10}` }));
    const first = chunk({ content: 'a' }, { usage: { prompt_tokens: 10, completion_tokens: 0 } });
    const { usage } = await lastChunk(dying(first, ...words));
    expect(usage?.completion_tokens).toBeGreaterThan(300);
    expect(usage?.callgate.cost_source).toBe('estimated');
  });

  it('is charged the usage it kept up to date, exactly', async () => {
    const { usage } = await lastChunk(dying(chunk({ content: 'a b c' }, { usage: usageOf(10, 3) })));
    expect(usage).toMatchObject({ completion_tokens: 3, callgate: { cost_source: 'computed' } });
  });

  it('is charged the words of its calls of tools, not the envelopes they came in', async () => {
    const calls = Array.from({ length: 100 }, () =>
      chunk({ tool_calls: [{ index: 0, function: { arguments: ' a' } }] }),
    );
    const { usage } = await lastChunk(dying(chunk({ tool_calls: null, content: 'x' }), ...calls));
    expect(usage?.completion_tokens).toBeLessThanOrEqual(102);
    expect(usage?.completion_tokens).toBeGreaterThan(50);
  });
});

describe('what is charged when nobody answers', () => {
  it('is the input of a request that was cut off after it was sent', async () => {
    const { status, spent } = await whole((_received, response) => void response.destroy());
    expect(status).toBe(502);
    expect(spent).toBeGreaterThan(0);
  });

  it('is nothing for one that could not be sent', async () => {
    const { status, spent } = await whole(answer({}), { model: 'closed/m', provider: {} });
    expect([status, spent]).toEqual([502, 0]);
  });

  it('is the input at the endpoint that may have worked, though another refused after it', async () => {
    provider.on('m', (_received, response) => void response.destroy());
    second.on('rescue', failure(401, 'no such key'));
    const key = await daemon.key({ limit: 1 });
    expect((await daemon.chat(key.secret, { ...ONLY, provider: { order: ['one'] } })).status).toBe(403);
    expect((await daemon.keyData(key.hash))['usage']).toBeGreaterThan(0);
  });

  it('is nothing for one that its caller left before it was to be sent again', async () => {
    provider.on('m', failure(429, 'later', { 'retry-after': '5' }));
    const key = await daemon.key({ limit: 1 });
    const count = provider.received.length;
    const gone = new AbortController();
    const response = daemon.chat(key.secret, ONLY, { signal: gone.signal });
    await expect.poll(() => provider.received.length).toBe(count + 1);
    await sleep(100);
    gone.abort();
    await expect(response).rejects.toThrow();
    await expect.poll(() => daemon.lines.at(-1)?.event).toBe('call settled');
    expect(daemon.lines.at(-1)?.fields).toMatchObject({ status: 499, cost: 0 });
    expect(provider.received).toHaveLength(count + 1);
  });
});

describe('a stop that cuts a stream off', () => {
  it('settles what had come, so that the next start has nothing to guess', async () => {
    const yaml = `providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`;
    const first = await TestDaemon.start(yaml);
    provider.on('m', stream({ chunks: 1_000, every: 5 }));
    const key = await first.key({ limit: 1 });
    const response = await first.chat(key.secret, { model: 'one/m', max_tokens: 500, stream: true });
    const read = response.text().catch(() => '');
    await sleep(200);
    await first.stop({ keep: true });
    await read;
    const settled = first.lines.find(({ event }) => event === 'call settled');
    expect(settled?.fields).toMatchObject({ status: 499, cost_source: 'estimated' });
    const next = await TestDaemon.start(yaml, { state: first.state });
    expect(next.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    expect((await next.keyData(key.hash))['usage']).toBe(settled?.fields['cost']);
    await next.stop();
  });
});

describe('a provider that repeats what it was sent', () => {
  it('gives neither the daemon’s key to the caller nor the prompt to the log', async () => {
    const { text } = await call(
      ({ headers, body }, response) =>
        void failure(400, `${headers.authorization} ${JSON.stringify(body)}`)(
          { headers, body, aborted: false },
          response,
        ),
      { messages: [{ role: 'user', content: 'a secret of mine' }] },
    );
    expect(text).toContain('a secret of mine');
    expect(text).not.toContain(SECRET);
    const log = JSON.stringify(daemon.lines);
    expect(log).not.toContain('a secret of mine');
    expect(log).not.toContain(SECRET);
  });
});
