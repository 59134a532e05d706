import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';

type Json = Record<string, unknown>;

let upstream: FakeProvider;
let daemon: TestDaemon;
let key: { secret: string; hash: string };
let guardrailId: string;

const model = (id: string, native: string) =>
  `      - { id: "${id}", native: "${native}", context_length: 100000, max_completion_tokens: 1000, pricing: { prompt: "0.000001", completion: "0.000001" } }\n`;

beforeAll(async () => {
  upstream = await FakeProvider.start();
  const at = (slug: string, models: string, more = '') =>
    `  ${slug}:\n    base_url: ${upstream.baseUrl}\n${more}    models:\n${models}`;
  daemon = await TestDaemon.start(
    `providers:\n${at('alpha', model('x/m', 'alpha-m') + model('x/other', 'alpha-other') + model('x/draw-image', 'alpha-draw'))}` +
      at('beta', model('x/m', 'beta-m') + model('x/second', 'beta-second')) +
      at(
        'openrouter',
        model('x/m', 'router-m') +
          model('x/routed', 'router-routed') +
          model('openrouter/auto', 'openrouter/auto') +
          model('x/draw-image', 'router-draw'),
        '    key: env:ROUTER\n',
      ),
    { env: { ROUTER: 'router-key' } },
  );
});
afterAll(async () => {
  await daemon?.stop();
  await upstream?.stop();
});

async function ask(method: string, path: string, body?: unknown): Promise<Json> {
  const response = await daemon.request(path, { method, ...(body === undefined ? {} : { body }) });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return ((await response.json()) as { data: Json }).data;
}

const EVERYTHING = {
  allowed_providers: null,
  ignored_providers: null,
  allowed_models: null,
  ignored_models: null,
  allowed_data_regions: null,
  modalities: null,
};

beforeEach(async () => {
  if (!key) {
    key = await daemon.key();
    guardrailId = String((await ask('POST', '/api/v1/guardrails', { name: 'Fence' }))['id']);
    await ask('POST', `/api/v1/guardrails/${guardrailId}/assignments/keys`, { key_hashes: [key.hash] });
  }
  await ask('PATCH', `/api/v1/guardrails/${guardrailId}`, EVERYTHING);
});

const fence = (rules: Json) => ask('PATCH', `/api/v1/guardrails/${guardrailId}`, rules);

async function call(body: Json = {}) {
  const before = upstream.received.length;
  const response = await daemon.chat(
    key.secret,
    { model: 'x/m', max_tokens: 10, ...body },
    {
      headers: { 'x-openrouter-metadata': 'enabled' },
    },
  );
  const answer = (await response.json()) as {
    provider?: string;
    openrouter_metadata?: { left_out?: Json[] };
    error?: { message: string; metadata: Json };
  };
  return {
    status: response.status,
    ...answer,
    metadata: answer.error?.metadata ?? {},
    sent: upstream.received.slice(before).map(({ body: sent }) => sent),
  };
}
const models = async () =>
  (
    (await (await daemon.request('/api/v1/models/user', { key: key.secret })).json()) as { data: { id: string }[] }
  ).data.map(({ id }) => id);

async function route(body: Json = {}) {
  const response = await daemon.request('/api/v1/callgate/route', {
    key: key.secret,
    body: { model: 'x/m', messages: [{ role: 'user', content: 'Hi' }], ...body },
  });
  return (
    (await response.json()) as {
      data: {
        decision: string;
        endpoints?: { provider_slug: string }[];
        left_out?: Json[];
        error?: { metadata: Json };
      };
    }
  ).data;
}

