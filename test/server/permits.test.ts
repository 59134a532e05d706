import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into at any depth
type Json = Record<string, any>;

let provider: FakeProvider;
let daemon: TestDaemon;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, ['m', 'dear'])}${providerYaml('two', provider.baseUrl, ['x'])}server:\n  permit_wait: 5\n`,
  );
});

afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

async function api(path: string, body?: unknown, method?: string): Promise<{ status: number; json: Json }> {
  const response = await daemon.request(`/api/v1/callgate/${path}`, {
    ...(body === undefined ? {} : { body }),
    ...(method ? { method } : {}),
  });
  return { status: response.status, json: (await response.json()) as Json };
}

/** A key whose every call needs a permit. */
async function guarded(more: Json = {}) {
  const key = await daemon.key({ name: 'guarded', ...more });
  const required = await api('permits/requirements', { kind: 'key', value: key.hash });
  expect(required.status).toBe(201);
  return key;
}

async function ask(secret: string, body: Json = {}, more: Json = {}) {
  const response = await daemon.chat(secret, { model: 'one/m', max_tokens: 50, ...body }, more);
  return { status: response.status, headers: response.headers, json: (await response.json()) as Json };
}

const requests = async (hash: string): Promise<Json[]> =>
  (await api('permits/requests')).json['data'].filter((one: Json) => one['key_hash'] === hash);

async function waiting(hash: string, calls = 1): Promise<Json> {
  await expect.poll(async () => (await requests(hash)).reduce((sum, one) => sum + one['calls'], 0)).toBe(calls);
  return (await requests(hash))[0] as Json;
}

const answer = (id: string, decision: Json) => api(`permits/requests/${id}`, { by: 'test', ...decision });
const reasonOf = ({ json }: { json: Json }) => json['error']?.metadata.reason;

describe('a call that needs a permit', () => {
  it('waits, tells who and what, and goes on once it is allowed once', async () => {
    const { secret, hash } = await guarded();
    const call = ask(secret, { session_id: 'task 1' });
    const request = await waiting(hash);
    expect(request).toMatchObject({
      key: 'guarded',
      model: 'one/m',
      provider: 'one',
      task: 'task 1',
      reasons: ['key'],
      bound: expect.any(Number),
      behavior: null,
    });
    expect((await answer(request['id'], { decision: 'once' })).json['data']).toMatchObject({ outcome: 'once' });
    const done = await call;
    expect(done.status).toBe(200);
    expect(Date.parse(done.headers.get('x-callgate-permit-deadline') ?? '')).toBeGreaterThan(Date.now() - 10_000);
    // Once was once.
    const next = ask(secret, { session_id: 'task 1' });
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect(reasonOf(await next)).toBe('permit_denied');
  });

  it('is refused when nobody answers in time', async () => {
    const { secret, hash } = await guarded();
    const began = performance.now();
    const refused = await ask(secret);
    expect(performance.now() - began).toBeGreaterThan(4_000);
    expect([refused.status, reasonOf(refused)]).toEqual([403, 'permit_required']);
    expect(refused.json['error'].metadata).toMatchObject({
      scope: 'permit',
      key: 'guarded',
      task: null,
      reasons: ['key'],
    });
    expect(await requests(hash)).toEqual([]);
  });

  it('keeps a streaming caller alive from the first moment, with the deadline in a header', async () => {
    const { secret, hash } = await guarded();
    const response = await daemon.chat(secret, { model: 'one/m', stream: true });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-callgate-permit-deadline')).toMatch(/^\d{4}-/);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await answer((await waiting(hash))['id'], { decision: 'once' });
    const text = await response.text();
    expect(text.startsWith(': CALLGATE PROCESSING\n\n')).toBe(true);
    expect(text).toContain('data: [DONE]');
    expect(text).toContain('w0 ');

    const denied = await daemon.chat(secret, { model: 'one/m', stream: true });
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    const [first, last] = await eventsOf(denied);
    expect(JSON.parse(first ?? '')).toMatchObject({ error: { code: 403, metadata: { reason: 'permit_denied' } } });
    expect(last).toBe('[DONE]');
  });

  it('is forgotten when its caller leaves', async () => {
    const { secret, hash } = await guarded();
    const before = provider.received.length;
    const gone = new AbortController();
    const call = ask(secret, {}, { signal: gone.signal }).catch(() => 'gone');
    const request = await waiting(hash);
    gone.abort();
    expect(await call).toBe('gone');
    await expect.poll(async () => (await requests(hash)).length).toBe(0);
    expect((await answer(request['id'], { decision: 'once' })).status).toBe(404);
    expect(provider.received.length).toBe(before);
  });

  it('is answered once: the second editor is told who was first', async () => {
    const { secret, hash } = await guarded();
    const call = ask(secret);
    const { id } = await waiting(hash);
    const [first, second] = await Promise.all([
      answer(id, { decision: 'once', by: 'left' }),
      answer(id, { decision: 'deny', by: 'right' }),
    ]);
    expect([first.status, second.status].toSorted()).toEqual([200, 409]);
    const late = first.status === 409 ? first : second;
    expect(late.json['error'].metadata).toMatchObject({ reason: 'permit_answered', decision: 'once', by: 'left' });
    expect((await call).status).toBe(200);
  });

  it('asks once for all calls of a task; once lets one go, the task lets all go, and later ones', async () => {
    const { secret, hash } = await guarded();
    const calls = [1, 2, 3].map((call) => ask(secret, { session_id: 's', user: String(call) }));
    const request = await waiting(hash, 3);
    expect(await requests(hash)).toHaveLength(1);
    await answer(request['id'], { decision: 'once' });
    const rest = await waiting(hash, 2);
    expect(rest['id']).not.toBe(request['id']);
    await answer(rest['id'], { decision: 'task', minutes: 10 });
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask(secret, { session_id: 's' })).status).toBe(200);
    const other = ask(secret, { session_id: 'another' });
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect((await other).status).toBe(403);
    // The rest of a task that was denied need not be asked for.
    expect(reasonOf(await ask(secret, { session_id: 'another' }))).toBe('permit_denied');
  });

  it('that could not go anywhere is not asked about', async () => {
    const { secret, hash } = await guarded();
    const refused = await ask(secret, { model: 'nobody/knows' });
    expect(refused.status).toBe(400);
    expect(await requests(hash)).toEqual([]);
  });

  it('is stopped when its key is disabled meanwhile', async () => {
    const { secret, hash } = await guarded();
    const before = provider.received.length;
    const call = ask(secret);
    const { id } = await waiting(hash);
    await daemon.request(`/api/v1/keys/${hash}`, { method: 'PATCH', body: { disabled: true } });
    await answer(id, { decision: 'once' });
    expect(reasonOf(await call)).toBe('key_disabled');
    expect(provider.received.length).toBe(before);
  });

  it('is of a task by its whole session, in the header too', async () => {
    const { secret, hash } = await guarded();
    const session = (end: string) => ({ headers: { 'x-session-id': 's'.repeat(300) + end } });
    const first = ask(secret, {}, session('a'));
    await answer((await waiting(hash))['id'], { decision: 'task', minutes: 5 });
    expect((await first).status).toBe(200);
    expect((await ask(secret, {}, session('a'))).status).toBe(200);
    const another = ask(secret, {}, session('b'));
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect(reasonOf(await another)).toBe('permit_denied');
  });

  it('is told by a dry run, which waits for nobody', async () => {
    const { hash } = await guarded();
    const body = { model: 'one/m', messages: [{ role: 'user', content: 'x' }], key_hash: hash };
    expect((await api('route', body)).json['data']).toMatchObject({
      decision: 'refuse',
      error: { metadata: { reason: 'permit_required' } },
    });
    expect(await requests(hash)).toEqual([]);
  });

  it.each([[{ decision: 'maybe' }], [{ decision: 'task', minutes: -1 }], [{ decision: 'once', more: 1 }], [{}]])(
    'is not answered by %j',
    async (body) => expect((await api('permits/requests/x', body)).status).toBe(400),
  );
});

describe('a permit granted ahead', () => {
  it('is for its task alone, bound to the first that comes when it names none', async () => {
    const { secret, hash } = await guarded();
    const { json } = await api('permits', { key: hash, note: 'tonight' });
    expect((await ask(secret, { session_id: 'first' })).status).toBe(200);
    expect((await ask(secret, { session_id: 'first' })).status).toBe(200);
    const second = ask(secret, { session_id: 'second' });
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect((await second).status).toBe(403);
    const shown = (await api(`permits/${json['data'].id}`)).json['data'];
    expect(shown).toMatchObject({ task: 'first', uses: 2, state: 'live', note: 'tonight' });
    expect(shown.used_by).toHaveLength(2);
    expect(shown.used_by[0].generation_id).toMatch(/^gen-/);
  });

  it('of so many uses is used so often, under any concurrency', async () => {
    const { secret, hash } = await guarded();
    await api('permits', { key: hash, any_task: true, uses: 3 });
    const statuses = await Promise.all(Array.from({ length: 8 }, () => ask(secret).then(({ status }) => status)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(statuses.filter((status) => status === 403)).toHaveLength(5);
  });

  it('ends when it says, and when it is revoked', async () => {
    const { secret, hash } = await guarded();
    const { json } = await api('permits', { key: hash, any_task: true, minutes: 10 });
    expect((await ask(secret)).status).toBe(200);
    daemon.setNow(new Date(Date.now() + 11 * 60_000));
    const expired = ask(secret);
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect((await expired).status).toBe(403);
    daemon.setNow(null);
    expect((await ask(secret)).status).toBe(200);
    expect((await api(`permits/${json['data'].id}`, undefined, 'DELETE')).json['data'].state).toBe('revoked');
    const revoked = ask(secret);
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect((await revoked).status).toBe(403);
  });

  it('lets a call go that waits for it', async () => {
    const { secret, hash } = await guarded();
    const call = ask(secret, { session_id: 'slow' });
    await waiting(hash);
    await api('permits', { key: hash, task: 'slow' });
    expect((await call).status).toBe(200);
    expect(await requests(hash)).toEqual([]);
  });

  it('with a cap is a budget: what does not fit under it is refused, and when it is spent people are asked again', async () => {
    const { secret, hash } = await guarded();
    // 10 · $0.000001 + 5 · $0.00001 a call; what 50 tokens could cost must fit besides.
    await api('permits', { key: hash, task: 'capped', cap: 0.0007 });
    const first = await ask(secret, { session_id: 'capped' });
    expect(first.status).toBe(200);
    const refused = await ask(secret, { session_id: 'capped', max_tokens: 900 });
    expect(refused.status).toBe(402);
    expect(refused.json['error'].metadata).toMatchObject({ scope: 'permit' });
    const [permit] = (await api('permits')).json['data'];
    expect(permit).toMatchObject({ cap: 0.0007, spent: 0.00006 });
  });

  it('outlives the daemon', async () => {
    const one = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`);
    const { secret, hash } = await one.key();
    await one.request('/api/v1/callgate/permits/requirements', { body: { kind: 'model', value: 'one/*' } });
    await one.request('/api/v1/callgate/permits', { body: { key: hash, task: 't', uses: 2 } });
    expect((await one.chat(secret, { model: 'one/m', session_id: 't' })).status).toBe(200);
    await one.stop({ keep: true });
    const two = await TestDaemon.start(
      `providers:\n${providerYaml('one', provider.baseUrl, ['m'])}server:\n  permit_wait: 0.2\n`,
      {
        state: one.state,
      },
    );
    expect((await two.chat(secret, { model: 'one/m', session_id: 't' })).status).toBe(200);
    expect((await two.chat(secret, { model: 'one/m', session_id: 't' })).status).toBe(403);
    await two.stop();
  });

  it.each([
    [{}, 400],
    [{ key: 'short' }, 400],
    [{ key: '0'.repeat(64) }, 404],
    [{ key: 'own', task: 't', any_task: true }, 400],
    [{ key: 'own', minutes: 5, expires_at: '2099-01-01T00:00:00Z' }, 400],
    [{ key: 'own', expires_at: '2001-01-01T00:00:00Z' }, 400],
    [{ key: 'own', cap: -1 }, 400],
    [{ key: 'own', only: { kind: 'modality', value: 'smell' } }, 400],
  ])('is not granted by %j', async (body, status) => {
    const { hash } = await daemon.key();
    expect(
      (await api('permits', { ...body, ...('key' in body && body.key === 'own' ? { key: hash } : {}) })).status,
    ).toBe(status);
  });
});

