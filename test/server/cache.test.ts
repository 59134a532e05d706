import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure, stream } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `server: { response_cache: 100kb }\nproviders:\n${providerYaml('one', provider.baseUrl, ['plain', 'tools', 'broken', 'inner', 'dies', 'errors', 'slow', 'huge', 'odd'])}`,
  );
  provider.on('broken', failure(500, 'boom'));
  provider.on(
    'inner',
    answer({
      more: {
        choices: [
          { index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'error', error: { code: 500 } },
        ],
      },
    }),
  );
  provider.on('dies', stream({ dieAfter: 2, every: 5 }));
  provider.on('errors', stream({ errorAfter: 2 }));
  provider.on('slow', stream({ chunks: 100, every: 10 }));
  provider.on('huge', answer({ content: 'x'.repeat(60_000) }));
  key = (await daemon.key()).secret;
});
afterEach(() => daemon.setNow(null));
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

type Json = {
  id: string;
  created: number;
  choices: unknown;
  usage: Record<string, number>;
  openrouter_metadata?: unknown;
};
const json = async (response: Response) => (await response.json()) as Json;
const CACHE = { 'x-openrouter-cache': 'true' };
/** A request nobody has made before. */
const fresh = () => ({ model: 'one/plain', messages: [{ role: 'user', content: randomUUID() }] });
const call = (body: Record<string, unknown>, headers: Record<string, string> = CACHE, secret = key) =>
  daemon.chat(secret, body, { headers });
const status = (response: Response) => response.headers.get('x-openrouter-cache-status');
const generation = async (id: string, secret = key) =>
  (
    (await (await daemon.request(`/api/v1/generation?id=${id}`, { key: secret })).json()) as {
      data: Record<string, unknown>;
    }
  ).data;

