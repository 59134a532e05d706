import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecentTexts } from '../../server/engine/recent-texts.ts';
import { RunawayWatch } from '../../server/engine/runaway-watch.ts';
import { DEFAULT_RUNAWAY_RULES, type RunawayMode, type RunawayRules, type Trip } from '../../server/policy/runaway.ts';
import type { KeyRow } from '../../server/store/store.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into at any depth
type Json = Record<string, any>;

const MINUTE = 60_000;

function watching(mode: RunawayMode, rules: Partial<RunawayRules> = {}) {
  const told: Trip[] = [];
  const watch = new RunawayWatch({
    rulesOf: () => ({ mode, rules: { ...DEFAULT_RUNAWAY_RULES, ...rules } }),
    onTrip: async (_key, trip) => void told.push(trip),
  });
  const key = { id: 'k' } as KeyRow;
  let number = 0;
  const call = (now: number, text = `text ${++number}`, preset: string | null = 'p') =>
    watch.see(key, preset, { messages: [{ role: 'user', content: text }] }, 'gen-1', now) !== null;
  return { watch, told, call };
}

describe('the watch', () => {
  it('trips on more calls in a minute than are allowed, wherever the minute begins', () => {
    const { call } = watching('trip', { requests_per_minute: 10, loop_calls: null });
    const within = Array.from({ length: 12 }, (_, index) => call(MINUTE * 100 + index * 500));
    expect(within.indexOf(true)).toBe(10);
    const { call: across } = watching('trip', { requests_per_minute: 10, loop_calls: null });
    const tripped = Array.from({ length: 14 }, (_, index) => across(MINUTE * 100 - 3_000 + index * 500));
    expect(tripped.indexOf(true)).toBeGreaterThanOrEqual(10);
    expect(tripped.indexOf(true)).toBeLessThanOrEqual(12);
  });

  it('lets as many go in each minute for ever', () => {
    const { call } = watching('trip', { requests_per_minute: 10, loop_calls: null });
    for (let at = 0; at < 60 * MINUTE; at += 6_000) expect(call(MINUTE * 100 + at)).toBe(false);
  });

  it('trips on more money in a minute, at the next call', async () => {
    const { watch, call, told } = watching('trip', { usd_per_minute: 1 });
    expect(call(0)).toBe(false);
    watch.charge('k', 999_999_999, 'gen-1', 1_000);
    expect(told).toEqual([]);
    watch.charge('k', 2, 'gen-2', 2_000);
    expect(told[0]).toMatchObject({ rule: 'usd_per_minute', bound: 1 });
  });

  it('knows what is usual once it has seen enough of it', () => {
    const { call } = watching('trip', { requests_per_minute: null, history_minutes: 60, loop_calls: null });
    const burst = (at: number) => Array.from({ length: 100 }, (_, index) => call(at + index)).includes(true);
    for (let minute = 0; minute < 30; minute += 1) for (let n = 0; n < 5; n += 1) call(minute * MINUTE + n);
    expect(burst(30 * MINUTE)).toBe(false);
    for (let minute = 31; minute < 120; minute += 1) for (let n = 0; n < 5; n += 1) call(minute * MINUTE + n);
    expect(burst(120 * MINUTE)).toBe(true);
  });

  it('sees a loop at the twentieth time within five minutes, among other texts, and only then', () => {
    const { call } = watching('trip');
    for (let index = 0; index < 19; index += 1) {
      expect(call(index * 10_000, 'again')).toBe(false);
      expect(call(index * 10_000 + 1)).toBe(false);
    }
    expect(call(19 * 10_000, 'again', 'another preset')).toBe(false);
    expect(call(19 * 10_000, 'again')).toBe(true);
    const slow = watching('trip');
    for (let index = 0; index < 60; index += 1) expect(slow.call(index * 16_000, 'again')).toBe(false);
  });

  it('does not count what came later than now, after a clock has been put back', () => {
    const { call } = watching('trip');
    for (let index = 0; index < 19; index += 1) expect(call(60 * MINUTE + index, 'again')).toBe(false);
    expect(call(0, 'again')).toBe(false);
  });

  it('does not take long texts that differ in a word for a loop', () => {
    const { call } = watching('trip');
    const page = 'Classify this. '.repeat(2_000);
    for (let index = 0; index < 200; index += 1)
      expect(call(index, `${page}${String(index).padStart(6, '0')}${page}`)).toBe(false);
  });

  it('warns once in five minutes, and stops nothing', () => {
    const { call, told } = watching('warn', { requests_per_minute: 5, loop_calls: null });
    for (let index = 0; index < 100; index += 1) expect(call(MINUTE * 7 + index * 100)).toBe(false);
    expect(told).toHaveLength(1);
  });

  it('switched off, remembers nothing', () => {
    const { call, told } = watching('off', { requests_per_minute: 1 });
    for (let index = 0; index < 100; index += 1) expect(call(index, 'same')).toBe(false);
    expect(told).toEqual([]);
  });

  it('reads messages of every shape', () => {
    const { watch } = watching('trip', { requests_per_minute: null });
    const key = { id: 'k' } as KeyRow;
    for (const messages of [
      undefined,
      null,
      [],
      [null],
      [{}],
      [{ content: 7 }],
      [{ content: [{ type: 'image_url', image_url: null }] }],
      'x',
    ])
      for (let index = 0; index < 30; index += 1)
        expect(() => watch.see(key, null, { messages }, 'gen', index * 100_000)).not.toThrow();
  });

  it('hashes whole only what looks like one of the last few', () => {
    let hashed = 0;
    const texts = new RecentTexts((text) => {
      hashed += 1;
      return text;
    });
    for (let index = 0; index < 1_000; index += 1) texts.seen('p', `message number ${index}`, 20, 0, index);
    expect(hashed).toBeLessThan(100);
  });
});

