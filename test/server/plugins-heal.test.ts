import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healJson } from '../../server/plugins/heal-json.ts';

describe('healing', () => {
  it.each([
    ['a missing bracket', '{"name": "Alice", "age": 30', { name: 'Alice', age: 30 }],
    ['a fence', '```json\n{"name": "Bob"}\n```', { name: 'Bob' }],
    ['a fence and talk', 'Sure!\n\n```\n{"name": "Bob"}\n```\nAnything else?', { name: 'Bob' }],
    ['a fence that never closes', '```json\n{"name": "Bo', { name: 'Bo' }],
    ['text before', 'Here\'s the data you requested:\n{"name": "Charlie", "age": 25}', { name: 'Charlie', age: 25 }],
    ['text after', '{"a": [1, 2]}\n\nI hope this helps {really}!', { a: [1, 2] }],
    ['a bracket in the text before', 'As asked [see above]: {"a": 1}', { a: 1 }],
    ['trailing commas', '{"name": "David", "age": 35,}', { name: 'David', age: 35 }],
    ['bare keys', '{name: "Eve", age: 40}', { name: 'Eve', age: 40 }],
    ['single quotes', "{'a': 'it is'}", { a: 'it is' }],
    ['Python constants', '{"a": True, "b": None}', { a: true, b: null }],
    ['an array of objects', 'Found: [{"a": 1}, {"a": 2}].', [{ a: 1 }, { a: 2 }]],
    ['an array cut off', '[{"a": 1}, {"a": 2', [{ a: 1 }, { a: 2 }]],
    ['a fence inside a value', '```json\n{"code": "```js\\nx\\n```", "n": 1,}\n```', { code: '```js\nx\n```', n: 1 }],
    ['comments', '{"a": 1, // one\n "b": 2}', { a: 1, b: 2 }],
  ])('mends %s', (_name, text, value) => {
    const mended = healJson(text);
    expect(mended).not.toBeNull();
    expect(JSON.parse(mended ?? '')).toEqual(value);
  });

  it.each(['I cannot do that.', '', 'yes', '[1] says so', '```\nno json\n```', 'a } b ] c', '{'.repeat(100_000)])(
    'makes nothing up of what was never JSON: %.20s',
    (text) => {
      expect(healJson(text)).toBeNull();
    },
  );

  it('leaves every valid JSON text alone', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, space) => {
        expect(healJson(JSON.stringify(value, null, space))).toBeNull();
      }),
    );
  });

  it('gives back the object that a fence and talk were put around', () => {
    const words = fc.stringMatching(/^[a-zA-Z ,.!?]{0,40}$/);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), words, words, (value, before, after) => {
        const json = JSON.stringify(value);
        expect(JSON.parse(healJson(`${before}\n\`\`\`json\n${json}\n\`\`\`\n${after}`) ?? 'null')).toEqual(
          JSON.parse(json),
        );
      }),
    );
  });

  it('never throws, and what it gives is an object or array', () => {
    const noise = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', "'", ',', ':', '\\', '`', '\n', 'a', '1', ' ', '{"a":'),
    });
    fc.assert(
      fc.property(noise, (text) => {
        const mended = healJson(text);
        if (mended !== null) expect(typeof JSON.parse(mended)).toBe('object');
      }),
      { numRuns: 500 },
    );
  });
});