describe('the response cache', () => {
  it('answers the same request again at no cost, under an id of its own', async () => {
    const request = fresh();
    const miss = await call(request, { ...CACHE, 'x-openrouter-metadata': 'enabled' });
    const before = provider.received.length;
    const first = await json(miss);
    const hit = await call(request, { ...CACHE, 'x-openrouter-metadata': 'enabled' });
    const second = await json(hit);
    expect(provider.received).toHaveLength(before);
    expect([status(miss), status(hit)]).toEqual(['MISS', 'HIT']);
    expect(miss.headers.get('x-openrouter-cache-ttl')).toBe('300');
    expect(miss.headers.get('x-openrouter-cache-age')).toBeNull();
    expect(hit.headers.get('x-openrouter-cache-source-id')).toBe(first.id);
    expect(second.id).toBe(hit.headers.get('x-generation-id'));
    expect(second.id).not.toBe(first.id);
    expect(second.choices).toEqual(first.choices);
    expect(first.usage).toMatchObject({ prompt_tokens: 10, cost: 0.00006 });
    expect(second.usage).toMatchObject({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, cost: 0 });
    expect(first.openrouter_metadata).toBeDefined();
    expect(second.openrouter_metadata).toBeUndefined();
  });

  it('counts a hit as a generation that cost nothing and says where it came from', async () => {
    const { secret, hash } = await daemon.key({ limit: 1 });
    const request = fresh();
    const first = await json(await call(request, CACHE, secret));
    const second = await json(await call(request, CACHE, secret));
    expect(await generation(second.id, secret)).toMatchObject({
      total_cost: 0,
      native_tokens_prompt: 0,
      model: 'one/plain',
      provider_name: 'one',
      provider_responses: [],
      response_cache_source_id: first.id,
    });
    expect(await generation(first.id, secret)).toMatchObject({ total_cost: 0.00006, response_cache_source_id: null });
    expect(await daemon.keyData(hash)).toMatchObject({ usage: 0.00006, limit_remaining: 0.99994 });
  });

  it('is off unless asked for', async () => {
    const request = fresh();
    const before = provider.received.length;
    for (const headers of [{}, {}, { 'x-openrouter-cache': 'false' }] as Record<string, string>[]) {
      expect(status(await call(request, headers))).toBeNull();
    }
    expect(provider.received).toHaveLength(before + 3);
  });

  it('tells the age and what is left, and ends at its time', async () => {
    const request = fresh();
    const start = Date.now();
    daemon.setNow(new Date(start));
    const headers = { ...CACHE, 'x-openrouter-cache-ttl': '60' };
    expect((await call(request, headers)).headers.get('x-openrouter-cache-ttl')).toBe('60');
    daemon.setNow(new Date(start + 25_400));
    const hit = await call(request, headers);
    expect(hit.headers.get('x-openrouter-cache-age')).toBe('25');
    expect(hit.headers.get('x-openrouter-cache-ttl')).toBe('35');
    daemon.setNow(new Date(start + 60_000));
    expect(status(await call(request, headers))).toBe('MISS');
  });

  it('replays a stream, chunk for chunk', async () => {
    const request = { ...fresh(), stream: true };
    const first = await call(request);
    const chunks = (await eventsOf(first)).map((event) => (event === '[DONE]' ? event : JSON.parse(event)));
    const before = provider.received.length;
    const again = await call(request);
    expect(status(again)).toBe('HIT');
    expect(again.headers.get('content-type')).toContain('text/event-stream');
    const replayed = (await eventsOf(again)).map((event) => (event === '[DONE]' ? event : JSON.parse(event)));
    expect(provider.received).toHaveLength(before);
    expect(replayed).toHaveLength(chunks.length);
    expect(replayed.map((chunk) => chunk.choices)).toEqual(chunks.map((chunk) => chunk.choices));
    expect(new Set(replayed.slice(0, -1).map((chunk) => chunk.id))).toEqual(
      new Set([again.headers.get('x-generation-id')]),
    );
    expect(replayed.at(-2).usage).toMatchObject({ total_tokens: 0, cost: 0 });
    expect(replayed.at(-1)).toBe('[DONE]');
    // A whole answer is another request.
    expect(status(await call({ ...request, stream: false }))).toBe('MISS');
  });

  it('keeps answers that call tools, whole', async () => {
    const message = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1.0}' } }],
    };
    provider.on('tools', answer({ more: { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] } }));
    const request = { ...fresh(), model: 'one/tools', tools: [{ type: 'function', function: { name: 'f' } }] };
    await call(request);
    const hit = await call(request);
    expect(status(hit)).toBe('HIT');
    expect((await json(hit)).choices).toEqual([{ index: 0, message, finish_reason: 'tool_calls' }]);
    expect(status(await call({ ...request, tools: [{ type: 'function', function: { name: 'g' } }] }))).toBe('MISS');
  });

  it('is never shared between keys, and begins anew when a key is rotated', async () => {
    const request = fresh();
    await call(request);
    const other = await daemon.key();
    expect(status(await call(request, CACHE, other.secret))).toBe('MISS');
    const rotated = (await (
      await daemon.request(`/api/v1/callgate/keys/${other.hash}/rotate`, { method: 'POST' })
    ).json()) as { key: string };
    expect(rotated.key).not.toBe(other.secret);
    expect((await call(request, CACHE, other.secret)).status).toBe(401);
    expect(status(await call(request, CACHE, rotated.key))).toBe('MISS');
  });

  it('wants a key that may call', async () => {
    const { secret, hash } = await daemon.key();
    const request = fresh();
    await call(request, CACHE, secret);
    await daemon.request(`/api/v1/keys/${hash}`, { method: 'PATCH', body: { disabled: true } });
    expect((await call(request, CACHE, secret)).status).toBe(401);
  });

  it('serves a key that has spent all it may: a hit costs nothing', async () => {
    const { secret, hash } = await daemon.key({ limit: 1 });
    const request = { ...fresh(), max_tokens: 10 };
    await call(request, CACHE, secret);
    await daemon.request(`/api/v1/keys/${hash}`, { method: 'PATCH', body: { limit: 0.00001 } });
    const hit = await call(request, CACHE, secret);
    expect([hit.status, status(hit)]).toEqual([200, 'HIT']);
    expect((await call({ ...request, max_tokens: 11 }, CACHE, secret)).status).toBe(403);
  });

  it('forgets and fetches anew when told to clear', async () => {
    const request = fresh();
    const first = await json(await call(request));
    const cleared = await call(request, { ...CACHE, 'x-openrouter-cache-clear': 'true' });
    expect(status(cleared)).toBe('MISS');
    const second = await json(cleared);
    const hit = await call(request);
    expect(hit.headers.get('x-openrouter-cache-source-id')).toBe(second.id);
    expect(second.id).not.toBe(first.id);
    // Without the cache there is nothing to clear.
    await call(request, { 'x-openrouter-cache-clear': 'true' });
    expect(status(await call(request))).toBe('HIT');
  });

  it.each(['broken', 'inner'])('keeps no failure: %s', async (model) => {
    const request = { ...fresh(), model: `one/${model}` };
    const before = provider.received.length;
    for (let times = 0; times < 2; times += 1) expect(status(await call(request))).not.toBe('HIT');
    expect(provider.received.length).toBeGreaterThanOrEqual(before + 2);
  });

  it.each(['dies', 'errors'])('keeps no stream that broke midway: %s', async (model) => {
    const request = { ...fresh(), model: `one/${model}`, stream: true };
    for (let times = 0; times < 2; times += 1) {
      const response = await call(request);
      expect(status(response)).toBe('MISS');
      expect((await eventsOf(response)).at(-2)).toContain('"error"');
    }
  });

  it('keeps no stream whose caller went away', async () => {
    const request = { ...fresh(), model: 'one/slow', stream: true };
    const gone = new AbortController();
    const response = await daemon.chat(key, request, { headers: CACHE, signal: gone.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    gone.abort();
    await expect(reader?.read()).rejects.toThrow();
    await expect.poll(() => provider.received.at(-1)?.aborted, { timeout: 10_000 }).toBe(true);
    provider.on('slow', stream({ chunks: 2 }));
    const again = await call(request);
    expect(status(again)).toBe('MISS');
    expect(await eventsOf(again)).toHaveLength(6);
  });

  it('keeps no answer larger than its share of the memory', async () => {
    const request = { ...fresh(), model: 'one/huge' };
    for (let times = 0; times < 2; times += 1) expect(status(await call(request))).toBe('MISS');
  });

  it('writes no answer to disk', async () => {
    const secretWord = `word-${randomUUID()}`;
    provider.on('odd', answer({ content: secretWord }));
    const request = { ...fresh(), model: 'one/odd' };
    await call(request);
    expect(await (await call(request)).text()).toContain(secretWord);
    const files = readdirSync(daemon.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes(secretWord)).toBe(false);
  });

  it('refuses wishes of the wrong kind', async () => {
    expect((await call({ ...fresh(), cache_enabled: 'yes' }, {})).status).toBe(400);
    expect((await call({ ...fresh(), cache_ttl_seconds: 'long' }, {})).status).toBe(400);
  });

  it('keeps its own fields to itself', async () => {
    await call({ ...fresh(), cache_enabled: true, cache_ttl_seconds: 5, coalesce: true });
    const { body } = provider.received.at(-1) ?? {};
    for (const field of ['cache_enabled', 'cache_ttl_seconds', 'coalesce']) expect(body).not.toHaveProperty(field);
  });
});

