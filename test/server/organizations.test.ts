import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

type Init = { method?: string; body?: unknown; key?: string; org?: string };
async function ask(path: string, { org, ...init }: Init = {}) {
  const headers = org === undefined ? {} : { 'x-callgate-organization': org };
  const response = await daemon.request(`/api/v1${path}`, { ...init, headers });
  const body = (await response.json()) as { data?: never; key?: string; error?: { metadata: { reason: string } } };
  return { status: response.status, body, reason: body.error?.metadata.reason };
}

async function organization(slug: string): Promise<{ id: string; manager: string; managerId: string }> {
  const made = await ask('/callgate/organizations', { body: { slug, name: slug.toUpperCase() } });
  expect(made.status).toBe(201);
  const key = await ask('/callgate/management-keys', { body: { name: `manager of ${slug}` }, org: slug });
  expect(key.status).toBe(201);
  const { id: managerId } = key.body.data as unknown as { id: string };
  return { id: (made.body.data as unknown as { id: string }).id, manager: key.body.key ?? '', managerId };
}

async function keyOf(manager: string, body: Record<string, unknown> = {}) {
  const made = await ask('/keys', { key: manager, body: { name: 'k', ...body } });
  expect(made.status).toBe(201);
  return { secret: made.body.key ?? '', hash: (made.body.data as unknown as { hash: string }).hash };
}

const slugsOf = (body: { data?: unknown }) => (body.data as { slug: string }[]).map(({ slug }) => slug);

