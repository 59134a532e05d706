import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import * as errors from '@openrouter/sdk/models/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestDaemon } from '../support/test-daemon.ts';
import { Watch } from './support/watch.ts';

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
  daemon = await TestDaemon.start();
  managing = client(daemon.managementKey);
});
afterAll(async () => daemon?.stop());
afterEach(() => {
  expect(watch.take().faults).toEqual([]);
});

async function failureOf(call: Promise<unknown>): Promise<errors.OpenRouterError> {
  return call.then(
    (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
    (error: errors.OpenRouterError) => error,
  );
}

async function pagesOf<T>(pages: AsyncIterable<{ readonly result: { readonly data: readonly T[] } }>): Promise<T[][]> {
  const all: T[][] = [];
  for await (const { result } of pages) {
    all.push([...result.data]);
    if (all.length > 20) throw new Error('the pages do not end');
  }
  return all;
}

let count = 0;
async function workspace(fields: object = {}) {
  count += 1;
  const slug = `made-${count}`;
  return (await managing.workspaces.create({ createWorkspaceRequest: { name: `Made ${count}`, slug, ...fields } }))
    .data;
}

async function member(fields: Record<string, unknown> = {}): Promise<string> {
  count += 1;
  const response = await daemon.request('/api/v1/callgate/organization/members', {
    body: { email: `m${count}@example.org`, ...fields },
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { data: { id: string } }).data.id;
}

const NOBODY = '00000000-0000-4000-8000-000000000000';

describe('workspaces', () => {
  it('are made, found by id and by slug, changed field by field, and deleted', async () => {
    const made = await workspace({ description: 'For audits', defaultTextModel: 'a/b', ioLoggingSamplingRate: 0.5 });
    expect(made).toMatchObject({
      slug: `made-${count}`,
      description: 'For audits',
      defaultTextModel: 'a/b',
      defaultImageModel: null,
      defaultProviderSort: null,
      disabledServerTools: null,
      includeByokInBudgets: false,
      ioLoggingApiKeyIds: null,
      ioLoggingSamplingRate: 0.5,
      isObservabilityIoLoggingEnabled: false,
      isDataDiscountLoggingEnabled: false,
      createdBy: null,
      updatedAt: null,
    });
    for (const id of [made.id, made.slug]) expect((await managing.workspaces.get({ id })).data).toEqual(made);

    const patch = async (updateWorkspaceRequest: object) =>
      (await managing.workspaces.update({ id: made.slug, updateWorkspaceRequest })).data;
    expect(await patch({ name: 'Audits', defaultProviderSort: 'price' })).toMatchObject({
      id: made.id,
      name: 'Audits',
      defaultProviderSort: 'price',
      description: 'For audits',
      defaultGuardrailId: made.defaultGuardrailId,
      updatedAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(await patch({ description: null, isObservabilityIoLoggingEnabled: true })).toMatchObject({
      description: null,
      isObservabilityIoLoggingEnabled: true,
      ioLoggingSamplingRate: 0.5,
      name: 'Audits',
    });
    const moved = (await managing.workspaces.update({ id: made.id, updateWorkspaceRequest: { slug: 'moved' } })).data;
    expect(moved.slug).toBe('moved');
    expect(await failureOf(managing.workspaces.get({ id: made.slug }))).toBeInstanceOf(errors.NotFoundResponseError);

    expect(await managing.workspaces.delete({ id: 'moved' })).toEqual({ deleted: true });
    for (const gone of [
      () => managing.workspaces.get({ id: made.id }),
      () => managing.workspaces.update({ id: made.id, updateWorkspaceRequest: { name: 'x' } }),
      () => managing.workspaces.delete({ id: made.id }),
      () => managing.workspaces.listMembers({ id: made.id }),
      () => managing.workspaces.listBudgets({ workspaceRef: made.id }),
    ]) {
      expect(await failureOf(gone())).toBeInstanceOf(errors.NotFoundResponseError);
    }
    // The slug is free again.
    await managing.workspaces.create({ createWorkspaceRequest: { name: 'Again', slug: 'moved' } });
  });

  it('are listed in pages to the end, oldest first', async () => {
    for (let index = 0; index < 7; index += 1) await workspace();
    const pages = await pagesOf(await managing.workspaces.list({ limit: 3 }));
    const ids = pages.flat().map(({ id }) => id);
    expect(pages.slice(0, -1).every((page) => page.length === 3)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    const whole = await managing.workspaces.list({});
    expect(whole.result.totalCount).toBe(ids.length);
    expect(whole.result.data.map(({ id }) => id)).toEqual(ids);
    expect(whole.result.data[0]?.slug).toBe('default');
    const { result } = await managing.workspaces.list({ offset: ids.length + 5 });
    expect([result.data, result.totalCount]).toEqual([[], ids.length]);
  });

  it.each([
    [{ slug: 'x' }, 'name'],
    [{ name: '', slug: 'x' }, 'name'],
    [{ name: 'n'.repeat(101), slug: 'x' }, 'name'],
    [{ name: 'x' }, 'slug'],
    [{ name: 'x', slug: 'Not A Slug' }, 'slug'],
    [{ name: 'x', slug: 'a--b' }, 'slug'],
    [{ name: 'x', slug: 's'.repeat(51) }, 'slug'],
    [{ name: 'x', slug: 'default' }, 'slug'],
    [{ name: 'x', slug: 'x', description: 'd'.repeat(501) }, 'description'],
    [{ name: 'x', slug: 'x', io_logging_sampling_rate: 0 }, 'io_logging_sampling_rate'],
    [{ name: 'x', slug: 'x', io_logging_sampling_rate: 1.5 }, 'io_logging_sampling_rate'],
    [{ name: 'x', slug: 'x', default_provider_sort: 'best' }, 'default_provider_sort'],
    [{ name: 'x', slug: 'x', io_logging_api_key_ids: [7] }, 'io_logging_api_key_ids'],
    [[], 'body'],
  ])('are not made from %j', async (body, field) => {
    const response = await daemon.request('/api/v1/workspaces', { body });
    const { error } = (await response.json()) as { error: { code: number; message: string } };
    expect([response.status, error.code]).toEqual([400, 400]);
    expect(error.message).toContain(field);
  });

  it.each(['limit=0', 'limit=101', 'limit=many', 'offset=-1', 'offset=1.5'])('are not listed by %s', async (query) => {
    expect((await daemon.request(`/api/v1/workspaces?${query}`)).status).toBe(400);
  });

  it('with active keys stay; disabled ones go with them', async () => {
    const { id } = await workspace();
    const { hash } = await daemon.key({ workspace_id: id });
    const refused = await failureOf(managing.workspaces.delete({ id }));
    expect(refused).toBeInstanceOf(errors.BadRequestResponseError);
    expect(refused.body).toContain('workspace_in_use');
    await managing.apiKeys.update({ hash, requestBody: { disabled: true } });
    expect(await managing.workspaces.delete({ id })).toEqual({ deleted: true });
    expect(await failureOf(managing.apiKeys.get({ hash }))).toBeInstanceOf(errors.NotFoundResponseError);
  });
});

describe('the default workspace', () => {
  it('goes only when that is said, its editor key goes on elsewhere, and then a workspace must be named', async () => {
    const own = await TestDaemon.start();
    try {
      const sdk = new OpenRouter({ apiKey: own.managementKey, serverURL: `${own.url}/api/v1` });
      expect(await failureOf(sdk.workspaces.delete({ id: 'default' }))).toBeInstanceOf(errors.BadRequestResponseError);
      const [first] = (await sdk.apiKeys.list()).data.filter(({ name }) => name !== 'editor');
      await sdk.apiKeys.delete({ hash: first?.hash ?? '' });
      const sure = { id: 'default', confirmDefaultWorkspaceDeletion: true };
      const last = await failureOf(sdk.workspaces.delete(sure));
      expect([last.statusCode, last.body]).toEqual([400, expect.stringContaining('last_workspace')]);
      const { data } = await sdk.workspaces.create({ createWorkspaceRequest: { name: 'Other', slug: 'other' } });
      expect(await sdk.workspaces.delete(sure)).toEqual({ deleted: true });
      expect((await sdk.apiKeys.list({ workspaceId: data.id })).data.map(({ name }) => name)).toEqual(['editor']);
      const unnamed = await failureOf(sdk.apiKeys.create({ requestBody: { name: 'x' } }));
      expect([unnamed.statusCode, unnamed.body]).toEqual([400, expect.stringContaining('default_workspace_missing')]);
      expect((await failureOf(sdk.apiKeys.list())).statusCode).toBe(400);
      const { data: made } = await sdk.apiKeys.create({ requestBody: { name: 'x', workspaceId: data.id } });
      expect(made.workspaceId).toBe(data.id);
    } finally {
      await own.stop();
    }
  });
});

describe('budgets', () => {
  it('are set, read, listed broadest first, and deleted whether or not they are there', async () => {
    const { id, slug } = await workspace();
    const set = (interval: 'daily' | 'weekly' | 'monthly' | 'lifetime', limitUsd: number, byok?: boolean) =>
      managing.workspaces.setBudget({
        workspaceRef: slug,
        interval,
        upsertWorkspaceBudgetRequest: {
          limitUsd,
          ...(byok === undefined ? {} : { includeByokInBudgets: byok }),
        },
      });
    const { data: daily } = await set('daily', 10);
    expect(daily).toMatchObject({ workspaceId: id, limitUsd: 10, resetInterval: 'daily' });
    await set('lifetime', 1000);
    const monthly = await set('monthly', 100, true);
    expect(monthly.includeByokInBudgets).toBe(true);
    await set('weekly', 40.5);
    const listed = await managing.workspaces.listBudgets({ workspaceRef: id });
    expect(listed.data.map(({ resetInterval, limitUsd }) => [resetInterval, limitUsd])).toEqual([
      [null, 1000],
      ['monthly', 100],
      ['weekly', 40.5],
      ['daily', 10],
    ]);
    expect(listed.includeByokInBudgets).toBe(true);
    expect((await managing.workspaces.get({ id })).data.includeByokInBudgets).toBe(true);

    // In place: its id stays.
    expect((await set('daily', 12)).data).toMatchObject({ id: daily.id, limitUsd: 12, createdAt: daily.createdAt });
    const one = { workspaceRef: id, interval: 'daily' as const };
    expect((await managing.workspaces.getBudget(one)).data.limitUsd).toBe(12);
    for (let turn = 0; turn < 2; turn += 1)
      expect(await managing.workspaces.deleteBudget(one)).toEqual({ deleted: true });
    expect(await failureOf(managing.workspaces.getBudget(one))).toBeInstanceOf(errors.NotFoundResponseError);
  });

  it('strictly decrease as the interval narrows', async () => {
    const { slug } = await workspace();
    const set = (interval: 'daily' | 'weekly' | 'monthly' | 'lifetime', limitUsd: number) =>
      managing.workspaces.setBudget({ workspaceRef: slug, interval, upsertWorkspaceBudgetRequest: { limitUsd } });
    await set('monthly', 100);
    await set('daily', 10);
    for (const [interval, limit] of [
      ['lifetime', 100],
      ['lifetime', 5],
      ['weekly', 100],
      ['weekly', 10],
      ['daily', 100],
      ['daily', 1000],
      ['monthly', 10],
    ] as const) {
      const refused = await failureOf(set(interval, limit));
      expect(refused).toBeInstanceOf(errors.BadRequestResponseError);
      expect(refused.body).toContain('budget_order');
    }
    await set('weekly', 50);
    await set('lifetime', 100.000000001);
    const { data } = await managing.workspaces.listBudgets({ workspaceRef: slug });
    expect(data.map(({ limitUsd }) => limitUsd)).toEqual([100.000000001, 100, 50, 10]);
  });

  it.each([
    ['daily', { limit_usd: 0 }],
    ['daily', { limit_usd: -1 }],
    ['daily', { limit_usd: '5' }],
    ['daily', {}],
    ['daily', { limit_usd: 1, include_byok_in_budgets: 'yes' }],
    ['hourly', { limit_usd: 1 }],
  ])('are not set: %s %j', async (interval, body) => {
    const { slug } = await workspace();
    const response = await daemon.request(`/api/v1/workspaces/${slug}/budgets/${interval}`, { method: 'PUT', body });
    expect(response.status).toBe(400);
    expect((await managing.workspaces.listBudgets({ workspaceRef: slug })).data).toEqual([]);
  });

  it('of a workspace that there is not are Not Found', async () => {
    for (const missing of [
      () => managing.workspaces.listBudgets({ workspaceRef: NOBODY }),
      () => managing.workspaces.getBudget({ workspaceRef: NOBODY, interval: 'daily' }),
      () => managing.workspaces.deleteBudget({ workspaceRef: NOBODY, interval: 'daily' }),
      () =>
        managing.workspaces.setBudget({
          workspaceRef: NOBODY,
          interval: 'daily',
          upsertWorkspaceBudgetRequest: { limitUsd: 1 },
        }),
    ])
      expect(await failureOf(missing())).toBeInstanceOf(errors.NotFoundResponseError);
  });
});

describe('members', () => {
  it('of the organization are listed in pages', async () => {
    const ann = await member({ first_name: 'Ann', last_name: 'Example', role: 'org:admin' });
    await member();
    const all = (await pagesOf(await managing.organization.listMembers({ limit: 1 }))).flat();
    expect(all[0]).toMatchObject({ id: 'user_local', role: 'org:admin' });
    expect(all.find(({ id }) => id === ann)).toMatchObject({
      firstName: 'Ann',
      lastName: 'Example',
      role: 'org:admin',
    });
    const { result } = await managing.organization.listMembers();
    expect(result.totalCount).toBe(all.length);
  });

  it('are all in the default workspace, without having been added', async () => {
    const id = await member();
    const { result } = await managing.workspaces.listMembers({ id: 'default' });
    expect(result.data.find(({ userId }) => userId === id)).toMatchObject({ role: 'member' });
    const again = await managing.workspaces.listMembers({ id: 'default' });
    expect(again.result.data).toEqual(result.data);
    const change = { id: 'default', bulkAddWorkspaceMembersRequest: { userIds: [id] } };
    expect(await managing.workspaces.bulkAddMembers(change)).toEqual({ data: [], addedCount: 0 });
    expect(
      await failureOf(
        managing.workspaces.bulkRemoveMembers({ id: 'default', bulkRemoveWorkspaceMembersRequest: { userIds: [id] } }),
      ),
    ).toBeInstanceOf(errors.BadRequestResponseError);
  });

  it('are added with the role they have, once, and removed', async () => {
    const { id, slug } = await workspace();
    const [admin, plain] = [await member({ role: 'org:admin' }), await member()];
    const add = (userIds: string[]) =>
      managing.workspaces.bulkAddMembers({ id: slug, bulkAddWorkspaceMembersRequest: { userIds } });
    const remove = (userIds: string[]) =>
      managing.workspaces.bulkRemoveMembers({ id: slug, bulkRemoveWorkspaceMembersRequest: { userIds } });
    const added = await add([admin, plain, plain]);
    expect(added.addedCount).toBe(2);
    expect(added.data.map(({ userId, role, workspaceId }) => [userId, role, workspaceId])).toEqual([
      [admin, 'admin', id],
      [plain, 'member', id],
    ]);
    expect((await add([plain])).addedCount).toBe(0);
    const unknown = await failureOf(add([await member(), 'user_nobody']));
    expect(unknown).toBeInstanceOf(errors.BadRequestResponseError);
    expect((await managing.workspaces.listMembers({ id })).result.totalCount).toBe(2);

    const { data: key } = await managing.apiKeys.create({
      requestBody: { name: 'theirs', workspaceId: id, creatorUserId: plain },
    });
    const busy = await failureOf(remove([admin, plain]));
    expect([busy.statusCode, busy.body]).toEqual([400, expect.stringContaining('member_in_use')]);
    // All or none.
    expect((await managing.workspaces.listMembers({ id })).result.totalCount).toBe(2);
    await managing.apiKeys.update({ hash: key.hash, requestBody: { disabled: true } });
    expect(await remove([admin, plain, 'user_nobody'])).toEqual({ removedCount: 2 });
    expect(await remove([admin])).toEqual({ removedCount: 0 });
    expect((await managing.workspaces.listMembers({ id })).result.data).toEqual([]);
  });

  it.each([
    [{ user_ids: [] }],
    [{ user_ids: Array.from({ length: 101 }, (_, n) => `user_${n}`) }],
    [{}],
    [{ user_ids: 'x' }],
  ])('are not added from %j', async (body) => {
    const { slug } = await workspace();
    for (const way of ['add', 'remove'])
      expect((await daemon.request(`/api/v1/workspaces/${slug}/members/${way}`, { body })).status).toBe(400);
  });
});

describe('keys', () => {
  it('belong to a workspace: the default one unless another is named, by id', async () => {
    const { id } = await workspace();
    const inOther = await daemon.key({ workspace_id: id });
    const inDefault = await daemon.key();
    const hashes = async (request: object) => (await managing.apiKeys.list(request)).data.map(({ hash }) => hash);
    expect(await hashes({ workspaceId: id })).toEqual([inOther.hash]);
    expect(await hashes({})).toContain(inDefault.hash);
    expect(await hashes({})).not.toContain(inOther.hash);
    const self = await client(inOther.secret).apiKeys.getCurrentKeyMetadata();
    expect(self.data.workspaceId).toBe(id);
  });
});

describe('credits', () => {
  it('are what was prepaid, once something was', async () => {
    expect((await managing.credits.getCredits()).data).toMatchObject({ totalUsage: 0 });
    const put = (total_credits: number | null) =>
      daemon.request('/api/v1/callgate/organization/credits', { method: 'PUT', body: { total_credits } });
    expect((await put(25)).status).toBe(200);
    expect((await managing.credits.getCredits()).data).toEqual({ totalCredits: 25, totalUsage: 0 });
    await daemon.request('/api/v1/callgate/organization/credits', { body: { amount: 0.5 } });
    expect((await managing.credits.getCredits()).data.totalCredits).toBe(25.5);
    expect((await put(-1)).status).toBe(400);
    expect((await put(null)).status).toBe(200);
    expect((await managing.credits.getCredits()).data.totalCredits).toBeGreaterThan(1e6);
  });
});
