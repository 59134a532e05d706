import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer, FakeProvider, stream, usageOf } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

type Json = Record<string, unknown>;

let provider: FakeProvider;
let daemon: TestDaemon;

beforeAll(async () => {
  provider = await FakeProvider.start();
});
beforeEach(async () => {
  daemon = await TestDaemon.start(
    `server: { queue_wait: 20 }\nproviders:\n${providerYaml('one', provider.baseUrl, ['m'])}` +
      `  odd:\n    base_url: ${provider.baseUrl}\n    models:\n      - { id: odd/unpriced, native: m }\n`,
  );
  provider.on('m', answer({ delay: 3, usage: usageOf(20, 50) }));
});
afterEach(() => daemon.stop());
afterAll(() => provider.stop());

/** 20 prompt and 50 completion tokens at the fixture's prices. */
const PRICE = 0.00052;
const CALL = {
  model: 'one/m',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'Say something, would you, of about fifty tokens?' }],
};

async function ask(method: string, path: string, body?: unknown): Promise<Json> {
  const response = await daemon.request(path, { method, ...(body === undefined ? {} : { body }) });
  expect(response.status, `${method} ${path}: ${await response.clone().text()}`).toBeLessThan(300);
  return ((await response.json()) as { data: Json }).data;
}

async function guardrail(body: Json): Promise<string> {
  return String((await ask('POST', '/api/v1/guardrails', { name: 'Staging', ...body }))['id']);
}

const assign = (id: string, hash: string) =>
  ask('POST', `/api/v1/guardrails/${id}/assignments/keys`, { key_hashes: [hash] });
const member = async () =>
  String((await ask('POST', '/api/v1/callgate/organization/members', { email: `${Math.random()}@example.com` }))['id']);

async function refusal(
  secret: string,
  body: Json = CALL,
): Promise<Json & { status: number; message: string | undefined }> {
  const response = await daemon.chat(secret, body);
  const { error } = (await response.json()) as { error?: { message: string; metadata: Json } };
  return {
    status: response.status,
    message: error?.message,
    retryAfter: response.headers.get('retry-after'),
    ...error?.metadata,
  };
}

async function self(secret: string) {
  const response = await daemon.request('/api/v1/key', { key: secret });
  return ((await response.json()) as { data: { budgets: Json[]; effective_budget: Json } }).data;
}

describe('GET /key', () => {
  it('shows every layer that applies, in the order in which they are asked, and the least that is left', async () => {
    const user = await member();
    const key = await daemon.key({ limit: 1, limit_reset: 'daily', creator_user_id: user });
    const ofKey = await guardrail({ name: 'Key', limit_usd: 0.5, reset_interval: 'monthly' });
    const ofMember = await guardrail({
      name: 'Member',
      limit_usd: 0.25,
      reset_interval: 'weekly',
      include_byok_in_budgets: true,
    });
    await assign(ofKey, key.hash);
    await ask('POST', `/api/v1/guardrails/${ofMember}/assignments/members`, { member_user_ids: [user] });
    const standing = String((await ask('GET', '/api/v1/workspaces/default'))['default_guardrail_id']);
    await ask('PATCH', `/api/v1/guardrails/${standing}`, { limit_usd: 0.75, reset_interval: 'daily' });
    await ask('PUT', '/api/v1/workspaces/default/budgets/monthly', { limit_usd: 2 });
    await ask('PUT', '/api/v1/workspaces/default/budgets/lifetime', { limit_usd: 20 });
    await ask('PUT', '/api/v1/callgate/organization/credits', { total_credits: 30 });
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    const { budgets, effective_budget } = await self(key.secret);
    expect(
      budgets.map(({ scope, guardrail_id, limit_usd, reset_interval }) => [
        scope,
        guardrail_id,
        limit_usd,
        reset_interval,
      ]),
    ).toEqual([
      ['workspace_default_member', standing, 0.75, 'daily'],
      ['workspace_default_key', standing, 0.75, 'daily'],
      ['member', ofMember, 0.25, 'weekly'],
      ['api_key', ofKey, 0.5, 'monthly'],
      ['workspace', null, 20, null],
      ['workspace', null, 2, 'monthly'],
      ['key_limit', null, 1, 'daily'],
      ['credits', null, 30, null],
    ]);
    for (const budget of budgets) {
      expect(budget['spend_usd']).toBe(PRICE);
      expect(budget['remaining_usd']).toBeCloseTo(Number(budget['limit_usd']) - PRICE, 9);
      expect(budget['include_byok']).toBe(budget['scope'] === 'member');
      expect(budget['budget_id'] === null).toBe(budget['scope'] !== 'workspace');
    }
    expect(effective_budget).toEqual({ remaining_usd: 0.25 - PRICE });
  });
});

