import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure, stream, usageOf } from '../support/fake-provider.ts';
import { eventsOf, TestDaemon } from '../support/test-daemon.ts';

let upstream: FakeProvider;
let daemon: TestDaemon;
let key: { secret: string; hash: string };
/** What the next draw gives. */
let draw = 0;

const price = (usd: string, more = '') => `pricing: { prompt: "${usd}", completion: "${usd}" }${more}`;
const model = (id: string, native: string, usd: string, more = '') =>
  `      - { id: ${id}, native: ${native}, context_length: 100000, max_completion_tokens: 1000, ${price(usd, more)} }\n`;

beforeAll(async () => {
  upstream = await FakeProvider.start();
  const at = (slug: string, models: string, more = '') =>
    `  ${slug}:\n    base_url: ${upstream.baseUrl}\n${more}    models:\n${models}`;
  daemon = await TestDaemon.start(
    `providers:\n${at('cheap', model('x/m', 'cheap-m', '0.000001', ', quantization: fp8') + model('x/other', 'cheap-other', '0.000001'))}` +
      `${at('dear', model('x/m', 'dear-m', '0.000003', ', is_distillable: true') + model('x/other', 'dear-other', '0.000002'), '    data_policy: { zdr: true }\n')}` +
      `${at(
        'openrouter',
        model('x/m', 'router-m', '0.000002') + model('x/routed', 'router-routed', '0.000002'),
        '    key: env:ROUTER\n',
      )}` +
      `${at(
        'many',
        model('x/keyed', 'keyed-m', '0.000001'),
        '    keys:\n' +
          '      - { key: env:FIRST, name: first }\n' +
          '      - { key: env:ABSENT }\n' +
          '      - { key: "stored:second", name: second }\n' +
          '      - { key: env:LAST, name: last, is_fallback: true }\n',
      )}${at(
        'direct',
        model('x/routed', 'direct-routed', '0.000002'),
        '    keys:\n      - { key: env:LAST, is_fallback: true }\n',
      )}${at(
        'strict',
        model('x/strict', 'strict-m', '0.000002'),
        '    keys:\n      - { key: env:FIRST, is_required: true }\n',
      )}`,
    {
      env: { ROUTER: 'router-key', FIRST: 'key-1', LAST: 'key-9' },
      random: () => draw,
    },
  );
  const stored = await daemon.request('/api/v1/callgate/providers/many/key', {
    method: 'PUT',
    body: { key: 'key-2', name: 'second' },
  });
  expect(stored.status).toBe(200);
  key = await daemon.key();
});
afterAll(async () => {
  await daemon?.stop();
  await upstream?.stop();
});
afterEach(() => {
  draw = 0;
  upstream.received.length = 0;
  for (const native of [
    'cheap-m',
    'dear-m',
    'router-m',
    'router-routed',
    'direct-routed',
    'keyed-m',
    'cheap-other',
    'dear-other',
  ])
    upstream.on(native, (received, response) =>
      (received.body['stream'] ? stream({}) : answer({}))(received, response),
    );
  // What an earlier test broke must have recovered: half an hour later nothing of it counts.
  later += 30 * 60_000;
  daemon.setNow(new Date(Date.now() + later));
});
let later = 0;

type Answer = {
  readonly provider?: string;
  readonly model?: string;
  readonly usage?: { readonly is_byok: boolean; readonly cost: number };
  readonly error?: { readonly code: number; readonly message: string; readonly metadata: Record<string, unknown> };
  readonly openrouter_metadata?: {
    readonly attempts: readonly { readonly status: number; readonly key?: string }[];
    readonly left_out?: readonly { readonly provider: string; readonly why: string }[];
    readonly is_byok: boolean;
    readonly selection: string;
  };
};

async function call(body: object, headers: Record<string, string> = {}) {
  const response = await daemon.chat(
    key.secret,
    { model: 'x/m', ...body },
    {
      headers: { 'x-openrouter-metadata': 'enabled', ...headers },
    },
  );
  return { status: response.status, body: (await response.json()) as Answer };
}
const asked = () => upstream.received.map(({ body }) => body.model);
const keysSent = () => upstream.received.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

