import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';

type Row = Record<string, unknown> & { readonly id: string };
type Answer = {
  readonly id: string;
  readonly usage?: { readonly is_byok: boolean; readonly cost: number };
  readonly error?: { readonly code: number; readonly message: string; readonly metadata: Record<string, unknown> };
};

let upstream: FakeProvider;
let daemon: TestDaemon;
let key: { secret: string; hash: string };

const model = (id: string, native: string) =>
  `      - { id: ${id}, native: ${native}, context_length: 100000, max_completion_tokens: 1000, pricing: { prompt: "0.000001", completion: "0.00001" } }\n`;

beforeAll(async () => {
  upstream = await FakeProvider.start();
  const at = (slug: string, models: string, more: string) =>
    `  ${slug}:\n    base_url: ${upstream.baseUrl}\n${more}    models:\n${models}`;
  daemon = await TestDaemon.start(
    `providers:\n${at('house', model('x/one', 'one') + model('x/two', 'two'), '    key: env:HOUSE\n')}` +
      `${at('openrouter', model('x/one', 'router-one') + model('x/two', 'router-two'), '    key: env:ROUTER\n')}` +
      `${at('bare', model('bare/m', 'bare'), '    key: env:ABSENT\n')}` +
      `${at('far', model('far/m', 'far'), '    key: env:HOUSE\n').replace('127.0.0.1', '127.0.0.2')}`,
    { env: { HOUSE: 'key-house', ROUTER: 'key-router' } },
  );
  key = await daemon.key();
});
afterAll(async () => {
  await daemon?.stop();
  await upstream?.stop();
});

let later = 0;
afterEach(async () => {
  const { data } = await json<{ data: Row[] }>('/api/v1/byok?limit=100');
  for (const { id } of data) await daemon.request(`/api/v1/byok/${id}`, { method: 'DELETE' });
  upstream.received.length = 0;
  upstream.on('one', (received, response) => answer({})(received, response));
  // What a key was refused for has been forgotten by then.
  later += 30 * 60_000;
  daemon.setNow(new Date(Date.now() + later));
});

async function json<T>(path: string, init: Parameters<TestDaemon['request']>[1] = {}): Promise<T> {
  return (await (await daemon.request(path, init)).json()) as T;
}

async function bring(body: Record<string, unknown>): Promise<Row> {
  const response = await daemon.request('/api/v1/byok', { body: { provider: 'house', ...body } });
  const { data } = (await response.json()) as { data: Row };
  expect(response.status, JSON.stringify(data)).toBe(201);
  return data;
}

const patch = (id: string, body: Record<string, unknown>) =>
  daemon.request(`/api/v1/byok/${id}`, { method: 'PATCH', body });

async function call(body: object = {}, secret = key.secret): Promise<{ status: number; body: Answer }> {
  const response = await daemon.chat(secret, { model: 'x/one', max_tokens: 20, ...body });
  return { status: response.status, body: (await response.json()) as Answer };
}

/** The keys that reached the provider, in order. */
const sent = () => upstream.received.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

/** Refuses these keys as a provider does, and answers all others. */
function refusing(...keys: readonly string[]): void {
  upstream.on('one', (received, response) => {
    const bearer = received.headers.authorization?.replace('Bearer ', '') ?? '';
    return (keys.includes(bearer) ? failure(401) : answer({}))(received, response);
  });
}

async function otherWorkspace(slug: string): Promise<string> {
  const { data } = await json<{ data: { id: string } }>('/api/v1/workspaces', { body: { name: slug, slug } });
  return data.id;
}