describe('which layer refuses', () => {
  it('is said with its code, whose it is, what is spent, when it resets and what it would take', async () => {
    const key = await daemon.key({ limit: 1 });
    const id = await guardrail({ limit_usd: PRICE, reset_interval: 'daily' });
    await assign(id, key.hash);
    daemon.setNow(new Date('2026-11-22T12:00:00Z'));
    provider.on('m', answer({ usage: usageOf(20, 51) }));
    // What came before the assignment counts: the guardrail limits what the key spends on a day.
    expect((await daemon.chat(key.secret, { ...CALL, max_tokens: 46 })).status).toBe(200);
    expect(await refusal(key.secret)).toMatchObject({
      status: 403,
      message:
        'Guardrail budget exceeded (daily limit). Guardrail "Staging" gives each key $0.00052; $0.00053 is spent.',
      reason: 'guardrail_budget_exceeded',
      limit_source: 'openrouter_guardrail_budget',
      scope: 'api_key',
      guardrail_id: id,
      guardrail_name: 'Staging',
      limit_usd: PRICE,
      spend_usd: 0.00053,
      resets_at: '2026-11-23T00:00:00.000Z',
      retryAfter: null,
      remedy: expect.stringMatching(/callgate guardrails update .*wait until 2026-11-23/),
    });
    await ask('PATCH', `/api/v1/guardrails/${id}`, { limit_usd: 0.001 });
    const dear = await refusal(key.secret, { ...CALL, max_tokens: 900 });
    expect(dear).toMatchObject({ status: 402, reason: 'weight_exceeds_budget', scope: 'api_key', guardrail_id: id });
    expect(String(dear['remedy'])).toMatch(
      /Lower max_tokens.*Raise limit_usd of guardrail "Staging" by \$0\.00\d+ or more/,
    );
    expect((await daemon.chat(key.secret, { ...CALL, max_tokens: dear['affordable_tokens'] })).status).toBe(200);
  });

  it('workspace budgets name the broadest interval that is over', async () => {
    const key = await daemon.key();
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    await ask('PUT', '/api/v1/workspaces/default/budgets/monthly', { limit_usd: PRICE });
    await ask('PUT', '/api/v1/workspaces/default/budgets/daily', { limit_usd: PRICE / 2 });
    const refused = await refusal(key.secret);
    const spend = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
      workspaces: { budgets: Json[]; keys: { hash: string; state: string; budgets: Json[] }[] }[];
    };
    const row = spend.workspaces[0]?.keys.find(({ hash }) => hash === key.hash);
    expect(row?.state).toBe('stopped');
    const monthly = { scope: 'workspace', name: 'workspace "default"', limit: PRICE, spent: PRICE, reset: 'monthly' };
    expect(row?.budgets).toMatchObject([monthly, { ...monthly, limit: PRICE / 2, reset: 'daily' }]);
    expect(spend.workspaces[0]?.budgets).toEqual(row?.budgets);
    expect(refused).toMatchObject({
      status: 403,
      reason: 'workspace_budget_exceeded',
      limit_source: 'openrouter_workspace_budget',
      scope: 'workspace',
      also_refused_by: [{ scope: 'workspace', reset_interval: 'daily' }],
    });
    expect(refused.message).toContain('Workspace monthly budget of $0.00052 exceeded. Contact your org admin.');
  });

  it('credits that are used up are a 402, and what was spent before they were set counts', async () => {
    const key = await daemon.key();
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    const credits = await ask('PUT', '/api/v1/callgate/organization/credits', { total_credits: PRICE });
    expect(credits).toMatchObject({ total_credits: PRICE, total_usage: PRICE });
    expect(await refusal(key.secret)).toMatchObject({
      status: 402,
      reason: 'insufficient_credits',
      limit_source: 'openrouter_credits',
      scope: 'credits',
      resets_at: null,
    });
    await ask('POST', '/api/v1/callgate/organization/credits', { amount: 0.01 });
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    expect(await ask('GET', '/api/v1/credits')).toMatchObject({ total_usage: PRICE * 2 });
  });

  it('swapping a guardrail for another gives nobody their budget back', async () => {
    const key = await daemon.key();
    const first = await guardrail({ limit_usd: PRICE, reset_interval: 'monthly' });
    await assign(first, key.hash);
    expect((await daemon.chat(key.secret, { ...CALL, max_tokens: 40 })).status).toBe(200);
    const second = await guardrail({ limit_usd: PRICE, reset_interval: 'monthly' });
    await assign(second, key.hash);
    await ask('DELETE', `/api/v1/guardrails/${first}`).catch(() => {});
    expect(await refusal(key.secret)).toMatchObject({ status: 403, guardrail_id: second });
  });

  it('changing how often a budget resets, or how high it is, forgets no spend', async () => {
    daemon.setNow(new Date('2026-11-22T12:00:00Z'));
    const key = await daemon.key();
    const id = await guardrail({ limit_usd: 1, reset_interval: 'monthly' });
    await assign(id, key.hash);
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    for (const change of [{ reset_interval: 'weekly' }, { reset_interval: 'daily' }, { limit_usd: 2 }]) {
      await ask('PATCH', `/api/v1/guardrails/${id}`, change);
      expect((await self(key.secret)).budgets[0]).toMatchObject({ ...change, scope: 'api_key', spend_usd: PRICE });
    }
    daemon.setNow(new Date('2026-11-23T12:00:00Z'));
    expect((await self(key.secret)).budgets[0]).toMatchObject({ spend_usd: 0 });
    await ask('PATCH', `/api/v1/guardrails/${id}`, { reset_interval: 'monthly' });
    expect((await self(key.secret)).budgets[0]).toMatchObject({ spend_usd: PRICE });
  });

  it('a stream whose reader leaves is charged what came, at every layer', async () => {
    provider.on('m', stream({ chunks: 200, every: 10, usage: usageOf(20, 50) }));
    const key = await daemon.key({ limit: 1 });
    await assign(await guardrail({ limit_usd: 1, reset_interval: 'daily' }), key.hash);
    const gone = new AbortController();
    const response = await daemon.chat(key.secret, { ...CALL, stream: true }, { signal: gone.signal });
    await response.body?.getReader().read();
    gone.abort();
    const spent = async () => (await self(key.secret)).budgets.map(({ spend_usd }) => Number(spend_usd));
    await expect.poll(async () => (await spent())[0]).toBeGreaterThan(0);
    const [first, ...others] = await spent();
    expect(others).toEqual(others.map(() => first));
    expect(first).toBeLessThanOrEqual(PRICE);
  });

  it('one guardrail on two keys gives each of them its own budget, and a member one over all their keys', async () => {
    const user = await member();
    const [one, two] = [await daemon.key({ creator_user_id: user }), await daemon.key({ creator_user_id: user })];
    const id = await guardrail({ limit_usd: PRICE * 1.5, reset_interval: 'monthly' });
    await assign(id, one.hash);
    await assign(id, two.hash);
    expect([(await daemon.chat(one.secret, CALL)).status, (await daemon.chat(two.secret, CALL)).status]).toEqual([
      200, 200,
    ]);
    expect((await refusal(one.secret)).status).toBe(402);
    const ofMember = await guardrail({ limit_usd: PRICE * 2, reset_interval: 'monthly' });
    await ask('POST', `/api/v1/guardrails/${ofMember}/assignments/members`, { member_user_ids: [user] });
    expect(await refusal(two.secret)).toMatchObject({ status: 403, scope: 'member', guardrail_id: ofMember });
  });

  it('a model without a price may not be called under any limit, whichever layer holds it', async () => {
    const key = await daemon.key();
    const call = { ...CALL, model: 'odd/unpriced' };
    expect((await daemon.chat(key.secret, call)).status).toBe(200);
    await assign(await guardrail({ limit_usd: 1, reset_interval: 'monthly' }), key.hash);
    expect(await refusal(key.secret, call)).toMatchObject({ status: 402, reason: 'unpriced_model' });
    const models = (await (await daemon.request('/api/v1/models/user', { key: key.secret })).json()) as {
      data: { id: string }[];
    };
    expect(models.data.map(({ id }) => id)).not.toContain('odd/unpriced');
  });
});

