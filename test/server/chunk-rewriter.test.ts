import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkRewriter } from '../../server/engine/chunk-rewriter.ts';

const OURS = { id: 'gen-1', model: 'a/b', provider: 'A "quoted" provider' };

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"choices":[', '],"model":"x"', '\\"', '}', '\n'));
const choice = fc.record(
  {
    index: fc.nat(3),
    delta: fc.record({ content: text, choices: fc.array(text, { maxLength: 2 }) }, { requiredKeys: [] }),
    finish_reason: fc.constantFrom(null, 'stop'),
  },
  { requiredKeys: ['index', 'delta'] },
);
const chunk = fc.record(
  {
    id: fc.constant('chatcmpl-9'),
    object: fc.constant('chat.completion.chunk'),
    created: fc.constantFrom(1, 2),
    model: fc.constantFrom('m', 'n'),
    choices: fc.array(choice, { minLength: 1, maxLength: 2 }),
    usage: fc.constantFrom(null, { prompt_tokens: 1 }),
    system_fingerprint: fc.constantFrom(null, 'fp'),
    extra: fc.record({ choices: fc.array(text, { maxLength: 1 }) }),
  },
  { requiredKeys: ['choices'] },
);
const inOrder = (value: object, seed: number) =>
  Object.fromEntries(
    Object.entries(value)
      .map((entry, at) => [entry, (at * seed) % 7] as const)
      .toSorted((a, b) => a[1] - b[1])
      .map(([entry]) => entry),
  );

function expected(value: Record<string, unknown>): Record<string, unknown> {
  const { usage: _usage, system_fingerprint, ...rest } = value;
  const choices = (value['choices'] as object[]).map((one) => ({ finish_reason: null, ...one }));
  return {
    object: 'chat.completion.chunk',
    created: 7,
    ...rest,
    ...(system_fingerprint === null || system_fingerprint === undefined ? {} : { system_fingerprint }),
    choices,
    ...OURS,
  };
}

describe('the chunks of a stream', () => {
  it('become ours and stay the same otherwise, however alike they are', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 12 }),
        fc.constantFrom(1, 3, 5),
        fc.constantFrom(undefined, 1),
        (chunks, seed, space) => {
          const rewriter = new ChunkRewriter(OURS, 7);
          for (const one of chunks) {
            const value = inOrder(one, seed);
            const data = JSON.stringify(value, null, space);
            const parsed = JSON.parse(data) as Record<string, unknown>;
            const out = rewriter.rewrite(data, parsed, parsed['choices'] as unknown[]);
            expect(JSON.parse(out)).toEqual(expected(parsed));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keep every byte of their choices', () => {
    const rewriter = new ChunkRewriter(OURS, 7);
    const made = (choices: string) =>
      `{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":${choices},"usage":null}`;
    for (const choices of [
      '[{"index":0,"delta":{"content":"a"},"finish_reason":null}]',
      '[{"index":0,"delta":{"content":"b","n":1.50},"finish_reason":null}]',
      '[ {"index":0,"delta":{"content":"\\u00e9"},"finish_reason":null} ]',
    ]) {
      const data = made(choices);
      const parsed = JSON.parse(data) as Record<string, unknown>;
      expect(rewriter.rewrite(data, parsed, parsed['choices'] as unknown[])).toBe(
        `{"id":"gen-1","object":"chat.completion.chunk","created":1,"model":"a/b","choices":${choices},"provider":"A \\"quoted\\" provider"}`,
      );
    }
  });

  it('are called chunks, whatever a provider calls them', () => {
    const rewriter = new ChunkRewriter(OURS, 7);
    for (const object of ['chat.completion', '', null]) {
      const value = { object, created: 1, choices: [{ index: 0, delta: {}, finish_reason: null }] };
      const out = rewriter.rewrite(JSON.stringify(value), value, value.choices);
      expect(JSON.parse(out).object).toBe('chat.completion.chunk');
    }
  });
});