describe('a brought key', () => {
  it('serves before the daemon’s own, and the answer and the record say so', async () => {
    await bring({ key: 'key-own' });
    const { status, body } = await call();
    expect(status).toBe(200);
    expect(sent()).toEqual(['key-own']);
    expect(body.usage).toMatchObject({ is_byok: true, cost: 0.00006 });
    const { data } = await json<{ data: Record<string, unknown> }>(`/api/v1/generation?id=${body.id}`);
    expect(data).toMatchObject({ is_byok: true });
  });

  it('gives way to the next one, by sort_order, then to those of all workspaces, then to the daemon’s own', async () => {
    await bring({ key: 'key-global', workspace_id: null });
    const first = await bring({ key: 'key-a' });
    const second = await bring({ key: 'key-b' });
    expect([first['sort_order'], second['sort_order']]).toEqual([0, 1]);
    refusing('key-a', 'key-b', 'key-global');
    expect((await call()).body.usage).toMatchObject({ is_byok: false });
    expect(sent()).toEqual(['key-a', 'key-b', 'key-global', 'key-house']);

    await patch(first.id, { sort_order: 5 });
    upstream.received.length = 0;
    daemon.setNow(new Date(Date.now() + later + 120_000));
    await call();
    expect(sent()).toEqual(['key-b', 'key-a', 'key-global', 'key-house']);
  });

  it('is kept for the end when it is a fallback: after the daemon’s own, and after routers', async () => {
    await bring({ key: 'key-last', is_fallback: true });
    refusing('key-house');
    upstream.on('router-one', failure(503));
    expect((await call()).body.usage).toMatchObject({ is_byok: true });
    expect(sent()).toEqual(['key-house', 'key-router', 'key-last']);
  });

  it('makes a provider callable that the daemon itself has no key of', async () => {
    expect((await call({ model: 'bare/m' })).status).toBe(404);
    await bring({ provider: 'bare', key: 'key-bare' });
    expect((await call({ model: 'bare/m' })).status).toBe(200);
    expect(sent()).toEqual(['key-bare']);
    const models = await json<{ data: { id: string }[] }>('/api/v1/models?limit=500');
    expect(models.data.map(({ id }) => id)).toContain('bare/m');
  });

  it('is what a key of its workspace may call by, and no other', async () => {
    const there = await otherWorkspace('callable');
    const other = await daemon.key({ workspace_id: there });
    await bring({ key: 'key-bare', provider: 'bare', workspace_id: there });
    const seen = async (secret: string) =>
      (await json<{ data: Row[] }>('/api/v1/models/user', { key: secret })).data.map(({ id }) => id);
    expect(await seen(other.secret)).toContain('bare/m');
    expect(await seen(key.secret)).not.toContain('bare/m');
    // What its owner declares of the account counts there as in a call.
    const guardrail = (await json<{ data: Row }>('/api/v1/guardrails', { body: { name: 'zdr', enforce_zdr: true } }))
      .data;
    await daemon.request(`/api/v1/guardrails/${guardrail.id}/assignments/keys`, { body: { key_hashes: [key.hash] } });
    expect(await seen(key.secret)).not.toContain('far/m');
    await bring({ key: 'key-far', provider: 'far', declared_zdr: true });
    expect(await seen(key.secret)).toContain('far/m');
    await daemon.request(`/api/v1/guardrails/${guardrail.id}`, { method: 'DELETE' });
  });

  it('never serves another workspace, nor does anything else change there', async () => {
    const workspace = await otherWorkspace('apart');
    const stranger = await daemon.key({ workspace_id: workspace });
    await bring({ key: 'key-ours', is_byok_only: true });
    await call({}, stranger.secret);
    expect(sent()).toEqual(['key-house']);
    const theirs = await bring({ key: 'key-theirs', workspace_id: workspace });
    upstream.received.length = 0;
    await call({}, stranger.secret);
    await call();
    expect(sent()).toEqual(['key-theirs', 'key-ours']);
    // Refused there, it says nothing about the one here, whatever they are called.
    refusing('key-theirs');
    upstream.received.length = 0;
    await call({}, stranger.secret);
    await call();
    expect(sent()).toEqual(['key-theirs', 'key-house', 'key-ours']);
    await daemon.request(`/api/v1/byok/${theirs.id}`, { method: 'DELETE' });
  });

  it('of another organization serves nobody here, and cannot be seen or named from here', async () => {
    expect(
      (await daemon.request('/api/v1/callgate/organizations', { body: { name: 'Other', slug: 'other' } })).status,
    ).toBe(201);
    const headers = { 'x-callgate-organization': 'other' };
    const made = await daemon.request('/api/v1/byok', {
      headers,
      body: { provider: 'house', key: 'key-foreign', workspace_id: null, is_byok_only: true },
    });
    expect(made.status).toBe(201);
    const { data } = (await made.json()) as { data: Row };
    expect((await call()).status).toBe(200);
    expect(sent()).toEqual(['key-house']);
    expect((await daemon.request(`/api/v1/byok/${data.id}`)).status).toBe(404);
    expect((await patch(data.id, { disabled: true })).status).toBe(404);
    expect((await json<{ data: Row[] }>('/api/v1/byok')).data).toEqual([]);
    const ours = await daemon.request('/api/v1/byok', {
      headers,
      body: { provider: 'house', key: 'k', allowed_api_key_hashes: [key.hash] },
    });
    expect(ours.status).toBe(400);
    await daemon.request(`/api/v1/byok/${data.id}`, { method: 'DELETE', headers });
  });

  it('serves the models, API keys and members it is for, and no other', async () => {
    const other = await daemon.key({ name: 'other' });
    const row = await bring({ key: 'key-own', allowed_models: ['x/two'] });
    await call();
    await call({ model: 'x/two' });
    expect(sent()).toEqual(['key-house', 'key-own']);

    upstream.received.length = 0;
    await patch(row.id, { allowed_models: null, allowed_api_key_hashes: [other.hash] });
    await call();
    await call({}, other.secret);
    expect(sent()).toEqual(['key-house', 'key-own']);
    // It is the key that is meant, not the secret it has today.
    const rotated = await json<{ key: string; data: { hash: string } }>(`/api/v1/callgate/keys/${other.hash}/rotate`, {
      method: 'POST',
      body: {},
    });
    upstream.received.length = 0;
    await call({}, rotated.key);
    expect(sent()).toEqual(['key-own']);
    const { data } = await json<{ data: Row }>(`/api/v1/byok/${row.id}`);
    expect(data['allowed_api_key_hashes']).toEqual([rotated.data.hash]);

    upstream.received.length = 0;
    await patch(row.id, { allowed_api_key_hashes: null, allowed_user_ids: ['user_local'] });
    const members = await daemon.key({ creator_user_id: 'user_local' });
    await call();
    await call({}, members.secret);
    expect(sent()).toEqual(['key-house', 'key-own']);
  });

  it('is not asked while it is disabled, nor after it is deleted', async () => {
    const row = await bring({ key: 'key-own', disabled: true });
    await call();
    await patch(row.id, { disabled: false });
    await call();
    await daemon.request(`/api/v1/byok/${row.id}`, { method: 'DELETE' });
    await call();
    expect(sent()).toEqual(['key-house', 'key-own', 'key-house']);
  });

  it('is rotated in its place: the next call is sent the new one', async () => {
    const row = await bring({ key: 'key-old-and-long-enough-to-show' });
    await call();
    const { data } = (await (await patch(row.id, { key: 'key-new-and-long-enough-to-show' })).json()) as { data: Row };
    expect(data.id).toBe(row.id);
    expect(data['label']).toBe('key-ne...show');
    await call();
    expect(sent()).toEqual(['key-old-and-long-enough-to-show', 'key-new-and-long-enough-to-show']);
  });
});