describe('a key that runs away', () => {
  let provider: FakeProvider;
  let daemon: TestDaemon;
  beforeAll(async () => {
    provider = await FakeProvider.start();
    daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`);
  });
  afterAll(async () => {
    await daemon.stop();
    await provider.stop();
  });
  const api = async (path: string, body?: unknown, method?: string) => {
    const response = await daemon.request(`/api/v1/${path}`, {
      ...(body === undefined ? {} : { body }),
      ...(method ? { method } : {}),
    });
    return { status: response.status, json: (await response.json()) as Json };
  };
  const loop = async (secret: string, times: number) => {
    const statuses: number[] = [];
    for (let call = 0; call < times; call += 1)
      statuses.push((await daemon.chat(secret, { model: 'one/m', max_tokens: 5 })).status);
    return statuses;
  };

  it('is suspended with a reason by the call that trips, and released by a person', async () => {
    const { secret, hash } = await daemon.key({ runaway: 'trip' });
    expect(await loop(secret, 21)).toEqual([...Array.from({ length: 19 }, () => 200), 403, 403]);
    const refused = (await (await daemon.chat(secret, { model: 'one/m' })).json()) as Json;
    expect(refused['error'].metadata).toMatchObject({ reason: 'key_suspended', scope: 'api_key' });
    expect(refused['error'].message).toContain('20 times within 5 minutes');
    const shown = (await api(`keys/${hash}`)).json['data'];
    expect(shown.suspended).toMatchObject({ reason: expect.stringContaining('20 times') });
    const released = await api(`callgate/keys/${hash}/release`, {});
    expect(released.json['data'].suspended).toBeNull();
    expect(await loop(secret, 1)).toEqual([200]);
  });

  it('is only warned of unless it says otherwise, or belongs to a behavior', async () => {
    const { secret, hash } = await daemon.key({ name: 'warned' });
    expect(new Set(await loop(secret, 25))).toEqual(new Set([200]));
    expect(daemon.lines.some(({ event, fields }) => event === 'key ran away' && fields['name'] === 'warned')).toBe(
      true,
    );
    expect((await api(`keys/${hash}`)).json['data'].suspended).toBeNull();

    await daemon.request('/api/v1/callgate/presets/p/publish', { body: { text: '---\nmodel: one/m\n---\nHi\n' } });
    const own = await daemon.key({ name: 'agent' });
    const made = await api('callgate/behaviors', { name: 'agent', preset: 'p', key: own.hash, tier: 'C' });
    const statuses: number[] = [];
    for (let call = 0; call < 21; call += 1)
      statuses.push((await daemon.chat(own.secret, { model: '@preset/p', max_tokens: 5 })).status);
    expect(statuses.slice(18)).toEqual([200, 403, 403]);
    const shown = (await api(`callgate/behaviors/${made.json['data'].id}`)).json['data'];
    expect(shown).toMatchObject({ tier: 'B', key: { suspended: true } });
    const [entry] = (await api(`callgate/behaviors/${made.json['data'].id}/ledger`)).json['data'];
    expect(entry).toMatchObject({ kind: 'runaway', tier_before: 'C', tier_after: 'B' });
  });

  it('is recorded once, however many calls trip at the same moment', async () => {
    const { secret, hash } = await daemon.key({ runaway: 'trip' });
    await loop(secret, 18);
    const statuses = (
      await Promise.all(Array.from({ length: 30 }, () => daemon.chat(secret, { model: 'one/m', max_tokens: 5 })))
    ).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const suspended = daemon.lines.filter(
      ({ event, fields }) => event === 'audit' && fields['action'] === 'key.suspend',
    );
    expect(suspended).toHaveLength(new Set(suspended.map(({ fields }) => fields['target'])).size);
    expect((await api(`keys/${hash}`)).json['data'].suspended).not.toBeNull();
  });
});
