import { extractUsage, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundOf } from '../../server/engine/bound.ts';
import { unboundedBy } from '../../server/pricing/bounded.ts';
import { knownPrice } from '../../server/pricing/catalogue.ts';
import { costOf } from '../../server/pricing/cost.ts';
import { type Price, type PublicPricing, priceOfPricing, pricingOfPrice } from '../../server/pricing/price.ts';
import { dearest, holds, ratesFor } from '../../server/pricing/rates.ts';
import { NO_WORK, serverWorkOf } from '../../server/pricing/server-work.ts';
import { NO_USAGE, type Usage, usageOfOpenAi } from '../../server/pricing/usage.ts';
import type { Endpoint } from '../../server/providers/registry.ts';

const priceOf = (pricing: PublicPricing): Price => {
  const price = priceOfPricing(pricing);
  if (!price) throw new Error('no price');
  return price;
};
const nanoOf = (price: Price | null, usage: Partial<Usage>, at?: Date) =>
  costOf(price, { ...NO_USAGE, ...usage }, 0, false, at).nano;

/** What other gateways got wrong: `gateways.md` §3, rows 7 to 11. */
describe('a call is charged rightly', () => {
  const sonnet = () => knownPrice('anthropic', 'claude-sonnet-5') as Price;

  it('cached tokens once, at their own rate (row 7: litellm #14849, $0.76 for $0.18)', () => {
    // 2, 0.2, 2.5, 4 and 10 dollars per million: input, cache read, cache write, of an hour, output.
    const usage = { prompt: 100_000, cached: 80_000, cacheWrite: 10_000, completion: 1_000 };
    expect(nanoOf(sonnet(), usage)).toBe(10_000 * 2_000 + 80_000 * 200 + 10_000 * 2_500 + 1_000 * 10_000);
    expect(nanoOf(sonnet(), { ...usage, cacheWrite1h: 4_000 })).toBe(
      10_000 * 2_000 + 80_000 * 200 + 6_000 * 2_500 + 4_000 * 4_000 + 1_000 * 10_000,
    );
  });

  it('a provider whose parts exceed the whole is charged for the whole, never more tokens than it says', () => {
    const price = priceOf({ prompt: '0.000001', completion: '0.000001', input_cache_read: '0.000001' });
    expect(nanoOf(price, { prompt: 100, cached: 500, cacheWrite: 500, audioInput: 500 })).toBe(100_000);
    expect(nanoOf(price, { completion: 100, reasoning: 500, audioOutput: 500 })).toBe(100_000);
  });

  it('cached tokens under every name they are sent by (row 7: bifrost #904)', () => {
    const prompt_tokens = 10;
    expect(usageOfOpenAi({ usage: { prompt_tokens, prompt_tokens_details: { cached_tokens: 4 } } })?.cached).toBe(4);
    expect(usageOfOpenAi({ usage: { prompt_tokens, prompt_cache_hit_tokens: 5 } })?.cached).toBe(5);
    expect(usageOfOpenAi({ usage: { prompt_tokens, cached_tokens: 6 } })?.cached).toBe(6);
    const anthropic = {
      prompt_tokens,
      cache_creation_input_tokens: 7,
      cache_creation: { ephemeral_1h_input_tokens: 2 },
    };
    expect(usageOfOpenAi({ usage: anthropic })).toMatchObject({ cacheWrite: 7, cacheWrite1h: 2 });
  });

  it('reasoning that a provider counts beside the completion, and none twice (row 8)', () => {
    const usage = (more: object) => usageOfOpenAi({ usage: { prompt_tokens: 10, ...more } });
    const details = { completion_tokens_details: { reasoning_tokens: 30 } };
    // OpenAI counts it in, xAI beside, Google's compatible endpoint only in the total.
    expect(usage({ completion_tokens: 50, total_tokens: 60, ...details })).toMatchObject({
      completion: 50,
      reasoning: 30,
    });
    expect(usage({ completion_tokens: 20, total_tokens: 60, ...details })).toMatchObject({
      completion: 50,
      reasoning: 30,
    });
    expect(usage({ completion_tokens: 20, ...details })).toMatchObject({ completion: 50, reasoning: 30 });
    expect(usage({ completion_tokens: 20, total_tokens: 60 })).toMatchObject({ completion: 50, reasoning: 30 });
    expect(usage({ completion_tokens: 20, total_tokens: 5 })).toMatchObject({ completion: 20, reasoning: 0 });
  });

  it('what was estimated says so, and what is unknown is not nothing (row 9)', () => {
    const price = priceOf({ prompt: '0.000001', completion: '0.000001' });
    expect(costOf(price, { ...NO_USAGE, prompt: 5 }, 0, true).source).toBe('estimated');
    expect(costOf(price, { ...NO_USAGE, prompt: 5 }, 0, false).source).toBe('computed');
    expect(costOf(null, { ...NO_USAGE, prompt: 5 }, 0, false).source).toBe('unknown');
    // A search without a price, and a tier without one, leave something to guess.
    expect(costOf(price, { ...NO_USAGE, webSearches: 1 }, 0, false).source).toBe('estimated');
    expect(costOf(price, { ...NO_USAGE, serviceTier: 'flex' }, 0, false).source).toBe('estimated');
    expect(costOf(price, { ...NO_USAGE, prompt: 4, serviceTier: 'priority' }, 0, false)).toMatchObject({
      source: 'estimated',
      nano: 10_000,
    });
  });

  it('in the right unit, whoever says it (row 10: bifrost #5243, 100x off)', () => {
    // A dollar a million tokens is 10⁻⁶ dollars a token, in the library's numbers, in config.yaml and in OpenRouter's strings.
    expect(nanoOf(knownPrice('openai', 'gpt-5'), { prompt: 1_000_000 })).toBe(1_250_000_000);
    expect(nanoOf(priceOf({ prompt: '0.00000125', completion: '0' }), { prompt: 1_000_000 })).toBe(1_250_000_000);
    expect(nanoOf(priceOf({ prompt: '1.25e-6', completion: '0' }), { prompt: 1_000_000 })).toBe(1_250_000_000);
    // A thousand searches cost what the library says, one a thousandth.
    expect(nanoOf(sonnet(), { webSearches: 1 })).toBe(10_000_000);
    expect(nanoOf(priceOf({ prompt: '0', completion: '0', request: '0.005', image: '0.001' }), {})).toBe(5_000_000);
    const image = priceOf({ prompt: '0', completion: '0', image: '0.001' });
    expect(costOf(image, NO_USAGE, 3, false).nano).toBe(3_000_000);
  });

  it('what the provider reports, in dollars, in ticks, or in an object', () => {
    const cost = (usage: object) => usageOfOpenAi({ usage: { prompt_tokens: 1, ...usage } })?.reportedCost;
    expect(cost({ cost: 0.0123 })).toBe(12_300_000);
    expect(cost({ cost_in_usd_ticks: 37_756_000 })).toBe(3_775_600);
    expect(cost({ cost: { total_cost: 0.006, input_tokens_cost: 0.001 } })).toBe(6_000_000);
    expect(cost({ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } })).toBe(21_000_000);
    expect(cost({ cost: 0, is_byok: true })).toBeNull();
    for (const odd of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e9, '0.1', null, {}, { total_cost: 'x' }])
      expect(cost({ cost: odd })).toBeNull();
    for (const odd of [-1, Number.NaN, 1e30, '5']) expect(cost({ cost_in_usd_ticks: odd })).toBeNull();
  });

  it('audio and images at their own rates, where there are any', () => {
    const price = priceOf({
      prompt: '0.000001',
      completion: '0.000002',
      audio: '0.00001',
      input_audio_cache: '0.000003',
      input_cache_read: '0.0000001',
      audio_output: '0.00002',
      image_token: '0.000005',
      image_output: '0.00004',
    });
    expect(nanoOf(price, { prompt: 100, cached: 30, cachedAudio: 10, audioInput: 30, imageInput: 10 })).toBe(
      20 * 100 + 10 * 3_000 + 20 * 10_000 + 10 * 5_000 + 40 * 1_000,
    );
    expect(nanoOf(price, { completion: 100, audioOutput: 20, imageOutput: 30 })).toBe(
      20 * 20_000 + 30 * 40_000 + 50 * 2_000,
    );
    expect(nanoOf(priceOf({ prompt: '0.000001', completion: '0' }), { prompt: 10, audioInput: 4 })).toBe(10_000);
  });

  it('by the tier that served it, not the one asked for', () => {
    const price = priceOf({
      prompt: '0.000002',
      completion: '0.000004',
      service_tiers: { flex: { prompt: '0.000001' }, priority: { prompt: '0.000004', completion: '0.000008' } },
    });
    const served = (service_tier: unknown) =>
      nanoOf(price, usageOfOpenAi({ service_tier, usage: { prompt_tokens: 10, completion_tokens: 10 } }) ?? {});
    expect(served('default')).toBe(60_000);
    expect(served('flex')).toBe(50_000);
    expect(served('priority')).toBe(120_000);
    expect(served('fast')).toBe(120_000);
    expect(served({ odd: true })).toBe(60_000);
  });

  it('by the hour and the day of the week, over midnight too', () => {
    const price = priceOf({
      prompt: '0.000001',
      completion: '0',
      overrides: [
        { utc_start: 2200, utc_end: 600, prompt: '0.0000005' },
        { utc_start: 0, utc_end: 2400, utc_days: ['sunday'], prompt: '0.0000002' },
      ],
    });
    const at = (time: string) => nanoOf(price, { prompt: 10 }, new Date(time));
    expect(at('2026-11-20T21:59:59Z')).toBe(10_000);
    expect(at('2026-11-20T22:00:00Z')).toBe(5_000);
    expect(at('2026-11-21T05:59:59Z')).toBe(5_000);
    expect(at('2026-11-21T06:00:00Z')).toBe(10_000);
    expect(at('2026-11-22T12:00:00Z')).toBe(2_000);
    // A window that wraps belongs to the day it began on.
    const friday = { start: 1320, end: 360, days: [5] };
    expect(holds(friday, new Date('2026-11-21T05:00:00Z'))).toBe(true);
    expect(holds(friday, new Date('2026-11-20T05:00:00Z'))).toBe(false);
  });

  it('a long prompt as a whole at the long price', () => {
    const price = knownPrice('anthropic', 'claude-sonnet-4-6', new Date('2026-03-01')) as Price;
    expect(nanoOf(price, { prompt: 200_000 })).toBe(200_000 * 3_000);
    expect(nanoOf(price, { prompt: 200_001 })).toBe(200_001 * 6_000);
    expect(nanoOf(knownPrice('anthropic', 'claude-sonnet-4-6'), { prompt: 200_001 })).toBe(200_001 * 3_000);
  });

  it('less its discount, never rounded below it', () => {
    expect(nanoOf(priceOf({ prompt: '0.000003', completion: '0', discount: 0.25 }), { prompt: 1_000 })).toBe(2_250_000);
    expect(priceOfPricing({ prompt: '0', completion: '0', discount: 2 })).toBeNull();
  });
});

