import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import type { ChatResult } from '@openrouter/sdk/models';
import * as errors from '@openrouter/sdk/models/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';
import { Watch } from './support/watch.ts';

/** More than two of the client's pages of 500, and no multiple of one. */
const MODELS = Array.from({ length: 1203 }, (_, index) => `m${index}`);

let provider: FakeProvider;
let daemon: TestDaemon;
let managing: OpenRouter;
const watch = new Watch();
const client = (apiKey: string) =>
  new OpenRouter({
    apiKey,
    serverURL: `${daemon.url}/api/v1`,
    httpClient: new HTTPClient({ fetcher: watch.fetch }),
  });

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, MODELS)}`);
  managing = client(daemon.managementKey);
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

async function failureOf(call: Promise<unknown>): Promise<errors.OpenRouterError> {
  return call.then(
    (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
    (error: errors.OpenRouterError) => error,
  );
}

async function callOnce(secret: string, model = 'one/m0'): Promise<ChatResult> {
  const answer = await client(secret).chat.send({
    chatRequest: { model, messages: [{ role: 'user', content: 'Hi' }], maxTokens: 20, stream: false },
  });
  return answer as ChatResult;
}

async function pagesOf<T>(pages: AsyncIterable<{ readonly result: { readonly data: readonly T[] } }>): Promise<T[][]> {
  const all: T[][] = [];
  for await (const { result } of pages) {
    all.push([...result.data]);
    // A server that ignores `offset` would go on for ever.
    if (all.length > 20) throw new Error('the pages do not end');
  }
  return all;
}

afterEach(() => {
  expect(watch.take().faults).toEqual([]);
});

describe('apiKeys', () => {
  it('are made with a secret that is shown once, and that works', async () => {
    const created = await managing.apiKeys.create({
      requestBody: {
        name: 'Nightly audit',
        limit: 12.5,
        limitReset: 'monthly',
        includeByokInLimit: true,
        expiresAt: new Date('2099-01-02T03:04:05Z'),
        creatorUserId: 'user_local',
      },
    });
    expect(created.key).toMatch(/^sk-cg-v1-[0-9a-f]{64}$/);
    expect(created.data).toMatchObject({
      name: 'Nightly audit',
      limit: 12.5,
      limitRemaining: 12.5,
      limitReset: 'monthly',
      includeByokInLimit: true,
      creatorUserId: 'user_local',
      disabled: false,
      usage: 0,
      usageDaily: 0,
      byokUsage: 0,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(created.data.expiresAt).toEqual(new Date('2099-01-02T03:04:05Z'));
    expect(created.data.label).toBe(`${created.key.slice(0, 12)}...${created.key.slice(-3)}`);
    await callOnce(created.key);

    const { hash } = created.data;
    const raw = await (await daemon.request(`/api/v1/keys/${hash}`)).text();
    expect(raw).not.toContain(created.key);
    const { data } = await managing.apiKeys.get({ hash });
    expect(data).toMatchObject({ usage: 0.00006, usageDaily: 0.00006, usageWeekly: 0.00006, usageMonthly: 0.00006 });
    expect(data.limitRemaining).toBe(12.5 - 0.00006);
  });

  it('are changed, each field alone, and null takes a limit away', async () => {
    const { secret, hash } = await daemon.key({ name: 'before', limit: 1, limit_reset: 'daily' });
    const patch = async (requestBody: object) => (await managing.apiKeys.update({ hash, requestBody })).data;
    expect(await patch({ name: 'after' })).toMatchObject({ name: 'after', limit: 1, limitReset: 'daily' });
    expect(await patch({ limit: 3.5 })).toMatchObject({ name: 'after', limit: 3.5, limitRemaining: 3.5 });
    expect(await patch({ limitReset: 'weekly' })).toMatchObject({ limit: 3.5, limitReset: 'weekly' });
    expect(await patch({ limitReset: null, limit: null })).toMatchObject({
      limit: null,
      limitRemaining: null,
      limitReset: null,
    });
    const disabled = await patch({ disabled: true });
    expect(disabled.disabled).toBe(true);
    expect(disabled.updatedAt).toMatch(/^\d{4}-/);
    expect(await failureOf(callOnce(secret))).toBeInstanceOf(errors.UnauthorizedResponseError);
    await patch({ disabled: false });
    await callOnce(secret);
  });

  it('are listed without the disabled ones unless asked for, and from an offset', async () => {
    const { hash } = await daemon.key({ name: 'off' });
    await managing.apiKeys.update({ hash, requestBody: { disabled: true } });
    const hashes = async (request: object) => (await managing.apiKeys.list(request)).data.map((key) => key.hash);
    const enabled = await hashes({});
    const all = await hashes({ includeDisabled: true });
    expect(enabled).not.toContain(hash);
    expect(all).toContain(hash);
    expect(await hashes({ includeDisabled: true, offset: 2 })).toEqual(all.slice(2));
    expect(await hashes({ includeDisabled: true, offset: all.length })).toEqual([]);
    const { data } = await managing.apiKeys.get({ hash });
    expect(await hashes({ includeDisabled: true, workspaceId: data.workspaceId })).toEqual(all);
    expect(await hashes({ workspaceId: '00000000-0000-4000-8000-000000000000' })).toEqual([]);
  });

  it('are gone when deleted, but what they spent stays', async () => {
    const { secret, hash } = await daemon.key();
    const { id } = await callOnce(secret);
    expect(await managing.apiKeys.delete({ hash })).toEqual({ deleted: true });
    for (const gone of [
      () => managing.apiKeys.get({ hash }),
      () => managing.apiKeys.update({ hash, requestBody: { name: 'x' } }),
      () => managing.apiKeys.delete({ hash }),
    ]) {
      expect(await failureOf(gone())).toBeInstanceOf(errors.NotFoundResponseError);
    }
    expect(await failureOf(callOnce(secret))).toBeInstanceOf(errors.UnauthorizedResponseError);
    expect((await managing.generations.getGeneration({ id })).data.totalCost).toBe(0.00006);
  });

  it('see themselves, whatever kind they are', async () => {
    const { secret } = await daemon.key({ limit: 2, limit_reset: 'weekly' });
    await callOnce(secret);
    const { data } = await client(secret).apiKeys.getCurrentKeyMetadata();
    expect(data).toMatchObject({
      limit: 2,
      limitRemaining: 2 - 0.00006,
      limitReset: 'weekly',
      usage: 0.00006,
      usageWeekly: 0.00006,
      isManagementKey: false,
      isFreeTier: false,
    });
    const mine = await managing.apiKeys.getCurrentKeyMetadata();
    expect(mine.data).toMatchObject({ isManagementKey: true, limit: null });
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'x', limit: -1 }, 'limit'],
    [{ name: 'x', limit: 'lots' }, 'limit'],
    [{ name: 'x', limit_reset: 'hourly' }, 'limit_reset'],
    [{ name: 'x', expires_at: 'tomorrow' }, 'expires_at'],
    [{ name: 'x', workspace_id: '00000000-0000-4000-8000-000000000000' }, 'workspace_id'],
    [{ name: 'x', creator_user_id: 'user_nobody' }, 'creator_user_id'],
    [{}, 'name'],
    [[], 'body'],
  ])('are not made from %j', async (body, field) => {
    const response = await daemon.request('/api/v1/keys', { body });
    const { error } = (await response.json()) as { error: { code: number; message: string } };
    expect([response.status, error.code]).toEqual([400, 400]);
    expect(error.message).toContain(field);
  });
});

describe('models', () => {
  it('are listed to the end, each once, and then it ends', async () => {
    const all = (await pagesOf(await client((await daemon.key()).secret).models.list())).flat();
    expect(all.filter((model) => model.id.startsWith('one/')).map((model) => model.id)).toEqual(
      MODELS.map((id) => `one/${id}`),
    );
    expect(new Set(all.map((model) => model.id)).size).toBe(all.length);
    expect(all.find((model) => model.id === 'one/m7')).toMatchObject({
      contextLength: 100_000,
      pricing: { prompt: '0.000001', completion: '0.00001' },
    });
  });

  it('are listed in pages of the asked size', async () => {
    const pages = await pagesOf(await managing.models.list({ limit: 500, offset: 3 }));
    const sizes = pages.map((page) => page.length);
    expect(sizes.slice(0, 2)).toEqual([500, 500]);
    const response = await (await daemon.request('/api/v1/models?limit=500')).json();
    const { total_count, links } = response as { total_count: number; links: { next: string } };
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total_count - 3);
    const next = (await (await daemon.request(links.next)).json()) as { data: { id: string }[] };
    expect(next.data[0]?.id).toBe('one/m500');
  });
});

describe('generations', () => {
  it('tell a call to the key that made it and to the management key', async () => {
    const { secret } = await daemon.key();
    const { id } = await callOnce(secret, 'one/m3');
    for (const asked of [client(secret), managing]) {
      const { data } = await asked.generations.getGeneration({ id });
      expect(data).toMatchObject({
        id,
        model: 'one/m3',
        providerName: 'one',
        apiType: 'completions',
        streamed: false,
        cancelled: false,
        finishReason: 'stop',
        tokensPrompt: 10,
        tokensCompletion: 5,
        totalCost: 0.00006,
        usage: 0.00006,
        presetId: null,
        upstreamId: 'chatcmpl-same-for-everyone',
        providerResponses: [{ status: 200, providerName: 'one' }],
        userAgent: expect.stringContaining('@openrouter/sdk'),
      });
      expect(Date.parse(data.createdAt)).toBeLessThanOrEqual(Date.now());
    }
    const stranger = client((await daemon.key()).secret);
    for (const missing of [
      () => stranger.generations.getGeneration({ id }),
      () => managing.generations.getGeneration({ id: 'gen-0' }),
    ])
      expect(await failureOf(missing())).toBeInstanceOf(errors.NotFoundResponseError);
  });
});

describe('presets', () => {
  it('are saved from a request of every surface, each a version that is designated', async () => {
    const presets = client((await daemon.key()).secret).presets;
    const first = await presets.createPresetsChatCompletions({
      slug: 'surfaces',
      chatRequest: {
        model: 'one/m0',
        temperature: 0.5,
        topP: null,
        provider: { order: ['one'] },
        messages: [
          { role: 'system', content: 'From chat.' },
          { role: 'user', content: 'never kept' },
        ],
      },
    });
    expect(first.data).toMatchObject({ slug: 'surfaces', name: 'surfaces', status: 'active' });
    expect(first.data.designatedVersion).toMatchObject({ version: 1, systemPrompt: 'From chat.' });
    expect(first.data.designatedVersion?.config).toEqual({
      model: 'one/m0',
      temperature: 0.5,
      provider: { order: ['one'] },
    });

    const second = await presets.createPresetsMessages({
      slug: 'surfaces',
      messagesRequest: {
        model: 'one/m1',
        maxTokens: 64,
        system: 'From messages.',
        messages: [{ role: 'user', content: 'never kept' }],
      },
    });
    expect(second.data.designatedVersion).toMatchObject({
      version: 2,
      systemPrompt: 'From messages.',
      config: { model: 'one/m1', max_tokens: 64 },
    });

    const third = await presets.createPresetsResponses({
      slug: 'surfaces',
      responsesRequest: { model: 'one/m2', instructions: 'From responses.', input: 'never kept', topP: 0.5 },
    });
    expect(third.data.designatedVersion).toMatchObject({
      version: 3,
      systemPrompt: 'From responses.',
      config: { model: 'one/m2', top_p: 0.5 },
    });

    const { data } = await presets.get({ slug: 'surfaces' });
    expect(data).toEqual(third.data);
    const versions = (await pagesOf(await presets.listVersions({ slug: 'surfaces' }))).flat();
    expect(versions.map((one) => one?.version)).toEqual([1, 2, 3]);
    const one = await presets.getVersion({ slug: 'surfaces', version: '1' });
    expect(one.data).toEqual(versions[0]);
    expect(one.data).toEqual(first.data.designatedVersion);
    expect((await callOnce((await daemon.key()).secret, '@preset/surfaces')).model).toBe('one/m2');
  });

  it('are listed most recently changed first, in pages, to the end', async () => {
    const presets = managing.presets;
    for (let index = 0; index < 7; index += 1) {
      await presets.createPresetsChatCompletions({
        slug: `listed-${index}`,
        chatRequest: { model: 'one/m0', messages: [{ role: 'user', content: 'x' }] },
      });
    }
    const pages = await pagesOf(await presets.list({ limit: 3 }));
    const slugs = pages.flat().map(({ slug }) => slug);
    expect(pages.slice(0, -1).every((page) => page.length === 3)).toBe(true);
    expect(new Set(slugs).size).toBe(slugs.length);
    expect(slugs.filter((slug) => slug.startsWith('listed-'))).toHaveLength(7);
    await presets.createPresetsChatCompletions({
      slug: 'listed-2',
      chatRequest: { model: 'one/m1', messages: [{ role: 'user', content: 'x' }] },
    });
    expect((await presets.list({ limit: 1 })).result.data[0]?.slug).toBe('listed-2');
    const versions = await pagesOf(await presets.listVersions({ slug: 'listed-2', limit: 1 }));
    expect(versions.flat().map((one) => one?.version)).toEqual([1, 2]);
  });

  it('that are missing, and versions that are, are Not Found', async () => {
    for (const missing of [
      () => managing.presets.get({ slug: 'nobody' }),
      () => managing.presets.listVersions({ slug: 'nobody' }),
      () => managing.presets.getVersion({ slug: 'nobody', version: '1' }),
      () => managing.presets.getVersion({ slug: 'hello', version: '99' }),
      () => managing.presets.getVersion({ slug: 'hello', version: 'latest' }),
    ]) {
      expect(await failureOf(missing())).toBeInstanceOf(errors.NotFoundResponseError);
    }
  });

  it('cannot be written by a key that may not, nor under a name that is none', async () => {
    const chatRequest = { model: 'one/m0', messages: [{ role: 'user' as const, content: 'x' }] };
    const reader = client((await daemon.key({ can_write_presets: false })).secret);
    expect(await failureOf(reader.presets.createPresetsChatCompletions({ slug: 'mine', chatRequest }))).toBeInstanceOf(
      errors.ForbiddenResponseError,
    );
    expect((await reader.presets.get({ slug: 'hello' })).data.slug).toBe('hello');
    expect(
      await failureOf(managing.presets.createPresetsChatCompletions({ slug: 'Not a slug', chatRequest })),
    ).toBeInstanceOf(errors.BadRequestResponseError);
  });

  it.each([
    ['[]', 'chat/completions'],
    ['"text"', 'chat/completions'],
    ['null', 'chat/completions'],
    ['{"model":"one/m0","messages":[null]}', 'chat/completions'],
    ['{"model":"one/m0","messages":[{"role":"system","content":[null,{"text":7}]}]}', 'chat/completions'],
    ['{"model":7,"messages":[]}', 'chat/completions'],
    ['{"model":"one/m0","system":[null]}', 'messages'],
    ['', 'chat/completions'],
    ['[]', 'responses'],
    ['{"instructions":{}}', 'responses'],
  ])('are saved from no body but a request’s: %s', async (body, surface) => {
    const response = await fetch(`${daemon.url}/api/v1/presets/hostile/${surface}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${daemon.managementKey}`, 'content-type': 'application/json' },
      body,
    });
    const { error } = (await response.json()) as { error: { code: number } };
    expect([response.status, error?.code]).toEqual([400, 400]);
    expect((await daemon.request('/api/v1/presets/hostile')).status).toBe(404);
  });
});

describe('the two kinds of key', () => {
  const hash = '0'.repeat(64);
  const admin: [method: string, path: string, body?: object][] = [
    ['GET', '/api/v1/keys'],
    ['POST', '/api/v1/keys', { name: 'x' }],
    ['GET', `/api/v1/keys/${hash}`],
    ['PATCH', `/api/v1/keys/${hash}`, { name: 'x' }],
    ['DELETE', `/api/v1/keys/${hash}`],
    ['POST', `/api/v1/callgate/keys/${hash}/rotate`],
    ['GET', '/api/v1/credits'],
    ['GET', '/api/v1/workspaces'],
    ['POST', '/api/v1/workspaces', { name: 'x', slug: 'x' }],
    ['GET', '/api/v1/workspaces/default'],
    ['PATCH', '/api/v1/workspaces/default', { name: 'x' }],
    ['DELETE', '/api/v1/workspaces/default'],
    ['GET', '/api/v1/workspaces/default/budgets'],
    ['GET', '/api/v1/workspaces/default/budgets/daily'],
    ['PUT', '/api/v1/workspaces/default/budgets/daily', { limit_usd: 1 }],
    ['DELETE', '/api/v1/workspaces/default/budgets/daily'],
    ['GET', '/api/v1/workspaces/default/members'],
    ['POST', '/api/v1/workspaces/default/members/add', { user_ids: ['user_1'] }],
    ['POST', '/api/v1/workspaces/default/members/remove', { user_ids: ['user_1'] }],
    ['GET', '/api/v1/organization/members'],
    ['POST', '/api/v1/callgate/organization/members', { email: 'a@b.c' }],
    ['PATCH', '/api/v1/callgate/organization/members/user_local', { first_name: 'x' }],
    ['DELETE', '/api/v1/callgate/organization/members/user_local'],
    ['PUT', '/api/v1/callgate/organization/credits', { total_credits: 1 }],
    ['POST', '/api/v1/callgate/organization/credits', { amount: 1 }],
    ['GET', '/api/v1/callgate/organizations'],
    ['POST', '/api/v1/callgate/organizations', { slug: 'x' }],
    ['PATCH', '/api/v1/callgate/organizations/default', { name: 'x' }],
    ['DELETE', '/api/v1/callgate/organizations/default'],
    ['GET', '/api/v1/callgate/management-keys'],
    ['POST', '/api/v1/callgate/management-keys', { name: 'x' }],
    ['DELETE', '/api/v1/callgate/management-keys/x'],
    ['GET', '/api/v1/guardrails'],
    ['POST', '/api/v1/guardrails', { name: 'x' }],
    ['GET', '/api/v1/guardrails/x'],
    ['PATCH', '/api/v1/guardrails/x', { name: 'x' }],
    ['DELETE', '/api/v1/guardrails/x'],
    ['GET', '/api/v1/guardrails/assignments/keys'],
    ['GET', '/api/v1/guardrails/assignments/members'],
    ['GET', '/api/v1/guardrails/x/assignments/keys'],
    ['GET', '/api/v1/guardrails/x/assignments/members'],
    ['POST', '/api/v1/guardrails/x/assignments/keys', { key_hashes: [hash] }],
    ['POST', '/api/v1/guardrails/x/assignments/keys/remove', { key_hashes: [hash] }],
    ['POST', '/api/v1/guardrails/x/assignments/members', { member_user_ids: ['user_1'] }],
    ['POST', '/api/v1/guardrails/x/assignments/members/remove', { member_user_ids: ['user_1'] }],
    ['GET', '/api/v1/callgate/organization/policy'],
    ['PATCH', '/api/v1/callgate/organization/policy', { injection_allow_list: [] }],
    ['GET', '/api/v1/activity'],
    ['GET', '/api/v1/analytics/meta'],
    ['POST', '/api/v1/analytics/query', { metrics: ['request_count'] }],
    ['GET', '/api/v1/byok'],
    ['POST', '/api/v1/byok', { provider: 'one', key: 'x' }],
    ['GET', '/api/v1/byok/x'],
    ['PATCH', '/api/v1/byok/x', { name: 'x' }],
    ['DELETE', '/api/v1/byok/x'],
    ['GET', '/api/v1/observability/destinations'],
    ['POST', '/api/v1/observability/destinations', { name: 'x', type: 'webhook', config: { url: 'https://x.dev' } }],
    ['GET', '/api/v1/observability/destinations/x'],
    ['PATCH', '/api/v1/observability/destinations/x', { name: 'x' }],
    ['DELETE', '/api/v1/observability/destinations/x'],
    ['POST', '/api/v1/generation/feedback', { generation_id: 'gen-1', category: 'other' }],
    ['GET', '/api/v1/callgate/prices'],
    ['POST', '/api/v1/callgate/prices/refresh', { dry_run: true }],
    ['POST', '/api/v1/callgate/prices/rollback'],
    ['GET', '/api/v1/callgate/status'],
    ['POST', '/api/v1/callgate/stop'],
    ['POST', '/api/v1/callgate/reload'],
    ['POST', '/api/v1/callgate/handoff', { version: '99.0.0', bundle: '/daemon.js' }],
    ['GET', '/api/v1/callgate/spend'],
    ['GET', '/api/v1/callgate/usage?by=model'],
    ['GET', '/api/v1/callgate/models'],
    ['GET', '/api/v1/callgate/io-log'],
    ['POST', '/api/v1/callgate/doctor', { providers: [] }],
    ['POST', '/api/v1/callgate/detect', { text: 'Hello' }],
    ['PATCH', '/api/v1/callgate/io-log', { is_observability_io_logging_enabled: true }],
    ['POST', '/api/v1/callgate/io-log/purge', {}],
    ['GET', '/api/v1/callgate/providers'],
    ['PUT', '/api/v1/callgate/providers/openai/key', { key: 'sk-x' }],
    ['DELETE', '/api/v1/callgate/providers/openai/key'],
    ['POST', '/api/v1/callgate/run', { preset: 'hello', messages: [{ role: 'user', content: 'x' }] }],
    ['GET', '/api/v1/callgate/presets'],
    ['GET', '/api/v1/callgate/behaviors'],
    ['POST', '/api/v1/callgate/behaviors', { name: 'x', preset: 'hello', key: hash }],
    ['GET', '/api/v1/callgate/behaviors/rules'],
    ['PATCH', '/api/v1/callgate/behaviors/rules', { clean_calls: 1 }],
    ['GET', '/api/v1/callgate/behaviors/x'],
    ['PATCH', '/api/v1/callgate/behaviors/x', { tier: 'A' }],
    ['DELETE', '/api/v1/callgate/behaviors/x'],
    ['GET', '/api/v1/callgate/behaviors/x/ledger'],
    ['POST', '/api/v1/callgate/behaviors/x/promote', {}],
    ['POST', '/api/v1/callgate/behaviors/x/demote', {}],
    ['GET', '/api/v1/callgate/behaviors/proposals'],
    ['GET', '/api/v1/callgate/behaviors/proposals/x'],
    ['POST', '/api/v1/callgate/behaviors/proposals/x/run', {}],
    ['POST', '/api/v1/callgate/behaviors/proposals/x/reject', {}],
    ['GET', '/api/v1/callgate/permits'],
    ['POST', '/api/v1/callgate/permits', { key: hash }],
    ['GET', '/api/v1/callgate/permits/x'],
    ['DELETE', '/api/v1/callgate/permits/x'],
    ['GET', '/api/v1/callgate/permits/requests'],
    ['POST', '/api/v1/callgate/permits/requests/x', { decision: 'once' }],
    ['GET', '/api/v1/callgate/permits/requirements'],
    ['POST', '/api/v1/callgate/permits/requirements', { kind: 'model', value: 'one/m0' }],
    ['DELETE', '/api/v1/callgate/permits/requirements/x'],
    ['POST', `/api/v1/callgate/keys/${hash}/release`],
    ['GET', '/api/v1/callgate/audit'],
    ['POST', '/api/v1/callgate/policy/plan', { text: '' }],
    ['POST', '/api/v1/callgate/policy/apply', { text: '' }],
    ['GET', '/api/v1/callgate/policy/export'],
    ['POST', '/api/v1/callgate/presets/hello/publish', { text: '' }],
    ['POST', '/api/v1/callgate/presets/hello/rollback', { version: 1 }],
    ['PATCH', '/api/v1/callgate/presets/hello', { status: 'disabled' }],
    ['GET', '/api/v1/callgate/presets/hello/diff?from=1&to=1'],
  ];

  it.each(admin)('are kept apart: %s %s is for the management key', async (method, path, body) => {
    const { secret } = await daemon.key();
    const response = await daemon.request(path, { method, key: secret, ...(body ? { body } : {}) });
    const { error } = (await response.json()) as { error: { code: number; message: string } };
    expect([response.status, error.code, error.message]).toEqual([
      403,
      403,
      'Only management keys can perform this operation',
    ]);
  });

  it('are kept apart in the client too, and nothing was done', async () => {
    const { secret, hash: own } = await daemon.key({ limit: 1 });
    const inference = client(secret);
    for (const call of [
      () => inference.apiKeys.list(),
      () => inference.apiKeys.create({ requestBody: { name: 'more' } }),
      () => inference.apiKeys.update({ hash: own, requestBody: { limit: 1000 } }),
      () => inference.apiKeys.delete({ hash: own }),
    ]) {
      const error = await failureOf(call());
      expect(error.statusCode).toBe(403);
      expect(error.message).toContain('Only management keys can perform this operation');
    }
    expect(await daemon.keyData(own)).toMatchObject({ limit: 1 });
    const refused = await failureOf(callOnce(daemon.managementKey));
    expect(refused).toBeInstanceOf(errors.ForbiddenResponseError);
    expect(refused.message).toContain('Management keys cannot call models');
    expect(
      await failureOf(
        managing.chat.send({
          chatRequest: { model: 'one/m0', messages: [{ role: 'user', content: 'x' }], stream: true },
        }),
      ),
    ).toBeInstanceOf(errors.ForbiddenResponseError);
  });

  it('leave no route of the daemon undescribed', () => {
    // What an API key may reach; whatever else is served must stand in the table above.
    const open = [
      'GET /healthz',
      'POST /api/v1/chat/completions',
      'POST /v1/chat/completions',
      'POST /api/v1/messages',
      'POST /v1/messages',
      'POST /api/v1/messages/count_tokens',
      'POST /v1/messages/count_tokens',
      // An error that names the right base URL.
      'POST /api/v1/v1/messages',
      'POST /v1/v1/messages',
      'POST /api/v1/v1/messages/count_tokens',
      'POST /v1/v1/messages/count_tokens',
      'POST /api/v1/responses',
      'POST /v1/responses',
      'POST /v1/models*',
      // So Fastify prints `/v1beta/*`.
      'POST *',
      'GET /api/v1/key',
      'GET /api/v1/models',
      'GET /v1/models',
      'GET /api/v1/models/count',
      'GET /api/v1/models/user',
      'GET /api/v1/models/:author/:slug/endpoints',
      'GET /api/v1/models/:author/:slug/:rest/endpoints',
      'GET /api/v1/model/:author/:slug',
      'GET /api/v1/model/:author/:slug/:rest',
      'GET /api/v1/providers',
      'GET /api/v1/endpoints/zdr',
      'GET /api/v1/generation',
      'GET /api/v1/generation/content',
      'GET /api/v1/presets',
      'GET /api/v1/presets/:slug',
      'GET /api/v1/presets/:slug/versions',
      'GET /api/v1/presets/:slug/versions/:version',
      'POST /api/v1/presets/:slug/chat/completions',
      'POST /api/v1/presets/:slug/messages',
      'POST /api/v1/presets/:slug/responses',
      'POST /sandbox/v1/chat/completions',
      'POST /api/v1/callgate/route',
    ];
    const described = admin.map(([method, path]) => `${method} ${path.split('?')[0]}`);
    const pattern = (route: string) => new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+')}$`);
    const undescribed = routesOf(daemon.app.printRoutes({ commonPrefix: false })).filter(
      (route) => !open.includes(route) && !described.some((one) => pattern(route).test(one)),
    );
    expect(undescribed).toEqual([]);
  });
});

/** `METHOD /path` of every line of Fastify's tree of routes. */
function routesOf(tree: string): string[] {
  const stack: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const match = /^([│ ]*)(?:├── |└── )(\S+)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (!match) return [];
    const [, indent = '', part = '', methods] = match;
    stack.length = indent.length / 4;
    const path = stack.join('') + part;
    stack.push(part);
    return methods ? methods.split(', ').map((method) => `${method} ${path}`) : [];
  });
}
