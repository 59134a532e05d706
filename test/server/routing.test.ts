import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anotherEndpointMayServe, retryAfterSeconds } from '../../server/routing/failure.ts';
import { EndpointHealth } from '../../server/routing/health.ts';
import { type Candidate, type Circumstances, drawn, planEndpoints, sharesOf } from '../../server/routing/plan.ts';
import { namedModel, type Preferences } from '../../server/routing/preferences.ts';
import { preferencesBehind } from '../../server/routing/router.ts';
import { means } from '../../server/routing/slugs.ts';

const at = (tag: string, more: Partial<Candidate> = {}): Candidate => ({
  id: `${tag}:m`,
  tag,
  name: tag,
  isRouter: tag === 'openrouter',
  isFallback: false,
  price: 1,
  restsUntil: 0,
  ...more,
});
const endpoints = ['openai', 'vertex/us', 'openrouter'].map((tag) => at(tag));
const quiet: Circumstances = {
  hasOutage: () => false,
  recent: () => ({ latency: null, throughput: null }),
  uptime: () => null,
  isHere: (name) => /^(openai|vertex)/i.test(name),
  sticky: null,
};
const first = () => 0;
const order = (candidates: readonly Candidate[], preferences: Preferences, now = quiet, random = first) =>
  drawn(planEndpoints(candidates, preferences, null, now).ranked, random).map(({ tag }) => tag);
const all = (p50: number) => ({ p50, p75: p50, p90: p50, p99: p50 });

describe('the order of endpoints', () => {
  it.each<[Preferences, string[]]>([
    [{}, ['openai', 'vertex/us', 'openrouter']],
    [{ only: ['vertex'] }, ['vertex/us']],
    [{ only: ['VERTEX/us'] }, ['vertex/us']],
    [{ ignore: ['openai'] }, ['vertex/us', 'openrouter']],
    [{ order: ['openrouter'] }, ['openrouter', 'openai', 'vertex/us']],
    [{ order: ['openrouter'], allow_fallbacks: false }, ['openrouter']],
    [{ order: [], ignore: [] }, ['openai', 'vertex/us', 'openrouter']],
    // Only the router can reach it.
    [{ only: ['mistral'] }, ['openrouter']],
    [{ order: ['mistral', 'openai'] }, ['openrouter', 'openai', 'vertex/us']],
  ])('%j', (preferences, expected) => expect(order(endpoints, preferences)).toEqual(expected));

  it('says of every one left out why', () => {
    const left = (preferences: Preferences) =>
      planEndpoints(endpoints, preferences, null, quiet).left.map(({ endpoint, why }) => [endpoint.tag, why]);
    expect(left({ ignore: ['openrouter'] })).toEqual([['openrouter', 'provider.ignore']]);
    expect(left({ only: ['openai'] })).toEqual([
      ['vertex/us', 'provider.only'],
      ['openrouter', 'provider.only'],
    ]);
    expect(left({ order: ['openai'], allow_fallbacks: false }).map(([, why]) => why)).toEqual([
      'provider.order',
      'provider.order',
    ]);
  });

  it('puts those that rest last, those with an outage before them, and keys kept as fallback after all other ways', () => {
    const resting = [at('openai', { restsUntil: 99 }), at('vertex/us'), at('openrouter')];
    expect(order(resting, {})).toEqual(['vertex/us', 'openrouter', 'openai']);
    const outage = { ...quiet, hasOutage: (id: string) => id === 'openai:m' };
    expect(order(endpoints, {}, outage)).toEqual(['vertex/us', 'openrouter', 'openai']);
    expect(order(endpoints, { sort: 'price' }, outage)).toEqual(['vertex/us', 'openrouter', 'openai']);
    // Who names it first wants it asked first.
    expect(order(endpoints, { order: ['openai'] }, outage)).toEqual(['openai', 'vertex/us', 'openrouter']);
    const fallback = [at('openai', { isFallback: true }), at('openrouter')];
    expect(order(fallback, {})).toEqual(['openrouter', 'openai']);
  });

  it('sorts by price, speed and uptime, unmeasured ones last', () => {
    const three = [at('a', { price: 3 }), at('b', { price: 1 }), at('c', { price: 2 }), at('d', { price: null })];
    const now: Circumstances = {
      ...quiet,
      recent: (id) =>
        id === 'd:m'
          ? { latency: null, throughput: null }
          : { latency: all(id === 'c:m' ? 1 : 9), throughput: all(id === 'a:m' ? 9 : 1) },
      uptime: (id) => ({ 'b:m': 100, 'a:m': 50 })[id] ?? null,
    };
    expect(order(three, { sort: 'price' }, now)).toEqual(['b', 'c', 'a', 'd']);
    expect(order(three, { sort: { by: 'latency' } }, now)).toEqual(['c', 'b', 'a', 'd']);
    expect(order(three, { sort: 'throughput' }, now)[0]).toBe('a');
    expect(order(three, { sort: 'exacto' }, now).slice(0, 2)).toEqual(['b', 'a']);
    expect(planEndpoints(three, { sort: 'price' }, 'throughput', now).ranked[0]?.endpoint.tag).toBe('a');
  });

  it('deprioritises, never excludes, what is slower than preferred; what nobody measured has not failed', () => {
    const two = [at('slow', { price: 1 }), at('new', { price: 2 })];
    const now = {
      ...quiet,
      recent: (id: string) => (id === 'slow:m' ? { latency: all(3_000), throughput: all(10) } : quiet.recent(id)),
    };
    expect(order(two, {}, now)).toEqual(['slow', 'new']);
    expect(order(two, { preferred_max_latency: 2 }, now)).toEqual(['new', 'slow']);
    expect(order(two, { preferred_max_latency: { p50: 4, p99: 2 } }, now)).toEqual(['new', 'slow']);
    expect(order(two, { preferred_max_latency: { p99: 4 } }, now)).toEqual(['slow', 'new']);
    expect(order(two, { preferred_min_throughput: 11 }, now)).toEqual(['new', 'slow']);
    expect(order(two, { preferred_min_throughput: { p50: 10, p75: null } }, now)).toEqual(['slow', 'new']);
  });

  it('a conversation keeps its endpoint, unless providers are ordered', () => {
    const now = { ...quiet, sticky: 'vertex/us:m' };
    const plan = planEndpoints(endpoints, {}, null, now);
    expect(plan.selection).toBe('sticky');
    expect(order(endpoints, {}, now)).toEqual(['vertex/us', 'openai', 'openrouter']);
    expect(order(endpoints, { order: ['openai'] }, now)).toEqual(['openai', 'vertex/us', 'openrouter']);
    expect(order(endpoints, {}, { ...now, hasOutage: (id: string) => id === 'vertex/us:m' })[0]).toBe('openai');
  });
});