describe('a call that waits', () => {
  /** One call holds most of the budget while another waits for it. */
  async function waiting(change: () => Promise<unknown>, key: { secret: string; hash: string }) {
    provider.on('m', answer({ delay: 2_500, usage: usageOf(20, 5) }));
    const count = provider.received.length;
    const gone = new AbortController();
    const first = daemon.chat(key.secret, CALL, { signal: gone.signal }).catch(() => null);
    await expect.poll(() => provider.received.length).toBe(count + 1);
    const second = daemon.chat(key.secret, CALL);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(provider.received.length).toBe(count + 1);
    await change();
    await expect.poll(() => provider.received.length, { timeout: 3_000 }).toBe(count + 2);
    expect((await second).status).toBe(200);
    gone.abort();
    await first;
  }

  it('goes on at once when its guardrail is deleted, or its budget raised', async () => {
    for (const change of [
      (id: string) => ask('DELETE', `/api/v1/guardrails/${id}`).catch(() => {}),
      (id: string) => ask('PATCH', `/api/v1/guardrails/${id}`, { limit_usd: 1 }),
    ]) {
      const key = await daemon.key();
      const id = await guardrail({ limit_usd: 0.00075, reset_interval: 'monthly' });
      await assign(id, key.hash);
      await waiting(() => change(id), key);
    }
  });

  it('is not sent where a layer forbids it meanwhile', async () => {
    const key = await daemon.key({ limit: 0.00075 });
    const id = await guardrail({});
    await assign(id, key.hash);
    provider.on('m', answer({ delay: 700, usage: usageOf(20, 5) }));
    const count = provider.received.length;
    const first = daemon.chat(key.secret, CALL);
    await expect.poll(() => provider.received.length).toBe(count + 1);
    const second = refusal(key.secret);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await ask('PATCH', `/api/v1/guardrails/${id}`, { ignored_models: ['one/m'] });
    expect((await first).status).toBe(200);
    expect(await second).toMatchObject({ status: 404, reason: 'no_allowed_endpoints', guardrail_id: id });
    expect(provider.received.length).toBe(count + 1);
    const { budgets } = await self(key.secret);
    expect(budgets.map(({ spend_usd }) => spend_usd)).toEqual([0.00007]);
    await ask('PATCH', `/api/v1/guardrails/${id}`, { ignored_models: null });
    // Nothing of the one that was not sent is still held.
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
  });

  it('goes on when the day turns', async () => {
    daemon.setNow(new Date('2026-11-22T23:59:58Z'));
    const key = await daemon.key({ limit: 1, limit_reset: 'daily' });
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    const route = await daemon.request('/api/v1/callgate/route', { key: key.secret, body: CALL });
    const { bound } = ((await route.json()) as { data: { bound: number } }).data;
    // It fits beside what is spent, but not beside that and a call in flight.
    await ask('PATCH', `/api/v1/keys/${key.hash}`, { limit: PRICE + bound });
    provider.on('m', answer({ delay: 2_500, usage: usageOf(20, 5) }));
    const count = provider.received.length;
    const first = daemon.chat(key.secret, { ...CALL, max_tokens: 5 });
    await expect.poll(() => provider.received.length).toBe(count + 1);
    const second = daemon.chat(key.secret, CALL);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(provider.received.length).toBe(count + 1);
    daemon.setNow(new Date('2026-11-23T00:00:01Z'));
    await expect.poll(() => provider.received.length, { timeout: 3_000 }).toBe(count + 2);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  }, 20_000);
});

