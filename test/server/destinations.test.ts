import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestDaemon } from '../support/test-daemon.ts';

const PATH = '/api/v1/observability/destinations';
const SECRET = 'secret-of-at-least-16-characters';

/** The least that each type wants, and what it then has besides. */
const TYPES: Readonly<
  Record<string, { config: Record<string, unknown>; more?: Record<string, unknown>; secrets: string[] }>
> = {
  arize: {
    config: { apiKey: SECRET, modelId: 'm', spaceKey: SECRET },
    more: { baseUrl: 'https://otlp.arize.com' },
    secrets: ['apiKey', 'spaceKey'],
  },
  braintrust: {
    config: { apiKey: SECRET, projectId: 'p' },
    more: { baseUrl: 'https://api.braintrust.dev' },
    secrets: ['apiKey'],
  },
  clickhouse: {
    config: { database: 'd', host: 'h', password: SECRET, username: 'u' },
    more: { table: 'OPENROUTER_TRACES' },
    secrets: ['password'],
  },
  datadog: {
    config: { apiKey: SECRET, mlApp: 'a' },
    more: { url: 'https://api.us5.datadoghq.com' },
    secrets: ['apiKey'],
  },
  grafana: {
    config: { apiKey: SECRET, instanceId: '1' },
    more: { baseUrl: 'https://otlp-gateway-prod-us-west-0.grafana.net' },
    secrets: ['apiKey'],
  },
  langfuse: {
    config: { publicKey: 'pk', secretKey: SECRET },
    more: { baseUrl: 'https://us.cloud.langfuse.com' },
    secrets: ['secretKey'],
  },
  langsmith: {
    config: { apiKey: SECRET },
    more: { endpoint: 'https://api.smith.langchain.com', project: 'main' },
    secrets: ['apiKey'],
  },
  newrelic: { config: { licenseKey: SECRET }, more: { region: 'us' }, secrets: ['licenseKey'] },
  opik: { config: { apiKey: SECRET, projectName: 'p', workspace: 'w' }, secrets: ['apiKey'] },
  'otel-collector': { config: { endpoint: 'http://127.0.0.1:4318' }, secrets: [] },
  posthog: { config: { apiKey: SECRET }, more: { endpoint: 'https://us.i.posthog.com' }, secrets: ['apiKey'] },
  ramp: {
    config: { apiKey: SECRET },
    more: { baseUrl: 'https://api.ramp.com/developer/v1/ai-usage/openrouter' },
    secrets: ['apiKey'],
  },
  s3: {
    config: { accessKeyId: 'AKIA', bucketName: 'b', secretAccessKey: SECRET },
    more: { pathTemplate: '{prefix}/{date}', prefix: 'openrouter-traces' },
    secrets: ['secretAccessKey'],
  },
  sentry: {
    config: {
      dsn: 'https://abcdefabcdefabcdef@o1.ingest.sentry.io/42',
      otlpEndpoint: 'https://o1.ingest.sentry.io/otlp',
    },
    secrets: ['dsn'],
  },
  snowflake: {
    config: { account: 'acme-eu.one', token: SECRET },
    more: { database: 'SNOWFLAKE_LEARNING_DB', schema: 'PUBLIC', table: 'OPENROUTER_TRACES', warehouse: 'COMPUTE_WH' },
    secrets: ['token'],
  },
  weave: {
    config: { apiKey: SECRET, entity: 'e', project: 'p' },
    more: { baseUrl: 'https://trace.wandb.ai' },
    secrets: ['apiKey'],
  },
  webhook: { config: { url: 'https://example.com/hook' }, more: { method: 'POST' }, secrets: [] },
};

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await TestDaemon.start();
});
afterAll(() => daemon?.stop());

type Destination = Record<string, unknown> & { readonly id: string; readonly config: Record<string, unknown> };
type Failure = { readonly error: { readonly message: string; readonly metadata: Record<string, unknown> } };

async function send<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await daemon.request(path, { method, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as T };
}

async function make(body: Record<string, unknown>): Promise<Destination> {
  const made = await send<{ data: Destination }>('POST', PATH, { name: 'x', ...body });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body.data;
}
const remove = (id: string) => send('DELETE', `${PATH}/${id}`);
const patch = (id: string, body: Record<string, unknown>) =>
  send<{ data: Destination } & Failure>('PATCH', `${PATH}/${id}`, body);