describe('a key that insists', () => {
  it('is_required: the models it covers are served with it alone, others as before', async () => {
    await bring({ key: 'key-own', is_required: true, allowed_models: ['x/one'] });
    refusing('key-own');
    const { status, body } = await call();
    expect(status).toBe(403);
    expect(sent()).toEqual(['key-own']);
    expect(body.error?.metadata).toMatchObject({ remedy: expect.stringContaining('callgate byok rotate') });
    expect((await call({ model: 'x/two' })).status).toBe(200);
    expect(sent()).toEqual(['key-own', 'key-house']);
  });

  it('is_required: another name of a model it covers is no way around it', async () => {
    await bring({ key: 'key-own', is_required: true, allowed_models: ['x/one'] });
    for (const name of ['house/one', 'x/one:nitro']) {
      upstream.received.length = 0;
      expect((await call({ model: name })).status, name).toBe(200);
      expect(sent(), name).toEqual(['key-own']);
    }
    upstream.received.length = 0;
    // The router's own name of it.
    const { status, body } = await call({ model: 'openrouter/x/one' });
    expect([status, body.error?.metadata['reason'], sent()]).toEqual([404, 'provider_key_missing', []]);
  });

  it('is_byok_only: the provider’s other models are not served with the daemon’s own key either', async () => {
    await bring({ key: 'key-own', is_byok_only: true, allowed_models: ['x/one'] });
    expect((await call()).status).toBe(200);
    const { status, body } = await call({ model: 'x/two' });
    expect(status).toBe(404);
    expect(body.error?.metadata).toMatchObject({ reason: 'provider_key_missing' });
    expect(body.error?.message).toContain('byok.is_byok_only');
    expect(sent()).toEqual(['key-own']);
  });

  it('other keys that were brought may still serve in its place', async () => {
    await bring({ key: 'key-a', is_required: true });
    await bring({ key: 'key-b', workspace_id: null });
    refusing('key-a');
    expect((await call()).status).toBe(200);
    expect(sent()).toEqual(['key-a', 'key-b']);
  });
});