describe('a thousand calls at once over five layers', () => {
  it('overspend none of them, refuse none falsely, and leave nothing reserved', async () => {
    const user = await member();
    const keys = await Promise.all(
      Array.from({ length: 4 }, () => daemon.key({ creator_user_id: user, limit: PRICE * 150 })),
    );
    const ofKey = await guardrail({ limit_usd: PRICE * 120, reset_interval: 'monthly' });
    await ask('POST', `/api/v1/guardrails/${ofKey}/assignments/keys`, { key_hashes: keys.map(({ hash }) => hash) });
    const ofMember = await guardrail({ limit_usd: PRICE * 400, reset_interval: 'weekly' });
    await ask('POST', `/api/v1/guardrails/${ofMember}/assignments/members`, { member_user_ids: [user] });
    await ask('PUT', '/api/v1/workspaces/default/budgets/daily', { limit_usd: PRICE * 380 });
    await ask('PUT', '/api/v1/callgate/organization/credits', { total_credits: PRICE * 360 });
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, async (_, at) => {
        const { status, reason } = (await refusal(keys[at % 4]?.secret ?? '')) as { status: number; reason?: string };
        return `${status} ${reason ?? ''}`.trim();
      }),
    );
    const admitted = outcomes.filter((one) => one === '200').length;
    // The tightest: credits.
    expect(admitted).toBeLessThanOrEqual(360);
    expect(admitted).toBeGreaterThanOrEqual(342);
    for (const other of new Set(outcomes.filter((one) => one !== '200')))
      expect(['402 weight_exceeds_budget', '402 insufficient_credits']).toContain(other);
    for (const { secret } of keys) {
      for (const { scope, limit_usd, spend_usd } of (await self(secret)).budgets)
        expect(Number(spend_usd), String(scope)).toBeLessThanOrEqual(Number(limit_usd));
    }
    const spend = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
      workspaces: { keys: { in_flight: number }[] }[];
    };
    for (const { keys: rows } of spend.workspaces) for (const { in_flight } of rows) expect(in_flight).toBe(0);
  }, 60_000);
});