type Run = {
  readonly decision: string;
  readonly bound?: number;
  readonly max_tokens?: number | null;
  readonly selection: string;
  readonly endpoints: readonly {
    readonly provider_slug: string;
    readonly probability: number;
    readonly model: string;
  }[];
  readonly left_out: readonly { readonly provider: string; readonly why: string }[];
  readonly error?: { readonly code: number; readonly metadata: { readonly reason: string } };
};
async function dryRun(body: object, secret = key.secret): Promise<Run> {
  const response = await daemon.request('/api/v1/callgate/route', {
    key: secret,
    body: { model: 'x/m', messages: [{ role: 'user', content: 'Hi' }], ...body },
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Run }).data;
}

describe('the first endpoint', () => {
  it('is drawn in proportion to 1/price² among the direct ones, and a router comes last', async () => {
    expect((await call({})).body.provider).toBe('cheap');
    draw = 0.89;
    expect((await call({})).body.provider).toBe('cheap');
    draw = 0.91;
    expect((await call({})).body.provider).toBe('dear');
    upstream.on('dear-m', failure(503));
    upstream.on('cheap-m', failure(500));
    expect((await call({})).body.provider).toBe('OpenRouter');
    expect(asked().slice(-3)).toEqual(['dear-m', 'cheap-m', 'router-m']);
  });

  it.each([
    [{ provider: { sort: 'price' } }, 'cheap'],
    [{ provider: { order: ['dear'] } }, 'dear'],
    [{ provider: { only: ['dear'] } }, 'dear'],
    [{ provider: { ignore: ['cheap'] } }, 'dear'],
    [{ provider: { order: ['openrouter'] } }, 'OpenRouter'],
    [{ provider: { max_price: { prompt: '1.5' } } }, 'cheap'],
    [{ provider: { quantizations: ['fp8'] } }, 'cheap'],
    [{ provider: { enforce_distillable_text: true } }, 'dear'],
    [{ model: 'x/m:floor' }, 'cheap'],
  ])('%j: %s, whatever the draw', async (body, expected) => {
    draw = 0.999;
    expect((await call(body)).body.provider).toBe(expected);
  });

  it('may not be another one than the first without fallbacks', async () => {
    upstream.on('cheap-m', failure(500, 'down'));
    const { status, body } = await call({ provider: { allow_fallbacks: false } });
    expect([status, asked()]).toEqual([502, ['cheap-m']]);
    expect(body.openrouter_metadata?.left_out?.map(({ why }) => why)).toContain('provider.allow_fallbacks');
  });

  it('has no outage: two failures in half a minute set an endpoint back, until a probe succeeds', async () => {
    upstream.on('cheap-m', failure(503));
    await call({});
    await call({});
    await call({});
    expect(asked()).toEqual(['cheap-m', 'dear-m', 'cheap-m', 'dear-m', 'dear-m']);
    daemon.setNow(new Date(Date.now() + later + 31_000));
    upstream.on('cheap-m', answer({}));
    expect((await call({})).body.provider).toBe('cheap');
    expect((await call({})).body.provider).toBe('cheap');
  });

  it('is the only one even after an outage', async () => {
    upstream.on('router-routed', failure(503));
    upstream.on('direct-routed', failure(503));
    for (let count = 0; count < 4; count += 1) expect((await call({ model: 'x/routed' })).status).toBe(502);
    upstream.on('router-routed', answer({}));
    expect((await call({ model: 'x/routed', provider: { only: ['openrouter'] } })).status).toBe(200);
  });

  it('stays with a named conversation, and with one whose prompt is cached', async () => {
    draw = 0.95;
    expect((await call({ session_id: 'talk' })).body.provider).toBe('dear');
    draw = 0;
    expect((await call({ session_id: 'talk' })).body).toMatchObject({
      provider: 'dear',
      openrouter_metadata: { selection: 'sticky' },
    });
    expect((await call({}, { 'x-session-id': 'talk' })).body.provider).toBe('dear');
    expect((await call({ session_id: 'another' })).body.provider).toBe('cheap');
    expect((await call({ session_id: 'talk', provider: { order: ['cheap'] } })).body.provider).toBe('cheap');
    daemon.setNow(new Date(Date.now() + later + 11 * 60_000));
    expect((await call({ session_id: 'talk' })).body.provider).toBe('cheap');
  });
});

