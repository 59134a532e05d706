import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideBudget } from '../../server/policy/budget.ts';
import { currentPrice, knownModels, knownPrice } from '../../server/pricing/catalogue.ts';
import { costOf } from '../../server/pricing/cost.ts';
import { countText } from '../../server/pricing/count-text.ts';
import { formatUsd, nanoOf, nanoOfUsd, parseUsd } from '../../server/pricing/money.ts';
import { type Price, priceOfPricing } from '../../server/pricing/price.ts';
import { dearest, ratesFor } from '../../server/pricing/rates.ts';
import { NO_USAGE } from '../../server/pricing/usage.ts';
import { boundByBytes, boundByCount, weigh } from '../../server/pricing/weigh.ts';

const femto = fc.bigInt({ min: 0n, max: 10n ** 18n });
const tokens = fc.integer({ min: 0, max: 2_000_000 });

describe('decimal dollars', () => {
  it('are read and written without loss', () => {
    fc.assert(
      fc.property(femto, (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
      }),
    );
  });

  it.each([
    ['0.0000025', 2_500_000_000n],
    ['1', 10n ** 15n],
    ['.5', 5n * 10n ** 14n],
    ['2.5e-7', 250_000_000n],
    ['0.0000000000000001', 1n],
    ['0', 0n],
  ])('%s', (text, amount) => expect(parseUsd(text)).toBe(amount));

  it.each(['', '-1', 'NaN', '0x10', '1,5', 'Infinity', '1e999', '.', 'free'])('%j is no price', (text) => {
    expect(parseUsd(text)).toBeNull();
  });

  it('round up once, to the nano-dollar', () => {
    fc.assert(
      fc.property(femto, (amount) => {
        const nano = BigInt(nanoOf(amount)) * 1_000_000n;
        expect(nano >= amount && nano - amount < 1_000_000n).toBe(true);
      }),
    );
    expect(nanoOfUsd(0.1 + 0.2)).toBe(300_000_000);
  });
});

const price = fc
  .record({
    prompt: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    completion: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    cacheRead: fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n })),
    cacheWrite: fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n })),
    reasoning: fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n })),
    tiers: fc.array(
      fc.record({
        minPromptTokens: tokens,
        rates: fc.record({
          prompt: fc.bigInt({ min: 0n, max: 10n ** 12n }),
          completion: fc.bigInt({ min: 0n, max: 10n ** 12n }),
        }),
      }),
      { maxLength: 3 },
    ),
  })
  .map((rates): Price => ({ ...rates, request: 0n, image: 0n }));

