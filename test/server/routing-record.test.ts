import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conversationOf, isNamed } from '../../server/engine/conversation.ts';
import { outdone } from '../../server/engine/soft-filters.ts';
import { sandboxProvider } from '../../server/providers/built-in.ts';
import type { Endpoint } from '../../server/providers/registry.ts';
import { Breakers, OUTAGE_MS } from '../../server/routing/breakers.ts';
import { EndpointRecords } from '../../server/routing/record.ts';
import { MOST_SAMPLES } from '../../server/routing/samples.ts';
import { STICKY_MS, StickySessions } from '../../server/routing/sticky.ts';

const START = Date.parse('2026-11-22T10:00:00Z');
const MINUTE = 60_000;

/** The smallest value that at least so many per cent of all are no greater than. */
function naive(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    sorted.find((value) => sorted.filter((other) => other <= value).length * 100 >= percent * sorted.length) ??
    Number.NaN
  );
}
const all = (values: readonly number[]) =>
  values.length === 0
    ? null
    : { p50: naive(values, 50), p75: naive(values, 75), p90: naive(values, 90), p99: naive(values, 99) };

const answers = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 40_000 }),
    latency: fc.integer({ min: 0, max: 9_000 }),
    tokens: fc.integer({ min: 0, max: 500 }),
  }),
  { maxLength: 200 },
);

