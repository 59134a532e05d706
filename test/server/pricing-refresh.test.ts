import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knownModels, knownPrice } from '../../server/pricing/catalogue.ts';
import { readListing } from '../../server/pricing/listing.ts';
import { bundledData } from '../../server/pricing/price-book.ts';
import { readLibrary } from '../../server/pricing/read-library.ts';
import type { PricesChanged, PricesStanding } from '../../server/protocol.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';

type Library = { id: string; models: { id: string; prices: unknown }[] }[];

let provider: FakeProvider;
let daemon: TestDaemon;
/** The library's data as it is published. */
let published: () => Library;

/** Nothing listens there, so nothing is fetched, wherever these tests run. */
const NOWHERE = { HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1', OPENAI_API_KEY: 'sk-test' };

const config = () =>
  `providers:\n  openai:\n    base_url: ${provider.baseUrl}\n    key: env:OPENAI_API_KEY\n    models: [{ id: openai/gpt-5-2025-08-07 }]\n`;

beforeAll(async () => {
  const text = JSON.stringify(await bundledData());
  published = () => JSON.parse(text) as Library;
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(config(), { env: NOWHERE });
});
afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

function dearer(): Library {
  const data = published();
  const model = data.find(({ id }) => id === 'openai')?.models.find(({ id }) => id === 'gpt-5');
  if (model) model.prices = { input_mtok: 2.5, output_mtok: 20 };
  return data;
}

const refresh = (body: object) => daemon.request('/api/v1/callgate/prices/refresh', { body });
const changed = async (response: Response) => {
  expect(response.status).toBe(200);
  return (await response.json()) as PricesChanged;
};
const standing = async (of = daemon) => (await (await of.request('/api/v1/callgate/prices')).json()) as PricesStanding;
const priceOf = async (model: string, of = daemon) => {
  const { data } = (await (await of.request(`/api/v1/model/${model}`)).json()) as {
    data: { pricing: { prompt: string } };
  };
  return data.pricing.prompt;
};

describe('prices', () => {
  it('are those that came along, until somebody asks for others', async () => {
    expect(await standing()).toMatchObject({ source: 'bundled', fetched_at: null, can_roll_back: false });
    expect(await priceOf('openai/gpt-5')).toBe('0.00000125');
    expect((await daemon.request('/api/v1/callgate/prices/rollback', { body: {} })).status).toBe(400);
  });

  it('stay as they are when nothing can be fetched, and it is said clearly', async () => {
    const response = await refresh({});
    const { error } = (await response.json()) as { error: { message: string; metadata: { reason: string } } };
    expect([response.status, error.metadata.reason]).toEqual([502, 'prices_unavailable']);
    expect(error.message).toContain('raw.githubusercontent.com');
    expect(error.message).toContain('openrouter.ai');
    expect(existsSync(join(daemon.state, 'prices.json'))).toBe(false);
  });

  it('are told before they are used, used at once without a restart, kept, and taken back', async () => {
    const key = (await daemon.key()).secret;
    const costOf = async () => {
      const answer = await daemon.chat(key, { model: 'openai/gpt-5', max_tokens: 20 });
      return ((await answer.json()) as { usage: { cost: number } }).usage.cost;
    };
    const before = await costOf();
    const told = await changed(await refresh({ dry_run: true, file: dearer() }));
    expect(told).toMatchObject({ applied: false, standing: { source: 'bundled' } });
    expect(told.changes).toEqual([
      {
        provider: 'openai',
        model: 'gpt-5',
        before: expect.objectContaining({ prompt: '0.00000125', completion: '0.00001' }),
        after: { prompt: '0.0000025', completion: '0.00002' },
      },
    ]);
    expect(await priceOf('openai/gpt-5')).toBe('0.00000125');

    const done = await changed(await refresh({ file: dearer() }));
    expect([done.applied, done.changes.length, done.standing.source]).toEqual([true, 1, 'file']);
    expect(await priceOf('openai/gpt-5')).toBe('0.0000025');
    expect(await priceOf('openai/gpt-5-2025-08-07')).toBe('0.0000025');
    expect(await costOf()).toBe(before * 2);
    const path = join(daemon.state, 'prices.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);

    // A second daemon on the same folder begins with what was kept.
    await daemon.stop({ keep: true });
    daemon = await TestDaemon.start(config(), { env: NOWHERE, state: daemon.state });
    expect(await priceOf('openai/gpt-5')).toBe('0.0000025');
    expect(await standing()).toMatchObject({ source: 'file', can_roll_back: true });

    const back = await changed(await daemon.request('/api/v1/callgate/prices/rollback', { body: {} }));
    expect(back.changes[0]).toMatchObject({ model: 'gpt-5', after: { prompt: '0.00000125' } });
    expect(await priceOf('openai/gpt-5')).toBe('0.00000125');
    expect(existsSync(path)).toBe(false);
  });

  it('come from OpenRouter’s own list where it is OpenRouter, and so do the maxima of everybody’s models', async () => {
    const listed = {
      id: 'openai/gpt-5',
      name: 'GPT-5 (listed)',
      created: 1_754_587_413,
      context_length: 400_000,
      architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'], tokenizer: 'GPT' },
      pricing: { prompt: '0.0000013', completion: '0.00001', web_search: '0.01', input_cache_read: '0.00000013' },
      top_provider: { context_length: 400_000, max_completion_tokens: 128_000, is_moderated: true },
      supported_parameters: ['max_tokens', 'reasoning'],
    };
    const odd = { ...listed, id: 'x/varies', pricing: { prompt: '-1', completion: '-1' } };
    await changed(await refresh({ file: { data: [listed, odd, { id: 5 }] } }));
    expect(await standing()).toMatchObject({ listed_models: 2 });
    expect(knownPrice('openrouter', 'openai/gpt-5')?.prompt).toBe(1_300_000_000n);
    expect(knownModels('openrouter', '').find(({ id }) => id === 'x/varies')?.price).toBeNull();
    // The vendor's own price stays the library's.
    const { data } = (await (await daemon.request('/api/v1/model/openai/gpt-5')).json()) as {
      data: { pricing: object; created: number; architecture: object; top_provider: object };
    };
    expect(data).toMatchObject({
      pricing: { prompt: '0.00000125' },
      created: 1_754_587_413,
      architecture: { modality: 'text+image->text', tokenizer: 'GPT' },
      top_provider: { max_completion_tokens: 128_000 },
    });
    const images = (await (await daemon.request('/api/v1/models?input_modalities=image&sort=newest')).json()) as {
      data: { id: string }[];
    };
    expect(images.data[0]?.id).toBe('openai/gpt-5');
    await changed(await daemon.request('/api/v1/callgate/prices/rollback', { body: {} }));
  });

  it.each([
    ['nothing', null],
    ['an error page', '<html>'],
    ['an empty list', []],
    ['an object without models', { data: [] }],
    ['a list of something else', { data: [{ name: 'x' }, { name: 'y' }] }],
    ['a negative price', () => withPrice({ input_mtok: -1, output_mtok: 1 })],
    ['a price that is a text', () => withPrice({ input_mtok: '1', output_mtok: 1 })],
    ['a price a million times too high', () => withPrice({ input_mtok: 2_500_000, output_mtok: 1 })],
    [
      'a date that is none',
      () => withPrice([{ prices: {} }, { constraint: { start_date: '2026-02-30' }, prices: {} }]),
    ],
    ['no OpenAI', () => published().filter(({ id }) => id !== 'openai')],
  ])('are never read from what is not them: %s', async (_, made) => {
    const file = typeof made === 'function' ? made() : made;
    const response = await refresh({ file });
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error.message.startsWith('These are no prices: ')]).toEqual([400, true]);
    expect((await standing()).source).toBe('bundled');
    expect(await priceOf('openai/gpt-5')).toBe('0.00000125');
  });

  it('that were kept and then damaged are left alone, and it is logged', async () => {
    await daemon.stop({ keep: true });
    const path = join(daemon.state, 'prices.json');
    writeFileSync(path, '{"fetched_at": 5');
    daemon = await TestDaemon.start(config(), { env: NOWHERE, state: daemon.state });
    expect(daemon.lines.some(({ level, event }) => level === 'error' && event.startsWith('kept prices'))).toBe(true);
    expect(await priceOf('openai/gpt-5')).toBe('0.00000125');
    expect(readFileSync(path, 'utf8')).toBe('{"fetched_at": 5');
  });
});

