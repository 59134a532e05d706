import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`);
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

type Body = Record<string, unknown>;
type Answer = {
  readonly status: number;
  readonly body: { data?: Body; error?: { message: string; metadata: Body } } & Body;
};

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await daemon.request(path, { method, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}
const create = async (body: Body) =>
  (await ask('POST', '/api/v1/guardrails', { name: 'g', ...body })).body.data as Body;
const reasonOf = ({ status, body }: Answer) => [status, body.error?.metadata['reason']];

async function defaultId(): Promise<string> {
  const { body } = await ask('GET', '/api/v1/workspaces/default');
  return String(body.data?.['default_guardrail_id']);
}

describe('a guardrail', () => {
  it('has every field, null where nothing is said', async () => {
    const made = await create({ name: 'Bare' });
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Bare',
      description: null,
      workspace_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      limit_usd: null,
      reset_interval: null,
      include_byok_in_budgets: false,
      enforce_zdr: null,
      allowed_providers: null,
      ignored_providers: null,
      allowed_models: null,
      ignored_models: null,
      enforce_zdr_anthropic: null,
      enforce_zdr_openai: null,
      enforce_zdr_google: null,
      enforce_zdr_xai: null,
      enforce_zdr_other: null,
      enable_paid_model_training: null,
      enable_free_model_training: null,
      enable_free_model_publication: null,
      allowed_data_regions: null,
      content_filter_builtins: null,
      content_filters: null,
      created_at: expect.stringMatching(/^\d{4}-/),
      updated_at: null,
      modalities: null,
      reversible: null,
      mark_tool_results: null,
      is_default: false,
    });
  });

  it('keeps what it is told, and replaces lists whole', async () => {
    const told = {
      description: 'for staging',
      limit_usd: 0.000000001,
      reset_interval: 'weekly',
      include_byok_in_budgets: true,
      allowed_providers: ['one', 'two', 'one'],
      allowed_models: ['one/m'],
      content_filter_builtins: [
        { slug: 'email', action: 'redact', directions: ['output', 'input'] },
        { slug: 'prompt-injection', action: 'flag', scan_scope: 'tool_results', threshold: 0.7 },
      ],
      content_filters: [{ pattern: 'AKIA[0-9A-Z]{16}', action: 'block', label: 'AWS key' }],
      allowed_data_regions: ['europe'],
      modalities: { image: { rule: 'pin', provider: 'google-vertex' }, video: { rule: 'deny' } },
      reversible: true,
      mark_tool_results: true,
    };
    const made = await create(told);
    expect(made).toMatchObject({
      ...told,
      allowed_providers: ['one', 'two'],
      content_filter_builtins: [
        { slug: 'email', action: 'redact', label: 'Email address', directions: ['input', 'output'] },
        {
          slug: 'prompt-injection',
          action: 'flag',
          label: 'Prompt injection',
          scan_scope: 'tool_results',
          directions: ['input'],
          threshold: 0.7,
        },
      ],
      content_filters: [{ pattern: 'AKIA[0-9A-Z]{16}', action: 'block', label: 'AWS key', directions: ['input'] }],
    });
    const path = `/api/v1/guardrails/${made['id']}`;
    const patched = (await ask('PATCH', path, { allowed_providers: ['three'], content_filters: null })).body.data;
    expect(patched).toEqual({
      ...made,
      allowed_providers: ['three'],
      content_filters: null,
      updated_at: expect.stringMatching(/^\d{4}-/),
    });
    expect((await ask('GET', path)).body.data).toEqual(patched);
    expect(
      (await ask('PATCH', path, { limit_usd: null, reset_interval: null, modalities: null })).body.data,
    ).toMatchObject({
      limit_usd: null,
      reset_interval: null,
      modalities: null,
      reversible: true,
    });
  });

  it('says by the deprecated enforce_zdr what the same body does not say of a group', async () => {
    const made = await create({ enforce_zdr: true, enforce_zdr_google: false, enforce_zdr_xai: null });
    expect(made).toMatchObject({
      enforce_zdr: true,
      enforce_zdr_anthropic: true,
      enforce_zdr_openai: true,
      enforce_zdr_google: false,
      enforce_zdr_xai: null,
      enforce_zdr_other: true,
    });
    const path = `/api/v1/guardrails/${made['id']}`;
    expect((await ask('PATCH', path, { enforce_zdr_openai: null })).body.data).toMatchObject({
      enforce_zdr_anthropic: true,
      enforce_zdr_openai: null,
    });
  });

  it.each<[string, Body]>([
    ['name', {}],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(201) }],
    ['description', { name: 'x', description: 'x'.repeat(1001) }],
    ['limit_usd', { name: 'x', limit_usd: -1, reset_interval: 'daily' }],
    ['reset_interval', { name: 'x', limit_usd: 1 }],
    ['limit_usd', { name: 'x', reset_interval: 'daily' }],
    ['reset_interval', { name: 'x', limit_usd: 1, reset_interval: 'hourly' }],
    ['allowed_providers', { name: 'x', allowed_providers: [] }],
    ['ignored_models', { name: 'x', ignored_models: [''] }],
    ['allowed_data_regions', { name: 'x', allowed_data_regions: [] }],
    ['content_filter_builtins.0.slug', { name: 'x', content_filter_builtins: [{ slug: 'emails', action: 'block' }] }],
    ['content_filter_builtins.0.action', { name: 'x', content_filter_builtins: [{ slug: 'email', action: 'drop' }] }],
    [
      'content_filter_builtins.0.threshold',
      { name: 'x', content_filter_builtins: [{ slug: 'email', action: 'block', threshold: 0.5 }] },
    ],
    [
      'content_filter_builtins.0.scan_scope',
      { name: 'x', content_filter_builtins: [{ slug: 'email', action: 'block', scan_scope: 'tool_results' }] },
    ],
    ['content_filters.0.pattern', { name: 'x', content_filters: [{ pattern: '', action: 'block' }] }],
    [
      'content_filters.0.label',
      { name: 'x', content_filters: [{ pattern: 'a', action: 'block', label: 'x'.repeat(101) }] },
    ],
    ['modalities', { name: 'x', modalities: { image: { rule: 'pin' } } }],
    ['modalities', { name: 'x', modalities: { smell: { rule: 'deny' } } }],
    ['workspace_id', { name: 'x', workspace_id: 'default' }],
  ])('is not made with a wrong %s', async (field, body) => {
    const before = (await ask('GET', '/api/v1/guardrails')).body['total_count'];
    const answer = await ask('POST', '/api/v1/guardrails', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.message).toContain(field);
    expect((await ask('GET', '/api/v1/guardrails')).body['total_count']).toBe(before);
  });

  it.each(['(?=a)b', '(a)\\1', '(a+)+', '(?<!x)y', '(', 'a'.repeat(100_001)])(
    'takes no pattern that cannot be matched in linear time: %.20s',
    async (pattern) => {
      const content_filters = [
        { pattern: 'fine', action: 'flag' },
        { pattern, action: 'block' },
      ];
      const answer = await ask('POST', '/api/v1/guardrails', { name: 'x', content_filters });
      expect(answer.status).toBe(400);
      expect(answer.body.error?.message).toContain('content_filters.1.pattern');
      if (pattern.length <= 100_000) expect(answer.body.error?.metadata['reason']).toBe('invalid_regex_pattern');
      const made = await create({ content_filters: [{ pattern: 'fine', action: 'flag' }] });
      const path = `/api/v1/guardrails/${made['id']}`;
      expect((await ask('PATCH', path, { content_filters })).status).toBe(400);
      expect((await ask('GET', path)).body.data).toEqual(made);
    },
  );

  it('keeps its limit and its reset together through every change', async () => {
    const made = await create({ limit_usd: 5, reset_interval: 'daily' });
    const path = `/api/v1/guardrails/${made['id']}`;
    expect((await ask('PATCH', path, { limit_usd: 7 })).body.data).toMatchObject({
      limit_usd: 7,
      reset_interval: 'daily',
    });
    for (const half of [{ limit_usd: null }, { reset_interval: null }])
      expect(reasonOf(await ask('PATCH', path, half))).toEqual([400, 'guardrail_budget_incomplete']);
    expect((await ask('GET', path)).body.data).toMatchObject({ limit_usd: 7, reset_interval: 'daily' });
  });

  it('is of a workspace of its own organization, and listed there alone', async () => {
    const { body } = await ask('POST', '/api/v1/workspaces', { name: 'Lab', slug: 'lab' });
    const workspace_id = String(body.data?.['id']);
    const made = await create({ name: 'In the lab', workspace_id });
    const listed = async (query: string) =>
      ((await ask('GET', `/api/v1/guardrails${query}`)).body.data as unknown as Body[]).map(({ id }) => id);
    expect(await listed(`?workspace_id=${workspace_id}`)).toEqual([made['id']]);
    expect(await listed('?limit=100')).not.toContain(made['id']);
    const nowhere = '00000000-0000-4000-8000-000000000000';
    for (const answer of [
      await ask('GET', `/api/v1/guardrails?workspace_id=${nowhere}`),
      await ask('POST', '/api/v1/guardrails', { name: 'x', workspace_id: nowhere }),
    ])
      expect(answer.status).toBe(404);
    expect((await ask('DELETE', '/api/v1/workspaces/lab')).status).toBe(200);
    expect((await ask('GET', `/api/v1/guardrails/${made['id']}`)).status).toBe(404);
  });
});

describe('changes at once', () => {
  it('do not undo each other, and set up a default guardrail once', async () => {
    const ids = [String((await create({}))['id']), await defaultId()];
    for (const id of ids) {
      const path = `/api/v1/guardrails/${id}`;
      const bodies = [
        { description: 'x' },
        { ignored_providers: ['p'] },
        { reversible: true },
        { limit_usd: 1, reset_interval: 'daily' },
      ];
      const answers = await Promise.all(bodies.map((body) => ask('PATCH', path, body)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect((await ask('GET', path)).body.data).toMatchObject(Object.assign({}, ...bodies));
      await ask('DELETE', path);
    }
  });

  it('leave nobody under a guardrail that is gone', async () => {
    const { secret, hash } = await daemon.key();
    const path = `/api/v1/guardrails/${(await create({}))['id']}`;
    const [deleted, assigned] = await Promise.all([
      ask('DELETE', path),
      ask('POST', `${path}/assignments/keys`, { key_hashes: [hash] }),
    ]);
    expect(deleted.status).toBe(200);
    expect([200, 404]).toContain(assigned.status);
    expect((await daemon.chat(secret, { model: 'one/m', max_tokens: 20 })).status).toBe(200);
  });
});

describe('a workspace’s default guardrail', () => {
  it('is not there until it is first changed, begins anew when deleted, and keeps its id and name', async () => {
    const path = `/api/v1/guardrails/${await defaultId()}`;
    expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('DELETE', path)).status).toBe(404);
    expect(reasonOf(await ask('PATCH', path, { name: 'Mine' }))).toEqual([400, 'default_guardrail_name']);
    expect((await ask('GET', path)).status).toBe(404);

    const set = await ask('PATCH', path, { ignored_providers: ['nobody'] });
    expect(set.status).toBe(200);
    expect(set.body.data).toMatchObject({ id: await defaultId(), is_default: true, ignored_providers: ['nobody'] });
    expect((await ask('GET', path)).body.data).toEqual(set.body.data);
    expect(reasonOf(await ask('PATCH', path, { name: 'Mine' }))).toEqual([400, 'default_guardrail_name']);
    expect((await ask('PATCH', path, { name: set.body.data?.['name'] })).status).toBe(200);

    expect((await ask('DELETE', path)).body).toEqual({ deleted: true });
    expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('PATCH', path, { description: 'again' })).body.data).toMatchObject({ ignored_providers: null });
    await ask('DELETE', path);
  });
});

describe('assignments', () => {
  const keys = (id: unknown, path = 'keys') => `/api/v1/guardrails/${id}/assignments/${path}`;
  const holders = async (id: unknown) =>
    ((await ask('GET', keys(id))).body.data as unknown as Body[]).map((one) => one['key_hash']);

  it('put a key under one guardrail, the last that it was given', async () => {
    const [first, second] = [await create({ name: 'first' }), await create({ name: 'second' })];
    const [a, b] = [await daemon.key({ name: 'a' }), await daemon.key({ name: 'b' })];
    const assign = (id: unknown, key_hashes: readonly string[]) => ask('POST', keys(id), { key_hashes });
    expect((await assign(first['id'], [a.hash, b.hash, a.hash])).body).toEqual({ assigned_count: 2 });
    const before = (await ask('GET', keys(first['id']))).body.data;
    expect((await assign(first['id'], [a.hash])).body).toEqual({ assigned_count: 1 });
    expect((await ask('GET', keys(first['id']))).body.data).toEqual(before);
    expect((await assign(second['id'], [b.hash])).body).toEqual({ assigned_count: 1 });
    expect(await holders(first['id'])).toEqual([a.hash]);
    expect(await holders(second['id'])).toEqual([b.hash]);

    const remove = (id: unknown, key_hashes: readonly string[]) => ask('POST', keys(id, 'keys/remove'), { key_hashes });
    expect((await remove(first['id'], [b.hash])).body).toEqual({ unassigned_count: 0 });
    expect((await remove(second['id'], [b.hash, 'f'.repeat(64)])).body).toEqual({ unassigned_count: 1 });
    expect(await holders(second['id'])).toEqual([]);
  });

  it('of one moment are listed in the order in which they were asked for', async () => {
    daemon.setNow(new Date());
    const made = await create({});
    const hashes: string[] = [];
    for (let at = 0; at < 8; at++) hashes.push((await daemon.key()).hash);
    await ask('POST', keys(made['id']), { key_hashes: hashes });
    expect(await holders(made['id'])).toEqual(hashes);
    const ids: string[] = [];
    for (let at = 0; at < 8; at++) {
      const path = '/api/v1/callgate/organization/members';
      ids.push(String((await ask('POST', path, { email: `m${at}@x.example` })).body.data?.['id']));
    }
    await ask('POST', keys(made['id'], 'members'), { member_user_ids: ids });
    const members = (await ask('GET', keys(made['id'], 'members'))).body.data as unknown as Body[];
    expect(members.map((one) => one['user_id'])).toEqual(ids);
    daemon.setNow(null);
  });

  it('are made for all or for none, and of nothing', async () => {
    const made = await create({});
    const { hash } = await daemon.key();
    const unknown = await ask('POST', keys(made['id']), { key_hashes: [hash, 'e'.repeat(64)] });
    expect(reasonOf(unknown)).toEqual([400, 'unknown_api_key']);
    expect(await holders(made['id'])).toEqual([]);
    for (const body of [{}, { key_hashes: [] }, { key_hashes: [''] }, { key_hashes: 'x' }])
      expect((await ask('POST', keys(made['id']), body)).status).toBe(400);
    const stranger = await ask('POST', keys(made['id'], 'members'), { member_user_ids: ['user_nobody'] });
    expect(reasonOf(stranger)).toEqual([400, 'not_a_member']);
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(reasonOf(await ask('POST', keys(nobody), { key_hashes: [hash] }))).toEqual([404, 'guardrail_not_found']);
    expect((await ask('GET', keys('not-an-id'))).status).toBe(404);
    expect((await ask('GET', '/api/v1/guardrails/assignments/keys?limit=0')).status).toBe(400);
  });

  it('stay when a key’s secret is rotated, and are gone with the guardrail', async () => {
    const made = await create({});
    const { hash } = await daemon.key({ name: 'rotated' });
    await ask('POST', keys(made['id']), { key_hashes: [hash] });
    const rotated = (await ask('POST', `/api/v1/callgate/keys/${hash}/rotate`)).body.data as Body;
    expect(await holders(made['id'])).toEqual([rotated['hash']]);
    expect((await ask('DELETE', `/api/v1/guardrails/${made['id']}`)).body).toEqual({ deleted: true });
    const all = (await ask('GET', '/api/v1/guardrails/assignments/keys?limit=100')).body.data as unknown as Body[];
    expect(all.map((one) => one['guardrail_id'])).not.toContain(made['id']);
  });
});

describe('the organization’s ceiling', () => {
  const path = '/api/v1/callgate/organization/policy';

  it('says nothing at first, keeps what it is told, and takes null for nothing', async () => {
    expect((await ask('GET', path)).body.data).toMatchObject({ allowed_providers: null, injection_allow_list: [] });
    const told = { ignored_providers: ['evil'], enforce_zdr: true, injection_allow_list: ['Act as', 'act as', 'ok'] };
    expect((await ask('PATCH', path, told)).body.data).toMatchObject({
      ignored_providers: ['evil'],
      enforce_zdr_openai: true,
      injection_allow_list: ['Act as', 'ok'],
    });
    expect((await ask('PATCH', path, { ignored_providers: null, enforce_zdr: null })).body.data).toMatchObject({
      ignored_providers: null,
      enforce_zdr_openai: null,
      injection_allow_list: ['Act as', 'ok'],
    });
  });

  it.each([
    { injection_allow_list: Array.from({ length: 201 }, (_, index) => `phrase ${index}`) },
    { injection_allow_list: ['é'.repeat(501)] },
    { injection_allow_list: [''] },
    { allowed_models: [] },
    { content_filters: [] },
  ])('takes no %j', async (body) => {
    expect((await ask('PATCH', path, body)).status).toBe(400);
  });
});

describe('changes', () => {
  it('are each in the audit', async () => {
    const made = await create({ name: 'audited', content_filters: [{ pattern: 'secret-[0-9]+', action: 'block' }] });
    const { hash } = await daemon.key();
    await ask('PATCH', `/api/v1/guardrails/${made['id']}`, { description: 'x' });
    await ask('POST', `/api/v1/guardrails/${made['id']}/assignments/keys`, { key_hashes: [hash] });
    await ask('POST', `/api/v1/guardrails/${made['id']}/assignments/keys/remove`, { key_hashes: [hash] });
    await ask('DELETE', `/api/v1/guardrails/${made['id']}`);
    const records = (await ask('GET', '/api/v1/callgate/audit?limit=100')).body.data as unknown as Body[];
    const mine = records
      .filter((one) => String(one['target']) === `guardrail:${made['id']}`)
      .map((one) => one['action']);
    expect(mine.toReversed()).toEqual([
      'guardrail.create',
      'guardrail.update',
      'guardrail.assign_keys',
      'guardrail.unassign_keys',
      'guardrail.delete',
    ]);
  });
});

describe('what is said', () => {
  const call = async (secret: string) => {
    const response = await daemon.chat(secret, { model: 'one/m', max_tokens: 20 });
    const { error } = (await response.json()) as { error?: { metadata: Body } };
    return { status: response.status, metadata: error?.metadata };
  };

  it('holds from the next call on for whom it is assigned to, and no longer than that', async () => {
    const [bound, free] = [await daemon.key({ name: 'bound' }), await daemon.key({ name: 'free' })];
    const made = await create({ name: 'Not one', ignored_providers: ['one'] });
    const path = `/api/v1/guardrails/${made['id']}`;
    expect((await call(bound.secret)).status).toBe(200);
    await ask('POST', `${path}/assignments/keys`, { key_hashes: [bound.hash] });
    const refused = await call(bound.secret);
    expect(refused.status).toBe(404);
    expect(refused.metadata).toMatchObject({ guardrail_id: made['id'] });
    expect(JSON.stringify(refused.metadata)).toContain('Not one');
    expect((await call(free.secret)).status).toBe(200);
    await ask('PATCH', path, { ignored_providers: null });
    expect((await call(bound.secret)).status).toBe(200);
    await ask('PATCH', path, { ignored_providers: ['one'] });
    expect((await call(bound.secret)).status).toBe(404);
    await ask('DELETE', path);
    expect((await call(bound.secret)).status).toBe(200);
  });

  it('by a workspace’s default guardrail and by the ceiling holds for every key', async () => {
    const [one, other] = [await daemon.key(), await daemon.key()];
    const assigned = await create({ name: 'Lenient', description: 'says nothing' });
    await ask('POST', `/api/v1/guardrails/${assigned['id']}/assignments/keys`, { key_hashes: [other.hash] });
    const statuses = async () => [(await call(one.secret)).status, (await call(other.secret)).status];
    const path = `/api/v1/guardrails/${await defaultId()}`;
    await ask('PATCH', path, { allowed_models: ['somebody/else'] });
    expect(await statuses()).toEqual([404, 404]);
    await ask('DELETE', path);
    expect(await statuses()).toEqual([200, 200]);
    await ask('PATCH', '/api/v1/callgate/organization/policy', { ignored_models: ['one/m'] });
    expect(await statuses()).toEqual([404, 404]);
    await ask('PATCH', '/api/v1/callgate/organization/policy', { ignored_models: null });
    expect(await statuses()).toEqual([200, 200]);
  });

  it('is nothing to another organization, whose keys none of it reaches', async () => {
    const made = await create({ name: 'Ours' });
    const { hash } = await daemon.key();
    expect((await ask('POST', '/api/v1/callgate/organizations', { slug: 'other' })).status).toBeLessThan(300);
    const other = async (method: string, path: string, body?: unknown) => {
      const headers = { 'x-callgate-organization': 'other' };
      const response = await daemon.request(path, { method, headers, ...(body === undefined ? {} : { body }) });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    };
    const path = `/api/v1/guardrails/${made['id']}`;
    for (const answer of [
      await other('GET', path),
      await other('PATCH', path, { description: 'theirs' }),
      await other('DELETE', path),
      await other('PATCH', `/api/v1/guardrails/${await defaultId()}`, { description: 'theirs' }),
      await other('POST', `${path}/assignments/keys`, { key_hashes: [hash] }),
    ])
      expect(answer.status).toBe(404);
    const theirs = (await other('POST', '/api/v1/guardrails', { name: 'Theirs' })).body.data as Body;
    expect(
      reasonOf(await other('POST', `/api/v1/guardrails/${theirs['id']}/assignments/keys`, { key_hashes: [hash] })),
    ).toEqual([400, 'unknown_api_key']);
    expect((await other('GET', '/api/v1/guardrails')).body['total_count']).toBe(1);
    expect((await other('GET', '/api/v1/guardrails/assignments/keys')).body['total_count']).toBe(0);
    expect((await ask('GET', `/api/v1/guardrails/${theirs['id']}`)).status).toBe(404);
    await other('PATCH', '/api/v1/callgate/organization/policy', { ignored_providers: ['theirs'] });
    expect((await ask('GET', '/api/v1/callgate/organization/policy')).body.data).toMatchObject({
      ignored_providers: null,
    });
    expect((await ask('GET', path)).body.data).toMatchObject({ description: null });
  });
});