describe('pricing objects', () => {
  it.each([
    { prompt: '-1', completion: '-1' },
    { prompt: '1', completion: 'free' },
    { prompt: '1', completion: '1', web_search: 'x' },
    { prompt: '1', completion: '1', overrides: [{ utc_start: 2460, utc_end: 2500, prompt: '1' }] },
    { prompt: '1', completion: '1', overrides: [{ utc_days: ['someday'], prompt: '1' }] },
    { prompt: '1', completion: '1', service_tiers: { flex: { prompt: '-1' } } },
  ])('that hold something odd are no price: %j', (pricing) => expect(priceOfPricing(pricing)).toBeNull());

  it('come back as they were', () => {
    const pricing = {
      prompt: '0.000001',
      completion: '0.000002',
      web_search: '0.01',
      input_cache_write_1h: '0.000002',
      overrides: [
        { min_prompt_tokens: 200_000, prompt: '0.000002' },
        { utc_start: 30, utc_end: 1630, utc_days: ['monday', 'sunday'], completion: '0.000001' },
      ],
    };
    expect(pricingOfPrice(priceOf(pricing))).toEqual(pricing);
  });
});

describe('usage', () => {
  it('is what the price library extracts from the same answer', () => {
    const library = findProvider({ providerId: 'openai' });
    if (!library) throw new Error('no OpenAI in the library');
    const tokens = fc.integer({ min: 0, max: 1_000_000 });
    const arbitrary = fc.record({
      prompt: tokens,
      output: tokens,
      cached: tokens,
      written: tokens,
      heard: tokens,
      spoken: tokens,
    });
    fc.assert(
      fc.property(arbitrary, ({ prompt, output, cached, written, heard, spoken }) => {
        const usage = {
          prompt_tokens: prompt,
          completion_tokens: output,
          prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written, audio_tokens: heard },
          completion_tokens_details: { audio_tokens: spoken, reasoning_tokens: Math.floor(output / 2) },
        };
        const theirs = extractUsage(library, { model: '', usage }, 'chat').usage;
        expect(usageOfOpenAi({ usage })).toMatchObject({
          prompt: theirs['input_tokens'] ?? 0,
          completion: theirs['output_tokens'] ?? 0,
          cached: theirs['cache_read_tokens'] ?? 0,
          cacheWrite: theirs['cache_write_tokens'] ?? 0,
          audioInput: theirs['input_audio_tokens'] ?? 0,
          audioOutput: theirs['output_audio_tokens'] ?? 0,
          reasoning: theirs['output_reasoning_tokens'] ?? 0,
        });
      }),
    );
  });

  it('of any shape is read without an exception, and counts are whole and not negative', () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.dictionary(
          fc.constantFrom(
            'prompt_tokens',
            'completion_tokens',
            'total_tokens',
            'cost',
            'prompt_tokens_details',
            'is_byok',
          ),
          fc.anything(),
        ),
        (raw, usage) => {
          for (const one of [raw, usage]) {
            const read = usageOfOpenAi({ usage: one });
            if (!read) continue;
            const { serviceTier: _, reportedCost: __, ...counts } = read;
            for (const count of Object.values(counts)) expect(Number.isInteger(count) && count >= 0).toBe(true);
          }
        },
      ),
    );
  });
});

