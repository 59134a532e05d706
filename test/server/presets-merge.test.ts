import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pinPrefix, presetHash } from '../../server/presets/hash.ts';
import { mergePreset } from '../../server/presets/merge.ts';
import { config, hardText } from './presets-arbitraries.ts';

const fn = (name: string, description = '') => ({ type: 'function', function: { name, description } });
const user = { role: 'user', content: 'Hi' };
const merge = (request: Record<string, unknown>, config: Record<string, unknown>, systemPrompt: string | null = null) =>
  mergePreset(request, { config, systemPrompt });

describe('mergePreset', () => {
  it('is shallow, and the request wins', () => {
    expect(
      merge(
        { temperature: 1, provider: { sort: 'price' } },
        { temperature: 0, top_p: 0.5, provider: { order: ['a'], zdr: true } },
      ),
    ).toEqual({ temperature: 1, top_p: 0.5, provider: { sort: 'price' } });
    expect(merge({ temperature: null }, { temperature: 0 })).toEqual({ temperature: null });
    expect(merge({ temperature: undefined, odd_new_field: 1 }, { temperature: 0 })).toEqual({
      temperature: 0,
      odd_new_field: 1,
    });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['no model', {}, { model: 'p/a', models: ['p/b'] }],
    ['a null model', { model: null }, { model: 'p/a', models: ['p/b'] }],
    ['a model', { model: 'r/a' }, { model: 'r/a' }],
    ['models', { models: ['r/b'] }, { models: ['r/b'] }],
    ['both', { model: 'r/a', models: ['r/b'] }, { model: 'r/a', models: ['r/b'] }],
  ])('takes the models of the preset only for a request with %s', (_, request, expected) => {
    const merged = merge(request, { model: 'p/a', models: ['p/b'] });
    expect(merged).toEqual(_.startsWith('no') || _.startsWith('a null') ? { model: 'p/a', models: ['p/b'] } : expected);
  });

  it('sees one meaning behind two names', () => {
    expect(merge({ max_completion_tokens: 9 }, { max_tokens: 5 })).toEqual({ max_completion_tokens: 9 });
    expect(merge({ reasoning_effort: 'low' }, { reasoning: { effort: 'high' } })).toEqual({ reasoning_effort: 'low' });
    // A null sets no bound, so the preset's stays.
    expect(merge({ max_completion_tokens: null }, { max_tokens: 5 })).toEqual({
      max_completion_tokens: null,
      max_tokens: 5,
    });
  });

  it('unites tools by identity, in the preset’s order', () => {
    const search = { type: 'openrouter:web_search', parameters: { max_results: 3 } };
    const advisor = (name: string, model: string) => ({ type: 'openrouter:advisor', parameters: { name, model } });
    const preset = [fn('a', 'p'), search, advisor('x', 'p'), advisor('y', 'p'), fn('b', 'p')];
    const request = [
      fn('c', 'r'),
      advisor('y', 'r'),
      fn('a', 'r'),
      { type: 'openrouter:web_search' },
      { type: 'openrouter:datetime' },
    ];
    expect(merge({ tools: request }, { tools: preset })['tools']).toEqual([
      fn('a', 'r'),
      { type: 'openrouter:web_search' },
      advisor('x', 'p'),
      advisor('y', 'r'),
      fn('b', 'p'),
      fn('c', 'r'),
      { type: 'openrouter:datetime' },
    ]);
  });

  it.each<[unknown, unknown, unknown]>([
    [undefined, [fn('a')], [fn('a')]],
    [null, [fn('a')], [fn('a')]],
    [[], [fn('a')], [fn('a')]],
    [[fn('a')], undefined, [fn('a')]],
    ['nonsense', [fn('a')], 'nonsense'],
    [[null, 1, { type: 5 }, { type: 'function' }], [fn('a')], [fn('a'), null, 1, { type: 5 }, { type: 'function' }]],
    [[{ type: 'function', name: 'a' }], [fn('a')], [{ type: 'function', name: 'a' }]],
  ])('of tools %j and %j makes %j', (request, preset, expected) => {
    expect(merge({ tools: request }, { tools: preset })['tools']).toEqual(expected);
  });

  it('makes no tools where there are none', () => {
    expect(merge({ a: 1 }, { temperature: 1 })).not.toHaveProperty('tools');
  });

  it.each<[unknown, unknown, unknown]>([
    [true, false, false],
    [undefined, false, false],
    [false, true, false],
    [true, undefined, true],
    [undefined, true, true],
  ])('caches by request %s and preset %s: %s', (request, preset, expected) => {
    expect(merge({ cache_enabled: request }, { cache_enabled: preset })['cache_enabled']).toBe(expected);
  });

  it('lets the request say how long to cache', () => {
    expect(merge({ cache_ttl_seconds: 9 }, { cache_ttl_seconds: 5 })).toEqual({ cache_ttl_seconds: 9 });
  });

  it('puts the system prompt first, as a message of its own', () => {
    const own = { role: 'system', content: 'Own' };
    expect(merge({ messages: [own, user] }, {}, 'Preset')['messages']).toEqual([
      { role: 'system', content: 'Preset' },
      own,
      user,
    ]);
    expect(merge({ messages: [user] }, {}, ' ')['messages']).toEqual([user]);
    expect(merge({ prompt: 'x' }, {}, 'Preset')).toEqual({ prompt: 'x' });
  });

  it('changes neither argument, and twice is once', () => {
    const deepFreeze = <T>(value: T): T => {
      if (typeof value === 'object' && value !== null)
        for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner);
      return value;
    };
    fc.assert(
      fc.property(config, config, hardText, (request, preset, systemPrompt) => {
        const body = deepFreeze({ ...structuredClone(request), messages: [user] });
        const frozen = deepFreeze({ config: structuredClone(preset), systemPrompt });
        const merged = mergePreset(body, frozen);
        const fieldsOnly = { config: frozen.config, systemPrompt: null };
        expect(mergePreset(merged, fieldsOnly)).toEqual(merged);
        expect(mergePreset(merged, { config: {}, systemPrompt: null })).toEqual(merged);
        for (const [name, value] of Object.entries(body)) {
          if (
            name !== 'messages' &&
            name !== 'tools' &&
            name !== 'cache_enabled' &&
            !(name.startsWith('model') && value === null)
          )
            expect(merged[name]).toBe(value);
        }
      }),
    );
  });

  it('takes hostile names for data', () => {
    const merged = mergePreset(JSON.parse('{"__proto__":{"polluted":1}}'), {
      config: { temperature: 1 },
      systemPrompt: null,
    });
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.keys(merged)).toEqual(['temperature', '__proto__']);
  });
});

