import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into at any depth
type Json = Record<string, any>;

let provider: FakeProvider;
let daemon: TestDaemon;
let counter = 0;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, ['m', 'n'])}server:\n  permit_wait: 1\n`,
  );
  await publish('audit', 'one/m');
  await publish('other', 'one/n');
});

afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

beforeEach(() => daemon.setNow(null));

async function publish(slug: string, model: string, prompt = 'Look.') {
  const text = `---\nname: ${slug}\nmodel: ${model}\n---\n${prompt}\n`;
  const published = await daemon.request(`/api/v1/callgate/presets/${slug}/publish`, { body: { text } });
  expect(published.status).toBe(200);
}

async function api(path: string, body?: unknown, method?: string): Promise<{ status: number; json: Json }> {
  const response = await daemon.request(`/api/v1/callgate/${path}`, {
    ...(body === undefined ? {} : { body }),
    ...(method ? { method } : {}),
  });
  return { status: response.status, json: (await response.json()) as Json };
}

async function behavior(tier: 'A' | 'B' | 'C', more: Json = {}, key: Json = {}) {
  counter += 1;
  const made = await daemon.key({ name: `key ${counter}`, ...key });
  const created = await api('behaviors', {
    name: `behavior ${counter}`,
    preset: 'audit',
    key: made.hash,
    tier,
    ...more,
  });
  expect(created.json['error']).toBeUndefined();
  expect(created.status).toBe(201);
  return { ...made, id: String(created.json['data'].id) };
}

const show = async (id: string) => (await api(`behaviors/${id}`)).json['data'];
const ledger = async (id: string) => (await api(`behaviors/${id}/ledger`)).json['data'] as Json[];

async function ask(secret: string, body: Json = {}): Promise<{ status: number; json: Json; headers: Headers }> {
  const response = await daemon.chat(secret, { model: '@preset/audit', max_tokens: 50, ...body });
  return { status: response.status, json: (await response.json()) as Json, headers: response.headers };
}

describe('a behavior', () => {
  it('of tier C calls its preset and nothing else', async () => {
    const { secret } = await behavior('C');
    expect((await ask(secret)).status).toBe(200);
    for (const body of [{ model: 'one/m' }, { model: '@preset/other' }]) {
      const refused = await ask(secret, body);
      expect(refused.status).toBe(403);
      expect(refused.json['error'].metadata).toMatchObject({
        reason: 'behavior_preset',
        scope: 'behavior',
        preset: '@preset/audit',
      });
    }
  });

  it('that is pinned runs that version, whoever names the preset alone, and no other', async () => {
    await publish('pinned', 'one/m', 'First.');
    const { secret } = await behavior('C', { preset: '@preset/pinned@1' });
    await publish('pinned', 'one/n', 'Second.');
    await ask(secret, { model: '@preset/pinned' });
    expect(provider.received.at(-1)?.body.model).toBe('m');
    await ask(secret, { model: '@preset/pinned@1' });
    expect(provider.received.at(-1)?.body.model).toBe('m');
    expect((await ask(secret, { model: '@preset/pinned@2' })).json['error'].metadata.reason).toBe('behavior_preset');
    const { json } = await api('route', {
      model: '@preset/pinned',
      messages: [{ role: 'user', content: 'x' }],
      key_hash: (await show((await api('behaviors')).json['data'].at(-1).id)).key.hash,
    });
    expect(json['data'].preset.version).toBe(1);
  });

  it('that follows runs what is designated now', async () => {
    await publish('moving', 'one/m', 'First.');
    const { secret } = await behavior('C', { preset: 'moving' });
    await publish('moving', 'one/n', 'Second.');
    await ask(secret, { model: '@preset/moving' });
    expect(provider.received.at(-1)?.body.model).toBe('n');
  });

  it('cannot write presets', async () => {
    const { secret } = await behavior('C');
    const response = await daemon.request('/api/v1/presets/audit/chat/completions', {
      key: secret,
      body: { model: 'one/n', messages: [{ role: 'user', content: 'x' }] },
    });
    expect(response.status).toBe(403);
    expect(((await response.json()) as Json)['error'].metadata.reason).toBe('preset_write_denied');
  });

  it('makes no pictures until a guardrail over its key says so, as the refusal says', async () => {
    const { secret, hash } = await behavior('C');
    const picture = () => ask(secret, { modalities: ['image', 'text'] });
    const refused = await picture();
    expect(refused.json['error'].metadata).toMatchObject({
      reason: 'modality_denied',
      remedy: expect.stringContaining('image generation in a guardrail over the key of behavior'),
    });
    const made = await daemon.request('/api/v1/guardrails', {
      body: { name: `pictures ${hash.slice(0, 6)}`, modalities: { image: { rule: 'allow' } } },
    });
    const { data } = (await made.json()) as Json;
    await daemon.request(`/api/v1/guardrails/${data.id}/assignments/keys`, { body: { key_hashes: [hash] } });
    expect((await picture()).json['error']?.metadata.reason).not.toBe('modality_denied');
  });

  it('has a name, a key and a preset of its own', async () => {
    const { hash } = await behavior('C');
    const another = (await daemon.key()).hash;
    const name = `behavior ${counter}`;
    const cases: [Json, number, string][] = [
      [{ name, preset: 'audit', key: another }, 409, 'behavior_conflict'],
      [{ name: 'x', preset: 'audit', key: hash }, 409, 'behavior_conflict'],
      [{ name: 'x', preset: 'nobody', key: another }, 404, 'preset_not_found'],
      [{ name: 'x', preset: 'audit@99', key: another }, 404, 'preset_version_not_found'],
      [{ name: 'x', preset: 'audit@draft', key: another }, 400, 'invalid_preset_reference'],
      [{ name: 'x', preset: 'audit', key: '0'.repeat(64) }, 404, 'not_found'],
      [{ name: 'x', preset: 'audit', key: another, tier: 'D' }, 400, 'invalid_request'],
      [{ name: 'x', preset: 'audit', key: another, tiers: 'A' }, 400, 'invalid_request'],
    ];
    for (const [body, status, reason] of cases) {
      const refused = await api('behaviors', body);
      expect([refused.status, refused.json['error'].metadata.reason]).toEqual([status, reason]);
    }
  });

  it('is changed and deleted; its key is free then, and its ledger stays', async () => {
    const { id, secret } = await behavior('C');
    const changed = await api(`behaviors/${id}`, { name: 'renamed', preset: 'other' }, 'PATCH');
    expect(changed.json['data']).toMatchObject({ name: 'renamed', preset: 'other', tier: 'C' });
    expect((await ask(secret, { model: '@preset/other' })).status).toBe(200);
    expect((await api(`behaviors/${id}`, undefined, 'DELETE')).json).toEqual({ deleted: true });
    expect((await api(`behaviors/${id}`)).status).toBe(404);
    expect((await ask(secret, { model: 'one/m' })).status).toBe(200);
  });
});

describe('a behavior whose key is deleted', () => {
  it('stays with its ledger, and goes on with another key', async () => {
    const { secret, hash, id } = await behavior('A');
    expect((await ask(secret)).json['error'].metadata.reason).toBe('proposal_only');
    await api('permits/requirements', { kind: 'key', value: hash });
    expect((await daemon.request(`/api/v1/keys/${hash}`, { method: 'DELETE' })).status).toBe(200);
    // What was off limits for it alone is no more.
    const required: Json[] = (await api('permits/requirements')).json['data'];
    expect(required.filter(({ kind }) => kind === 'key')).toEqual([]);
    expect(await show(id)).toMatchObject({ key: null, proposals: 1 });
    const refused = await api(`behaviors/${id}`, { preset: 'other' }, 'PATCH');
    expect([refused.status, refused.json['error'].message]).toEqual([409, expect.stringContaining('was deleted')]);
    const fresh = await daemon.key({ name: 'its next' });
    expect((await api(`behaviors/${id}`, { key: fresh.hash }, 'PATCH')).json['data'].key.name).toBe('its next');
    expect((await ask(fresh.secret)).json['error'].metadata.reason).toBe('proposal_only');
    expect((await ledger(id)).map(({ kind }) => kind)).toEqual(['changed', 'created']);
  });
});

describe('behaviors of two organizations', () => {
  it('may have one name, and none sees the other’s', async () => {
    const made = await daemon.request('/api/v1/callgate/policy/apply', {
      body: { text: 'organizations: [{ slug: acme }]\nkeys: [{ name: theirs, workspace: acme/default }]\n' },
    });
    expect(made.status).toBe(200);
    const ours = await behavior('C', { name: 'same' });
    const theirs = async (path: string, body?: unknown) => {
      const response = await daemon.request(path, {
        headers: { 'x-callgate-organization': 'acme' },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, json: (await response.json()) as Json };
    };
    await theirs('/api/v1/callgate/presets/audit/publish', { text: '---\nname: audit\nmodel: one/m\n---\nLook.\n' });
    const keys = (await theirs('/api/v1/keys')).json['data'] as Json[];
    const hash = keys.find(({ name }) => name === 'theirs')?.['hash'];
    const created = await theirs('/api/v1/callgate/behaviors', { name: 'same', preset: 'audit', key: hash, tier: 'C' });
    expect(created.status).toBe(201);
    expect((await show('same')).id).toBe(ours.id);
    const seen = await theirs('/api/v1/callgate/behaviors/same');
    expect(seen.json['data'].id).toBe(created.json['data'].id);
    expect((await theirs(`/api/v1/callgate/behaviors/${ours.id}`)).status).toBe(404);
    expect((await theirs('/api/v1/callgate/behaviors/proposals')).json['data']).toEqual([]);
    expect((await theirs('/api/v1/callgate/permits')).json['data']).toEqual([]);
  });
});

describe('a failure', () => {
  it('demotes by rule: C to B on the first, B to A on the second within seven days, one step at a time', async () => {
    const { id, secret } = await behavior('C');
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await show(id)).tier).toBe('B');
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await show(id)).tier).toBe('A');
    const entries = await ledger(id);
    expect(entries.map(({ kind, tier_before, tier_after }) => [kind, tier_before, tier_after])).toEqual([
      ['block', 'B', 'A'],
      ['block', 'C', 'B'],
      ['created', 'C', 'C'],
    ]);
    expect(entries[0]).toMatchObject({ code: 'behavior_preset', generation_id: expect.stringMatching(/^gen-/) });
  });

  it('a week later counts anew', async () => {
    const { id, secret } = await behavior('C');
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await show(id)).tier).toBe('B');
    daemon.setNow(new Date(Date.now() + 8 * 86_400_000));
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await ledger(id)).length).toBe(3);
    expect((await show(id)).tier).toBe('B');
  });

  it('at its cap counts once in a window, and again in the next', async () => {
    const { id, secret } = await behavior('C', {}, { limit: 0, limit_reset: 'daily' });
    for (let call = 0; call < 5; call += 1) expect((await ask(secret)).status).toBe(403);
    await expect.poll(async () => (await ledger(id)).filter(({ kind }) => kind === 'cap').length).toBe(1);
    expect((await show(id)).tier).toBe('B');
    daemon.setNow(new Date(Date.now() + 86_400_000));
    expect((await ask(secret)).status).toBe(403);
    // Tier B asks a person first; a permit lets it come to its cap.
    const permit = await api('permits', { key: (await show(id)).key.hash, task: 't' });
    expect(permit.status).toBe(201);
    await ask(secret, { session_id: 't' });
    await expect.poll(async () => (await ledger(id)).filter(({ kind }) => kind === 'cap').length).toBe(2);
    expect((await show(id)).tier).toBe('A');
  });

  it('of a provider is none of its own', async () => {
    const { id, secret } = await behavior('C');
    provider.on('m', (_, response) => void response.writeHead(500).end('{}'));
    expect((await ask(secret)).status).toBe(502);
    provider.on(
      'm',
      (_, response) =>
        void response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}'),
    );
    expect((await ask(secret)).status).toBe(400);
    expect((await ledger(id)).map(({ kind }) => kind)).toEqual(['created']);
  });

  it('demotes by the workspace’s own rules', async () => {
    expect((await api('behaviors/rules', { c_to_b: 2 }, 'PATCH')).json['data'].c_to_b).toBe(2);
    const { id, secret } = await behavior('C');
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await ledger(id)).length).toBe(2);
    expect((await show(id)).tier).toBe('C');
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await show(id)).tier).toBe('B');
    await api('behaviors/rules', { c_to_b: 1 }, 'PATCH');
    for (const body of [{ c_to_b: -1 }, { nonsense: 1 }, { loop_calls: 1 }])
      expect((await api('behaviors/rules', body, 'PATCH')).status).toBe(400);
  });
});

describe('trust', () => {
  beforeAll(async () => {
    provider.on('m', (received, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const message = { role: 'assistant', content: 'Done.' };
      const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
      response.end(
        JSON.stringify({
          id: 'x',
          model: received.body.model,
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage,
        }),
      );
    });
    await api('behaviors/rules', { clean_calls: 3 }, 'PATCH');
  });
  afterAll(async () => void (await api('behaviors/rules', { clean_calls: 50 }, 'PATCH')));

  it('is earned by clean calls over days, and given by a person', async () => {
    const { id, secret, hash } = await behavior('B');
    await api('permits', { key: hash, task: 't' });
    const early = await api(`behaviors/${id}/promote`, {});
    expect([early.status, early.json['error'].metadata.reason]).toEqual([409, 'promotion_unearned']);
    expect(early.json['error'].metadata).toMatchObject({ calls_left: 3, to: 'C' });
    for (let call = 0; call < 3; call += 1) expect((await ask(secret, { session_id: 't' })).status).toBe(200);
    await expect.poll(async () => (await show(id)).clean_calls).toBe(3);
    expect((await show(id)).promotion).toMatchObject({ kind: 'unearned', calls_left: 0 });
    daemon.setNow(new Date(Date.now() + 7 * 86_400_000 + 60_000));
    expect((await show(id)).promotion).toMatchObject({ kind: 'earned', to: 'C' });
    expect((await show(id)).tier).toBe('B');
    expect((await api(`behaviors/${id}/promote`, {})).json['data']).toMatchObject({ tier: 'C', clean_calls: 0 });
  });

  it('from A is a person’s to give at any time, one step, and begins anew', async () => {
    const { id, secret } = await behavior('A');
    expect((await api(`behaviors/${id}/promote`, { tier: 'C' })).status).toBe(409);
    expect((await api(`behaviors/${id}/promote`, {})).json['data'].tier).toBe('B');
    expect((await api(`behaviors/${id}`, { tier: 'C' }, 'PATCH')).status).toBe(409);
    // What it did before it was trusted again does not count.
    await ask(secret, { model: 'one/m' });
    await expect.poll(async () => (await ledger(id)).some(({ kind }) => kind === 'block')).toBe(true);
    expect((await show(id)).tier).toBe('B');
    expect((await api(`behaviors/${id}/demote`, { note: 'odd' })).json['data'].tier).toBe('A');
    expect((await ledger(id))[0]).toMatchObject({ kind: 'demoted', detail: 'odd' });
  });
});

describe('a behavior of tier A', () => {
  it('proposes what policy lets through, once however often it tries; a person runs it on its key', async () => {
    const { id, secret, hash } = await behavior('A');
    const before = provider.received.length;
    const refused = await ask(secret, { session_id: 'night' });
    expect(refused.status).toBe(403);
    const { metadata } = refused.json['error'];
    expect(metadata).toMatchObject({ reason: 'proposal_only', scope: 'behavior', model: 'one/m', provider: 'one' });
    expect(metadata.bound_usd).toBeGreaterThan(0);
    expect((await ask(secret, { session_id: 'night' })).json['error'].metadata.proposal_id).toBe(metadata.proposal_id);
    expect(provider.received.length).toBe(before);

    const list = (await api(`behaviors/proposals?behavior=${id}`)).json['data'];
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ status: 'pending', task: 'night', behavior_id: id });
    expect(list[0].request).toBeUndefined();
    const one = (await api(`behaviors/proposals/${metadata.proposal_id}`)).json['data'];
    expect(one.request.messages).toEqual([{ role: 'user', content: 'Hi' }]);

    const run = await api(`behaviors/proposals/${metadata.proposal_id}/run`, {});
    expect(run.json['choices'][0].message.content).toBe('Done.');
    expect((await daemon.keyData(hash))['usage']).toBeGreaterThan(0);
    const after = (await api(`behaviors/proposals/${metadata.proposal_id}`)).json['data'];
    expect(after).toMatchObject({ status: 'run', request: null, generation_id: run.json['id'] });
    const again = await api(`behaviors/proposals/${metadata.proposal_id}/run`, {});
    expect([again.status, again.json['error'].metadata.reason]).toEqual([409, 'proposal_decided']);
  });

  it('is kept sealed, with what a guardrail would take out of it', async () => {
    const { secret } = await behavior('A');
    const content = `Write to jane.${counter}@acme.com`;
    const id = (await ask(secret, { messages: [{ role: 'user', content }] })).json['error'].metadata.proposal_id;
    const kept = readdirSync(daemon.state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(kept.some((text) => text.includes(id))).toBe(true);
    expect(kept.some((text) => text.includes(`jane.${counter}@acme.com`))).toBe(false);
    expect((await api(`behaviors/proposals/${id}`)).json['data'].request.messages[0].content).toBe(content);
    expect((await api(`behaviors/proposals/${id}/run`, {})).status).toBe(200);
  });

  it('is run once, whoever else runs it at the same moment', async () => {
    const { secret } = await behavior('A');
    const id = (await ask(secret)).json['error'].metadata.proposal_id;
    const before = provider.received.length;
    const runs = await Promise.all([1, 2, 3].map(() => api(`behaviors/proposals/${id}/run`, {})));
    expect(runs.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    expect(provider.received.length).toBe(before + 1);
  });

  it('is not run when its preset says something else by then, and can be rejected', async () => {
    await publish('shifting', 'one/m', 'First.');
    const { secret, id: own } = await behavior('A', { preset: 'shifting' });
    const id = (await ask(secret, { model: '@preset/shifting' })).json['error'].metadata.proposal_id;
    await publish('shifting', 'one/m', 'Second.');
    const stale = await api(`behaviors/proposals/${id}/run`, {});
    expect([stale.status, stale.json['error'].metadata.reason]).toEqual([409, 'proposal_stale']);
    const rejected = await api(`behaviors/proposals/${id}/reject`, { note: 'outdated' });
    expect(rejected.json['data']).toMatchObject({ status: 'rejected', note: 'outdated' });
    expect((await ledger(own))[0]).toMatchObject({ kind: 'rejected', detail: 'outdated' });
  });

  it('proposes nothing that its budget would not hold, nor what no endpoint serves', async () => {
    const { id, secret } = await behavior('A', {}, { limit: 0 });
    const refused = await ask(secret);
    expect(refused.json['error'].metadata.reason).not.toBe('proposal_only');
    expect(refused.status).toBe(403);
    expect((await api(`behaviors/proposals?behavior=${id}`)).json['data']).toEqual([]);
  });

  it('is told so by a dry run, which keeps nothing', async () => {
    const { id, hash } = await behavior('A');
    const body = { model: '@preset/audit', messages: [{ role: 'user', content: 'x' }], key_hash: hash };
    const { json } = await api('route', body);
    expect(json['data']).toMatchObject({ decision: 'refuse', error: { metadata: { reason: 'proposal_only' } } });
    expect((await api(`behaviors/proposals?behavior=${id}`)).json['data']).toEqual([]);
  });

  it('cannot have a kept answer either', async () => {
    const { id, secret } = await behavior('B');
    await api('permits', { key: (await show(id)).key.hash, any_task: false, task: 'c' });
    const cached = { cache_enabled: true, session_id: 'c' };
    expect((await ask(secret, cached)).status).toBe(200);
    await api(`behaviors/${id}/demote`, {});
    expect((await ask(secret, cached)).json['error'].metadata.reason).toBe('proposal_only');
  });
});
