import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheSeconds } from '../../server/engine/sharing/cache-wish.ts';
import { Copy } from '../../server/engine/sharing/copy.ts';
import { type Kept, ResponseCache } from '../../server/engine/sharing/response-cache.ts';
import { shareKey } from '../../server/engine/sharing/share-key.ts';
import { DONE, wholeOrigin } from '../../server/engine/sharing/whole.ts';
import { withSharingHeaders } from '../../server/http/sharing-headers.ts';
import type { EffectivePolicy } from '../../server/policy/effective-policy.ts';
import type { KeyRow } from '../../server/store/store.ts';

const preset = { id: 'p', slug: 'triage', version: 1, hash: 'a'.repeat(64) };
const policy: EffectivePolicy = { budgets: [], accounts: [], access: null, modalities: null, content: null };
const keyOf = (hash: string, request: Record<string, unknown>, used: typeof preset | null = null) =>
  shareKey({ key: { hash } as KeyRow, policy, request, preset: used });

describe('the key of an answer', () => {
  it('is the same for the same request, and another for any difference', () => {
    const request = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });
    fc.assert(
      fc.property(request, request, fc.string(), fc.string(), (a, b, one, other) => {
        const isSame = one === other && JSON.stringify(a) === JSON.stringify(b);
        expect(keyOf(one, a) === keyOf(other, b)).toBe(isSame);
        expect(keyOf(one, a)).toBe(keyOf(one, structuredClone(a)));
      }),
    );
  });

  it('is another one once any layer above the key says something else of what may be asked', () => {
    const of = (over: EffectivePolicy) =>
      shareKey({ key: { hash: 'k' } as KeyRow, policy: over, request: {}, preset: null });
    expect(of(policy)).toBe(of(policy));
    const access = {
      allowedModels: [{ value: new Set(['a/b']), sources: [] }],
    } as unknown as EffectivePolicy['access'];
    expect(of({ ...policy, access })).not.toBe(of(policy));
    expect(of({ ...policy, accounts: ['key:k'] })).toBe(of(policy));
  });

  const base = {
    model: 'a/b',
    messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ type: 'function', function: { name: 'f' } }],
  };
  it.each([
    ['the API key', keyOf('other', base)],
    ['the model', keyOf('k', { ...base, model: 'a/c' })],
    ['streaming', keyOf('k', { ...base, stream: true })],
    ['a tool', keyOf('k', { ...base, tools: [{ type: 'function', function: { name: 'g' } }] })],
    ['no tools', keyOf('k', { model: base.model, messages: base.messages })],
    ['a parameter', keyOf('k', { ...base, temperature: 0 })],
    ['white space in a message', keyOf('k', { ...base, messages: [{ role: 'user', content: 'Hi ' }] })],
    ['the order of properties', keyOf('k', { messages: base.messages, model: base.model, tools: base.tools })],
    ['a preset', keyOf('k', base, preset)],
    ['a session', keyOf('k', { ...base, session_id: 's' })],
  ])('differs by %s', (_name, key) => {
    expect(key).not.toBe(keyOf('k', base));
  });

  it('differs by the preset’s version', () => {
    expect(keyOf('k', base, preset)).not.toBe(keyOf('k', base, { ...preset, version: 2, hash: 'b'.repeat(64) }));
  });

  it('does not differ by how the cache is asked for', () => {
    expect(keyOf('k', { ...base, cache_enabled: true, cache_ttl_seconds: 7, stream: false })).toBe(keyOf('k', base));
  });
});

const kept = (size: number, storedAtMs = 0, seconds = 300): Kept => ({
  body: Buffer.alloc(size),
  streamed: false,
  sourceId: 'gen-1',
  model: 'a/b',
  provider: 'a',
  storedAtMs,
  expiresAtMs: storedAtMs + seconds * 1000,
});