const rate = fc.bigInt({ min: 0n, max: 10n ** 12n });
const maybe = fc.option(rate);
const rates = fc.record({
  prompt: rate,
  completion: rate,
  cacheRead: maybe,
  cacheWrite: maybe,
  cacheWrite1h: maybe,
  reasoning: maybe,
  audio: maybe,
  audioCache: maybe,
  audioOutput: maybe,
  imageToken: maybe,
  imageOutput: maybe,
  request: rate,
  image: rate,
  webSearch: rate,
});
const price = fc
  .record({
    base: rates,
    tiers: fc.array(fc.record({ minPromptTokens: fc.integer({ min: -1, max: 5_000 }), rates }), { maxLength: 2 }),
    hour: fc.option(fc.record({ start: fc.nat(1439), end: fc.nat(1439), rates })),
    flex: rates,
    priority: rates,
  })
  .map(
    ({ base, tiers, hour, flex, priority }): Price => ({
      ...base,
      tiers: [
        ...tiers,
        ...(hour ? [{ minPromptTokens: -1, window: { start: hour.start, end: hour.end }, rates: hour.rates }] : []),
      ],
      serviceTiers: { flex, priority },
    }),
  );
const count = fc.nat(3_000);
const usage = fc
  .record({
    prompt: count,
    completion: count,
    cached: count,
    cachedAudio: count,
    cacheWrite: count,
    cacheWrite1h: count,
    audioInput: count,
    imageInput: count,
    reasoning: count,
    audioOutput: count,
    imageOutput: count,
  })
  .map((counts): Usage => ({ ...NO_USAGE, ...counts }));