describe('endpoints of several models', () => {
  it('are ranked together where that is asked for', async () => {
    const { endpoints } = await dryRun({
      models: ['x/m', 'x/other'],
      model: undefined,
      provider: { sort: { by: 'price', partition: 'none' } },
    });
    expect(endpoints.map(({ provider_slug, model }) => `${provider_slug}:${model}`)).toEqual([
      'cheap:x/m',
      'cheap:x/other',
      'dear:x/other',
      'openrouter:x/m',
      'dear:x/m',
      'openrouter:x/other',
    ]);
    upstream.on('cheap-m', failure(400, 'too long'));
    upstream.on('cheap-other', failure(500));
    const { body } = await call({
      models: ['x/m', 'x/other'],
      model: undefined,
      provider: { sort: { by: 'price', partition: 'none' } },
    });
    // A model that refused the request itself is not asked again elsewhere.
    expect([body.model, body.provider, asked()]).toEqual(['x/other', 'dear', ['cheap-m', 'cheap-other', 'dear-other']]);
  });
});

describe('several keys of a provider', () => {
  const keyed = { model: 'x/keyed', provider: { ignore: ['openrouter'] } };

  it('are tried in order: a refused one, one without credit, then the one kept as fallback', async () => {
    upstream.on('keyed-m', (received, response) => {
      const status = { 'Bearer key-1': 401, 'Bearer key-2': 402 }[received.headers.authorization ?? ''];
      return (status ? failure(status, 'no') : answer({}))(received, response);
    });
    const { body } = await call(keyed);
    expect(keysSent()).toEqual(['key-1', 'key-2', 'key-9']);
    expect(body.usage?.is_byok).toBe(true);
    expect(body.usage?.cost).toBeGreaterThan(0);
    expect(body.openrouter_metadata).toMatchObject({
      is_byok: true,
      attempts: [
        { status: 401, key: 'first' },
        { status: 402, key: 'second' },
        { status: 200, key: 'last' },
      ],
    });
    // A refused key rests while there are others.
    upstream.on('keyed-m', answer({}));
    upstream.received.length = 0;
    await call(keyed);
    expect(keysSent()).toEqual(['key-9']);
  });

  it('a failure that is not the key’s is not repeated with another', async () => {
    upstream.on('keyed-m', failure(503));
    expect((await call(keyed)).status).toBe(502);
    expect(keysSent()).toEqual(['key-1']);
  });

  it('the record of the call says whose key it was', async () => {
    const response = await daemon.chat(key.secret, { model: 'x/keyed' });
    const id = response.headers.get('x-generation-id');
    await response.text();
    const { data } = (await (await daemon.request(`/api/v1/generation?id=${id}`)).json()) as {
      data: { is_byok: boolean; provider_responses: { is_byok: boolean }[] };
    };
    expect([data.is_byok, data.provider_responses]).toMatchObject([true, [{ is_byok: true }]]);
  });

  it('a router out of credit falls to the direct provider whose key is kept as fallback', async () => {
    upstream.on('router-routed', failure(402, 'Insufficient credits'));
    expect((await call({ model: 'x/routed' })).body.provider).toBe('direct');
    expect(asked()).toEqual(['router-routed', 'direct-routed']);
  });

  it('is_required keeps the model away from routers', async () => {
    const { endpoints, left_out } = await dryRun({ model: 'x/strict' });
    expect(endpoints.map(({ provider_slug }) => provider_slug)).toEqual(['strict']);
    expect(left_out).toContainEqual({ model: 'x/strict', provider: 'openrouter', why: 'byok.is_required' });
  });
});