describe('the store of answers', () => {
  it('forgets an answer at its time, and when the clock was put back before it', () => {
    const cache = new ResponseCache(() => 10_000);
    cache.put('a', kept(10, 1_000, 1));
    expect(cache.get('a', 1_999)).not.toBeNull();
    expect(cache.get('a', 2_000)).toBeNull();
    expect(cache.bytes).toBe(0);
    cache.put('a', kept(10, 1_000, 1));
    expect(cache.get('a', 999)).toBeNull();
  });

  it('never takes more than its bytes, and lets go what was used longest ago', () => {
    const cache = new ResponseCache(() => 10_000);
    for (const name of ['a', 'b', 'c', 'd']) cache.put(name, kept(1_900));
    cache.get('a', 1);
    cache.put('e', kept(1_900));
    expect(['a', 'b', 'c', 'd', 'e'].filter((name) => cache.get(name, 1))).toEqual(['a', 'c', 'd', 'e']);
  });

  it('counts what it holds truly under any use', () => {
    const step = fc.record({
      at: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      size: fc.integer({ min: 0, max: 4_000 }),
      act: fc.constantFrom('put', 'get', 'delete'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new ResponseCache(() => 8_000);
        for (const { at, size, act } of steps) {
          if (act === 'put') cache.put(at, kept(size));
          else if (act === 'get') cache.get(at, 1);
          else cache.delete(at);
          expect(cache.bytes).toBeLessThanOrEqual(8_000);
        }
        for (const name of ['a', 'b', 'c', 'd', 'e']) cache.delete(name);
        expect(cache.bytes).toBe(0);
      }),
    );
  });

  it('gives memory back when it is allowed less', () => {
    let most = 10_000;
    const cache = new ResponseCache(() => most);
    for (const name of ['a', 'b', 'c', 'd']) cache.put(name, kept(1_900));
    most = 5_000;
    cache.put('e', kept(1_000));
    expect(cache.bytes).toBeLessThanOrEqual(5_000);
    expect(cache.get('e', 1)).not.toBeNull();
  });

  it('does not let one huge answer push out the others', () => {
    const cache = new ResponseCache(() => 10_000);
    cache.put('a', kept(100));
    cache.put('huge', kept(9_000));
    expect(cache.get('huge', 1)).toBeNull();
    expect(cache.get('a', 1)).not.toBeNull();
  });
});

describe('what is worth keeping', () => {
  const document = (more: object) =>
    JSON.stringify({
      model: 'a/b',
      provider: 'A',
      choices: [{ index: 0, message: {}, finish_reason: 'stop' }],
      ...more,
    });
  const chunks = (...list: object[]) =>
    list.map((chunk) => `data: ${JSON.stringify({ model: 'a/b', provider: 'A', ...chunk })}\n\n`).join('');
  const text = { choices: [{ delta: { content: 'a' }, finish_reason: null }] };
  const end = { choices: [{ delta: {}, finish_reason: 'stop' }] };

  it('is a whole answer', () => {
    expect(wholeOrigin(document({}), false, false)).toEqual({ model: 'a/b', provider: 'A' });
    expect(wholeOrigin(document({ choices: [{ finish_reason: 'tool_calls' }] }), false, false)).not.toBeNull();
    expect(wholeOrigin(document({ error: null }), false, false)).not.toBeNull();
    expect(wholeOrigin(chunks(text, end, { choices: [] }) + DONE, true, false)).toEqual({
      model: 'a/b',
      provider: 'A',
    });
    expect(wholeOrigin(document({ choices: [{ finish_reason: 'length' }] }), false, false)).not.toBeNull();
  });

  it.each([
    ['an error in a document', document({ error: { code: 500 } }), false, false],
    ['a choice that failed', document({ choices: [{ finish_reason: 'error' }] }), false, false],
    ['an error in a choice', document({ choices: [{ finish_reason: 'stop', error: { code: 1 } }] }), false, false],
    [
      'a choice without an end',
      document({
        choices: [
          { index: 0, finish_reason: 'stop' },
          { index: 1, finish_reason: null },
        ],
      }),
      false,
      false,
    ],
    ['no choice', document({ choices: [] }), false, false],
    ['no JSON', 'nonsense', false, false],
    ['a stream that was cut', chunks(text, end), true, false],
    ['a stream that never said that it is done', chunks(text) + DONE, true, false],
    [
      'a stream with a choice that has no end',
      chunks({ choices: [{ index: 0, finish_reason: 'stop' }] }, { choices: [{ index: 1, finish_reason: null }] }) +
        DONE,
      true,
      false,
    ],
    ['a stream with an error chunk', chunks(text, end, { error: { code: 502 }, choices: [] }) + DONE, true, false],
    ['an answer cut short by a limit', document({ choices: [{ finish_reason: 'length' }] }), false, true],
  ])('is not %s', (_name, body, streamed, clamped) => {
    expect(wholeOrigin(body, streamed, clamped)).toBeNull();
  });
});