function withPrice(prices: unknown): Library {
  const data = published();
  const [model] = data.find(({ id }) => id === 'openai')?.models ?? [];
  if (model) model.prices = prices;
  return data;
}

it('the library’s file is read whole: every provider and model, with constraints told by their members alone', async () => {
  const file = published().map((one) => ({
    ...one,
    models: one.models.map((model) => ({
      ...model,
      prices: Array.isArray(model.prices)
        ? model.prices.map(({ constraint, ...rest }: { constraint?: { type?: string } }) => {
            const { type: _, ...bare } = constraint ?? {};
            return constraint ? { ...rest, constraint: bare } : rest;
          })
        : model.prices,
    })),
  }));
  expect(JSON.parse(JSON.stringify(readLibrary(file)))).toEqual(published());
});

it('a pattern that the library could not compile, or does not know, spoils the file', () => {
  const withMatch = (match: object) =>
    published().map((one) => ({ ...one, models: one.models.map((model) => ({ ...model, match })) }));
  expect(readLibrary(withMatch({ regex: '(' }))).toContain('match');
  expect(readLibrary(withMatch({ or: [{ equals: 'a' }, { regex: '[' }] }))).toContain('match');
  expect(readLibrary(withMatch({ resembles: 'a' }))).toContain('match');
  expect(readLibrary(published().map((one) => ({ ...one, api_pattern: '(' })))).toContain('api_pattern');
});

it('an absurd price in a listing is an unknown one', () => {
  const listed = (pricing: object) => readListing({ data: [{ id: 'a/b', pricing }] })?.[0]?.price;
  expect(listed({ prompt: '0.000001', completion: '99999999' })).toBeNull();
  expect(listed({ prompt: '1e30', completion: '0' })).toBeNull();
  expect(listed({ prompt: '0', completion: '0', web_search: '5000' })).toBeNull();
  expect(listed({ prompt: '0.00006', completion: '0.0006', web_search: '0.05' })).not.toBeNull();
});

it('a listing is read leniently, and is refused when most of it is not understood', () => {
  const model = { id: 'a/b', pricing: { prompt: '0.1', completion: 'free' } };
  expect(readListing({ data: [model] })).toMatchObject([
    { id: 'a/b', name: 'a/b', price: null, contextLength: null, created: 0 },
  ]);
  expect(readListing({ data: [model, {}, {}] })).toBeNull();
});