describe('a management key', () => {
  it('manages and cannot call, and cannot reach what is the daemon’s own', async () => {
    const made = await ask('/callgate/management-keys', { body: { name: 'helper' } });
    const { key: secret = '' } = made.body;
    expect(secret).toMatch(/^sk-cg-mgmt-v1-[0-9a-f]{64}$/);
    expect(JSON.stringify((await ask('/callgate/management-keys')).body)).not.toContain(secret);
    expect((await ask('/keys', { key: secret })).status).toBe(200);
    expect((await ask('/key', { key: secret })).body.data).toMatchObject({ is_management_key: true, limit: null });
    const call = await daemon.chat(secret, { model: 'one/m' });
    expect(call.status).toBe(403);
    const beyond: readonly (readonly [string, string, unknown?])[] = [
      ['GET', '/callgate/status'],
      ['POST', '/callgate/stop'],
      ['POST', '/callgate/reload'],
      ['POST', '/callgate/handoff', { version: '99.0.0', bundle: '/daemon.js' }],
      ['PUT', '/callgate/providers/openai/key', { key: 'sk-x' }],
      ['POST', '/callgate/run', { preset: 'hello', messages: [{ role: 'user', content: 'x' }] }],
      ['GET', '/callgate/organizations'],
      ['GET', '/callgate/management-keys'],
      ['POST', '/callgate/management-keys', { name: 'another' }],
      ['PUT', '/callgate/organization/credits', { total_credits: 1_000 }],
    ];
    for (const [method, path, body] of beyond) {
      const refused = await ask(path, { method, key: secret, ...(body === undefined ? {} : { body }) });
      expect([method, path, refused.status, refused.reason]).toEqual([method, path, 403, 'daemon_key_required']);
    }
  });

  it('ends at once when it is revoked', async () => {
    const made = await ask('/callgate/management-keys', { body: { name: 'brief' } });
    const { key: secret = '' } = made.body;
    const { id } = made.body.data as unknown as { id: string };
    expect((await ask('/keys', { key: secret })).status).toBe(200);
    expect((await ask(`/callgate/management-keys/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await ask('/keys', { key: secret })).status).toBe(401);
    expect((await ask(`/callgate/management-keys/${id}`, { method: 'DELETE' })).status).toBe(404);
  });
});

describe('organizations', () => {
  it('see nothing of each other', async () => {
    const acme = await organization('acme');
    const rival = await organization('rival');
    const { secret, hash } = await keyOf(acme.manager);
    const workspace = await ask('/workspaces', { key: acme.manager, body: { name: 'Lab', slug: 'lab' } });
    const { id: labId } = workspace.body.data as unknown as { id: string };
    // The same slugs are free in the other one.
    expect((await ask('/workspaces', { key: rival.manager, body: { name: 'Lab', slug: 'lab' } })).status).toBe(201);
    expect(slugsOf((await ask('/workspaces', { key: acme.manager })).body)).toEqual(['default', 'lab']);
    const member = { id: 'user_ann', email: 'ann@acme.example' };
    expect((await ask('/callgate/organization/members', { key: acme.manager, body: member })).status).toBe(201);
    const called = (await (await daemon.chat(secret, { model: 'one/m' })).json()) as { id: string };

    const theirs: readonly (readonly [string, string, unknown?])[] = [
      ['GET', `/keys/${hash}`],
      ['PATCH', `/keys/${hash}`, { disabled: true }],
      ['DELETE', `/keys/${hash}`],
      ['POST', `/callgate/keys/${hash}/rotate`],
      ['GET', `/workspaces/${labId}`],
      ['PATCH', `/workspaces/${labId}`, { name: 'x' }],
      ['DELETE', `/workspaces/${labId}`],
      ['GET', `/workspaces/${labId}/budgets`],
      ['PUT', `/workspaces/${labId}/budgets/daily`, { limit_usd: 1 }],
      ['GET', `/workspaces/${labId}/members`],
      ['GET', `/generation?id=${called.id}`],
      ['GET', `/generation/content?id=${called.id}`],
      ['POST', '/generation/feedback', { generation_id: called.id, category: 'other' }],
      ['GET', `/activity?workspace_id=${labId}`],
      ['GET', `/activity?api_key_hash=${hash}`],
      ['GET', `/presets?workspace_id=${labId}`],
      ['GET', `/callgate/io-log?workspace=${labId}`],
      ['PATCH', '/callgate/organization/members/user_ann', { role: 'org:admin' }],
      ['DELETE', '/callgate/organization/members/user_ann'],
    ];
    for (const [method, path, body] of theirs) {
      const refused = await ask(path, { method, key: rival.manager, ...(body === undefined ? {} : { body }) });
      expect([method, path, refused.status]).toEqual([method, path, 404]);
    }
    expect((await ask('/keys?workspace_id=all', { key: rival.manager })).body.data).toEqual([]);
    expect((await ask('/keys', { key: rival.manager, body: { name: 'x', workspace_id: labId } })).status).toBe(400);
    const claimed = await ask('/keys', { key: rival.manager, body: { name: 'x', creator_user_id: 'user_ann' } });
    expect([claimed.status, claimed.reason]).toEqual([400, 'not_a_member']);
    const elsewhere = await ask('/keys', { key: rival.manager, org: 'acme' });
    expect([elsewhere.status, elsewhere.reason]).toEqual([403, 'organization_denied']);
    expect((await ask('/keys', { key: rival.manager, org: 'nobody' })).reason).toBe('organization_denied');

    expect((await ask('/credits', { key: acme.manager })).body.data).toMatchObject({ total_usage: 0.00006 });
    expect((await ask('/credits', { key: rival.manager })).body.data).toMatchObject({ total_usage: 0 });
    const today = new Date().toISOString().slice(0, 10);
    expect((await ask(`/activity?date=${today}`, { key: rival.manager })).body.data).toEqual([]);
    expect((await ask(`/activity?date=${today}`, { key: acme.manager })).body.data).toMatchObject([{ requests: 1 }]);
    expect((await ask('/callgate/spend', { key: rival.manager })).body).toMatchObject({
      organization: { name: 'RIVAL', usage: 0 },
    });
    expect((await ask('/callgate/spend', { key: acme.manager })).body).toMatchObject({
      organization: { name: 'ACME', usage: 0.00006 },
    });
    // Still as they were.
    expect((await ask(`/keys/${hash}`, { key: acme.manager })).body.data).toMatchObject({ disabled: false });
  });

  it('are chosen by header with the daemon’s own key, and unknown ones are Not Found', async () => {
    await organization('chosen');
    expect((await ask('/keys?workspace_id=all', { org: 'chosen' })).body.data).toEqual([]);
    const unknown = await ask('/keys', { org: 'nobody' });
    expect([unknown.status, unknown.reason]).toEqual([404, 'organization_not_found']);
  });

  it('have an admin always, and members whose ids are theirs alone', async () => {
    const { manager } = await organization('staffed');
    const { data } = (await ask('/organization/members', { key: manager })).body as unknown as {
      data: { id: string }[];
    };
    expect(data).toHaveLength(1);
    const alone = data[0]?.id ?? '';
    const path = `/callgate/organization/members/${alone}`;
    expect((await ask(path, { method: 'DELETE', key: manager })).reason).toBe('member_in_use');
    expect((await ask(path, { method: 'PATCH', key: manager, body: { role: 'org:member' } })).reason).toBe(
      'member_in_use',
    );
    const add = (body: object) => ask('/callgate/organization/members', { key: manager, body });
    expect((await add({ email: 'bo@x.example', role: 'org:admin', id: 'user_bo' })).status).toBe(201);
    expect((await add({ email: 'BO@x.example' })).reason).toBe('slug_taken');
    expect((await add({ email: 'other@x.example', id: 'user_local' })).reason).toBe('slug_taken');
    for (const wrong of [{}, { email: 'none' }, { email: 'a@b', id: 'ann' }, { email: 'a@b', role: 'owner' }])
      expect((await add(wrong)).status).toBe(400);
    expect((await ask(path, { method: 'DELETE', key: manager })).status).toBe(200);

    const { hash } = await keyOf(manager, { creator_user_id: 'user_bo' });
    await add({ email: 'cy@x.example', role: 'org:admin', id: 'user_cy' });
    const busy = await ask('/callgate/organization/members/user_bo', { method: 'DELETE', key: manager });
    expect([busy.status, busy.reason]).toEqual([400, 'member_in_use']);
    await ask(`/keys/${hash}`, { method: 'DELETE', key: manager });
    expect((await ask('/callgate/organization/members/bo@x.example', { method: 'DELETE', key: manager })).status).toBe(
      200,
    );
  });

  it('leave their guardrail when they go, and their keys stay off until they are back', async () => {
    const { manager } = await organization('departed');
    const add = () =>
      ask('/callgate/organization/members', { key: manager, body: { email: 'eve@x.example', id: 'user_eve' } });
    await add();
    const made = await ask('/guardrails', { key: manager, body: { name: 'none', ignored_providers: ['one'] } });
    const path = `/guardrails/${(made.body.data as unknown as { id: string }).id}/assignments/members`;
    await ask(path, { key: manager, body: { member_user_ids: ['user_eve'] } });
    const { hash, secret } = await keyOf(manager, { creator_user_id: 'user_eve' });
    expect((await daemon.chat(secret, { model: 'one/m' })).status).toBe(404);
    const turn = (disabled: boolean) => ask(`/keys/${hash}`, { method: 'PATCH', key: manager, body: { disabled } });
    expect((await turn(true)).status).toBe(200);
    const member = '/callgate/organization/members/user_eve';
    expect((await ask(member, { method: 'DELETE', key: manager })).status).toBe(200);
    // On again it would be under no member's guardrail.
    const on = await turn(false);
    expect([on.status, on.reason]).toEqual([400, 'not_a_member']);
    expect((await daemon.chat(secret, { model: 'one/m' })).status).toBe(401);
    await add();
    expect((await ask(path, { key: manager })).body.data).toEqual([]);
    expect((await turn(false)).status).toBe(200);
    expect((await daemon.chat(secret, { model: 'one/m' })).status).toBe(200);
  });

  it('cannot be given more credits than can be counted', async () => {
    await organization('rich');
    const give = (method: string, body: object) => ask('/callgate/organization/credits', { method, body, org: 'rich' });
    expect((await give('PUT', { total_credits: 1_000_000 })).status).toBe(200);
    expect(await give('POST', { amount: 0.000_000_001 })).toMatchObject({ status: 400, reason: 'invalid_request' });
    expect((await ask('/credits', { org: 'rich' })).body.data).toMatchObject({ total_credits: 1_000_000 });
  });

  it('are deleted with all that is theirs, once their keys have ended; the default one stays', async () => {
    const { id, manager } = await organization('gone');
    const { hash, secret } = await keyOf(manager);
    const remove = (which: string) => ask(`/callgate/organizations/${which}`, { method: 'DELETE' });
    expect((await remove('gone')).reason).toBe('organization_in_use');
    await ask(`/keys/${hash}`, { method: 'PATCH', key: manager, body: { disabled: true } });
    expect((await remove(id)).status).toBe(200);
    expect((await ask('/keys', { key: manager })).status).toBe(401);
    expect((await daemon.chat(secret, { model: 'one/m' })).status).toBe(401);
    expect((await remove('gone')).status).toBe(404);
    expect((await remove('default')).reason).toBe('organization_in_use');
    // Its slug is free again.
    await organization('gone');
  });

  it('outlive the daemon', async () => {
    const state = mkdtempSync(join(tmpdir(), 'callgate-orgs-'));
    const first = await TestDaemon.start('', { state });
    const made = await first.request('/api/v1/callgate/organizations', { body: { slug: 'kept' } });
    expect(made.status).toBe(201);
    const key = await first.request('/api/v1/callgate/management-keys', {
      body: { name: 'kept' },
      headers: { 'x-callgate-organization': 'kept' },
    });
    const { key: secret } = (await key.json()) as { key: string };
    await first.request('/api/v1/callgate/organization/credits', {
      method: 'PUT',
      body: { total_credits: 3 },
      headers: { 'x-callgate-organization': 'kept' },
    });
    await first.request('/api/v1/workspaces/default/budgets/weekly', {
      method: 'PUT',
      key: secret,
      body: { limit_usd: 2 },
    });
    await first.stop({ keep: true });

    const second = await TestDaemon.start('', { state });
    try {
      const of = async (path: string) => (await second.request(`/api/v1${path}`, { key: secret })).json();
      expect(await of('/credits')).toMatchObject({ data: { total_credits: 3, unlimited: false } });
      expect(await of('/workspaces/default/budgets')).toMatchObject({ data: [{ limit_usd: 2 }] });
    } finally {
      await second.stop();
    }
  });
});