describe('a provider that refuses the daemon’s own key, or its account', () => {
  const only = { provider: { only: ['openrouter'] } };
  it.each([
    [401, 403, 'provider_key_rejected', 'ROUTER'],
    [403, 403, 'provider_key_rejected', 'ROUTER'],
    [402, 402, 'provider_credits_exhausted', 'OpenRouter'],
  ])('says so by name: %i', async (theirs, status, reason, remedy) => {
    upstream.on('router-m', failure(theirs, 'their words'));
    for (const streamed of [false, true]) {
      const response = await daemon.chat(key.secret, { model: 'x/m', ...only, stream: streamed });
      const { error } = (await response.json()) as Answer;
      expect([response.status, error?.code, error?.metadata['reason']]).toEqual([status, status, reason]);
      expect(error?.message).toContain('OpenRouter: their words');
      expect(error?.metadata['remedy']).toContain(remedy);
      expect(error?.metadata['provider_name']).toBe('OpenRouter');
    }
  });

  const google = [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } }];
  const vendorsWords: readonly (readonly [string, number, unknown, string])[] = [
    [
      'Anthropic, credit',
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access …' },
      },
      'provider_credits_exhausted',
    ],
    [
      'OpenAI, credit',
      429,
      { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } },
      'provider_credits_exhausted',
    ],
    ['Google, key', 400, google, 'provider_key_rejected'],
    [
      'a rate limit',
      429,
      { error: { message: 'You exceeded your current quota', code: 429 } },
      'upstream_rate_limited',
    ],
    ['the request', 400, { error: { message: 'messages: my credit balance' } }, 'upstream_rejected'],
  ];
  it.each(vendorsWords)('is understood in the vendors’ own ways: %s', async (_, theirs, body, reason) => {
    const words = (_received: unknown, response: ServerResponse) =>
      void response.writeHead(theirs, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    upstream.on('router-m', words);
    const alone = await call(only);
    expect(alone.body.error?.metadata).toMatchObject({ reason, provider_code: String(theirs) });

    // What is wrong with one account is not wrong with another's.
    upstream.on('cheap-m', words);
    const { status, body: answered } = await call({});
    expect([status, answered.provider]).toEqual(reason === 'upstream_rejected' ? [400, undefined] : [200, 'dear']);
  });

  it('a router’s moderation is the request’s own affair', async () => {
    upstream.on('router-m', (_received, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ error: { code: 403, message: 'flagged', metadata: { reasons: ['x'], flagged_input: 'y' } } }),
      );
    });
    const { status, body } = await call(only);
    expect([status, body.error?.metadata['reason']]).toEqual([403, 'upstream_rejected']);
  });

  it('midway through a stream, too', async () => {
    upstream.on('router-m', (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n');
      response.end('data: {"error":{"code":402,"message":"out of credit"},"choices":[]}\n\n');
    });
    const events = await eventsOf(await daemon.chat(key.secret, { model: 'x/m', ...only, stream: true }));
    expect(events.join('')).toContain('provider_credits_exhausted');
  });
});

describe('what a router is told', () => {
  it('is the preferences about what stands behind it, and the variant', async () => {
    upstream.on('router-m', answer({}));
    await call({ provider: { only: ['anthropic', 'cheap'], ignore: ['cheap'], zdr: true } });
    expect(upstream.received.at(-1)?.body['provider']).toEqual({ only: ['anthropic'], ignore: ['cheap'], zdr: true });
    upstream.on('router-m:nitro', answer({}));
    await call({ model: 'x/m:nitro', provider: { only: ['openrouter'] } });
    expect(upstream.received.at(-1)?.body).toMatchObject({ model: 'router-m:nitro', provider: {} });
  });
});

