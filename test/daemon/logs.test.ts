import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logFiles, openLog } from '../../server/daemon/logs.ts';
import { redact } from '../../server/daemon/redact.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const day = (iso: string) => () => new Date(iso);
const lines = (name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log', () => {
  it('is one JSON object a line, for the owner alone', () => {
    const log = openLog(folder, { now: day('2026-01-31T12:00:00Z') });
    log.debug('unheard');
    log.info('call', { id: 'gen-1', cost: 0.5, event: 'not this' });
    log.close();
    log.info('too late');
    expect(readdirSync(folder)).toEqual(['callgate-2026-01-31.log']);
    expect(lines('callgate-2026-01-31.log')).toEqual([
      { time: '2026-01-31T12:00:00.000Z', level: 'info', event: 'call', id: 'gen-1', cost: 0.5 },
    ]);
    expect(statSync(join(folder, 'callgate-2026-01-31.log')).mode & 0o777).toBe(0o600);
  });

  it('writes warnings at once, with all that came before them', () => {
    const log = openLog(folder, { now: day('2026-01-31T12:00:00Z'), level: 'debug' });
    log.debug('one');
    log.warn('two');
    expect(lines('callgate-2026-01-31.log').map(({ event }) => event)).toEqual(['one', 'two']);
    log.close();
  });

  it('goes on where it stopped', () => {
    for (const event of ['one', 'two']) {
      const log = openLog(folder, { now: day('2026-01-31T12:00:00Z') });
      log.info(event);
      log.close();
    }
    expect(lines('callgate-2026-01-31.log').map(({ event }) => event)).toEqual(['one', 'two']);
  });

  it('begins a file each day and when one is full, and keeps the newest', () => {
    let now = Date.parse('2026-01-30T23:59:00Z');
    const log = openLog(folder, { now: () => new Date(now), maxBytes: 400, keep: 4 });
    for (let i = 0; i < 40; i++) {
      log.warn('line', { i });
      if (i === 9) now = Date.parse('2026-01-31T00:00:00Z');
    }
    log.close();
    const files = logFiles(folder).map((path) => path.slice(folder.length + 1));
    expect(files).toHaveLength(4);
    expect(files.every((name) => name.startsWith('callgate-2026-01-31'))).toBe(true);
    for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(400);
    const kept = files.flatMap((name) => lines(name).map(({ i }) => i as number));
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 40 - kept.length + index));
  });

  it('orders parts by number', () => {
    const log = openLog(folder, { now: day('2026-01-31T12:00:00Z'), maxBytes: 90, keep: 100 });
    for (let i = 0; i < 12; i++) log.warn('line', { i });
    log.close();
    expect(logFiles(folder).map((path) => lines(path.slice(folder.length + 1))[0]?.['i'])).toEqual([
      ...Array(12).keys(),
    ]);
  });

  it('never takes a call down when the disk refuses', () => {
    const log = openLog(join(folder, 'missing'));
    expect(() => log.error('x')).not.toThrow();
    expect(() => log.close()).not.toThrow();
  });
});

const SECRET = 'sk-cg-v1-0123456789abcdef0123456789abcdef';
describe('what is never written', () => {
  it.each([
    ['key', { key: 'plain' }],
    ['secret', { secret: 'plain' }],
    ['authorization', { headers: { Authorization: 'plain' } }],
    ['x-api-key', { headers: { 'x-api-key': 'plain' } }],
    ['cookie', { headers: { cookie: 'plain' } }],
    ['apiKey', { config: [{ apiKey: 'plain' }] }],
    ['prompt', { prompt: 'plain' }],
    ['system_prompt', { preset: { system_prompt: 'plain' } }],
    ['messages', { request: { messages: [{ role: 'user', content: 'plain' }] } }],
    ['a key in any text', { note: `called with ${SECRET} today` }],
    ['a bearer in any text', { note: 'Authorization: Bearer abcdef.ghij' }],
    ['a key in an error', { error: new Error(`401 for ${SECRET}`) }],
    ['a key in a cause', { error: new Error('x', { cause: { url: `https://x/?k=${SECRET}` } }) }],
    ['bytes', { raw: Buffer.from('plain') }],
    ['a map', { map: new Map([['token', 'plain']]) }],
  ])('%s', (_, fields) => {
    const log = openLog(folder, { now: day('2026-01-31T12:00:00Z') });
    log.error('x', fields);
    log.close();
    const text = readFileSync(join(folder, 'callgate-2026-01-31.log'), 'utf8');
    expect(text).not.toMatch(/plain|0123456789abcdef|abcdef\.ghij/);
    expect(text).toContain('[redacted]');
  });

  it('lets facts pass', () => {
    const facts = {
      key_hash: 'abc',
      prompt_tokens: 3,
      completion_tokens: 4,
      preset: 'hello',
      ok: true,
      none: null,
      ms: 1.5,
    };
    expect(redact(facts)).toEqual(facts);
  });

  it('survives any value, cycles and traps among them', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const trap = {
      get fact(): never {
        throw new Error('no');
      },
    };
    for (const value of [cycle, trap, 1n, Symbol('x'), () => 1, new Date(Number.NaN), new Set([1])]) {
      expect(() => JSON.stringify(redact({ value }))).not.toThrow();
    }
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          JSON.stringify(redact({ value, key: SECRET, text: [SECRET], about: { said: SECRET } }));
          expect(JSON.stringify(redact({ value, key: SECRET, about: { said: `<${SECRET}>` } }))).not.toContain(SECRET);
        },
      ),
    );
  });
});
