import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, usageOf } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

type Result = {
  readonly data: readonly Record<string, unknown>[];
  readonly metadata: { readonly query_time_ms: number; readonly row_count: number; readonly truncated: boolean };
  readonly warnings?: readonly string[];
};

let upstream: FakeProvider;
let daemon: TestDaemon;
let first: { secret: string; hash: string };
let second: { secret: string; hash: string };

const days = { start: '2026-03-01T00:00:00Z', end: '2026-04-01T00:00:00Z' };

/** Each call costs 0.00006 dollars: 10 tokens in, 5 out. */
async function callAt(time: string, secret: string, model: string, headers: Record<string, string> = {}) {
  daemon.setNow(new Date(time));
  const response = await daemon.chat(secret, { model, max_tokens: 20 }, { headers });
  expect(response.status).toBe(200);
  await response.text();
}

beforeAll(async () => {
  upstream = await FakeProvider.start();
  upstream.on('cached', (received, response) =>
    answer({ usage: { ...usageOf(10, 5), prompt_tokens_details: { cached_tokens: 4 } } })(received, response),
  );
  daemon = await TestDaemon.start(`providers:\n${providerYaml('lab', upstream.baseUrl, ['plain', 'cached'])}`);
  first = await daemon.key({ name: 'first', creator_user_id: 'user_local' });
  second = await daemon.key({ name: 'second' });
  await callAt('2026-02-28T23:59:59.900Z', first.secret, 'lab/plain');
  await callAt('2026-03-01T00:00:00.000Z', first.secret, 'lab/plain');
  await callAt('2026-03-01T12:30:15.000Z', second.secret, 'lab/cached');
  await callAt('2026-03-03T07:00:00.000Z', first.secret, 'lab/plain', { 'x-title': 'My app' });
  const brought = await daemon.request('/api/v1/byok', {
    body: { provider: 'lab', key: 'own', allowed_models: ['lab/cached'] },
  });
  expect(brought.status).toBe(201);
  await callAt('2026-03-09T08:00:00.000Z', second.secret, 'lab/cached');
  daemon.setNow(new Date('2026-03-20T10:00:00.000Z'));
});
afterAll(async () => {
  await daemon?.stop();
  await upstream?.stop();
});

async function send(body: unknown): Promise<{ status: number; body: { data: Result; error: { message: string } } }> {
  const response = await daemon.request('/api/v1/analytics/query', { body });
  return { status: response.status, body: (await response.json()) as { data: Result; error: { message: string } } };
}
async function query(body: Record<string, unknown>): Promise<Result> {
  const answered = await send({ time_range: days, ...body });
  expect(answered.status, JSON.stringify(answered.body)).toBe(200);
  const { data } = answered.body;
  expect(data.metadata.row_count).toBe(data.data.length);
  return data;
}