const prices = fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: null });
const candidates = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'openrouter'), { minLength: 1 })
  .chain((tags) =>
    fc.tuple(
      ...tags.map((tag) =>
        fc
          .record({ price: prices, restsUntil: fc.constantFrom(0, 0, 50), isFallback: fc.boolean() })
          .map((more) => at(tag, more)),
      ),
    ),
  );
const names = fc.option(fc.array(fc.constantFrom('a', 'b', 'c', 'openrouter', 'elsewhere'), { maxLength: 3 }), {
  nil: undefined,
});
const preferences = fc.record({
  only: names,
  ignore: names,
  order: names,
  allow_fallbacks: fc.option(fc.boolean(), { nil: undefined }),
  sort: fc.option(fc.constantFrom('price', 'throughput', 'latency', 'exacto') as fc.Arbitrary<'price'>, {
    nil: undefined,
  }),
});

describe('for any endpoints and preferences', () => {
  it('none stands there twice, none is lost without a reason, and the preferences hold', () => {
    fc.assert(
      fc.property(candidates, preferences, fc.double({ min: 0, max: 0.999999, noNaN: true }), (list, asked, random) => {
        const now = {
          ...quiet,
          isHere: (name: string) => name !== 'elsewhere',
          hasOutage: (id: string) => id === 'a:m',
        };
        const plan = planEndpoints(list, asked, null, now);
        const chosen = drawn(plan.ranked, () => random);
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.length + plan.left.length).toBe(list.length);
        const shares = plan.ranked.reduce((sum, { share }) => sum + share, 0);
        if (chosen.length > 0) expect(shares).toBeCloseTo(1, 9);
        for (const { tag, isRouter } of chosen) {
          if (asked.only && !isRouter) expect(asked.only).toContain(tag);
          if (asked.ignore) expect(asked.ignore).not.toContain(tag);
          if (asked.order?.length && asked.allow_fallbacks === false && !isRouter) expect(asked.order).toContain(tag);
        }
        // Without preferences nothing is ever lost, whatever rests or has an outage.
        if (!asked.only && !asked.ignore && !asked.order) expect(chosen.length).toBe(list.length);
      }),
    );
  });

  it('chances are in proportion to 1/price²', () => {
    expect(sharesOf([1, 3])[0]).toBeCloseTo(0.9, 12);
    expect(sharesOf([0, 1, 0])).toEqual([0.5, 0, 0.5]);
    expect(sharesOf([null, null])).toEqual([1, 0]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 2, maxLength: 6 }), (list) => {
        const shares = sharesOf(list);
        for (const [index, price] of list.entries())
          expect((shares[index] ?? 0) * price ** 2).toBeCloseTo((shares[0] ?? 0) * (list[0] ?? 0) ** 2, 3);
      }),
    );
  });

  it('and the draw follows them: of $1, $2 with an outage and $3, the first is nine times likelier than the last', () => {
    const three = [at('A', { price: 1 }), at('B', { price: 2 }), at('C', { price: 3 })];
    const now = { ...quiet, hasOutage: (id: string) => id === 'B:m' };
    const winners = Array.from({ length: 100 }, (_, index) => order(three, {}, now, () => (index + 0.5) / 100));
    expect(winners.filter(([tag]) => tag === 'A')).toHaveLength(90);
    expect(new Set(winners.map(String))).toEqual(new Set(['A,C,B', 'C,A,B']));
  });
});

