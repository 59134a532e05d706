import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure, stream, usageOf } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

const PATIENCE_MS = 1_600;

let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `server: { queue_wait: ${PATIENCE_MS / 1000}s }\nproviders:\n${providerYaml('one', provider.baseUrl, ['plain', 'paced', 'broken', 'dies', 'slow'])}`,
  );
  provider.on('plain', answer({ delay: 80 }));
  provider.on('paced', stream({ chunks: 10, every: 15 }));
  provider.on('dies', stream({ chunks: 10, every: 15, dieAfter: 6 }));
  provider.on('broken', async (received, response) => {
    await sleep(80);
    await failure(500, 'boom')(received, response);
  });
  key = (await daemon.key()).secret;
});
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

type Json = {
  id: string;
  choices: unknown;
  usage: Record<string, number>;
  error: { metadata: Record<string, unknown> };
};
const json = async (response: Response) => (await response.json()) as Json;
const fresh = (model = 'plain') => ({
  model: `one/${model}`,
  messages: [{ role: 'user', content: randomUUID() }],
  coalesce: true,
});
const call = (
  body: Record<string, unknown>,
  more: { headers?: Record<string, string>; signal?: AbortSignal } = {},
  secret = key,
) => daemon.chat(secret, body, more);
const leaderOf = (response: Response) => response.headers.get('x-callgate-coalesced');
const arrived = (count: number) =>
  expect.poll(() => provider.received.length, { interval: 2, timeout: 10_000 }).toBeGreaterThanOrEqual(count);
const generation = async (id: string, secret = key) =>
  (await (await daemon.request(`/api/v1/generation?id=${id}`, { key: secret })).json()) as {
    data: { total_cost: number; cancelled: boolean; callgate: Record<string, unknown> };
  };