describe('allowed and ignored providers', () => {
  it('leave endpoints out, with the rule and whose it is, in the answer’s metadata and in the dry run', async () => {
    await fence({ ignored_providers: ['Alpha'] });
    const { status, sent, openrouter_metadata } = await call();
    expect([status, sent.map((one) => one.model)]).toEqual([200, ['beta-m']]);
    const left = {
      model: 'x/m',
      provider: 'alpha',
      why: 'policy.ignored_providers: guardrail "Fence"',
      layers: [{ scope: 'api-key', guardrail_id: guardrailId, name: 'guardrail "Fence"' }],
    };
    expect(openrouter_metadata?.left_out).toContainEqual(left);
    const run = await route();
    expect(run).toMatchObject({ decision: 'send', left_out: [left] });
    expect(run.endpoints?.map(({ provider_slug }) => provider_slug)).toEqual(['beta', 'openrouter']);
  });

  it('refuse with 404 when nothing is left, naming layer, rule and remedy, before anything is sent', async () => {
    await fence({ allowed_providers: ['gamma'], ignored_providers: ['openrouter'] });
    const { status, sent, error, metadata } = await call();
    expect([status, sent]).toEqual([404, []]);
    expect(error?.message).toContain('No endpoints available matching your guardrail restrictions and data policy');
    expect(metadata).toMatchObject({
      reason: 'no_allowed_endpoints',
      error_type: 'not_found',
      scope: 'api-key',
      guardrail_id: guardrailId,
      guardrail_name: 'Fence',
      rule: 'allowed_providers',
      remedy: expect.stringContaining('allowed_providers of guardrail "Fence"'),
    });
    expect((await route()).error?.metadata).toMatchObject({
      reason: 'no_allowed_endpoints',
      rule: 'allowed_providers',
    });
  });

  it('of two layers both count', async () => {
    const workspace = String((await ask('GET', '/api/v1/workspaces/default'))['default_guardrail_id']);
    await ask('PATCH', `/api/v1/guardrails/${workspace}`, { allowed_providers: ['alpha', 'openrouter'] });
    await fence({ allowed_providers: ['beta', 'alpha'] });
    try {
      expect((await call()).sent.map((one) => one.model)).toEqual(['alpha-m']);
      await fence({ allowed_providers: ['beta'] });
      const { status, metadata } = await call();
      expect([status, metadata['scope']]).toEqual([404, 'api-key']);
      expect(metadata['also_refused_by']).toContainEqual(
        expect.objectContaining({ scope: 'workspace-default', rule: 'allowed_providers' }),
      );
    } finally {
      await ask('PATCH', `/api/v1/guardrails/${workspace}`, { allowed_providers: null });
    }
  });

  it('a request’s own wish cannot widen them, nor a fallback after a failure', async () => {
    await fence({ allowed_providers: ['alpha'] });
    expect((await call({ provider: { only: ['beta'] } })).status).toBe(404);
    expect((await call({ provider: { order: ['beta', 'openrouter'] } })).sent.map((one) => one.model)).toEqual([
      'alpha-m',
    ]);
    upstream.on('alpha-m', failure(500, 'down'));
    const { status, sent } = await call({ models: ['x/second', 'x/routed'] });
    expect([status >= 500, sent.map((one) => one.model)]).toEqual([true, ['alpha-m']]);
    upstream.on('alpha-m', answer({}));
  });
});

describe('a router', () => {
  it('is told which providers behind it may serve, and is not asked when there are none', async () => {
    await fence({ allowed_providers: ['alpha', 'google-vertex', 'azure'], ignored_providers: ['novita'] });
    const { status, sent } = await call({ model: 'x/routed' });
    expect(status).toBe(200);
    // What can be called here directly is not reached through a router.
    expect(sent[0]?.['provider']).toEqual({ only: ['google-vertex', 'azure'], ignore: ['novita'] });
    const narrowed = await call({
      model: 'x/routed',
      provider: { only: ['azure', 'together'], ignore: ['deepinfra'], order: ['azure'] },
    });
    expect(narrowed.sent[0]?.['provider']).toEqual({
      only: ['azure'],
      ignore: ['deepinfra', 'novita'],
      order: ['azure'],
    });
    expect((await call({ model: 'x/routed', provider: { only: ['together'] } })).status).toBe(404);
    await fence({ allowed_providers: ['alpha'], ignored_providers: null });
    expect(await call({ model: 'x/routed' })).toMatchObject({
      status: 404,
      sent: [],
      metadata: { rule: 'allowed_providers' },
    });
    await fence({ allowed_providers: ['openrouter'] });
    expect((await call({ model: 'x/routed' })).sent[0]).not.toHaveProperty('provider');
  });

  it('is told to keep nothing and to train nobody', async () => {
    await fence({ enforce_zdr_other: true, enable_paid_model_training: false });
    expect((await call({ model: 'x/routed' })).sent[0]?.['provider']).toEqual({ zdr: true, data_collection: 'deny' });
    // A request cannot take it back.
    const { sent } = await call({ model: 'x/routed', provider: { zdr: false, data_collection: 'allow' } });
    expect(sent[0]?.['provider']).toEqual({ zdr: true, data_collection: 'deny' });
    await fence({ enforce_zdr_other: null, enable_paid_model_training: null, enforce_zdr_anthropic: true });
    expect((await call({ model: 'x/routed' })).sent[0]).not.toHaveProperty('provider');
    await fence({ enforce_zdr_anthropic: null });
  });
});