describe('a request that cannot be routed as it says', () => {
  it.each([
    [{ provider: { ordr: ['cheap'] } }, 400, 'ordr'],
    [{ provider: { sort: 'fastest' } }, 400, 'sort'],
    [{ provider: { max_price: { prompt: -1 } } }, 400, 'max_price'],
    [{ model: 'x/m:online' }, 400, ':online'],
    [{ model: 'cheap/m:free', provider: { only: ['cheap'] } }, 400, 'cheap/m:free'],
    [{ provider: { only: ['cheap'], ignore: ['cheap'] } }, 404, 'provider.ignore'],
  ])('%j is refused by name', async (body, status, words) => {
    const answered = await call(body);
    expect(answered.status).toBe(status);
    expect(answered.body.error?.message).toContain(words);
    expect(upstream.received).toEqual([]);
  });
});

describe('the dry run', () => {
  it('shows the order, the chances, the bound and what is left out, and changes nothing', async () => {
    const limited = await daemon.key({ limit: 1 });
    const before = await daemon.keyData(limited.hash);
    const run = await dryRun({ max_tokens: 100, provider: { ignore: ['openrouter'] } }, limited.secret);
    expect(run).toMatchObject({
      decision: 'send',
      selection: 'price',
      max_tokens: null,
      endpoints: [
        { provider_slug: 'cheap', model: 'x/m', probability: expect.closeTo(0.9, 9) },
        { provider_slug: 'dear', model: 'x/m', probability: expect.closeTo(0.1, 9) },
      ],
      left_out: [{ model: 'x/m', provider: 'openrouter', why: 'provider.ignore' }],
    });
    expect(run.bound).toBeGreaterThan(100 * 0.000003);
    expect(run.bound).toBeLessThan(0.01);
    expect(await daemon.keyData(limited.hash)).toEqual(before);
    expect(upstream.received).toEqual([]);
  });

  it('refuses as the call would', async () => {
    const poor = await daemon.key({ limit: 0.00001 });
    expect(await dryRun({ max_tokens: 900 }, poor.secret)).toMatchObject({
      decision: 'refuse',
      error: { code: 402, metadata: { reason: 'weight_exceeds_budget' } },
    });
    const unknown = await dryRun({ provider: { only: ['nobody-here'], ignore: ['openrouter'] } });
    const called = await call({ provider: { only: ['nobody-here'], ignore: ['openrouter'] } });
    expect(unknown.error?.code).toBe(called.status);
    expect(unknown.error?.metadata.reason).toBe(called.body.error?.metadata['reason']);
  });

  it('speaks for any key to the management key, and for no other to a key', async () => {
    const other = await daemon.key({ name: 'other' });
    const body = { model: 'x/m', messages: [{ role: 'user', content: 'Hi' }], key_hash: other.hash };
    const managed = await daemon.request('/api/v1/callgate/route', { body });
    expect(((await managed.json()) as { data: { key: { name: string } } }).data.key.name).toBe('other');
    expect((await daemon.request('/api/v1/callgate/route', { body, key: key.secret })).status).toBe(403);
    const nobody = await daemon.request('/api/v1/callgate/route', { body: { ...body, key_hash: '0'.repeat(64) } });
    expect(nobody.status).toBe(404);
  });
});

describe('the record', () => {
  it('ranks by speed once there is one', async () => {
    upstream.on('cheap-m', answer({ delay: 60, usage: usageOf(10, 5) }));
    upstream.on('dear-m', answer({ usage: usageOf(10, 500) }));
    await call({ provider: { order: ['cheap'] } });
    await call({ provider: { order: ['dear'] } });
    expect((await dryRun({ model: 'x/m:nitro' })).endpoints[0]?.provider_slug).toBe('dear');
    expect((await dryRun({ provider: { sort: 'latency' } })).endpoints[0]?.provider_slug).toBe('dear');
    expect((await dryRun({ provider: { preferred_max_latency: 0.03 } })).endpoints[0]?.provider_slug).toBe('dear');
    expect((await dryRun({ provider: { preferred_max_latency: 30 } })).endpoints[0]?.provider_slug).toBe('cheap');
  });
});