describe('the cost of a call', () => {
  it('never exceeds its dearest rates, whatever was cached, written or thought', () => {
    fc.assert(
      fc.property(
        price,
        tokens,
        tokens,
        tokens,
        tokens,
        tokens,
        (rates, prompt, completion, cached, cacheWrite, reasoning) => {
          const usage = { ...NO_USAGE, prompt, completion, cached, cacheWrite, reasoning };
          const { input, output } = dearest({
            ...rates,
            prompt: rates.prompt > (rates.cacheRead ?? 0n) ? rates.prompt : (rates.cacheRead ?? 0n),
          });
          const most = nanoOf(BigInt(prompt) * input + BigInt(completion) * output);
          expect(costOf(rates, usage, 0, false).nano).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  it('counts cached tokens once and switches the whole prompt at a tier', () => {
    const rates = {
      ...(priceOfPricing({ prompt: '0.000001', completion: '0', input_cache_read: '0.0000001' }) as Price),
      tiers: [{ minPromptTokens: 1000, rates: { prompt: 2_000_000_000n } }],
    };
    expect(costOf(rates, { ...NO_USAGE, prompt: 1000, cached: 900 }, 0, false).nano).toBe(190_000);
    expect(costOf(rates, { ...NO_USAGE, prompt: 1001, cached: 901 }, 0, false).nano).toBe(200_000 + 90_100);
  });

  it('is unknown, not zero, without a price', () => {
    expect(costOf(null, { ...NO_USAGE, prompt: 5 }, 0, false).source).toBe('unknown');
  });
});

describe('the library’s prices', () => {
  it('are exact decimals of what it says per million tokens', () => {
    expect(formatUsd(knownPrice('openai', 'gpt-5')?.prompt ?? 0n)).toBe('0.00000125');
    expect(knownPrice('openai', 'gpt-5-2025-08-07')).toEqual(knownPrice('openai', 'gpt-5'));
    expect(knownPrice('openai', 'no-such-model')).toBeNull();
    expect(knownModels('openrouter', '').every(({ price }) => price !== null)).toBe(true);
  });

  it('are those of the hour, where they change with it', () => {
    const price = currentPrice('deepseek', 'deepseek-chat')() as Price;
    const at = (time: string) => ratesFor(price, 10, new Date(time)).completion;
    const night = at('2026-11-22T17:00:00Z');
    expect(at('2026-11-23T00:29:59Z')).toBe(night);
    expect(at('2026-11-23T00:30:00Z')).toBe(night * 2n);
    expect(at('2026-11-23T16:30:00Z')).toBe(night);
    // A call that is bounded at night may be answered by day.
    expect(dearest(price).output).toBe(night * 2n);
  });

  it('are those of the day, where they change with it', () => {
    let now = '2026-12-31T23:59:00Z';
    const price = currentPrice('google', 'gemini-3.6-flash', () => Date.parse(now));
    const before = price();
    now = '2027-01-01T00:00:00Z';
    expect(price()).not.toEqual(before);
    expect(price()).toEqual(knownPrice('google', 'gemini-3.6-flash', new Date(now)));
  });
});

describe('the bound of an input', () => {
  const counting = async (texts: readonly string[]) => texts.map(countText);

  it('by count is never above the bound by bytes, and neither is below what the tokenizer makes of the text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1, maxLength: 5 }),
        async (texts) => {
          const weight = weigh({ messages: texts.map((content) => ({ role: 'user', content })) });
          const real = texts.reduce((sum, text) => sum + countText(text), 0);
          expect(await boundByCount(weight, counting)).toBeLessThanOrEqual(boundByBytes(weight));
          expect(await boundByCount(weight, counting)).toBeGreaterThanOrEqual(real);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stays quick on one endless word, and takes text that looks like a special token for text', async () => {
    expect(countText('a'.repeat(300_000))).toBeGreaterThan(1000);
    expect(countText('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('allows for media by the piece, not by the bytes of their encoding', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
    expect(boundByBytes(weigh({ messages: [{ role: 'user', content: [image] }] }))).toBeLessThan(10_000);
  });

  const words = 'some words of text '.repeat(2_000);
  const tool = (parameters: unknown) => ({
    messages: [{ role: 'user', content: 'x' }],
    tools: [{ type: 'function', function: { name: 'a', parameters } }],
  });
  it.each([
    ['a message that calls itself a file', { messages: [{ role: 'user', type: 'file', file: {}, content: words }] }],
    [
      'text beside an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {}, text: words }] }] },
    ],
    [
      'a part that only names a kind of media',
      { messages: [{ role: 'user', content: [{ type: 'file', text: words }] }] },
    ],
    [
      'the names of a schema',
      tool({ properties: Object.fromEntries(words.split(' ').map((word, i) => [`${word}${i}`, {}])) }),
    ],
    ['empty lists in a schema', tool({ enum: Array(10_000).fill([]) })],
    ['names of three bytes a character', tool({ ['漢'.repeat(8_000)]: 1 })],
    [
      'the arguments of earlier calls',
      { messages: [{ role: 'assistant', tool_calls: [{ function: { arguments: { [words]: 1 } } }] }] },
    ],
  ])('leaves nothing of the text out: %s', async (_, request) => {
    const weight = weigh(request);
    const real = countText(JSON.stringify(request));
    expect(boundByBytes(weight)).toBeGreaterThanOrEqual(real);
    expect(await boundByCount(weight, counting)).toBeGreaterThanOrEqual(real);
  });
});

describe('deciding about a call', () => {
  const bound = fc.record({
    inputNano: fc.integer({ min: 0, max: 1_000_000 }),
    outputFemtoPerToken: fc.bigInt({ min: 0n, max: 10n ** 11n }),
    maxTokens: fc.option(fc.integer({ min: 1, max: 100_000 })),
    modelMaximum: fc.option(fc.integer({ min: 1, max: 200_000 })),
    clamp: fc.boolean(),
    reasoningTokens: fc.integer({ min: 0, max: 5_000 }),
    counted: fc.boolean(),
  });
  const standings = fc.array(
    fc.record({
      id: fc.constantFrom('key:a', 'workspace:b'),
      limit: fc.option(fc.integer({ min: 0, max: 1_000_000_000 })),
      spent: fc.integer({ min: 0, max: 1_000_000_000 }),
      reserved: fc.integer({ min: 0, max: 1_000_000_000 }),
    }),
    { maxLength: 3 },
  );

  it('never reserves past any limit, never raises or silently lowers an explicit maximum, and waits only for calls in flight', () => {
    fc.assert(
      fc.property(bound, standings, (call, layers) => {
        const verdict = decideBudget(call, layers);
        const limited = layers.filter((layer) => layer.limit !== null);
        if (verdict.kind === 'reserve') {
          for (const layer of limited)
            expect(layer.spent + layer.reserved + verdict.nano).toBeLessThanOrEqual(layer.limit ?? 0);
          if (call.maxTokens !== null && !call.clamp) expect(verdict.maxTokens).toBeNull();
          if (call.maxTokens !== null && verdict.maxTokens !== null)
            expect(verdict.maxTokens).toBeLessThan(call.maxTokens);
        }
        if (verdict.kind === 'wait') expect(limited.some((layer) => layer.reserved > 0)).toBe(true);
        if (verdict.kind === 'exhausted')
          expect(verdict.layers.every((at) => layers[at]!.spent >= layers[at]!.limit!)).toBe(true);
        if (verdict.kind === 'count') expect(call.counted).toBe(false);
        if (limited.length === 0) expect(verdict.kind).toBe('reserve');
      }),
      { numRuns: 2000 },
    );
  });
});