describe('a copy', () => {
  it('changes id, time, usage and route of an answer and no other byte', () => {
    const body =
      '{"id":"gen-1", "created" : 5,"model":"a/b","choices":[{"message":{"content":"\\u00e9 \\"id\\":\\"gen-1\\" 1.0"},"n":1.0}],"usage":{"prompt_tokens":7,"cost":0.1},"openrouter_metadata":{"x":1}}';
    const copy = new Copy('gen-2', new Date(9_000)).json(body);
    expect(copy).toContain('"choices":[{"message":{"content":"\\u00e9 \\"id\\":\\"gen-1\\" 1.0"},"n":1.0}]');
    expect(JSON.parse(copy)).toMatchObject({
      id: 'gen-2',
      created: 9,
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, cost: 0 },
    });
    expect(JSON.parse(copy)).not.toHaveProperty('openrouter_metadata');
  });

  it('gives usage to the one chunk that had it, and keeps the end', () => {
    const events = `data: {"id":"a","created":1,"choices":[{"delta":{"content":"\\"usage\\" of it"}}]}\n\ndata: {"id":"a","created":1,"choices":[],"usage":{"cost":1}}\n\n${DONE}`;
    const copied = new Copy('gen-2', new Date(9_000)).events(events);
    const [first, second, last] = copied.split('\n\n').map((event) => event.slice('data: '.length));
    expect(JSON.parse(first ?? '')).toEqual({
      id: 'gen-2',
      created: 9,
      choices: [{ delta: { content: '"usage" of it' } }],
    });
    expect(JSON.parse(second ?? '')).toMatchObject({ id: 'gen-2', usage: { cost: 0, total_tokens: 0 } });
    expect(last).toBe('[DONE]');
  });
});

describe('how the cache is asked for', () => {
  it.each([
    [{}, null],
    [{ cache_ttl_seconds: 5 }, null],
    [{ cache_enabled: false, cache_ttl_seconds: 5 }, null],
    [{ cache_enabled: 'true' }, null],
    [{ cache_enabled: true }, 300],
    [{ cache_enabled: true, cache_ttl_seconds: 0 }, 1],
    [{ cache_enabled: true, cache_ttl_seconds: 7.9 }, 7],
    [{ cache_enabled: true, cache_ttl_seconds: 1e9 }, 86_400],
    [{ cache_enabled: true, cache_ttl_seconds: 'x' }, 300],
  ])('%j: %s seconds', (request, seconds) => {
    expect(cacheSeconds(request)).toBe(seconds);
  });

  it.each([
    [{}, {}],
    [{ 'x-openrouter-cache': 'TRUE' }, { cache_enabled: true }],
    [
      { 'x-openrouter-cache': 'false', 'x-openrouter-cache-ttl': '60' },
      { cache_enabled: false, cache_ttl_seconds: 60 },
    ],
    [{ 'x-openrouter-cache': 'yes', 'x-openrouter-cache-ttl': '-1' }, {}],
    [{ 'x-openrouter-cache-ttl': '1e3' }, {}],
    [{ 'x-callgate-coalesce': 'true' }, { coalesce: true }],
  ])('headers %j', (headers, fields) => {
    expect(withSharingHeaders(headers, { model: 'a/b' })).toEqual({ model: 'a/b', ...fields });
  });
});
