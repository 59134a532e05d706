import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { formatUsd, parseLimit, spendBar } from '../../client/money.ts';

vi.mock('vscode', () => import('./vscode.ts'));

/** Every amount that the ledger can hold: whole nano-dollars. */
const amounts = fc.integer({ min: 1, max: 10 ** 15 }).map((nano) => nano / 1e9);

describe('formatUsd', () => {
  it.each([
    [0, '$0.00'],
    [0.5, '$0.50'],
    [0.0123, '$0.0123'],
    [0.000000001, '$0.000000001'],
    [0.0000279, '$0.0000279'],
    [0.99996, '$1.00'],
    [1, '$1.00'],
    [1234.5, '$1,234.50'],
    [-0.25, '-$0.25'],
    [-3, '-$3.00'],
  ])('%d is %s', (usd, text) => expect(formatUsd(usd)).toBe(text));

  it('never reads as zero unless it is, and is never off by more than half a percent', () => {
    fc.assert(
      fc.property(amounts, (usd) => {
        const shown = Number(formatUsd(usd).replace(/[$,]/g, ''));
        expect(shown).toBeGreaterThan(0);
        expect(Math.abs(shown - usd)).toBeLessThanOrEqual(usd * 0.005 + Number.EPSILON);
      }),
    );
  });
});

describe('parseLimit', () => {
  it.each(['', '  ', '$'])('%j is no limit', (text) => expect(parseLimit(text)).toEqual({ kind: 'none' }));
  it.each([
    ['5', 5],
    ['$0.50', 0.5],
    [' .25 ', 0.25],
    ['1,000.25', 1000.25],
    ['0', 0],
  ])('%j is %d', (text, usd) => expect(parseLimit(text)).toEqual({ kind: 'amount', usd }));
  it.each(['abc', '-1', '1e3', '1,00', '5 USD', '0x10', '1.0000000001', '.', 'Infinity', '١'])(
    '%j is refused',
    (text) => {
      expect(parseLimit(text).kind).toBe('invalid');
    },
  );

  it('takes back every amount that is shown', () => {
    fc.assert(
      fc.property(amounts, (usd) => {
        expect(parseLimit(formatUsd(usd)).kind).toBe('amount');
      }),
    );
  });
});

describe('spendBar', () => {
  it('is empty only for nothing and full only at the limit', () => {
    fc.assert(
      fc.property(amounts, amounts, (spent, limit) => {
        const bar = spendBar(spent, limit);
        expect(bar).toHaveLength(spendBar(0, 1).length);
        expect(bar.startsWith('▰')).toBe(true);
        expect(bar.endsWith('▰')).toBe(spent >= limit);
      }),
    );
    expect(spendBar(0, 1)).toBe('▱▱▱▱▱');
    expect(spendBar(0, 0)).toBe('▰▰▰▰▰');
  });
});
