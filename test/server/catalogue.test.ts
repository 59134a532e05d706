import { OpenRouter } from '@openrouter/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

const pricing = (prompt: string, completion: string) => `pricing: { prompt: "${prompt}", completion: "${completion}" }`;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:
  one:
    name: Provider One
    base_url: ${provider.baseUrl}
    models:
      - { id: acme/small, native: small, name: Acme Small, context_length: 8000, max_completion_tokens: 1000, ${pricing('0.000001', '0.000002')} }
      - { id: acme/large, native: large, context_length: 200000, supported_parameters: [max_tokens, tools, tool_choice], ${pricing('0.000003', '0.000015')} }
      - { id: acme/deep/nested, native: nested, ${pricing('0', '0')} }
      - { id: acme/speaks, native: speaks, pricing: { prompt: "0.000001", completion: "0.000001", audio: "0.00003", audio_output: "0.00006" } }
      - { id: acme/unpriced, native: unpriced }
  two:
    base_url: ${provider.baseUrl}
    models:
      - { id: acme/small, native: small2, context_length: 16000, ${pricing('0.000005', '0.000005')} }
  keyless:
    base_url: ${provider.baseUrl}
    key: stored
    models:
      - { id: acme/small, native: small3, ${pricing('0', '0')} }
      - { id: acme/hidden, native: hidden, ${pricing('0', '0')} }