describe('a query', () => {
  it('without dimensions is one row, even of nothing', async () => {
    const metrics = ['request_count', 'total_usage', 'tokens_total', 'tokens_prompt', 'tokens_completion'];
    expect((await query({ metrics })).data).toEqual([
      { request_count: 4, total_usage: 0.00024, tokens_total: 60, tokens_prompt: 40, tokens_completion: 20 },
    ]);
    const empty = { start: '2020-01-01T00:00:00Z', end: '2020-02-01T00:00:00Z' };
    expect((await query({ metrics: ['request_count', 'p50_latency'], time_range: empty })).data).toEqual([
      { request_count: 0, p50_latency: null },
    ]);
  });

  it('by dimensions shows what people call them', async () => {
    expect((await query({ metrics: ['request_count'], dimensions: ['model', 'api_key_id'] })).data).toEqual([
      { model: 'lab/cached', api_key_id: 'second', request_count: 2 },
      { model: 'lab/plain', api_key_id: 'first', request_count: 2 },
    ]);
    expect((await query({ metrics: ['request_count'], dimensions: ['user'] })).data).toEqual([
      { user: null, user_email: 'local@localhost', request_count: 2 },
      { user: null, user_email: null, request_count: 2 },
    ]);
    expect((await query({ metrics: ['request_count'], dimensions: ['workspace'] })).data).toEqual([
      { workspace: 'Default', request_count: 4 },
    ]);
    expect((await query({ metrics: ['request_count'], dimensions: ['app'] })).data).toEqual([
      { app: null, request_count: 3 },
      { app: 'My app', request_count: 1 },
    ]);
  });

  it.each([
    ['day', ['2026-03-09', '2026-03-03', '2026-03-01'], [1, 1, 2]],
    ['week', ['2026-03-09', '2026-03-02', '2026-02-23'], [1, 1, 2]],
    ['month', ['2026-03-01'], [4]],
  ])('by %s is a series, newest first', async (granularity, dates, counts) => {
    const { data } = await query({ metrics: ['request_count'], granularity });
    expect(data.map((row) => row[`date__${granularity}`])).toEqual(dates.map((date) => `${date}T00:00:00.000Z`));
    expect(data.map((row) => row['request_count'])).toEqual(counts);
  });

  it('by hour or minute counts the calls themselves', async () => {
    const { data } = await query({
      metrics: ['request_count'],
      granularity: 'hour',
      order_by: { field: 'date', direction: 'asc' },
    });
    expect(data.map((row) => row['date__hour'])).toEqual([
      '2026-03-01T00:00:00.000Z',
      '2026-03-01T12:00:00.000Z',
      '2026-03-03T07:00:00.000Z',
      '2026-03-09T08:00:00.000Z',
    ]);
    const minutes = await query({
      metrics: ['request_count'],
      granularity: 'minute',
      time_range: { start: '2026-03-01T12:00:00Z', end: '2026-03-01T13:00:00Z' },
    });
    expect(minutes.data).toEqual([{ date__minute: '2026-03-01T12:30:00.000Z', request_count: 1 }]);
  });

  it('includes its beginning and not its end, to the millisecond', async () => {
    const between = async (start: string, end: string) =>
      (await query({ metrics: ['request_count'], time_range: { start, end } })).data[0]?.['request_count'];
    expect(await between('2026-02-28T23:59:59.900Z', '2026-03-01T00:00:00.000Z')).toBe(1);
    expect(await between('2026-02-28T23:59:59.901Z', '2026-03-01T00:00:00.001Z')).toBe(1);
    expect(await between('2026-03-01T00:00:00.001Z', '2026-03-01T12:30:15.000Z')).toBe(0);
    expect(await between('2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z')).toBe(1);
  });

  it('tells what brought keys were charged, cached tokens and rates', async () => {
    const metrics = ['total_usage', 'byok_usage', 'credits_usage', 'byok_request_count'];
    const byok = { total_usage: 0.00012, byok_usage: 0.00006, credits_usage: 0.00006, byok_request_count: 1 };
    const filters = [{ field: 'model', operator: 'eq', value: 'lab/cached' }];
    expect((await query({ metrics, filters })).data).toEqual([byok]);
    // The calls themselves say the same.
    expect((await query({ metrics: [...metrics, 'cached_tokens', 'cache_hit_rate'], filters })).data).toEqual([
      { ...byok, cached_tokens: 8, cache_hit_rate: 0.4 },
    ]);
    const [speed] = (await query({ metrics: ['avg_latency', 'p50_latency', 'p99_latency'] })).data;
    expect(speed?.['p99_latency']).toBeGreaterThanOrEqual(Number(speed?.['p50_latency']));
  });

  it.each([
    [{ field: 'model', operator: 'neq', value: 'lab/plain' }, 2],
    [{ field: 'model', operator: 'in', value: ['lab/plain', 'x'] }, 2],
    [{ field: 'model', operator: 'not_in', value: ['lab/plain', 'lab/cached'] }, 0],
    [{ field: 'model', operator: 'gt', value: 'lab/cached' }, 2],
    [{ field: 'model', operator: 'lte', value: 'lab/cached' }, 2],
    [{ field: 'user', operator: 'eq', value: 'user_local' }, 2],
    [{ field: 'user', operator: 'in', value: ['user_local'], include_unset: true }, 4],
    [{ field: 'user', operator: 'neq', value: 'user_local' }, 2],
    [{ field: 'app', operator: 'eq', value: 'My app' }, 1],
    [{ field: 'preset', operator: 'in', value: ['x'] }, 0],
  ])('filters by %j', async (filter, count) => {
    expect((await query({ metrics: ['request_count'], filters: [filter] })).data).toEqual([{ request_count: count }]);
  });

  it('finds a key by its hash, and says of an unknown one that it is', async () => {
    const by = (value: string) =>
      query({ metrics: ['request_count'], filters: [{ field: 'api_key_id', operator: 'eq', value }] });
    const found = await by(first.hash);
    expect(found.data).toEqual([{ request_count: 2 }]);
    expect(found.warnings).toBeUndefined();
    const unknown = await by('f'.repeat(64));
    expect(unknown.data).toEqual([{ request_count: 0 }]);
    expect(unknown.warnings).toEqual([expect.stringContaining('ffffffffffff…')]);
  });

  it('is cut at its limits, and says so', async () => {
    const one = await query({ metrics: ['request_count'], granularity: 'day', limit: 1 });
    expect(one.data).toHaveLength(1);
    expect(one.metadata.truncated).toBe(true);
    const all = await query({ metrics: ['request_count'], granularity: 'day', limit: 3 });
    expect(all.metadata.truncated).toBe(false);
    const grouped = await query({
      metrics: ['request_count'],
      granularity: 'day',
      dimensions: ['model'],
      group_limit: 1,
    });
    expect(grouped.data.map(({ model }) => model)).toEqual(['lab/cached', 'lab/plain']);
  });

  it('without a range is of the last seven days, today included', async () => {
    daemon.setNow(new Date('2026-03-09T10:00:00.000Z'));
    const { body } = await send({ metrics: ['request_count'] });
    expect(body.data.data).toEqual([{ request_count: 2 }]);
    daemon.setNow(new Date('2026-03-20T10:00:00.000Z'));
  });

  it('tells a long range that begins within a day in whole days, and says so', async () => {
    const long = { start: '2026-01-01T12:00:00Z', end: '2026-03-10T12:00:00Z' };
    const { data, warnings } = await query({ metrics: ['request_count'], time_range: long });
    expect(data).toEqual([{ request_count: 5 }]);
    expect(warnings).toEqual([expect.stringContaining('whole days')]);
  });

  it.each([
    [{ metrics: [] }, /^metrics: /],
    [{ metrics: ['joy'] }, /^metrics\.0: there is no metric "joy"/],
    [{ metrics: ['request_count'], dimensions: ['model', 'user', 'app'] }, /^dimensions: Too big/],
    [{ metrics: ['request_count'], dimensions: ['model', 'model'] }, /^dimensions: name one twice/],
    [{ metrics: ['request_count'], dimensions: ['country'] }, /there is no dimension "country"/],
    [{ metrics: ['request_count'], granularity: 'year' }, /^granularity: /],
    [{ metrics: ['request_count'], granularity: 'minute' }, /^granularity: minute is for three hours/],
    [{ metrics: ['request_count'], time_range: { start: days.end, end: days.start } }, /^time_range: /],
    [{ metrics: ['request_count'], time_range: { start: '2026-03-01T00:00Z', end: days.end } }, /^time_range\.start: /],
    [{ metrics: ['p50_latency'], time_range: { start: '2026-01-01T00:00:00Z', end: days.end } }, /at most 31 days/],
    [
      { metrics: ['request_count'], filters: [{ field: 'model', operator: 'in', value: 'x' }] },
      /value: must be a list/,
    ],
    [
      { metrics: ['request_count'], filters: [{ field: 'model', operator: 'eq', value: ['x'] }] },
      /value: must be one value/,
    ],
    [
      { metrics: ['request_count'], filters: [{ field: 'model', operator: 'in', value: ['x'], include_unset: true }] },
      /has no unset bucket/,
    ],
    [
      { metrics: ['request_count'], filters: Array(21).fill({ field: 'model', operator: 'eq', value: 'x' }) },
      /^filters: Too big/,
    ],
    [{ metrics: ['request_count'], order_by: { field: 'total_usage', direction: 'asc' } }, /^order_by: /],
    [{ metrics: ['request_count'], limit: 10_001 }, /^limit: /],
    [{ metrics: ['request_count'], classifier_dimensions: { classifier_id: 'x' } }, /there are no classifiers here/],
  ])('is refused for %j', async (body, message) => {
    const answered = await send({ time_range: days, ...body });
    expect(answered.status).toBe(400);
    expect(answered.body.error.message).toMatch(message);
  });

  it('shows nothing of another organization', async () => {
    const made = await daemon.request('/api/v1/callgate/organizations', { body: { name: 'Other', slug: 'other' } });
    expect(made.status).toBe(201);
    const response = await daemon.request('/api/v1/analytics/query', {
      body: { metrics: ['request_count'], time_range: days },
      headers: { 'x-callgate-organization': 'other' },
    });
    const { data } = (await response.json()) as { data: Result };
    expect(data.data).toEqual([{ request_count: 0 }]);
  });
});