describe('names', () => {
  it.each([
    ['google-vertex', 'google-vertex/us-east5', true],
    ['google-vertex', 'google-vertex/flex', false],
    ['google-vertex/flex', 'google-vertex/flex', true],
    ['google-vertex/us-east5', 'google-vertex', false],
    ['Google Vertex', 'google-vertex', true],
    ['google', 'google-vertex', false],
  ])('%s means %s: %s', (name, tag, expected) => expect(means(name, { tag, name: 'Google Vertex' })).toBe(expected));

  it.each([
    ['openai/gpt-4o', 'openai/gpt-4o', '', null],
    ['openai/gpt-4o:nitro', 'openai/gpt-4o', ':nitro', 'throughput'],
    ['x/y:free:floor', 'x/y:free', ':floor', 'price'],
    ['x/y:floor:nitro', 'x/y', ':floor:nitro', 'throughput'],
    ['x/y:nitrox', 'x/y:nitrox', '', null],
  ])('%s is %s', (model, id, variants, sort) => expect(namedModel(model)).toEqual({ id, variants, sort }));

  it('a router is not told its own name, nor of who is called directly', () => {
    const router = { tag: 'openrouter', name: 'OpenRouter' };
    const behind = (asked: Preferences) => preferencesBehind(asked, router, quiet.isHere);
    expect(behind({ only: ['openrouter'], sort: 'price' })).toEqual({ sort: 'price' });
    expect(behind({ only: ['openai', 'mistral'] })).toEqual({ only: ['mistral'] });
    expect(behind({ order: ['openai', 'mistral'], allow_fallbacks: false })).toEqual({
      order: ['mistral'],
      allow_fallbacks: false,
    });
    expect(behind({ order: ['OpenRouter'], allow_fallbacks: false })).toEqual({});
    const untouched = { ignore: ['mistral'], allow_fallbacks: false };
    expect(behind(untouched)).toBe(untouched);
  });
});

describe('what a failure means', () => {
  it.each([401, 402, 403, 404, 408, 429, 500, 502, 503, 529])('%i may be served elsewhere', (status) => {
    expect(anotherEndpointMayServe({ status, reason: 'status' })).toBe(true);
  });
  it.each([400, 413, 422])('%i was the request’s own fault', (status) => {
    expect(anotherEndpointMayServe({ status, reason: 'status' })).toBe(false);
  });

  it('reads Retry-After as seconds or as a date, never as more than a day, and never throws', () => {
    const now = Date.parse('2026-11-22T10:00:00Z');
    expect(retryAfterSeconds('7', now)).toBe(7);
    expect(retryAfterSeconds('Sun, 22 Nov 2026 10:00:30 GMT', now)).toBe(30);
    expect(retryAfterSeconds('999999999', now)).toBe(86_400);
    expect(retryAfterSeconds('soon', now)).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void retryAfterSeconds(text, now)));
  });

  it('an endpoint rests as long as it asked for', () => {
    const health = new EndpointHealth();
    health.rest('a', 10, 1_000);
    health.rest('a', 5, 1_000);
    expect(health.restsUntil('a', 2_000)).toBe(11_000);
    expect(health.restsUntil('a', 11_000)).toBe(0);
  });
});