describe('allowed and ignored models', () => {
  it('hold for every name, variant and fallback of a model', async () => {
    await fence({ ignored_models: ['x/m'] });
    for (const name of ['x/m', 'x/m:nitro', 'x/m:floor', 'alpha/alpha-m', 'X/M'])
      expect((await call({ model: name })).sent, name).toEqual([]);
    expect((await call({ models: ['x/m', 'x/second'] })).sent.map((one) => one.model)).toEqual(['beta-second']);
    expect(await models()).not.toContain('x/m');
    expect(await models()).toContain('x/second');
  });

  it('hold for a name with blanks around it, which its provider might take for the one without', async () => {
    for (const name of ['alpha/alpha-m ', 'alpha/ alpha-m', 'alpha/alpha-m\u0000', 'alpha/alpha-m\u200b'])
      expect((await call({ model: name })).status, JSON.stringify(name)).toBe(400);
  });

  it('a list of allowed ones admits those alone, and no router that chooses', async () => {
    await fence({ allowed_models: ['x/second', 'x/routed'] });
    expect((await call({ model: 'x/second' })).status).toBe(200);
    expect(await call()).toMatchObject({ status: 404, metadata: { rule: 'allowed_models' } });
    expect(await call({ model: 'openrouter/auto' })).toMatchObject({ status: 404, sent: [] });
    expect(await call({ model: 'x/routed', tools: [{ type: 'openrouter:advisor' }] })).toMatchObject({
      status: 404,
      sent: [],
    });
    expect(await call({ model: 'x/routed', plugins: [{ id: 'fusion' }] })).toMatchObject({ status: 404, sent: [] });
    expect((await models()).toSorted()).toEqual(['x/routed', 'x/second']);
    await fence({ allowed_models: null, ignored_models: ['x/second'] });
    expect(await call({ model: 'openrouter/auto' })).toMatchObject({
      status: 404,
      metadata: { rule: 'ignored_models' },
    });
  });

  it('a kept answer serves nobody once it may not be asked for', async () => {
    const cached = { model: 'x/other', cache_enabled: true };
    expect((await call(cached)).sent).toHaveLength(1);
    expect((await call(cached)).sent).toHaveLength(0);
    await fence({ ignored_models: ['x/other'] });
    expect((await call(cached)).status).toBe(404);
  });
});

describe('modalities', () => {
  it('that are denied are refused whether asked for, made by the model or by a tool', async () => {
    await fence({ modalities: { image: { rule: 'deny' } } });
    const refused = {
      status: 403,
      sent: [],
      metadata: { reason: 'modality_denied', modality: 'image', guardrail_id: guardrailId },
    };
    expect(await call({ modalities: ['text', 'image'] })).toMatchObject(refused);
    expect(await call({ model: 'x/draw-image' })).toMatchObject(refused);
    expect(await call({ model: 'x/draw-image', modalities: ['text'] })).toMatchObject(refused);
    expect(await call({ model: 'x/routed', tools: [{ type: 'openrouter:image_generation' }] })).toMatchObject(refused);
    expect((await call({ models: ['x/draw-image', 'x/m'] })).status).toBe(200);
    expect((await call({ tools: [{ type: 'function', function: { name: 'image_generation' } }] })).status).toBe(200);
    expect((await call({ modalities: ['text', 'audio'] })).status).toBe(200);
  });

  it('that are pinned go to that provider alone, behind a router too', async () => {
    await fence({ modalities: { image: { rule: 'pin', provider: 'alpha' } } });
    expect((await call({ model: 'x/draw-image' })).sent.map((one) => one.model)).toEqual(['alpha-draw']);
    expect((await call({ modalities: ['image'], provider: { order: ['beta'] } })).sent.map((one) => one.model)).toEqual(
      ['alpha-m'],
    );
    expect(await call({ model: 'x/second', modalities: ['image'] })).toMatchObject({
      status: 403,
      sent: [],
      metadata: { reason: 'modality_denied', remedy: expect.stringContaining('alpha') },
    });
    await fence({ modalities: { image: { rule: 'pin', provider: 'google-vertex' } } });
    const { sent } = await call({ model: 'x/draw-image' });
    expect(sent.map((one) => [one.model, one['provider']])).toEqual([['router-draw', { only: ['google-vertex'] }]]);
    expect((await call()).sent[0]).not.toHaveProperty('provider');
  });
});

describe('regions', () => {
  it('what runs on this machine is in all of them', async () => {
    await fence({ allowed_data_regions: ['europe'] });
    expect((await call({ provider: { only: ['alpha'] } })).status).toBe(200);
    const self = (await (await daemon.request('/api/v1/key', { key: key.secret })).json()) as { data: Json };
    expect(self.data['allowed_data_regions']).toEqual(['europe']);
  });
});