`);
  key = (await daemon.key()).secret;
});
afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

type Listed = { data: { id: string }[]; total_count: number; links: { next: string | null } };
const list = async (query: string, path = '/api/v1/models') =>
  (await (await daemon.request(`${path}?${query}`, { key })).json()) as Listed;
const ids = async (query: string) =>
  (await list(query)).data.map(({ id }) => id).filter((id) => id !== 'callgate/sandbox');
const sdk = (apiKey = key) => new OpenRouter({ apiKey, serverURL: `${daemon.url}/api/v1` });

const ALL = ['acme/small', 'acme/large', 'acme/deep/nested', 'acme/speaks', 'acme/unpriced'];

describe('models', () => {
  it.each([
    ['', ALL],
    ['q=LARGE', ['acme/large']],
    ['q=acme%20small', ['acme/small']],
    ['context=8001', ['acme/large']],
    ['context=8000', ['acme/small', 'acme/large']],
    ['supported_parameters=tools,top_p', ['acme/small', 'acme/deep/nested', 'acme/speaks', 'acme/unpriced']],
    ['input_modalities=audio', ['acme/speaks']],
    ['output_modalities=audio', ['acme/speaks']],
    ['output_modalities=image', []],
    ['output_modalities=all', ALL],
    // Dollars per million tokens; what has no price passes no filter on it.
    ['min_price=1&max_price=1', ['acme/small', 'acme/speaks']],
    ['max_price=0', ['acme/deep/nested']],
    ['min_output_price=2', ['acme/small', 'acme/large']],
    ['max_output_price=1', ['acme/deep/nested', 'acme/speaks']],
    ['model_authors=ACME,other', ALL],
    ['model_authors=other', []],
    ['providers=two', ['acme/small']],
    ['providers=Provider%20One', ALL],
    ['providers=keyless', []],
    ['category=programming', []],
    ['min_intelligence_index=1', []],
    ['max_age_days=30', []],
    // A provider on this machine keeps nothing elsewhere, and here all of them are.
    ['zdr=true', ['acme/small', 'acme/large', 'acme/deep/nested', 'acme/speaks', 'acme/unpriced']],
    ['sort=pricing-low-to-high', ['acme/deep/nested', 'acme/speaks', 'acme/small', 'acme/large', 'acme/unpriced']],
    ['sort=pricing-high-to-low', ['acme/large', 'acme/small', 'acme/speaks', 'acme/deep/nested', 'acme/unpriced']],
    ['sort=context-high-to-low', ['acme/large', 'acme/small', 'acme/deep/nested', 'acme/speaks', 'acme/unpriced']],
    ['sort=latency-low-to-high', ALL],
    ['sort=most-popular', ALL],
    ['min_price=&limit=null', ALL],
    ['what_is_this=1', ALL],
  ])('filtered by %s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it.each([
    'limit=0',
    'limit=1001',
    'limit=ten',
    'offset=-1',
    'offset=1.5',
    'context=0',
    'min_price=-1',
    'max_price=cheap',
    'sort=best',
    'category=magic',
    'region=moon',
    'max_tool_success_rate=2',
    'q=a&q=b',
    'sort=newest&sort=newest',
  ])('are refused for %s, saying which it was', async (query) => {
    const response = await daemon.request(`/api/v1/models?${query}`, { key });
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error.message.startsWith(query.split('=')[0] ?? '')]).toEqual([400, true]);
  });

  it('come in pages whose next keeps the filters', async () => {
    const first = await list('model_authors=acme&limit=2');
    expect([first.data.length, first.total_count]).toEqual([2, ALL.length]);
    const seen = [...first.data];
    for (let next = first.links.next; next; ) {
      expect(next).toContain('model_authors=acme');
      const page = (await (await daemon.request(next, { key })).json()) as Listed;
      seen.push(...page.data);
      next = page.links.next;
    }
    expect(seen.map(({ id }) => id)).toEqual(ALL);
    expect((await list('offset=1000')).data).toEqual([]);
  });

  it('are counted, with the same filters', async () => {
    expect((await sdk().models.count({})).data.count).toBe(ALL.length + 1);
    expect((await sdk().models.count({ outputModalities: 'audio' })).data.count).toBe(1);
  });

  it('of a key are those it may call', async () => {
    const mine = async (secret: string) => {
      const pages = await sdk().models.listForUser({ bearer: secret });
      const all: string[] = [];
      for await (const { result } of pages) all.push(...result.data.map(({ id }) => id));
      return all;
    };
    expect(await mine(key)).toContain('acme/unpriced');
    const limited = await daemon.key({ limit: 1 });
    expect(await mine(limited.secret)).not.toContain('acme/unpriced');
    const daring = await daemon.key({ limit: 1, allow_unpriced: true });
    expect(await mine(daring.secret)).toContain('acme/unpriced');
  });

  it('are found one by one, by names with any number of slashes and a routing suffix', async () => {
    const { data } = await sdk().models.get({ author: 'acme', slug: 'small' });
    expect(data).toMatchObject({
      id: 'acme/small',
      name: 'Acme Small',
      contextLength: 8000,
      topProvider: { maxCompletionTokens: 1000 },
      pricing: { prompt: '0.000001', completion: '0.000002' },
    });
    expect((await sdk().models.get({ author: 'acme', slug: 'small:nitro' })).data.id).toBe('acme/small');
    expect((await sdk().models.get({ author: 'acme', slug: 'deep/nested' })).data.id).toBe('acme/deep/nested');
    const unpriced = await sdk().models.get({ author: 'acme', slug: 'unpriced' });
    expect(unpriced.data.pricing).toMatchObject({ prompt: '-1', completion: '-1' });
    // A call may try it; the catalogue does not make it up. A dated name of a known model has a price, and is there.
    for (const path of ['model/openai/none', 'models/openai/none/endpoints', 'model/one/none'])
      expect([path, (await daemon.request(`/api/v1/${path}`, { key })).status]).toEqual([path, 404]);
    expect((await daemon.request('/api/v1/model/openai/gpt-5-2025-08-07', { key })).status).toBe(200);
    for (const path of ['model/acme/none', 'models/acme/none/endpoints', 'models/acme/small', 'model/', 'models/x/y/z'])
      expect([path, (await daemon.request(`/api/v1/${path}`, { key })).status]).toEqual([path, 404]);
  });

  it('have endpoints: those that can be called, preferred first, each with its own price', async () => {
    const { data } = await sdk().endpoints.list({ author: 'acme', slug: 'small' });
    expect(data.endpoints.map((endpoint) => [endpoint.tag, endpoint.providerName, endpoint.pricing.prompt])).toEqual([
      ['one', 'Provider One', '0.000001'],
      ['two', 'two', '0.000005'],
    ]);
    expect(data.endpoints[0]).toMatchObject({ status: 0, uptimeLast5m: null, latencyLast30m: null });
    const hidden = await sdk().endpoints.list({ author: 'acme', slug: 'hidden' });
    expect([hidden.data.id, hidden.data.endpoints]).toEqual(['acme/hidden', []]);
  });

  it('are listed for OpenAI’s client, and as a feed', async () => {
    const openai = new OpenAI({ apiKey: key, baseURL: `${daemon.url}/v1` });
    const names: string[] = [];
    for await (const model of openai.models.list()) names.push(model.id);
    expect(names).toEqual(expect.arrayContaining(ALL));
    const feed = await daemon.request('/api/v1/models?use_rss=true&q=acme%2Fsmall', { key });
    expect(feed.headers.get('content-type')).toContain('application/rss+xml');
    expect(await feed.text()).toMatch(/<rss version="2.0">.*<title>Acme Small<\/title>/s);
  });

  it('need a key of either kind', async () => {
    for (const path of [
      'models',
      'models/count',
      'models/user',
      'model/acme/small',
      'providers',
      'credits',
      'activity',
    ])
      expect([path, (await daemon.request(`/api/v1/${path}`, { key: 'sk-or-v1-nobody' })).status]).toEqual([path, 401]);
  });
});

it('providers are listed', async () => {
  const { data } = await sdk().providers.list();
  expect(data.find(({ slug }) => slug === 'one')).toMatchObject({ name: 'Provider One', privacyPolicyUrl: null });
});