describe('what needs a permit', () => {
  it.each([
    [{ kind: 'model', value: 'one/dear' }, { model: 'one/dear' }, { model: 'one/m' }],
    [{ kind: 'model', value: 'ONE/DEAR' }, { model: 'one/m', models: ['one/dear'] }, { model: 'one/m' }],
    [{ kind: 'model', value: 'one/dear' }, { model: 'one/dear:nitro' }, { model: 'one/m' }],
    [{ kind: 'provider', value: 'two' }, { model: 'two/x' }, { model: 'one/m' }],
    [
      { kind: 'modality', value: 'image' },
      { model: 'one/m', modalities: ['image', 'text'] },
      { model: 'one/m', modalities: ['text'] },
    ],
    [{ kind: 'preset', value: '@preset/hello' }, { model: 'one/m', preset: 'hello' }, { model: 'one/m' }],
  ])('%j holds %j, and not %j', async (requirement, held, free) => {
    const { secret, hash } = await daemon.key();
    const { json } = await api('permits/requirements', requirement);
    // Saying it twice changes nothing.
    expect((await api('permits/requirements', requirement)).json['data'].id).toBe(json['data'].id);
    expect((await ask(secret, free)).status).toBe(200);
    const call = ask(secret, held);
    const request = await waiting(hash);
    expect(request['reasons'][0]).toContain(requirement.kind);
    await answer(request['id'], { decision: 'deny' });
    expect(reasonOf(await call)).toBe('permit_denied');
    expect((await api(`permits/requirements/${json['data'].id}`, undefined, 'DELETE')).json).toEqual({ deleted: true });
    expect((await ask(secret, free)).status).toBe(200);
  });

  it('is answered by a permit for it, and not by one for something else', async () => {
    const { secret, hash } = await daemon.key();
    const made = await api('permits/requirements', { kind: 'model', value: 'one/dear' });
    await api('permits', { key: hash, any_task: true, only: { kind: 'provider', value: 'one' } });
    const call = ask(secret, { model: 'one/dear' });
    await waiting(hash);
    await api('permits', { key: hash, any_task: true, only: { kind: 'model', value: 'one/dear' } });
    expect((await call).status).toBe(200);
    await api(`permits/requirements/${made.json['data'].id}`, undefined, 'DELETE');
  });
});

