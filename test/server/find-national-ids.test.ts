import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPreceded } from '../../server/detect/pii/around.ts';
import { digitsOf } from '../../server/detect/pii/checksums.ts';
import { nationalIdsIn } from '../../server/detect/pii/find-national-ids.ts';
import { NATIONAL_IDS } from '../../server/detect/pii/national-ids.ts';

const SLUGS = new Set(NATIONAL_IDS.map(({ slug }) => slug));

/** Each kind's pattern run over the whole text by itself: what one pass over all of them must find too. */
const oneByOne = (text: string) =>
  NATIONAL_IDS.flatMap(({ slug, pattern, context, needsContext, isValid }) =>
    [...text.matchAll(pattern)].flatMap(({ 0: value, index }) => {
      const mustBeNamed = needsContext === 'always' || (needsContext === 'ungrouped' && !/[^A-Za-z0-9]/.test(value));
      if (mustBeNamed && !isPreceded(text, index, context)) return [];
      return isValid(digitsOf(value), value) ? [{ type: slug, start: index, end: index + value.length }] : [];
    }),
  );
const shown = (found: readonly { readonly type: string; readonly start: number; readonly end: number }[]) =>
  found.map(({ type, start, end }) => `${type} ${start} ${end}`).sort();

/** Numbers in the shapes that the kinds have, right or wrong, with what may stand around them. */
const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const piece = fc.oneof(
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 18].map(digits),
  fc.constantFrom(' ', '-', '.', '/', '+', ' SSN ', 'TFN: ', 'NHS number ', 'X', 'T', 'A', 'é', '\n', ', '),
  fc.constantFrom(
    'RSSMRA85T10A562S',
    'QQ 12 34 56 C',
    'AB123456C',
    'ABCPE1234F',
    '12345678Z',
    'X1234567L',
    'S1234567D',
  ),
  fc.constantFrom(
    '1EG4-TE5-MK73',
    '131052-308T',
    '27AAPFU0939F1ZV',
    '529.982.247-25',
    '110105194912310021',
    'HEGG560427MVZRRL04',
  ),
);

describe('national ids', () => {
  it('are found in one pass as each is by itself', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        expect(shown(nationalIdsIn(text, SLUGS))).toEqual(shown(oneByOne(text)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are found one right behind the other, and one within another', () => {
    const text = 'dni 12345678Z 12345678Z; 529.982.247-25,529.982.247-25 and tfn 876 543 210 876543210';
    const found = shown(nationalIdsIn(text, SLUGS));
    expect(found).toEqual(shown(oneByOne(text)));
    expect(found).toEqual(expect.arrayContaining(['es-nif 4 13', 'es-nif 14 23', 'br-cpf 25 39', 'br-cpf 40 54']));
  });

  it('are those alone that were asked for', () => {
    expect(shown(nationalIdsIn('12345678Z 529.982.247-25', new Set(['br-cpf'])))).toEqual(['br-cpf 10 24']);
    expect(nationalIdsIn('12345678Z', new Set())).toEqual([]);
  });
});
