import { OpenRouter } from '@openrouter/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, usageOf } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
let managing: OpenRouter;
let first: { secret: string; hash: string };
let second: { secret: string; hash: string };

const call = async (secret: string, model: string) =>
  expect((await daemon.chat(secret, { model, max_tokens: 20 })).status).toBe(200);

beforeAll(async () => {
  provider = await FakeProvider.start();
  provider.on('thinks', answer({ usage: { ...usageOf(10, 5), completion_tokens_details: { reasoning_tokens: 3 } } }));
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['a', 'b', 'thinks'])}`);
  managing = new OpenRouter({ apiKey: daemon.managementKey, serverURL: `${daemon.url}/api/v1` });
  first = await daemon.key({ name: 'first', creator_user_id: 'user_local' });
  second = await daemon.key({ name: 'second' });
  // Kept, but further back than is told.
  daemon.setNow(new Date('2026-10-20T12:00:00Z'));
  await call(first.secret, 'one/a');
  daemon.setNow(new Date('2026-10-23T00:00:00Z'));
  await call(first.secret, 'one/a');
  daemon.setNow(new Date('2026-11-21T12:00:00Z'));
  await call(first.secret, 'one/a');
  await call(second.secret, 'one/a');
  await call(second.secret, 'one/b');
  await call(second.secret, 'one/thinks');
  daemon.setNow(new Date('2026-11-22T12:00:00Z'));
  await call(first.secret, 'one/b');
});
afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

const activity = async (request: Parameters<OpenRouter['analytics']['getUserActivity']>[0] = {}) =>
  (await managing.analytics.getUserActivity(request)).data;
const brief = async (request: Parameters<OpenRouter['analytics']['getUserActivity']>[0] = {}) =>
  (await activity(request)).map(({ date, model, requests }) => [date, model, requests]);

describe('activity', () => {
  it('is that of the last thirty completed days, by day, model and endpoint', async () => {
    expect(await brief()).toEqual([
      ['2026-11-21', 'one/a', 2],
      ['2026-11-21', 'one/b', 1],
      ['2026-11-21', 'one/thinks', 1],
      ['2026-10-23', 'one/a', 1],
    ]);
    expect((await activity()).find(({ model }) => model === 'one/thinks')).toEqual({
      date: '2026-11-21',
      model: 'one/thinks',
      modelPermaslug: 'one/thinks',
      endpointId: 'one:one/thinks',
      providerName: 'one',
      requests: 1,
      promptTokens: 10,
      completionTokens: 5,
      reasoningTokens: 3,
      usage: 0.00006,
      byokUsageInference: 0,
    });
  });

  it('is that of one day, today included when it is asked for by name', async () => {
    expect(await brief({ date: '2026-10-23' })).toEqual([['2026-10-23', 'one/a', 1]]);
    expect(await brief({ date: '2026-11-01' })).toEqual([]);
    expect(await brief({ date: '2026-11-22' })).toEqual([['2026-11-22', 'one/b', 1]]);
  });

  it('is that of a key, of a person, of a workspace', async () => {
    expect(await brief({ apiKeyHash: second.hash, date: '2026-11-21' })).toEqual([
      ['2026-11-21', 'one/a', 1],
      ['2026-11-21', 'one/b', 1],
      ['2026-11-21', 'one/thinks', 1],
    ]);
    expect(await brief({ userId: 'user_local', date: '2026-11-21' })).toEqual([['2026-11-21', 'one/a', 1]]);
    expect(await brief({ userId: 'user_local', apiKeyHash: second.hash })).toEqual([]);
    expect(await brief({ userId: 'nobody' })).toEqual([]);
    const [row] = await activity({ groupBy: 'workspace' });
    expect(row?.workspaceId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await brief({ workspaceId: row?.workspaceId ?? '' })).toEqual(await brief());
  });

  it.each([
    ['date=2026-10-22', 400],
    ['date=2026-11-23', 400],
    ['date=yesterday', 400],
    ['date=2026-02-30', 400],
    ['group_by=model', 400],
    [`api_key_hash=${'0'.repeat(64)}`, 404],
    ['workspace_id=00000000-0000-4000-8000-000000000000', 404],
  ])('is refused for %s', async (query, status) => {
    const response = await daemon.request(`/api/v1/activity?${query}`);
    expect([query, response.status]).toEqual([query, status]);
  });
});

describe('credits', () => {
  it('without any prepaid say so, and what was ever spent, by deleted keys too', async () => {
    await daemon.request(`/api/v1/keys/${first.hash}`, { method: 'DELETE' });
    const { data } = await managing.credits.getCredits();
    expect(data.totalUsage).toBe(0.00042);
    // Nothing that subtracts the one from the other may conclude that nothing is left.
    expect(data.totalCredits - data.totalUsage).toBeGreaterThan(1_000_000);
    const raw = (await (await daemon.request('/api/v1/credits')).json()) as { data: Record<string, unknown> };
    expect(raw.data['unlimited']).toBe(true);
  });
});