describe('a preset', () => {
  const publish = (slug: string, config: Record<string, unknown>) =>
    daemon.request(`/api/v1/presets/${slug}/chat/completions`, {
      body: { model: 'one/plain', messages: [{ role: 'system', content: 'Be brief.' }], ...config },
    });
  const asked = (slug: string) => ({ model: `@preset/${slug}`, messages: [{ role: 'user', content: randomUUID() }] });

  it('switches the cache on for its calls, with its own time', async () => {
    await publish('cached', { cache_enabled: true, cache_ttl_seconds: 30 });
    const request = asked('cached');
    const miss = await call(request, {});
    expect([status(miss), miss.headers.get('x-openrouter-cache-ttl')]).toEqual(['MISS', '30']);
    expect(status(await call(request, {}))).toBe('HIT');
    // The header's time wins, and its "false" switches off.
    const other = await call(asked('cached'), { 'x-openrouter-cache-ttl': '40' });
    expect(other.headers.get('x-openrouter-cache-ttl')).toBe('40');
    expect(status(await call(request, { 'x-openrouter-cache': 'false' }))).toBeNull();
  });

  it('that says no cannot be overridden', async () => {
    await publish('never', { cache_enabled: false });
    const request = asked('never');
    for (let times = 0; times < 2; times += 1)
      expect(status(await call({ ...request, cache_enabled: true }))).toBeNull();
  });

  it('in another version is another request', async () => {
    await publish('moving', { cache_enabled: true, temperature: 0 });
    const request = asked('moving');
    await call(request, {});
    expect(status(await call(request, {}))).toBe('HIT');
    await publish('moving', { cache_enabled: true, temperature: 0, metadata: { v: '2' } });
    expect(status(await call(request, {}))).toBe('MISS');
  });
});
