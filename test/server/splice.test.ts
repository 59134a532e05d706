import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spliceTopLevel } from '../../server/engine/splice.ts';
import { readEvents } from '../../server/providers/openai/stream.ts';

const object = fc.dictionary(
  fc.oneof(fc.constantFrom('id', 'model', 'usage', 'choices'), fc.string()),
  fc.jsonValue(),
  { maxKeys: 6 },
);
const spaces = fc.constantFrom(undefined, 1, 2, '\t');

describe('splicing members into JSON text', () => {
  it('means the same as setting and deleting them', () => {
    fc.assert(
      fc.property(object, spaces, fc.jsonValue(), (value, indent, replacement) => {
        const text = JSON.stringify(value, null, indent);
        const spliced = JSON.parse(
          spliceTopLevel(text, { id: '"ours"', model: JSON.stringify(replacement), usage: null }),
        );
        const expected: Record<string, unknown> = {
          ...JSON.parse(text),
          id: 'ours',
          model: JSON.parse(JSON.stringify(replacement)),
        };
        delete expected['usage'];
        expect(spliced).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves every other byte as it stands', () => {
    const text = '{ "id" : "x", "n":1.0, "big":12345678901234567890, "s":"\\u00e9\\/", "a" :[ {"id":"inner"} ] }';
    expect(spliceTopLevel(text, { id: '"y"' })).toBe(text.replace('"x"', '"y"'));
    expect(spliceTopLevel(text, { a: null, n: null })).toBe(
      '{ "id" : "x", "big":12345678901234567890, "s":"\\u00e9\\/" }',
    );
    expect(spliceTopLevel('{}', { id: '1' })).toBe('{"id":1}');
    expect(spliceTopLevel('{"usage":1}', { usage: null, id: '1' })).toBe('{"id":1}');
  });
});

async function read(bytes: Buffer, cuts: readonly number[]): Promise<string[]> {
  async function* pieces() {
    let from = 0;
    for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
      yield bytes.subarray(from, cut);
      from = cut;
    }
  }
  const events: string[] = [];
  for await (const batch of readEvents(pieces())) events.push(...batch);
  return events;
}

describe('reading an event stream', () => {
  it('gives the same events however the bytes are cut, inside characters too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 20 }),
        async (texts, eol, cuts) => {
          const data = texts.map((text) => JSON.stringify({ text }));
          const bytes = Buffer.from(data.map((line) => `: comment${eol}${eol}data: ${line}${eol}${eol}`).join(''));
          expect(
            await read(
              bytes,
              cuts.map((cut) => Math.min(cut, bytes.length)),
            ),
          ).toEqual(data);
        },
      ),
    );
  });

  it('takes a last event without its blank line', async () => {
    expect(await read(Buffer.from('data: {"a":1}\n\ndata: [DONE]'), [])).toEqual(['{"a":1}', '[DONE]']);
  });
});