describe('what its owner declares of retention', () => {
  const zdr = { provider: { zdr: true } };

  it('admits it where the provider is not known to keep nothing, and it alone', async () => {
    const routed = async (body: object) =>
      json<{ data: { decision: string; endpoints?: { keys?: { name: string }[] }[] } }>('/api/v1/callgate/route', {
        key: key.secret,
        body: { model: 'far/m', messages: [{ role: 'user', content: 'Hi' }], ...body },
      });
    expect((await routed(zdr)).data.decision).toBe('refuse');
    await bring({ provider: 'far', key: 'key-plain', name: 'plain' });
    expect((await routed(zdr)).data.decision).toBe('refuse');
    await bring({ provider: 'far', key: 'key-zdr', name: 'declared', declared_zdr: true });
    const { data } = await routed(zdr);
    expect(data.decision).toBe('send');
    expect(data.endpoints?.map(({ keys }) => keys?.map(({ name }) => name))).toEqual([['declared']]);
    const all = await routed({});
    expect(all.data.endpoints?.[0]?.keys?.map(({ name }) => name)).toEqual(['plain', 'declared', null]);
  });

  it('admits it under a guardrail that enforces zero retention, and no key beside it', async () => {
    const { data: workspace } = await json<{ data: { default_guardrail_id: string } }>('/api/v1/workspaces/default');
    const guard = (body: object) =>
      daemon.request(`/api/v1/guardrails/${workspace.default_guardrail_id}`, { method: 'PATCH', body });
    expect((await guard({ enforce_zdr_other: true })).status).toBe(200);
    const routed = async () =>
      (
        await json<{ data: { decision: string; endpoints?: { keys?: { name: string }[] }[] } }>(
          '/api/v1/callgate/route',
          { key: key.secret, body: { model: 'far/m', messages: [{ role: 'user', content: 'Hi' }] } },
        )
      ).data;
    await bring({ provider: 'far', key: 'key-plain', name: 'plain' });
    expect((await routed()).decision).toBe('refuse');
    await bring({ provider: 'far', key: 'key-zdr', name: 'declared', declared_zdr: true });
    const { decision, endpoints } = await routed();
    expect(decision).toBe('send');
    expect(endpoints?.map(({ keys }) => keys?.map(({ name }) => name))).toEqual([['declared']]);
    expect((await guard({ enforce_zdr_other: null })).status).toBe(200);
    expect((await routed()).endpoints?.[0]?.keys?.map(({ name }) => name)).toEqual(['plain', 'declared', null]);
  });

  it('keeps it away where the provider itself would be admitted', async () => {
    await bring({ key: 'key-keeps', declared_zdr: false });
    expect((await call(zdr)).status).toBe(200);
    await call();
    expect(sent()).toEqual(['key-house', 'key-keeps']);
  });

  it('does not exempt it from anything else', async () => {
    await bring({ key: 'key-own', declared_zdr: true });
    const { status } = await call({ provider: { zdr: true, only: ['house'], max_price: { prompt: 0.0001 } } });
    expect(status).toBe(404);
    expect(sent()).toEqual([]);
  });
});

describe('what it spends', () => {
  const data = async (hash: string) => (await json<{ data: Record<string, number> }>(`/api/v1/keys/${hash}`)).data;

  it('is told as byok_usage, and counts against the key’s limit only where it says so', async () => {
    await bring({ key: 'key-own', allowed_models: ['x/one'] });
    const without = await daemon.key({ limit: 1 });
    const include = await daemon.key({ limit: 1, include_byok_in_limit: true });
    for (const { secret } of [without, include]) {
      await call({}, secret);
      await call({ model: 'x/two' }, secret);
    }
    const both = {
      byok_usage: 0.00006,
      byok_usage_daily: 0.00006,
      byok_usage_weekly: 0.00006,
      byok_usage_monthly: 0.00006,
    };
    expect(await data(without.hash)).toMatchObject({
      ...both,
      usage: 0.00006,
      usage_daily: 0.00006,
      limit_remaining: 0.99994,
    });
    expect(await data(include.hash)).toMatchObject({
      ...both,
      usage: 0.00006,
      usage_daily: 0.00006,
      limit_remaining: 0.99988,
    });
    const self = await json<{ data: Record<string, number> }>('/api/v1/key', { key: without.secret });
    expect(self.data).toMatchObject({ ...both, usage: 0.00006 });

    const tomorrow = new Date(Date.now() + later + 36 * 3_600_000);
    daemon.setNow(tomorrow);
    expect(await data(without.hash)).toMatchObject({ byok_usage: 0.00006, byok_usage_daily: 0 });
  });

  it('stands in the activity beside the rest', async () => {
    await bring({ key: 'key-own', allowed_models: ['x/one'] });
    const { secret, hash } = await daemon.key();
    await call({}, secret);
    await call({ model: 'x/two' }, secret);
    const today = new Date(Date.now() + later).toISOString().slice(0, 10);
    const activity = await json<{ data: Record<string, unknown>[] }>(
      `/api/v1/activity?date=${today}&api_key_hash=${hash}`,
    );
    expect(
      activity.data.map(({ model, usage, byok_usage_inference: byok }) => [model, usage, byok]).toSorted(),
    ).toEqual([
      ['x/one', 0, 0.00006],
      ['x/two', 0.00006, 0],
    ]);
  });
});