describe('what can require a permit', () => {
  it.each([
    { kind: 'provider', value: 'ONE' },
    { kind: 'model', value: 'ONE/Dear' },
    { kind: 'model', value: 'one/d*' },
  ])('is no matter of spelling: %j', async (requirement) => {
    const { secret, hash } = await daemon.key();
    const { json } = await api('permits/requirements', requirement);
    const call = ask(secret, { model: 'one/dear' });
    await answer((await waiting(hash))['id'], { decision: 'deny' });
    expect(reasonOf(await call)).toBe('permit_denied');
    await api(`permits/requirements/${json['data'].id}`, undefined, 'DELETE');
  });

  it.each([
    { kind: 'preset', value: 'hello@3' },
    { kind: 'preset', value: 'Hello' },
    { kind: 'provider', value: 'one:nitro' },
    { kind: 'model', value: 'one/m:nitro' },
    { kind: 'model', value: 'one/*m' },
    { kind: 'modality', value: 'smell' },
  ])('is refused where no call could fall under it: %j', async (requirement) => {
    const refused = await api('permits/requirements', requirement);
    expect([refused.status, refused.json['error'].message]).toEqual([400, expect.stringMatching(/^value: must be /)]);
    const { hash } = await daemon.key();
    expect((await api('permits', { key: hash, only: requirement })).status).toBe(400);
  });

  it('a cap below a nano-dollar is none', async () => {
    const { hash } = await daemon.key();
    expect((await api('permits', { key: hash, cap: 1e-12 })).status).toBe(400);
  });
});

