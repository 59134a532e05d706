import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
const managed = async (path: string, init: Parameters<TestDaemon['request']>[1] = {}) => {
  const response = await daemon.request(`/api/v1${path}`, init);
  return { status: response.status, body: (await response.json()) as never };
};

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`);
  for (const slug of ['left', 'right']) {
    const made = await managed('/workspaces', { body: { name: slug, slug } });
    expect(made.status).toBe(201);
  }
});
afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

type Listed = { data: { hash: string; slug: string; workspace_id: string }[] };

async function publish(slug: string, workspace: string, systemPrompt: string) {
  const path = `/callgate/presets/${slug}/publish?workspace_id=${workspace}`;
  const text = `---\nmodel: one/m\n---\n${systemPrompt}\n`;
  expect((await managed(path, { body: { text } })).status).toBe(200);
}

const systemOf = () => {
  const messages = provider.received.at(-1)?.body['messages'] as { role: string; content: string }[] | undefined;
  return messages?.find(({ role }) => role === 'system')?.content;
};

describe('workspaces are separate', () => {
  it('in their keys', async () => {
    const left = await daemon.key({ name: 'of left', workspace_id: 'left' });
    const hashes = async (query: string) =>
      ((await managed(`/keys${query}`)).body as Listed).data.map(({ hash }) => hash);
    expect(await hashes('?workspace_id=left')).toContain(left.hash);
    expect(await hashes('?workspace_id=right')).not.toContain(left.hash);
    expect(await hashes('')).not.toContain(left.hash);
    expect(await hashes('?workspace_id=all')).toContain(left.hash);
    expect((await managed('/keys', { body: { name: 'x', workspace_id: 'nowhere' } })).status).toBe(400);
  });

  it('in their presets: the same slug is another preset in each, and a key reads and calls its own', async () => {
    await publish('shared', 'left', 'You are of the left.');
    await publish('shared', 'right', 'You are of the right.');
    await publish('only-left', 'left', 'You are alone.');
    const left = await daemon.key({ workspace_id: 'left' });
    const right = await daemon.key({ workspace_id: 'right' });
    expect((await daemon.chat(left.secret, { model: '@preset/shared' })).status).toBe(200);
    expect(systemOf()).toContain('left');
    expect((await daemon.chat(right.secret, { model: '@preset/shared' })).status).toBe(200);
    expect(systemOf()).toContain('right');
    expect((await daemon.chat(right.secret, { model: '@preset/only-left' })).status).toBe(404);

    const slugs = async (key: string, query = '') => {
      const response = await daemon.request(`/api/v1/presets${query}`, { key });
      return [response.status, ((await response.json()) as Partial<Listed>).data?.map(({ slug }) => slug).sort()];
    };
    expect(await slugs(left.secret)).toEqual([200, ['only-left', 'shared']]);
    expect(await slugs(right.secret)).toEqual([200, ['shared']]);
    // Nor by asking for it.
    expect((await slugs(right.secret, '?workspace_id=left'))[0]).toBe(404);
    expect((await daemon.request('/api/v1/presets/only-left', { key: right.secret })).status).toBe(404);
    expect(await slugs(daemon.managementKey)).toEqual([200, ['hello']]);
    expect(await slugs(daemon.managementKey, '?workspace_id=left')).toEqual([200, ['only-left', 'shared']]);

    const written = await daemon.request('/api/v1/presets/made-by-key/chat/completions', {
      key: right.secret,
      body: { model: 'one/m', messages: [{ role: 'user', content: 'x' }] },
    });
    expect(written.status).toBe(200);
    expect((await managed('/presets/made-by-key?workspace_id=right')).status).toBe(200);
    expect((await managed('/presets/made-by-key?workspace_id=left')).status).toBe(404);
    expect((await managed('/presets/made-by-key')).status).toBe(404);
  });

  it('and a request is about one of them', async () => {
    for (const path of ['/presets', '/presets/shared', '/callgate/presets', '/callgate/presets/shared/diff'])
      expect((await managed(`${path}?workspace_id=left&workspace_id=right`)).status, path).toBe(400);
  });

  it('in what they spend: spend tree and activity', async () => {
    const made = (await managed('/workspaces', { body: { name: 'Spender', slug: 'spender' } })).body as {
      data: { id: string };
    };
    const { secret } = await daemon.key({ workspace_id: 'spender' });
    await (await daemon.chat(secret, { model: 'one/m' })).json();
    await (await daemon.chat(secret, { model: 'one/m' })).json();
    const { workspaces } = (await managed('/callgate/spend')).body as {
      workspaces: { slug: string; usage: number; keys: unknown[] }[];
    };
    const spender = workspaces.find(({ slug }) => slug === 'spender');
    expect(spender).toMatchObject({ usage: 0.00012 });
    expect(spender?.keys).toHaveLength(1);
    const today = new Date().toISOString().slice(0, 10);
    const activity = async (workspace: string) =>
      ((await managed(`/activity?date=${today}&workspace_id=${workspace}`)).body as { data: { requests: number }[] })
        .data;
    expect((await activity('spender')).map(({ requests }) => requests)).toEqual([2]);
    expect(await activity(made.data.id)).toEqual(await activity('spender'));
    expect((await managed('/activity?workspace_id=nowhere')).status).toBe(404);
    expect((await managed('/workspaces', { body: { name: 'Idle', slug: 'idle' } })).status).toBe(201);
    expect(await activity('idle')).toEqual([]);
  });

  it('in the I/O log, which a workspace switches on in its own fields', async () => {
    const patch = { is_observability_io_logging_enabled: true, io_logging_sampling_rate: 1 };
    expect((await managed('/workspaces/left', { method: 'PATCH', body: patch })).status).toBe(200);
    const kept = async (workspace: string) => {
      const { secret } = await daemon.key({ workspace_id: workspace });
      const { id } = (await (await daemon.chat(secret, { model: 'one/m' })).json()) as { id: string };
      return (await managed(`/generation/content?id=${id}`)).status;
    };
    expect(await kept('left')).toBe(200);
    expect(await kept('right')).toBe(404);
    const standing = await managed('/callgate/io-log?workspace=left');
    expect(standing.body).toMatchObject({ data: { is_observability_io_logging_enabled: true, stored: 1 } });

    // Keys named by hash are shown as OpenRouter's numbers, which can be said again, and no others can.
    const { hash } = await daemon.key({ workspace_id: 'left' });
    const named = { workspace: 'left', io_logging_api_key_hashes: [hash] };
    expect((await managed('/callgate/io-log', { method: 'PATCH', body: named })).status).toBe(200);
    const shown = (await managed('/workspaces/left')).body as { data: { io_logging_api_key_ids: number[] } };
    const [number = 0] = shown.data.io_logging_api_key_ids;
    expect(Number.isSafeInteger(number)).toBe(true);
    const say = (ids: unknown) =>
      managed('/workspaces/left', { method: 'PATCH', body: { io_logging_api_key_ids: ids } });
    expect((await say([number])).status).toBe(200);
    expect((await say([number, 1])).status).toBe(400);
    expect((await say(null)).body).toMatchObject({ data: { io_logging_api_key_ids: null } });
  });
});

describe('what a workspace says where a call says nothing', () => {
  const workspace = async (slug: string, fields: object) => {
    expect((await managed('/workspaces', { body: { name: slug, slug, ...fields } })).status).toBe(201);
    return (await daemon.key({ workspace_id: slug })).secret;
  };

  it('is the model', async () => {
    const secret = await workspace('with-model', { default_text_model: 'one/m' });
    const answer = await daemon.chat(secret, {});
    expect([answer.status, ((await answer.json()) as { model: string }).model]).toEqual([200, 'one/m']);
    expect((await daemon.chat(secret, { model: 'nobody/none' })).status).not.toBe(200);
    // Images have their own, which it does not have.
    expect((await daemon.chat(secret, { modalities: ['image', 'text'] })).status).toBe(400);
    expect((await daemon.chat(await workspace('without-model', {}), {})).status).toBe(400);
  });

  it('is how endpoints are chosen', async () => {
    const secret = await workspace('sorted', { default_provider_sort: 'latency' });
    const plain = await workspace('unsorted', {});
    const plan = async (key: string, body: object = {}) => {
      const response = await daemon.request('/api/v1/callgate/route', {
        key,
        body: { model: 'one/m', messages: [{ role: 'user', content: 'Hi' }], ...body },
      });
      const { data } = (await response.json()) as { data: { decision: string; strategy: string } };
      expect(data.decision).toBe('send');
      return data;
    };
    const { key: _, ...asked } = (await plan(plain, { provider: { sort: 'latency' } })) as never as { key: unknown };
    expect(await plan(secret)).toMatchObject(asked);
    expect(await plan(plain)).not.toMatchObject(asked);
    expect((await daemon.chat(secret, { model: 'one/m', provider: { order: ['one'] } })).status).toBe(200);
  });

  it('is which server tools, by any of their names', async () => {
    const secret = await workspace('no-search-by-any-name', { disabled_server_tools: ['openrouter:web_search'] });
    const status = async (type: string) => (await daemon.chat(secret, { model: 'one/m', tools: [{ type }] })).status;
    for (const type of ['web_search', 'web_search_preview', 'web_search_preview_2025_03_11', 'web_search_2025_08_26'])
      expect(await status(type), type).toBe(403);
    expect(await status(`web_search${'_1'.repeat(100_000)}x`)).toBe(200);
    // Not disabled: it is refused because there is no router here to run it.
    expect(await status('openrouter:datetime')).toBe(400);
  });

  it.each([
    [{ tools: [{ type: 'openrouter:web_search' }] }],
    [{ plugins: [{ id: 'web' }] }],
    [{ model: 'one/m:online' }],
  ])('is which server tools may not be used: %j', async (body) => {
    const slug = `no-search-${Object.keys(body)[0]}`;
    const secret = await workspace(slug, { disabled_server_tools: ['openrouter:web_search'] });
    const sent = provider.received.length;
    const answer = await daemon.chat(secret, { model: 'one/m', ...body });
    const { error } = (await answer.json()) as { error: { metadata: Record<string, unknown> } };
    expect([answer.status, error.metadata['reason']]).toEqual([403, 'server_tool_disabled']);
    expect(error.metadata).toMatchObject({ scope: 'workspace', tool: 'openrouter:web_search' });
    expect(provider.received.length).toBe(sent);
    expect((await daemon.chat(secret, { model: 'one/m' })).status).toBe(200);
  });
});

describe('a deleted workspace', () => {
  it('leaves its spend, gives back its slug, and its preset is gone for its keys', async () => {
    const made = await managed('/workspaces', { body: { name: 'Brief', slug: 'brief' } });
    const { id } = (made.body as { data: { id: string } }).data;
    const { secret, hash } = await daemon.key({ workspace_id: 'brief' });
    await (await daemon.chat(secret, { model: 'one/m' })).json();
    const before = (await managed('/credits')).body as { data: { total_usage: number } };
    await managed(`/keys/${hash}`, { method: 'DELETE' });
    await managed('/workspaces/brief/budgets/daily', { method: 'PUT', body: { limit_usd: 1 } });
    const guardrail = await managed('/guardrails', { body: { name: 'its own', workspace_id: id } });
    const byok = await managed('/byok', { body: { provider: 'one', key: 'sk-theirs', workspace_id: 'brief' } });
    expect([guardrail.status, byok.status]).toEqual([201, 201]);
    expect((await managed('/workspaces/brief', { method: 'DELETE' })).body).toEqual({ deleted: true });
    expect((await managed('/credits')).body).toEqual(before);
    const idOf = ({ body }: { body: { data: { id: string } } }) => body.data.id;
    expect((await managed(`/guardrails/${idOf(guardrail)}`)).status).toBe(404);
    expect((await managed(`/byok/${idOf(byok)}`)).status).toBe(404);
    await managed('/workspaces', { body: { name: 'Brief again', slug: 'brief' } });
    expect((await managed('/workspaces/brief/budgets')).body).toMatchObject({ data: [] });
    expect((await managed('/keys?workspace_id=brief')).body).toEqual({ data: [] });
  });
});

describe('at the same time', () => {
  it('one slug is made once, and budgets stay in order', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, () => managed('/workspaces', { body: { name: 'Twice', slug: 'twice' } })),
    );
    expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 400)]);
    const set = (interval: string, limit_usd: number) =>
      managed(`/workspaces/twice/budgets/${interval}`, { method: 'PUT', body: { limit_usd } });
    const both = await Promise.all([set('daily', 10), set('weekly', 5)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    const added = await Promise.all(
      Array.from({ length: 4 }, () =>
        managed('/callgate/organization/members', { body: { email: 'twice@x.example', id: 'user_twice' } }),
      ),
    );
    expect(added.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400]);
    await Promise.all(
      Array.from({ length: 5 }, () => managed('/callgate/organization/credits', { body: { amount: 1 } })),
    );
    expect((await managed('/credits')).body).toMatchObject({ data: { total_credits: 5 } });
    await managed('/callgate/organization/credits', { method: 'PUT', body: { total_credits: null } });
    // A key, and the end of its workspace: one of them comes first, and no key is left without a workspace.
    const [deleted, key] = await Promise.all([
      managed('/workspaces/twice', { method: 'DELETE' }),
      managed('/keys', { body: { name: 'late', workspace_id: 'twice' } }),
    ]);
    expect([
      [200, 400],
      [400, 201],
    ]).toContainEqual([deleted.status, key.status]);
  });
});

describe('the store', () => {
  it('answers the very same list until something in it changes, and the old one when a change is undone', async () => {
    const store = openSqliteStore(':memory:', () => new Date());
    const workspace = await store.workspaces.default();
    const before = store.workspaces.all();
    expect(store.workspaces.all()).toBe(before);
    await store.workspaceBudgets.put({
      id: 'b1',
      workspaceId: workspace.id,
      interval: 'daily',
      limit: 5,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(store.workspaces.all()).toBe(before);
    await store.workspaces.update(workspace.id, { name: 'Renamed' });
    expect(store.workspaces.all()).not.toBe(before);
    expect(store.workspaces.get(workspace.id)?.name).toBe('Renamed');

    const undone = store.transact(async () => {
      await store.workspaces.update(workspace.id, { name: 'Never' });
      await store.workspaceBudgets.delete(workspace.id, 'daily');
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(store.workspaces.get(workspace.id)?.name).toBe('Renamed');
    expect(store.workspaceBudgets.of(workspace.id)).toHaveLength(1);
    await store.close();
  });
});

describe('budgets', () => {
  const INTERVALS = ['lifetime', 'monthly', 'weekly', 'daily'] as const;
  const step = fc.record({
    interval: fc.constantFrom(...INTERVALS),
    limit: fc.option(fc.integer({ min: 1, max: 6 })),
  });

  it('strictly decrease after whatever was asked for, in whatever order', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        run += 1;
        const slug = `ordered-${run}`;
        await managed('/workspaces', { body: { name: slug, slug } });
        const expected = new Map<string, number>();
        for (const { interval, limit } of steps) {
          const path = `/workspaces/${slug}/budgets/${interval}`;
          if (limit === null) {
            expect((await managed(path, { method: 'DELETE' })).status).toBe(200);
            expected.delete(interval);
            continue;
          }
          const after = new Map(expected).set(interval, limit);
          const limits = INTERVALS.flatMap((one) => after.get(one) ?? []);
          const isOrdered = limits.every((one, index) => index === 0 || one < (limits[index - 1] ?? 0));
          const { status } = await managed(path, { method: 'PUT', body: { limit_usd: limit } });
          expect(status).toBe(isOrdered ? 200 : 400);
          if (isOrdered) expected.set(interval, limit);
        }
        const { data } = (await managed(`/workspaces/${slug}/budgets`)).body as { data: { limit_usd: number }[] };
        expect(data.map((one) => one.limit_usd)).toEqual(INTERVALS.flatMap((one) => expected.get(one) ?? []));
      }),
      { numRuns: 25 },
    );
  });
});