describe('coalescing', () => {
  it('makes one call for many, charged once; each has its own id and generation', async () => {
    const { secret, hash } = await daemon.key({ limit: 1 });
    const request = fresh();
    const before = provider.received.length;
    const responses = await Promise.all(Array.from({ length: 6 }, () => call(request, {}, secret)));
    const bodies = await Promise.all(responses.map(json));
    expect(provider.received).toHaveLength(before + 1);
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(6);
    expect(bodies.every((body, index) => body.id === responses[index]?.headers.get('x-generation-id'))).toBe(true);
    expect(new Set(bodies.map(({ choices }) => JSON.stringify(choices))).size).toBe(1);
    const leaders = responses.filter((response) => leaderOf(response) === null);
    expect(leaders).toHaveLength(1);
    expect(bodies.map(({ usage }) => usage['cost']).toSorted()).toEqual([0, 0, 0, 0, 0, 0.00006]);
    const leader = leaders[0]?.headers.get('x-generation-id') ?? '';
    for (const { id } of bodies.filter((body) => body.id !== leader)) {
      expect((await generation(id, secret)).data).toMatchObject({
        total_cost: 0,
        callgate: { coalesced_with: leader, status: 200 },
      });
    }
    expect(await daemon.keyData(hash)).toMatchObject({ usage: 0.00006, limit_remaining: 0.99994 });
  });

  it('is only for who asks, for the same request, and of the same key', async () => {
    const request = fresh();
    const before = provider.received.length;
    const { coalesce: _coalesce, ...alone } = request;
    const other = (await daemon.key()).secret;
    const responses = await Promise.all([
      call(request),
      call(alone),
      call(alone),
      call({ ...request, temperature: 0 }),
      call(request, {}, other),
      call(alone, { headers: { 'x-callgate-coalesce': 'true' } }),
    ]);
    expect(provider.received).toHaveLength(before + 5);
    expect(responses.map((response) => leaderOf(response) !== null)).toEqual([false, false, false, false, false, true]);
  });

  it('is over when the call is: the next one is made anew', async () => {
    const request = fresh();
    const before = provider.received.length;
    await json(await call(request));
    await json(await call(request));
    expect(provider.received).toHaveLength(before + 2);
  });

  it('gives a stream to all, and its beginning to those who join late', async () => {
    const request = { ...fresh('paced'), stream: true };
    const before = provider.received.length;
    const first = await call(request);
    const late = await call(request);
    const [one, two] = await Promise.all([eventsOf(first), eventsOf(late)]);
    expect(provider.received).toHaveLength(before + 1);
    expect(leaderOf(late)).toBe(first.headers.get('x-generation-id'));
    const texts = (events: string[]) =>
      events
        .slice(0, -1)
        .map((event) => JSON.parse(event).choices[0]?.delta.content ?? '')
        .join('');
    expect(texts(two)).toBe('w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 ');
    expect(texts(two)).toBe(texts(one));
    expect(new Set(two.slice(0, -1).map((event) => JSON.parse(event).id))).toEqual(
      new Set([late.headers.get('x-generation-id')]),
    );
    expect(JSON.parse(two.at(-2) ?? '').usage).toMatchObject({ cost: 0, total_tokens: 0 });
    expect(JSON.parse(one.at(-2) ?? '').usage).toMatchObject({ cost: 0.00006 });
    // It is kept before its last byte leaves.
    const id = late.headers.get('x-generation-id') ?? '';
    expect((await generation(id)).data).toMatchObject({ total_cost: 0, callgate: { status: 200 } });
  });

  it.each([
    ['a whole answer', 'plain', false],
    ['a stream', 'paced', true],
  ])('goes on for the followers when the leader goes away: %s', async (_name, model, streamed) => {
    const request = { ...fresh(model), stream: streamed };
    const gone = new AbortController();
    const before = provider.received.length;
    const leader = call(request, { signal: gone.signal }).then((response) => response.text());
    leader.catch(() => {});
    await arrived(before + 1);
    const follower = call(request);
    await sleep(30);
    gone.abort();
    await expect(leader).rejects.toThrow();
    const response = await follower;
    expect(response.status).toBe(200);
    const id = leaderOf(response);
    expect(id).not.toBeNull();
    if (streamed) expect(await eventsOf(response)).toHaveLength(14);
    else expect((await json(response)).usage).toMatchObject({ cost: 0 });
    expect(provider.received).toHaveLength(before + 1);
    expect(provider.received.at(-1)?.aborted).toBe(false);
    // Who asked first pays, though gone: the call was made for this key.
    await expect
      .poll(async () => (await generation(id ?? '')).data, { timeout: 15_000 })
      .toMatchObject({ total_cost: 0.00006, cancelled: false });
  });

  it('stops the call upstream when all have gone, and charges what had come', async () => {
    const request = { ...fresh('paced'), stream: true };
    const [one, two] = [new AbortController(), new AbortController()];
    const responses = [await call(request, { signal: one.signal }), await call(request, { signal: two.signal })];
    const ids = responses.map((response) => response.headers.get('x-generation-id') ?? '');
    for (const response of responses) response.text().catch(() => {});
    one.abort();
    await sleep(30);
    expect(provider.received.at(-1)?.aborted).toBe(false);
    two.abort();
    await expect.poll(() => provider.received.at(-1)?.aborted, { timeout: 10_000 }).toBe(true);
    await expect
      .poll(async () => (await generation(ids[1] ?? '')).data, { timeout: 15_000 })
      .toMatchObject({ total_cost: 0, cancelled: true });
    await expect
      .poll(async () => (await generation(ids[0] ?? '')).data, { timeout: 15_000 })
      .toMatchObject({ cancelled: true });
    expect((await generation(ids[0] ?? '')).data.total_cost).toBeGreaterThan(0);
  });

  it('shares what the provider said against the request', async () => {
    const request = fresh('broken');
    const before = provider.received.length;
    const responses = await Promise.all([call(request), call(request), call(request)]);
    expect(provider.received).toHaveLength(before + 1);
    expect(responses.map(({ status }) => status)).toEqual([502, 502, 502]);
    const ids = responses.map((response) => response.headers.get('x-generation-id') ?? '');
    expect(new Set(ids).size).toBe(3);
    for (const id of ids)
      expect((await generation(id)).data).toMatchObject({ total_cost: 0, callgate: { status: 502 } });
  });

  it('tells all of a stream that broke midway', async () => {
    const request = { ...fresh('dies'), stream: true };
    const first = await call(request);
    const second = await call(request);
    const id = second.headers.get('x-generation-id') ?? '';
    for (const events of await Promise.all([eventsOf(first), eventsOf(second)])) {
      expect(events.at(-1)).toBe('[DONE]');
      expect(JSON.parse(events.at(-2) ?? '')).toMatchObject({ error: { code: 502 } });
    }
    expect((await generation(id)).data).toMatchObject({ total_cost: 0, callgate: { status: 502 } });
  });

  it('never passes a cap: followers of a call that fits pay nothing, and one alone that does not fit is refused', async () => {
    // Each call may cost 0.0101 at most, so that of calls on their own only one fits at a time.
    const { secret, hash } = await daemon.key({ limit: 0.0102 });
    const request = { ...fresh('plain'), max_tokens: 1_000 };
    provider.on('plain', answer({ delay: 80, usage: usageOf(10, 1_000) }));
    const responses = await Promise.all(Array.from({ length: 4 }, () => call(request, {}, secret)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await daemon.keyData(hash)).toMatchObject({ usage: 0.01001 });
    expect((await call(request, {}, secret)).status).toBe(402);
    expect((await daemon.keyData(hash))['usage']).toBeLessThanOrEqual(0.0102);
    provider.on('plain', answer({ delay: 80 }));
  });

  it('lets followers try by themselves when the leader was refused for want of money', async () => {
    const { secret } = await daemon.key({ limit: 0.0102 });
    let release = () => {};
    provider.on('slow', async (received, response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await answer({})(received, response);
    });
    const before = provider.received.length;
    // Holds the money until after the leader has lost its patience.
    const holder = call({ ...fresh('slow'), coalesce: false, max_tokens: 1_000 }, {}, secret);
    await arrived(before + 1);
    const request = { ...fresh('plain'), max_tokens: 900 };
    const leader = call(request, {}, secret);
    await sleep(PATIENCE_MS / 2);
    const follower = call(request, {}, secret);
    const refused = await leader;
    expect(refused.status).toBe(402);
    expect((await json(refused)).error.metadata['reason']).toBe('in_flight_budget_exhausted');
    release();
    const served = await follower;
    // Its own call, made and paid for by itself.
    expect([served.status, leaderOf(served)]).toEqual([200, null]);
    expect((await json(served)).usage['cost']).toBeGreaterThan(0);
    expect((await holder).status).toBe(200);
  });

  it('goes together with the cache: one miss is made, and kept once', async () => {
    const request = { ...fresh(), cache_enabled: true };
    const before = provider.received.length;
    const responses = await Promise.all([call(request), call(request), call(request)]);
    expect(responses.map((response) => response.headers.get('x-openrouter-cache-status'))).toEqual([
      'MISS',
      'MISS',
      'MISS',
    ]);
    const leader = responses.find((response) => leaderOf(response) === null)?.headers.get('x-generation-id');
    const hit = await call(request);
    expect(hit.headers.get('x-openrouter-cache-source-id')).toBe(leader);
    expect(provider.received).toHaveLength(before + 1);
  });
});
