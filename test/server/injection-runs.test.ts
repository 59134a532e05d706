import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds, runsOf } from '../../server/detect/injection/runs.ts';

const HEX = kinds('0123456789abcdef', ' ,x\\');

describe('runs', () => {
  it('are what a pattern would find', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f ,x\\gé\n]{0,60}$/), fc.integer({ min: 1, max: 8 }), (text, fewest) => {
        const found = runsOf(text, HEX, fewest).map(({ start, end }) => [start, end]);
        const expected = [...text.matchAll(/[0-9a-f ,x\\]+/g)]
          .filter(([run]) => run.replace(/[^0-9a-f]/g, '').length >= fewest)
          .map(({ 0: run, index }) => [index, index + run.length]);
        expect(found).toEqual(expected);
      }),
    );
  });
});