describe('the rows', () => {
  it('never show the key, and keep it encrypted', async () => {
    const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz';
    const row = await bring({ key: secret, name: 'Team' });
    expect(row).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      provider: 'house',
      name: 'Team',
      label: 'sk-pro...wxyz',
      disabled: false,
      is_fallback: false,
      is_required: false,
      is_byok_only: false,
      declared_zdr: null,
      allowed_models: null,
      allowed_api_key_hashes: null,
      allowed_user_ids: null,
      sort_order: 0,
      workspace_id: expect.any(String),
      created_at: expect.any(String),
    });
    expect(JSON.stringify(await json('/api/v1/byok'))).not.toContain(secret);
    expect(JSON.stringify(daemon.lines)).not.toContain(secret);
    const { readFileSync, readdirSync } = await import('node:fs');
    for (const file of readdirSync(daemon.state, { withFileTypes: true }).filter((entry) => entry.isFile()))
      expect(readFileSync(`${daemon.state}/${file.name}`).includes(secret), file.name).toBe(false);
  });

  it.each([
    [{ key: 'k', provider: 'nobody' }, /provider: this daemon calls no provider "nobody"/],
    [{ key: '' }, /key: /],
    [{ key: 'two words' }, /key: .*without blanks/],
    [{ key: 'line\nbreak' }, /key: /],
    [{ key: 'schlüssel' }, /key: /],
    [{}, /key: /],
    [{ key: 'k', is_fallback: true, is_byok_only: true }, /is_byok_only/],
    [{ key: 'k', allowed_api_key_hashes: [] }, /allowed_api_key_hashes/],
    [{ key: 'k', allowed_api_key_hashes: ['x'] }, /allowed_api_key_hashes/],
    [{ key: 'k', allowed_api_key_hashes: ['a'.repeat(64)] }, /no API key of this organization/],
    [{ key: 'k', allowed_models: Array(101).fill('m') }, /allowed_models/],
    [{ key: 'k', sort_order: -1 }, /sort_order/],
  ])('refuse %j', async (body, message) => {
    const response = await daemon.request('/api/v1/byok', { body: { provider: 'house', ...body } });
    const { error } = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(400);
    expect(error.message).toMatch(message);
  });

  it('are not there for who names another id, and are gone when deleted', async () => {
    for (const id of ['nothing', '00000000-0000-4000-8000-000000000000']) {
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const response = await daemon.request(`/api/v1/byok/${id}`, {
          method,
          ...(method === 'PATCH' ? { body: { name: 'x' } } : {}),
        });
        expect(response.status).toBe(404);
      }
    }
    const row = await bring({ key: 'k' });
    const deleted = await daemon.request(`/api/v1/byok/${row.id}`, { method: 'DELETE' });
    expect(await deleted.json()).toEqual({ deleted: true });
    expect((await daemon.request(`/api/v1/byok/${row.id}`)).status).toBe(404);
  });

  it('serve again after the daemon has restarted', async () => {
    const first = await TestDaemon.start(
      `providers:\n  house:\n    base_url: ${upstream.baseUrl}\n    key: env:HOUSE\n    models:\n${model('x/one', 'one')}`,
      {
        env: { HOUSE: 'key-house' },
      },
    );
    const made = await first.request('/api/v1/byok', { body: { provider: 'house', key: 'key-kept' } });
    expect(made.status).toBe(201);
    await first.stop({ keep: true });
    const second = await TestDaemon.start(
      `providers:\n  house:\n    base_url: ${upstream.baseUrl}\n    key: env:HOUSE\n    models:\n${model('x/one', 'one')}`,
      {
        env: { HOUSE: 'key-house' },
        state: first.state,
      },
    );
    const { secret } = await second.key();
    expect((await second.chat(secret, { model: 'x/one' })).status).toBe(200);
    expect(sent()).toEqual(['key-kept']);
    await second.stop();
  });
});