describe('presetHash', () => {
  const version = { config: { temperature: 1, provider: { sort: 'price', zdr: true } }, systemPrompt: 'Hi' };

  it('is the same in every release', () => {
    // SHA-256 of {"config":{"provider":{"sort":"price","zdr":true},"temperature":1},"system_prompt":"Hi"}
    expect(presetHash(version)).toBe('3ea55b67a3b183e761c995f37e6c489f414ef1ee916a03d40495912799d0ee41');
  });

  it('does not see the order of keys, and sees all else', () => {
    expect(presetHash({ config: { provider: { zdr: true, sort: 'price' }, temperature: 1 }, systemPrompt: 'Hi' })).toBe(
      presetHash(version),
    );
    expect(presetHash({ ...version, config: { ...version.config, top_p: undefined } })).toBe(presetHash(version));
    const others = [
      { ...version, systemPrompt: 'Hi\n' },
      { ...version, systemPrompt: null },
      { ...version, config: {} },
      { ...version, config: { ...version.config, temperature: null } },
      { ...version, config: { ...version.config, models: ['a', 'b'] } },
      { ...version, config: { ...version.config, models: ['b', 'a'] } },
    ].map(presetHash);
    expect(new Set([...others, presetHash(version)]).size).toBe(others.length + 1);
    expect(presetHash({ config: {}, systemPrompt: '' })).toBe(presetHash({ config: {}, systemPrompt: null }));
  });

  it.each([
    [`3f9c2ab${'0'.repeat(57)}`, '3f9c2ab'],
    [`1234567${'8'.repeat(3)}e${'0'.repeat(53)}`, '1234567888e'],
    ['7'.repeat(64), '7'.repeat(64)],
  ])('is pinned by the shortest prefix that is no number: %s', (hash, prefix) => {
    expect(pinPrefix(hash)).toBe(prefix);
  });
});
