import { describe, expect, it } from 'vitest';
import { judge, median, pairedDifference, pairedRatio } from './figures.mts';

describe('median', () => {
  it('is the middle, or the mean of the two middle ones', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 100])).toBe(3.5);
    expect(median([])).toBeNull();
  });

  it('leaves its argument in order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('pairedRatio', () => {
  it('compares what was measured together', () => {
    // The machine got three times slower after the first pair; the ratio did not change.
    expect(pairedRatio([5000, 1600, 1700], [10_000, 3200, 3400])).toBe(0.5);
  });

  it('leaves out pairs without a baseline', () => {
    expect(pairedRatio([10, 20, 30], [20, 0])).toBe(0.5);
    expect(pairedRatio([], [])).toBeNull();
  });
});

describe('pairedDifference', () => {
  it('compares what was measured together', () => {
    // The second pair met a loud machine; what the gateway adds did not change.
    expect(pairedDifference([30, 530, 32], [10, 510, 12])).toBe(20);
    expect(pairedDifference([30], [])).toBeNull();
  });
});

describe('judge', () => {
  it('holds floors and ceilings, bounds included', () => {
    const floor = { name: 'rate', unit: '', atLeast: 0.35 };
    const ceiling = { name: 'ready', unit: 'ms', atMost: 800 };
    expect([judge(floor, 0.35), judge(floor, 0.349), judge(floor, null)]).toEqual(['met', 'missed', 'not measured']);
    expect([judge(ceiling, 800), judge(ceiling, 800.1)]).toEqual(['met', 'missed']);
  });
});