describe('who gave leave', () => {
  const records = async (): Promise<Json[]> =>
    ((await (await daemon.request('/api/v1/callgate/audit?limit=20&about=permit.')).json()) as Json)['data'];

  it('is recorded with each answer, the permit that it gave, and with a denial', async () => {
    const { secret, hash } = await guarded();
    const allowed = ask(secret, { session_id: 'recorded' });
    await answer((await waiting(hash))['id'], { decision: 'task', usd: 1 });
    expect((await allowed).status).toBe(200);
    const denied = ask(secret, { session_id: 'another' });
    const { id } = await waiting(hash);
    await answer(id, { decision: 'deny' });
    await denied;
    const [second, first] = await records();
    expect(second).toMatchObject({
      action: 'permit.answer',
      target: `permit-request:${id}`,
      after: { decision: 'deny', by: 'test' },
    });
    expect(first).toMatchObject({
      action: 'permit.answer',
      target: expect.stringMatching(/^permit:/),
      before: { task: 'recorded', key_hash: hash },
      after: { task: 'recorded', cap: 1, by: 'test' },
    });
  });
});

describe('a daemon that stops', () => {
  it('lets go at once who waits, to call again', async () => {
    const one = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`);
    const { secret } = await one.key();
    await one.request('/api/v1/callgate/permits/requirements', { body: { kind: 'model', value: 'one/m' } });
    const call = one.app.inject({
      method: 'POST',
      url: '/api/v1/chat/completions',
      headers: { authorization: `Bearer ${secret}`, host: new URL(one.url).host },
      payload: { model: 'one/m', messages: [{ role: 'user', content: 'x' }] },
    });
    await expect
      .poll(
        async () => ((await (await one.request('/api/v1/callgate/permits/requests')).json()) as Json)['data'].length,
      )
      .toBe(1);
    await one.stop();
    const { statusCode, headers } = await call;
    expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
  });
});