const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });

const endpointOf = (of: Price): Endpoint =>
  ({
    id: 'x',
    provider: {},
    model: { price: of, contextLength: 1_000_000, maxCompletionTokens: null },
  }) as unknown as Endpoint;

describe('money', () => {
  it('adds up: the parts, each rounded up, exceed the whole by less than they were rounded', () => {
    fc.assert(
      fc.property(price, usage, moment, (of, used, at) => {
        const { nano, promptNano, completionNano, otherNano = 0 } = costOf(of, used, 1, false, at);
        const parts = promptNano + completionNano + otherNano;
        expect(parts - nano).toBeGreaterThanOrEqual(0);
        expect(parts - nano).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('never falls when more is used, within one tier', () => {
    fc.assert(
      fc.property(
        price,
        usage,
        fc.constantFrom('prompt', 'completion', 'webSearches'),
        count,
        moment,
        (of, used, what, more, at) => {
          const flat = { ...of, tiers: [] };
          const dearer = { ...used, [what]: used[what] + more };
          const plain = (one: Usage) =>
            costOf(
              flat,
              { ...NO_USAGE, prompt: one.prompt, completion: one.completion, webSearches: one.webSearches },
              0,
              false,
              at,
            ).nano;
          expect(plain(dearer)).toBeGreaterThanOrEqual(plain(used));
        },
      ),
    );
  });

  it('of any usage within the bound stays within it: any tier, any hour, cached, written, heard, seen, in any service tier', () => {
    const text = 'x'.repeat(100);
    const parts = [
      { type: 'text', text, cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
    ];
    fc.assert(
      fc.property(
        price,
        usage,
        moment,
        fc.constantFrom(null, 'flex' as const, 'priority' as const),
        (of, used, at, tier) => {
          const request = {
            messages: [{ role: 'user', content: parts }],
            modalities: ['text', 'audio'],
            plugins: [{ id: 'web' }],
            max_completion_tokens: 3_000,
            ...(tier ? { service_tier: tier } : {}),
          };
          const bound = boundOf(request, [{ model: 'm', endpoints: [endpointOf(of)] }], false).current();
          const most = bound.inputNano + Math.ceil((Number(bound.outputFemtoPerToken) * 3_000) / 1e6);
          const cost = costOf(of, { ...used, webSearches: 1, serviceTier: tier }, 1, false, at);
          expect(cost.nano).toBeLessThanOrEqual(most);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is looked up once for each kind of request', () => {
    const of = knownPrice('openai', 'gpt-5') as Price;
    expect(dearest(of)).toBe(dearest(of));
    expect(ratesFor(of, 1)).toBe(of);
  });
});

describe('the bound', () => {
  const bounded = (request: object, of: Partial<Price> = {}, contextLength: number | null = 500_000) => {
    const base = priceOf({ prompt: '0.000001', completion: '0.000001' });
    const endpoint = endpointOf({ ...base, ...of });
    const model = { ...endpoint.model, contextLength };
    return boundOf({ messages: [], ...request }, [{ model: 'm', endpoints: [{ ...endpoint, model }] }], false).current()
      .inputNano;
  };
  const file = (file_data: string) => ({
    messages: [{ role: 'user', content: [{ type: 'file', file: { file_data } }] }],
  });

  it('of a large PDF is by its size, and of one that is only named, whatever the model can take', () => {
    const small = bounded(file('data:application/pdf;base64,AAAA'));
    expect(small).toBeGreaterThan(60_000_000);
    expect(small).toBeLessThan(70_000_000);
    expect(bounded(file(`data:application/pdf;base64,${'A'.repeat(400_000)}`))).toBeGreaterThan(300_000_000);
    expect(bounded(file('https://example.org/a.pdf'))).toBeGreaterThan(500_000_000);
    expect(
      bounded({ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] }, {}, null),
    ).toBeGreaterThan(1_000_000_000);
  });

  it('has the dear rates only where the request may be charged them', () => {
    const dear = { cacheWrite1h: 10n ** 12n, audio: 10n ** 12n, webSearch: 10n ** 13n };
    const plain = bounded({}, dear);
    expect(plain).toBe(bounded({}));
    const heard = {
      messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }],
    };
    expect(bounded(heard, dear)).toBeGreaterThan(900 * plain);
    expect(bounded({ cache_control: { type: 'ephemeral', ttl: '1h' } }, dear)).toBeGreaterThan(900 * plain);
    expect(bounded({ cache_control: { type: 'ephemeral' } }, { ...dear, cacheWrite: null })).toBeGreaterThan(plain);
    expect(bounded({ plugins: [{ id: 'web' }] }, dear) - plain).toBeGreaterThanOrEqual(10_000_000 + 10_000 * 1_000);
    // A search whose price is unknown is not free.
    expect(bounded({ plugins: [{ id: 'web' }] }) - plain).toBeGreaterThanOrEqual(50_000_000);
  });

  it('counts the turns of server tools, and what they may spend', () => {
    expect(serverWorkOf({ messages: [], tools: [{ type: 'function', function: { name: 'web_search' } }] })).toBe(
      NO_WORK,
    );
    expect(serverWorkOf({ plugins: [{ id: 'web', enabled: false }, { id: 'response-healing' }] })).toBe(NO_WORK);
    const search = { type: 'openrouter:web_search', parameters: { max_uses: 3 } };
    expect(serverWorkOf({ tools: [search] })).toEqual({ turns: 4, searches: 3, atMost: null, unbounded: null });
    expect(serverWorkOf({ tools: [{ type: 'openrouter:web_search' }] }).unbounded).toBe('tool openrouter:web_search');
    expect(serverWorkOf({ tools: [{ type: 'openrouter:fusion' }] }).unbounded).toBe('tool openrouter:fusion');
    expect(serverWorkOf({ plugins: [{ id: 'file-parser' }] }).unbounded).toBe('plugin file-parser');
    const capped = serverWorkOf({
      tools: [{ type: 'openrouter:fusion' }],
      stop_server_tools_when: [{ type: 'max_cost', max_cost_in_dollars: 0.5 }],
    });
    expect(capped).toMatchObject({ atMost: 500_000_000_000_000n, unbounded: null });
  });

  it('is missing where nobody can say what a call costs', () => {
    const of = priceOf({ prompt: '1', completion: '1' });
    expect(unboundedBy(of, undefined, NO_WORK)).toBeNull();
    expect(unboundedBy(of, 'flex', NO_WORK)).toBeNull();
    expect(unboundedBy(of, 'priority', NO_WORK)).toContain('priority');
    expect(unboundedBy(null, undefined, NO_WORK)).toContain('no price');
    expect(unboundedBy(of, undefined, { ...NO_WORK, unbounded: 'tool x' })).toContain('tool x');
  });
});
