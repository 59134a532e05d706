import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure, stream, usageOf } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let second: FakeProvider;
let daemon: TestDaemon;
let key: string;

type Json = Record<string, never> & {
  choices: { message: { content: string }; finish_reason: string }[];
  usage: Record<string, number>;
  error: { code: number; message: string; metadata: Record<string, unknown> };
};
const json = async (response: Response) => (await response.json()) as Json;

beforeAll(async () => {
  provider = await FakeProvider.start();
  second = await FakeProvider.start();
  const names = [
    'plain',
    'echo',
    'broken',
    'limited',
    'bad-request',
    'refused-key',
    'no-credit',
    'dies',
    'errors',
    'slow',
    'silent',
  ];
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, names)}${providerYaml('two', second.baseUrl, ['plain'])}` +
      `  three:\n    base_url: ${second.baseUrl}\n    models:\n      - { id: one/broken, native: rescue, pricing: { prompt: "0.000002", completion: "0.00002" } }\n      - { id: one/bad-request, native: rescue, pricing: { prompt: "0.000002", completion: "0.00002" } }\n      - { id: three/unpriced }\n`,
  );
  provider.on('broken', failure(500, 'boom'));
  provider.on('limited', failure(429, 'slow down', { 'retry-after': '7200' }));
  provider.on('bad-request', failure(400, 'temperature is too hot'));
  provider.on('refused-key', failure(401, 'no such key'));
  provider.on('no-credit', failure(402, 'pay first'));
  provider.on('dies', stream({ dieAfter: 2, every: 5 }));
  provider.on('errors', stream({ errorAfter: 2 }));
  provider.on('slow', stream({ chunks: 200, every: 10 }));
  provider.on('silent', answer({ usage: null }));
  key = (await daemon.key()).secret;
});

afterAll(async () => {
  await daemon.stop();
  await provider.stop();
  await second.stop();
});

describe('a whole answer', () => {
  it('carries our id, the model asked for, the provider and an exact cost; the rest stands', async () => {
    provider.on('echo', answer({ usage: usageOf(123, 45), more: { x_odd: { n: 1.0 }, service_tier: 'default' } }));
    const response = await daemon.chat(key, { model: 'one/echo', max_tokens: 64 });
    const body = await json(response);
    expect(response.status).toBe(200);
    expect(body).toMatchObject({
      model: 'one/echo',
      provider: 'one',
      object: 'chat.completion',
      x_odd: { n: 1 },
      service_tier: 'default',
    });
    expect(body['id']).toBe(response.headers.get('x-generation-id'));
    // 123 · $0.000001 + 45 · $0.00001
    expect(body.usage['cost']).toBe(0.000573);
    expect(provider.received.at(-1)?.body.model).toBe('echo');
  });

  it('can be looked up by its id, with the provider’s own id beside it', async () => {
    const first = await json(await daemon.chat(key, { model: 'one/plain' }));
    const again = await json(await daemon.chat(key, { model: 'one/plain' }));
    expect(first['id']).not.toBe(again['id']);
    const generation = await daemon.request(`/api/v1/generation?id=${first['id']}`, { key });
    const { data } = (await generation.json()) as { data: Record<string, unknown> };
    expect(data).toMatchObject({
      id: first['id'],
      model: 'one/plain',
      provider_name: 'one',
      upstream_id: 'chatcmpl-same-for-everyone',
      total_cost: 0.00006,
    });
    expect((await daemon.request('/api/v1/generation?id=a&id=b', { key })).status).toBe(400);
    const other = (await daemon.key()).secret;
    expect((await daemon.request(`/api/v1/generation?id=${first['id']}`, { key: other })).status).toBe(404);
  });

  it('passes unknown fields on and keeps ours to itself', async () => {
    await daemon.chat(key, {
      model: 'one/plain',
      my_field: { a: 1 },
      provider: { order: ['one'] },
      session_id: 's',
      trace: { a: '1' },
      user: 'jo',
    });
    const sent = provider.received.at(-1)?.body;
    expect(sent).toMatchObject({ my_field: { a: 1 } });
    for (const field of ['provider', 'session_id', 'trace', 'models']) expect(sent).not.toHaveProperty(field);
    expect(sent?.['user']).not.toBe('jo');
  });

  it('is estimated, and says so, when the provider gives no usage', async () => {
    const body = await json(await daemon.chat(key, { model: 'one/silent' }));
    expect(body.usage['completion_tokens']).toBeGreaterThan(0);
    expect(body.usage['callgate']).toEqual({ cost_source: 'estimated' });
  });
});

describe('a stream', () => {
  it('ends with one usage chunk and [DONE], under one id', async () => {
    const response = await daemon.chat(key, { model: 'one/plain', stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = await eventsOf(response);
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(new Set(chunks.map((chunk) => chunk.id))).toEqual(new Set([response.headers.get('x-generation-id')]));
    expect(chunks.filter((chunk) => chunk.usage)).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({ choices: [], provider: 'one', model: 'one/plain', usage: { cost: 0.00006 } });
    expect(
      chunks
        .slice(0, -1)
        .map((chunk) => chunk.choices[0].delta.content ?? '')
        .join(''),
    ).toBe('w0 w1 w2 w3 w4 ');
    // A null fingerprint makes OpenRouter's own client throw.
    expect(chunks.every((chunk) => chunk.system_fingerprint !== null)).toBe(true);
    expect(provider.received.at(-1)?.body['stream_options']).toEqual({ include_usage: true });
  });

  it.each(['dies', 'errors'])(
    'that breaks midway (%s) ends with an error chunk and is charged what had come',
    async (model) => {
      const response = await daemon.chat(key, { model: `one/${model}`, stream: true });
      const events = (await eventsOf(response)).slice(0, -1).map((event) => JSON.parse(event));
      expect(response.status).toBe(200);
      const last = events.at(-1);
      expect(last.choices[0].finish_reason).toBe('error');
      expect(last.error.code).toBe(502);
      expect(last.error.metadata.error_type).toBe('provider_unavailable');
      expect(last.usage.cost).toBeGreaterThan(0);
      expect(last.usage.callgate.cost_source).toBe('estimated');
    },
  );

  it('that its reader leaves is cut at the provider and charged what had come', async () => {
    const fresh = await daemon.key();
    const gone = new AbortController();
    const response = await daemon.chat(fresh.secret, { model: 'one/slow', stream: true }, { signal: gone.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    gone.abort();
    await reader?.read().catch(() => {});
    const received = provider.received.findLast((one) => one.body.model === 'slow');
    await expect.poll(() => received?.aborted).toBe(true);
    await expect.poll(async () => (await daemon.keyData(fresh.hash))['usage']).toBeGreaterThan(0);
    const { data } = (await (
      await daemon.request(`/api/v1/generation?id=${response.headers.get('x-generation-id')}`)
    ).json()) as { data: Record<string, unknown> };
    expect(data).toMatchObject({ cancelled: true, callgate: { status: 499, cost_source: 'estimated' } });
  });
});

describe('fallback', () => {
  it('goes to the next endpoint of the same model when the request was not the cause', async () => {
    const response = await daemon.chat(
      key,
      { model: 'one/broken' },
      { headers: { 'x-openrouter-metadata': 'Enabled' } },
    );
    const body = await json(response);
    expect(body).toMatchObject({ model: 'one/broken', provider: 'three' });
    expect(body['openrouter_metadata']).toMatchObject({
      attempt: 2,
      attempts: [
        { provider: 'one', status: 500 },
        { provider: 'three', status: 200 },
      ],
    });
  });

  it('goes on even after a stream has opened, as long as no token has come', async () => {
    provider.on('broken', (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
      );
      setTimeout(() => response.end('data: {"error":{"code":529,"message":"overloaded"}}\n\n'), 20);
    });
    const events = await eventsOf(await daemon.chat(key, { model: 'one/broken', stream: true }));
    expect(JSON.parse(events.at(-2) ?? '')).toMatchObject({ provider: 'three', choices: [] });
    provider.on('broken', failure(500, 'boom'));
  });

  it('does not try another endpoint with a request that was at fault, but does try the next model', async () => {
    const alone = await daemon.chat(key, { model: 'one/bad-request' });
    expect(alone.status).toBe(400);
    expect((await json(alone)).error.message).toContain('temperature is too hot');
    const body = await json(await daemon.chat(key, { models: ['one/bad-request', 'two/plain'] }));
    expect(body).toMatchObject({ model: 'two/plain' });
  });

  it.each([
    ['refused-key', 403, 'provider_key_rejected'],
    ['no-credit', 402, 'provider_credits_exhausted'],
    ['limited', 429, 'upstream_rate_limited'],
  ])('tells the daemon’s own standing with the provider apart: %s', async (model, status, reason) => {
    const response = await daemon.chat(key, { model: `one/${model}` });
    const body = await json(response);
    expect([response.status, body.error.metadata['reason']]).toEqual([status, reason]);
    expect(body.error.code).toBe(status);
    if (status === 429) expect(response.headers.get('retry-after')).toBe('7200');
  });

  it('asks an endpoint once, by however many variants of its model it is named', async () => {
    const count = provider.received.length;
    const response = await daemon.chat(key, { models: ['one/limited', 'one/limited:nitro', 'one/limited:floor'] });
    expect([response.status, provider.received.length - count]).toEqual([429, 1]);
  });

  it.each([
    { model: null, models: ['one/plain'], clamp: null },
    { model: 'one/plain', models: [] },
    { model: 'one/plain', provider: { order: [], allow_fallbacks: false } },
  ])('takes what says nothing for absent: %j', async (body) => {
    expect((await daemon.chat(key, body)).status).toBe(200);
  });

  it('costs nothing when nobody answered', async () => {
    const fresh = await daemon.key({ limit: 1 });
    await daemon.chat(fresh.secret, { model: 'one/refused-key', max_tokens: 10 });
    expect(await daemon.keyData(fresh.hash)).toMatchObject({ usage: 0, limit_remaining: 1 });
  });
});

describe('what cannot be routed', () => {
  it.each([
    [{ model: 'nobody/knows' }, 400, 'not a valid model ID'],
    [{ model: 'openai/gpt-5' }, 404, 'openai or openrouter'],
    [{ model: 'one/plain', provider: { only: ['two'] } }, 404, 'No allowed providers'],
    [{ model: 'one/plain', provider: { quantizations: ['fp16'] } }, 404, 'provider.quantizations'],
    [{ model: 'one/plain', provider: { max_price: { prompt: 0.5 } } }, 404, 'provider.max_price'],
    [{ model: 'one/plain', top_k: 3, provider: { require_parameters: true } }, 404, 'provider.require_parameters'],
    [{}, 400, 'No model is named'],
    [{ model: '@preset/helo' }, 404, 'did you mean hello'],
    [{ model: '@preset/hello@99' }, 404, 'hello@99'],
    [{ model: '@preset/hello@draft' }, 403, 'editor alone'],
    [{ model: 'one/plain', max_tokens: -1 }, 400, 'max_tokens'],
    [{ models: ['one/plain', '@preset/hello'] }, 400, 'not in "models"'],
  ])('%j is told why', async (body, status, words) => {
    const response = await daemon.chat(key, body);
    const { error } = await json(response);
    expect([response.status, error.code]).toEqual([status, status]);
    expect(error.message).toContain(words);
    expect(error.metadata['remedy']).toBeTruthy();
  });

  it('a model without a price is refused under a limit, and called where the key allows it', async () => {
    const capped = await daemon.key({ limit: 1 });
    const refused = await daemon.chat(capped.secret, { model: 'three/unpriced' });
    expect([refused.status, (await json(refused)).error.metadata['reason']]).toEqual([402, 'unpriced_model']);
    const allowed = await daemon.key({ limit: 1, allow_unpriced: true });
    const body = await json(await daemon.chat(allowed.secret, { model: 'three/unpriced' }));
    expect(body.usage['cost']).toBeNull();
  });
});

describe('@preset/hello', () => {
  it('streams through the sandbox, which is called over HTTP like any provider', async () => {
    const body = await json(
      await daemon.chat(daemon.firstKey ?? '', {
        model: '@preset/hello',
        messages: [{ role: 'user', content: 'Good day' }],
      }),
    );
    expect(body).toMatchObject({ model: 'callgate/sandbox', provider: 'Callgate' });
    expect(body.choices[0]?.message.content).toContain('Good day');
    expect(body.choices[0]?.message.content).toContain('You greet the person');
    expect(body.usage['cost']).toBeGreaterThan(0);
  });

  it('is not kept busy by a long run of blanks', async () => {
    const messages = [{ role: 'user', content: `Hello,${' '.repeat(2_000_000)}` }];
    const body = await json(await daemon.chat(key, { model: 'callgate/sandbox', messages }));
    expect(body.usage['prompt_tokens']).toBe(6);
  });
});
