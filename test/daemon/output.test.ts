import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duration, oneLine, table, usd, when } from '../../server/cli/output.ts';
import { parseCount, parseExpiry, parseLimit, parsePort, parseReset } from '../../server/cli/values.ts';

describe('money', () => {
  it.each([
    [0, '$0.00'],
    [1, '$1.00'],
    [0.5, '$0.50'],
    [12.5, '$12.50'],
    [1234.567, '$1234.57'],
    [0.0001, '$0.0001'],
    [0.00012345, '$0.00012'],
    [0.123456, '$0.12'],
    [0.0199, '$0.02'],
    [0.999999, '$1.00'],
    [0.000000001, '$0.000000001'],
    [0.0000000001, '<$0.000000001'],
    [-0.003, '-$0.003'],
  ])('%s is %s', (amount, text) => {
    expect(usd(amount)).toBe(text);
  });

  it('never reads as nothing when it is something', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000_000 }), (nano) => {
        const text = usd(nano / 1e9);
        expect(text).toMatch(/^\$\d+\.\d{2,9}$/);
        expect(text).toMatch(/[1-9]/);
        // Two digits that are not zero, or cents: off by at most 5 %.
        expect(Math.abs(Number(text.slice(1)) - nano / 1e9)).toBeLessThanOrEqual(Math.max((nano / 1e9) * 0.051, 1e-12));
      }),
    );
  });
});

describe('tables', () => {
  it('stand in columns, numbers to the right', () => {
    expect(
      table(
        ['NAME', '>SPENT'],
        [
          ['a', '$1.00'],
          ['日本', '$10.00'],
          ['long name', '–'],
        ],
      ).split('\n'),
    ).toEqual(['NAME        SPENT', 'a           $1.00', '日本       $10.00', 'long name       –']);
  });

  it('show what would move the cursor instead of obeying it', () => {
    expect(oneLine('a\u001b[31mb\nc\u009b')).toBe('a\ufffd[31mb\ufffdc\ufffd');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => table(['A', 'B'], [[name, 'x']]).split('\n').length === 2),
    );
  });
});

describe('times', () => {
  it.each([
    [0, '0s'],
    [59.9, '59s'],
    [61, '1m 1s'],
    [3_600, '1h'],
    [90_061, '1d 1h'],
  ])('%s s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('are told in UTC', () => {
    expect([when('2026-01-31T12:05:59.000Z'), when(null), when('rubbish\u001b')]).toEqual([
      '2026-01-31 12:05',
      '–',
      'rubbish\ufffd',
    ]);
  });
});

describe('option values', () => {
  const now = new Date('2026-01-31T12:00:00Z');
  it.each([
    ['30d', '2026-03-02T12:00:00Z'],
    ['12h', '2026-02-01T00:00:00Z'],
    ['2026-12-31', '2026-12-31T00:00:00Z'],
    ['2026-12-31T10:00:00+02:00', '2026-12-31T08:00:00Z'],
    ['2026-12-31T10:00:00.123Z', '2026-12-31T10:00:00Z'],
  ])('--expires %s is %s', (text, time) => {
    expect(parseExpiry(text, undefined, now)).toBe(time);
  });

  it.each(['', 'soon', '0d', '2026-01-31', '2020-01-01', '2026-13-01', '2026-12-31T10:00', '1y', '-1d'])(
    '--expires %j is refused',
    (text) => {
      expect(() => parseExpiry(text, undefined, now)).toThrow();
    },
  );

  it('reads limits, resets, ports, counts', () => {
    expect([parseLimit('10'), parseLimit('$0.50'), parseLimit('none'), parseLimit('0')]).toEqual([
      { usd: 10 },
      { usd: 0.5 },
      { usd: null },
      { usd: 0 },
    ]);
    for (const text of ['', '-1', '1e3', '0.0000000001', 'ten', '1,5']) expect(() => parseLimit(text)).toThrow();
    expect([parseReset('weekly'), parseReset('never')]).toEqual([{ reset: 'weekly' }, { reset: null }]);
    expect(() => parseReset('hourly')).toThrow();
    expect([parsePort('0'), parsePort('65535')]).toEqual([0, 65_535]);
    for (const text of ['65536', '-1', 'http', '1.5', '']) expect(() => parsePort(text)).toThrow();
    expect(parseCount('0')).toBe(0);
    for (const text of ['-1', '1.5', 'x', '']) expect(() => parseCount(text)).toThrow();
  });
});