describe.each(Object.entries(TYPES))('a destination of type %s', (type, { config, more = {}, secrets }) => {
  it('takes what it must have, fills in the rest, and shows no secret', async () => {
    const made = await make({ type, config });
    const shown = { ...config, ...more };
    for (const field of secrets) shown[field] = `********${String(config[field]).slice(-4)}`;
    expect(made).toEqual({
      id: expect.any(String),
      type,
      name: 'x',
      enabled: true,
      config: shown,
      sampling_rate: 1,
      privacy_mode: false,
      api_key_hashes: null,
      filter_rules: null,
      broadcast_generation_cost: false,
      broadcast_generation_identity: false,
      broadcast_generation_request_context: false,
      regions: ['global'],
      workspace_id: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    await remove(made.id);
  });

  it('refuses a field that is missing, empty or unknown, and says which', async () => {
    for (const field of Object.keys(config)) {
      const { [field]: _left, ...rest } = config;
      for (const wrong of [rest, { ...config, [field]: '' }]) {
        const { status, body } = await send<Failure>('POST', PATH, { name: 'x', type, config: wrong });
        expect(status, field).toBe(400);
        expect(body.error.message).toMatch(`config.${field}: `);
      }
    }
    const { status } = await send('POST', PATH, { name: 'x', type, config: { ...config, surprise: 1 } });
    expect(status).toBe(400);
  });
});

describe('secrets', () => {
  const headers = { Authorization: 'Bearer abcdefghijklmnop', 'X-Short': 'abc' };

  it('that come back masked stay, and others are replaced', async () => {
    const { id, config } = await make({ type: 'datadog', config: { apiKey: SECRET, mlApp: 'a', headers } });
    expect(config['headers']).toEqual({ Authorization: '********mnop', 'X-Short': '********' });
    const same = await patch(id, { config });
    expect(same.body.data.config).toEqual(config);
    const other = await patch(id, {
      config: { mlApp: 'b', headers: { ...(config['headers'] as object), 'X-New': 'a-new-one-of-some-length' } },
    });
    expect(other.body.data.config).toMatchObject({
      apiKey: config['apiKey'],
      mlApp: 'b',
      headers: { Authorization: '********mnop', 'X-Short': '********', 'X-New': '********ngth' },
    });
    const rotated = await patch(id, { config: { apiKey: 'another-of-enough-length', headers: null } });
    expect(rotated.body.data.config).toEqual({
      apiKey: '********ngth',
      mlApp: 'b',
      url: 'https://api.us5.datadoghq.com',
    });
    await remove(id);
  });

  it('that are only masks are not taken for secrets', async () => {
    const made = await send<Failure>('POST', PATH, {
      name: 'x',
      type: 'datadog',
      config: { apiKey: '********abcd', mlApp: 'a' },
    });
    expect(made.status).toBe(400);
    expect(made.body.error.message).toMatch(/config\.apiKey: is masked/);
    const { id } = await make({ type: 'webhook', config: { url: 'https://example.com' } });
    const patched = await patch(id, { config: { headers: { Authorization: '********abcd' } } });
    expect(patched.status).toBe(400);
    await remove(id);
  });

  it('lie nowhere in the clear, nor in the log, nor in the audit', async () => {
    const one = await make({ type: 'weave', config: { apiKey: 'needle-in-a-haystack', entity: 'e', project: 'p' } });
    await patch(one.id, { config: { apiKey: 'needle-in-another-stack' } });
    await remove(one.id);
    expect(JSON.stringify(daemon.lines)).not.toContain('needle');
    for (const file of readdirSync(daemon.state, { withFileTypes: true }).filter((entry) => entry.isFile()))
      expect(readFileSync(`${daemon.state}/${file.name}`).includes('needle'), file.name).toBe(false);
  });

  it('in an address are shown to who manages it, and not recorded for good', async () => {
    const url = 'https://example.com/hook?token=address-needle';
    const one = await make({ type: 'webhook', config: { url } });
    expect(one['config']).toMatchObject({ url });
    const audit = await (await daemon.request('/api/v1/callgate/audit?limit=100')).text();
    expect(audit).toContain('https://example.com/[not recorded]');
    expect(audit).not.toContain('address-needle');
    await remove(one.id);
  });

  it('survive a restart', async () => {
    const first = await TestDaemon.start();
    const made = await first.request(PATH, { body: { name: 'x', type: 'weave', config: TYPES['weave']?.config } });
    const { data } = (await made.json()) as { data: Destination };
    await first.stop({ keep: true });
    const second = await TestDaemon.start('', { state: first.state });
    const again = (await (await second.request(`${PATH}/${data.id}`)).json()) as { data: Destination };
    expect(again.data).toEqual(data);
    await second.stop();
  });
});

describe('what is not a destination', () => {
  const webhook = (more: Record<string, unknown>) => ({
    name: 'x',
    type: 'webhook',
    config: { url: 'https://x.dev' },
    ...more,
  });
  const rules = (...list: unknown[]) => webhook({ filter_rules: { groups: [{ rules: list }] } });
  it.each([
    [webhook({ type: 'carrier-pigeon' }), /^type: /],
    [webhook({ name: '' }), /^name: /],
    [webhook({ config: { url: 'ftp://x.dev' } }), /^config\.url: must be an http or https URL/],
    [webhook({ config: { url: 'https://me:pw@x.dev' } }), /^config\.url: must hold no user name and password/],
    [webhook({ config: { url: 'https://x.dev', method: 'GET' } }), /^config\.method: /],
    [webhook({ config: { url: 'https://x.dev', headers: { 'a b': 'x' } } }), /^config\.headers/],
    [webhook({ config: { url: 'https://x.dev', headers: { a: 'x\r\ny' } } }), /^config\.headers/],
    [webhook({ config: undefined }), /^config: /],
    [webhook({ sampling_rate: 0 }), /^sampling_rate: /],
    [webhook({ sampling_rate: 1.1 }), /^sampling_rate: /],
    [webhook({ api_key_hashes: [] }), /^api_key_hashes: /],
    [webhook({ api_key_hashes: ['b'.repeat(64)] }), /^api_key_hashes: .* no API key/],
    [webhook({ regions: [] }), /^regions: /],
    [webhook({ regions: ['moon'] }), /^regions\.0: /],
    [webhook({ filter_rules: { groups: [{ rules: [] }] } }), /^filter_rules\.groups\.0\.rules/],
    [rules({ field: 'colour', operator: 'equals', value: 'x' }), /field: /],
    [rules({ field: 'model', operator: 'like', value: 'x' }), /operator: /],
    [rules({ field: 'model', operator: 'gt', value: 3 }), /value: cannot be compared/],
    [rules({ field: 'total_cost', operator: 'gt', value: 'much' }), /value: must be a number/],
    [rules({ field: 'total_cost', operator: 'gt' }), /value: is missing/],
    [rules({ field: 'model', operator: 'exists', value: 'x' }), /value: must be left out/],
    [rules({ field: 'model', operator: 'regex', value: '(' }), /value: is no pattern/],
    [rules({ field: 'model', operator: 'regex', value: '(?=a)b' }), /value: is no pattern/],
  ])('%j', async (body, message) => {
    const { status, body: answer } = await send<Failure>('POST', PATH, body);
    expect(status).toBe(400);
    expect(answer.error.message).toMatch(message);
  });
});

describe('destinations', () => {
  it('keep what is said of them, and change what is named alone', async () => {
    const { hash } = await daemon.key();
    const filter = {
      enabled: true,
      groups: [
        {
          logic: 'or',
          rules: [
            { field: 'total_cost', operator: 'gte', value: 0.5 },
            { field: 'model', operator: 'regex', value: '^openai/' },
            { field: 'session_id', operator: 'exists' },
          ],
        },
      ],
    };
    const made = await make({
      type: 'otel-collector',
      config: { endpoint: 'https://x.dev' },
      enabled: false,
      sampling_rate: 0.25,
      privacy_mode: true,
      api_key_hashes: [hash],
      filter_rules: filter,
      broadcast_generation_cost: true,
      regions: ['eu', 'europe', 'us'],
    });
    expect(made).toMatchObject({
      enabled: false,
      sampling_rate: 0.25,
      privacy_mode: true,
      api_key_hashes: [hash],
      filter_rules: filter,
      broadcast_generation_cost: true,
      regions: ['europe', 'us'],
    });
    const { body } = await patch(made.id, { name: 'y', api_key_hashes: null, filter_rules: null });
    expect(body.data).toEqual({
      ...made,
      name: 'y',
      api_key_hashes: null,
      filter_rules: null,
      updated_at: expect.any(String),
    });
    await remove(made.id);
  });

  it('are at most five of a type in a workspace', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1)
      ids.push((await make({ type: 'webhook', config: { url: `https://x.dev/${at}` } })).id);
    const sixth = await send<Failure>('POST', PATH, { name: 'x', type: 'webhook', config: { url: 'https://x.dev' } });
    expect(sixth.status).toBe(409);
    expect(sixth.body.error.metadata).toMatchObject({ reason: 'destination_limit', limit: 5 });
    ids.push((await make({ type: 'otel-collector', config: { endpoint: 'https://x.dev' } })).id);
    const listed = await send<{ data: Destination[]; total_count: number }>('GET', `${PATH}?limit=4&offset=1`);
    expect(listed.body.total_count).toBe(6);
    expect(listed.body.data.map(({ id }) => id)).toEqual(ids.slice(1, 5));
    for (const id of ids) await remove(id);
  });

  it('are not there for who names another id or workspace, and are gone when deleted', async () => {
    const { id } = await make({ type: 'webhook', config: { url: 'https://x.dev' } });
    expect((await remove(id)).body).toEqual({ deleted: true });
    for (const gone of [id, 'nothing']) {
      expect((await send('GET', `${PATH}/${gone}`)).status).toBe(404);
      expect((await patch(gone, { name: 'y' })).status).toBe(404);
      expect((await remove(gone)).status).toBe(404);
    }
    expect((await send('GET', `${PATH}?workspace_id=00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  });
});
