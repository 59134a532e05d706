import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anotherEndpointMayServe, retryAfterSeconds } from '../../server/routing/failure.ts';
import { EndpointHealth } from '../../server/routing/health.ts';
import { planEndpoints } from '../../server/routing/plan.ts';

const at = (slug: string) => ({ id: `${slug}:m`, provider: { slug } });
const endpoints = ['openai', 'vertex/us', 'openrouter'].map(at);
const awake = () => 0;
const slugs = (plan: { chosen: readonly { provider: { slug: string } }[] }) =>
  plan.chosen.map(({ provider }) => provider.slug);

describe('the order of endpoints', () => {
  it.each([
    [{}, ['openai', 'vertex/us', 'openrouter']],
    [{ only: ['vertex'] }, ['vertex/us']],
    [{ ignore: ['openai'] }, ['vertex/us', 'openrouter']],
    [{ order: ['openrouter'] }, ['openrouter', 'openai', 'vertex/us']],
    [{ order: ['openrouter'], allow_fallbacks: false }, ['openrouter']],
    [{ allow_fallbacks: false }, ['openai']],
    [{ only: ['nobody'] }, []],
  ])('%j', (preferences, expected) => expect(slugs(planEndpoints(endpoints, preferences, awake))).toEqual(expected));

  it('puts those that rest last, and says of every one left out why', () => {
    const plan = planEndpoints(endpoints, { ignore: ['openrouter'] }, (id) => (id === 'openai:m' ? 99 : 0));
    expect(slugs(plan)).toEqual(['vertex/us', 'openai']);
    expect(plan.left).toEqual([{ endpoint: endpoints[2], why: 'provider.ignore' }]);
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