describe('the record of an endpoint', () => {
  it('has the percentiles of a naive computation over five and thirty minutes', () => {
    fc.assert(
      fc.property(answers, (list) => {
        const records = new EndpointRecords();
        const seen: { at: number; latency: number; throughput: number | null }[] = [];
        let now = START;
        for (const { wait, latency, tokens } of list) {
          now += wait;
          records.answered('e', now, latency, tokens, latency + 100);
          seen.push({ at: now, latency, throughput: tokens > 0 ? (tokens * 1_000) / (latency + 100) : null });
        }
        const within = (ms: number) => seen.filter(({ at }) => at > now - ms);
        const throughputs = (ms: number) => within(ms).flatMap(({ throughput }) => throughput ?? []);
        expect(records.recent('e', now)).toEqual({
          latency: all(within(5 * MINUTE).map(({ latency }) => latency)),
          throughput: all(throughputs(5 * MINUTE)),
        });
        expect(records.of('e', now)).toMatchObject({
          latency: all(within(30 * MINUTE).map(({ latency }) => latency)),
          throughput: all(throughputs(30 * MINUTE)),
          uptimeLast1d: list.length > 0 ? 100 : null,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the latest of more than it can hold', () => {
    const records = new EndpointRecords();
    for (let index = 0; index < 3 * MOST_SAMPLES; index += 1) records.answered('e', START + index, index, 1, 1_000);
    const latest = Array.from({ length: MOST_SAMPLES }, (_, index) => 2 * MOST_SAMPLES + index);
    expect(records.of('e', START + 3 * MOST_SAMPLES).latency).toEqual(all(latest));
  });

  it('counts uptime over its own spans, and forgets', () => {
    const records = new EndpointRecords();
    const uptimes = (now: number) => {
      const { uptimeLast5m, uptimeLast30m, uptimeLast1d } = records.of('e', now);
      return [uptimeLast5m, uptimeLast30m, uptimeLast1d];
    };
    expect(uptimes(START)).toEqual([null, null, null]);
    records.failed('e', START);
    for (let count = 0; count < 3; count += 1) records.answered('e', START, 5, 1, 10);
    expect(uptimes(START)).toEqual([75, 75, 75]);
    records.answered('e', START + 10 * MINUTE, 5, 1, 10);
    expect(uptimes(START + 10 * MINUTE)).toEqual([100, 80, 80]);
    expect(uptimes(START + 60 * MINUTE)).toEqual([null, null, 80]);
    expect(uptimes(START + 48 * 60 * MINUTE)).toEqual([null, null, null]);
  });

  it('is kept of so many endpoints and no more', () => {
    const records = new EndpointRecords();
    for (let index = 0; index < 1_500; index += 1) records.answered(`e${index}`, START, 1, 1, 1);
    expect(records.of('e0', START).latency).toBeNull();
    expect(records.of('e1499', START).latency).not.toBeNull();
  });
});

describe('a breaker', () => {
  const breaker = (outcomes: readonly boolean[], now = START) => {
    const breakers = new Breakers();
    for (const good of outcomes) good ? breakers.succeeded('e', now) : breakers.failed('e', now);
    return breakers;
  };

  it.each([
    [[false], false],
    [[false, false], true],
    [[true, true, true, false, false], false],
    [[true, true, false, false], true],
    [[false, true, true, false, true], false],
  ])('after %j there is an outage: %s', (outcomes, expected) => {
    expect(breaker(outcomes).hasOutage('e', START)).toBe(expected);
    expect(breaker(outcomes).hasOutage('another', START)).toBe(false);
  });

  it('lets one probe through after half a minute; its end decides', () => {
    const breakers = breaker([false, false]);
    expect(breakers.hasOutage('e', START + OUTAGE_MS - 1)).toBe(true);
    const then = START + OUTAGE_MS;
    expect(breakers.hasOutage('e', then)).toBe(false);
    breakers.begins('e', then);
    expect(breakers.hasOutage('e', then + 1)).toBe(true);
    breakers.failed('e', then + 2);
    expect(breakers.hasOutage('e', then + OUTAGE_MS)).toBe(true);
    const again = then + 2 + OUTAGE_MS;
    breakers.begins('e', again);
    breakers.ended('e');
    expect(breakers.hasOutage('e', again)).toBe(false);
    breakers.begins('e', again);
    breakers.succeeded('e', again + 5);
    expect(breakers.hasOutage('e', again + 5)).toBe(false);
    breakers.failed('e', again + 6);
    expect(breakers.hasOutage('e', again + 6)).toBe(false);
  });

  it('never stays closed to a probe for more than a minute and a half, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('begins', 'failed', 'succeeded', 'ended'), fc.nat(40_000))),
        (events) => {
          const breakers = new Breakers();
          let now = START;
          for (const [what, wait] of events) {
            now += wait;
            if (what === 'ended') breakers.ended('e');
            else breakers[what as 'begins']('e', now);
          }
          expect(breakers.hasOutage('e', now + 90_000)).toBe(false);
        },
      ),
    );
  });
});

describe('sticky sessions', () => {
  it('end ten minutes after the last success, and are bounded', () => {
    const sticky = new StickySessions();
    sticky.keep('talk', 'a', START);
    expect(sticky.endpointOf('talk', START + STICKY_MS - 1)).toBe('a');
    expect(sticky.endpointOf('talk', START + STICKY_MS)).toBeNull();
    sticky.keep('talk', 'b', START + 1);
    expect(sticky.endpointOf('talk', START + STICKY_MS)).toBe('b');
    for (let index = 0; index < 12_000; index += 1) sticky.keep(`s${index}`, 'a', START);
    expect(sticky.size).toBe(10_000);
    expect(sticky.endpointOf('talk', START)).toBeNull();
    expect(sticky.endpointOf('s11999', START)).toBe('a');
  });

  it('know a conversation by its name, else by how it begins, and never another key’s', () => {
    const begins = (first: string, more: readonly object[] = []) => ({
      messages: [{ role: 'system', content: 'You are kind.' }, { role: 'user', content: first }, ...more],
    });
    const name = (request: object, key = 'k', header: string | null = null) =>
      conversationOf({ ...request }, key, header).name;
    expect(name(begins('a', [{ role: 'assistant', content: 'b' }]))).toBe(name(begins('a')));
    expect(name(begins('b'))).not.toBe(name(begins('a')));
    expect(name(begins('a'), 'other')).not.toBe(name(begins('a')));
    expect(name({ ...begins('b'), session_id: 's' })).toBe(name({ ...begins('a') }, 'k', 's'));
    expect(name({ ...begins('a'), session_id: 's' }, 'k', 'other')).toBe(name({ ...begins('a') }, 'k', 's'));
    expect(isNamed({ prompt_cache_key: 'p' }, null)).toBe(true);
    expect(isNamed(begins('a'), null)).toBe(false);
  });
});

describe('endpoints that can do less', () => {
  const [sandbox] = sandboxProvider(() => 'http://127.0.0.1:1', 'x').models();
  const at = (
    id: string,
    supportedParameters: readonly string[],
    maxCompletionTokens: number | null = null,
  ): Endpoint => {
    if (!sandbox) throw new Error('the sandbox has no model');
    const provider = sandboxProvider(() => 'http://127.0.0.1:1', 'x');
    return { id, provider, model: { ...sandbox, supportedParameters, maxCompletionTokens } };
  };
  const ids = (endpoints: readonly Endpoint[], request: object) =>
    [...outdone(endpoints, { ...request })].map(([{ id }, why]) => [id, why]);
  const tools = [{ type: 'function' }];

  it('are left out while another can do what is asked, and stay when none can', () => {
    const two = [at('plain', []), at('able', ['tools'])];
    expect(ids(two, { tools })).toEqual([['plain', 'unsupported.tools']]);
    expect(ids(two, { tools: [] })).toEqual([]);
    expect(ids(two, { response_format: { type: 'text' } })).toEqual([]);
    expect(ids(two, { response_format: { type: 'json_object' } })).toEqual([]);
    expect(ids([two[0] as Endpoint], { tools })).toEqual([]);
    expect(ids([at('short', [], 100), at('long', [], 1_000), at('unknown', [])], { max_tokens: 500 })).toEqual([
      ['short', 'max_tokens'],
    ]);
    expect(ids([at('short', [], 100), at('shorter', [], 50)], { max_tokens: 500 })).toEqual([]);
  });
});
