import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usageOfOpenAi } from '../../server/pricing/usage.ts';
import { dialectOf } from '../../server/providers/dialect.ts';
import { type Block, claudeEvents, claudeUsage } from '../support/fake-anthropic.ts';

const anthropic = dialectOf('anthropic');

type Delta = {
  content?: string;
  reasoning?: string;
  reasoning_details?: Record<string, unknown>[];
  tool_calls?: { index: number; id?: string; function: { name?: string; arguments?: string } }[];
  annotations?: Record<string, unknown>[];
};
type Chunk = {
  id?: string;
  model?: string;
  error?: { code: number; message: string };
  usage?: Record<string, unknown>;
  service_tier?: string;
  choices: { delta: Delta; finish_reason: string | null; native_finish_reason?: string | null }[];
};

async function* cut(bytes: Buffer, cuts: readonly number[]) {
  let from = 0;
  for (const at of [...cuts.map((one) => Math.min(one, bytes.length)), bytes.length].toSorted((a, b) => a - b)) {
    yield bytes.subarray(from, at);
    from = at;
  }
}

async function read(bytes: Buffer, cuts: readonly number[] = []): Promise<string[]> {
  const data: string[] = [];
  for await (const batch of anthropic.readEvents(cut(bytes, cuts))) data.push(...batch);
  return data;
}

const fixture = (name: string) => readFileSync(new URL(`../fixtures/anthropic-${name}.sse`, import.meta.url));
const chunksOf = (data: readonly string[]) =>
  data.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one) as Chunk);
const sse = (events: readonly Block[]) =>
  Buffer.from(events.map((event) => `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`).join(''));

/** Puts a streamed answer together as a client does. */
function gather(chunks: readonly Chunk[]) {
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const call of deltas.flatMap(({ tool_calls }) => tool_calls ?? [])) {
    calls[call.index] ??= { id: call.id ?? '', name: call.function.name ?? '', arguments: '' };
    const made = calls[call.index];
    if (made) made.arguments += call.function.arguments ?? '';
  }
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map(({ reasoning }) => reasoning ?? '').join(''),
    details: deltas.flatMap(({ reasoning_details }) => reasoning_details ?? []),
    calls,
    annotations: deltas.flatMap(({ annotations }) => annotations ?? []),
    finish: chunks.flatMap(({ choices }) => choices.flatMap((one) => (one.finish_reason ? [one] : []))),
    usage: chunks.flatMap(({ usage }) => (usage ? [usage] : [])).at(-1),
  };
}

describe('a stream of the Messages API', () => {
  it.each(['text', 'thinking-tools', 'overloaded'])('says the same however its bytes are cut: %s', async (name) => {
    const bytes = fixture(name);
    const timeless = (data: readonly string[]) => data.map((one) => one.replace(/"created":\d+/, '"created":0'));
    const whole = timeless(await read(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 30 }), async (cuts) => {
        expect(timeless(await read(bytes, cuts))).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it('becomes text, citations and usage with what was read from and written to the cache', async () => {
    const data = await read(fixture('text'));
    expect(data.at(-1)).toBe('[DONE]');
    const chunks = chunksOf(data);
    const { content, finish, usage, annotations } = gather(chunks);
    expect(content).toBe('Hällo 👩‍🚀\n"there"');
    expect(finish).toMatchObject([{ finish_reason: 'stop', native_finish_reason: 'end_turn' }]);
    expect(annotations).toMatchObject([{ type: 'url_citation', url_citation: { url: 'https://example.com/a' } }]);
    expect(chunks[0]).toMatchObject({
      id: 'msg_01Grüße',
      service_tier: 'default',
      choices: [{ delta: { role: 'assistant' } }],
    });
    expect(usage).toMatchObject({ prompt_tokens: 1525, completion_tokens: 15, total_tokens: 1540 });
    expect(usageOfOpenAi({ usage })).toMatchObject({
      prompt: 1525,
      completion: 15,
      cached: 1200,
      cacheWrite: 300,
      cacheWrite1h: 200,
    });
  });

  it('tells what the prompt came to at once, and no output before it is counted', async () => {
    const [first] = chunksOf(await read(fixture('text')));
    expect(usageOfOpenAi({ usage: first?.usage })).toMatchObject({ prompt: 1525, completion: 0 });
  });

  it('becomes reasoning with its signature, and calls of tools with their arguments to the letter', async () => {
    const { content, reasoning, details, calls, finish, usage } = gather(
      chunksOf(await read(fixture('thinking-tools'))),
    );
    expect(content).toBe('Let me look.');
    expect(reasoning).toBe('Which city, and when?');
    const format = 'anthropic-claude-v1';
    expect(details).toEqual([
      { type: 'reasoning.text', text: 'Which city, ', format, index: 0 },
      { type: 'reasoning.text', text: 'and when?', format, index: 0 },
      { type: 'reasoning.text', signature: expect.stringMatching(/^EqQBCgIY.*1pk=$/), format, index: 0 },
      { type: 'reasoning.encrypted', data: expect.stringMatching(/^EmwKAhgB/), format, index: 1 },
    ]);
    expect(calls).toEqual([
      {
        id: 'toolu_01T1x1fJ34qAmk2tNTrN7Up6',
        name: 'get_weather',
        arguments: '{"location": "San Francisco", "station": 12345678901234567890}',
      },
      { id: 'toolu_02NoArguments', name: 'now', arguments: '{}' },
    ]);
    expect(finish).toMatchObject([{ finish_reason: 'tool_calls', native_finish_reason: 'tool_use' }]);
    expect(usageOfOpenAi({ usage })).toMatchObject({ prompt: 472, completion: 89, reasoning: 40 });
  });

  it('passes an error midway on with the status it stands for', async () => {
    const chunks = chunksOf(await read(fixture('overloaded')));
    expect(gather(chunks).content).toBe('Half an ans');
    expect(chunks.at(-1)?.error).toEqual({ code: 529, message: 'Overloaded' });
  });

  it.each([
    'not JSON',
    '[]',
    'null',
    '{}',
    '{"type":"content_block_delta"}',
    '{"type":"content_block_delta","index":1e308,"delta":{"type":"input_json_delta","partial_json":"{"}}',
    '{"type":"content_block_start","index":-1,"content_block":{"type":"hologram"}}',
    '{"type":"message_start","message":7}',
    '{"type":"message_delta","delta":null,"usage":{"output_tokens":"many"}}',
    '{"type":"error"}',
    '{"type":"brand_new_event"}',
  ])('is read to its end with %s in it', async (odd) => {
    const bytes = Buffer.concat([Buffer.from(`data: ${odd}\n\n`), fixture('text')]);
    const data = await read(bytes);
    expect(data.at(-1)).toBe('[DONE]');
    expect(gather(chunksOf(data.filter((one) => one !== 'not JSON'))).content).toContain('Hällo');
    if (odd === 'not JSON') expect(data[0]).toBe(odd);
    if (odd === '{"type":"error"}') expect(data[0]).toContain('"code":502');
  });

  it('never throws, whatever the events say', async () => {
    const types = [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'error',
    ];
    const inner = [
      'text',
      'thinking',
      'tool_use',
      'text_delta',
      'thinking_delta',
      'signature_delta',
      'input_json_delta',
      'citations_delta',
    ];
    const part = fc.oneof(
      fc.jsonValue(),
      fc.record({ type: fc.constantFrom(...inner) }).chain((one) => fc.object().map((more) => ({ ...more, ...one }))),
    );
    const event = fc.record({
      type: fc.constantFrom(...types),
      index: fc.jsonValue(),
      delta: part,
      content_block: part,
      message: fc.jsonValue(),
      usage: fc.jsonValue(),
      error: fc.jsonValue(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 10 }), async (events) => {
        for (const one of await read(sse(events))) expect(typeof JSON.parse(one)).toBe('object');
      }),
    );
  });
});

describe('a whole message', () => {
  const answer = (message: unknown, request = {}) => JSON.parse(anthropic.readAnswer(JSON.stringify(message), request));
  const message = (content: readonly Block[], more: Block = {}) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-4-5',
    content,
    stop_reason: 'end_turn',
    usage: claudeUsage(10, 5),
    ...more,
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
    ['toString', 'stop'],
  ])('that stopped for %s finished by %s', (stop_reason, finish_reason) => {
    expect(answer(message([], { stop_reason })).choices[0]).toMatchObject({
      finish_reason,
      native_finish_reason: stop_reason,
    });
  });

  it('keeps the digits of every number in the arguments of a tool', () => {
    const text = JSON.stringify(message([{ type: 'tool_use', id: 't', name: 'n', input: { x: 'HERE' } }]));
    const exact = text.replace('"HERE"', '[12345678901234567890,1.10,1e400,-0]');
    const { choices } = JSON.parse(anthropic.readAnswer(exact, {}));
    expect(choices[0].message.tool_calls[0].function.arguments).toBe('{"x":[12345678901234567890,1.10,1e400,-0]}');
  });

  it('tells why it was refused', () => {
    const stop_details = { type: 'refusal', category: 'bio', explanation: 'Not this.' };
    expect(answer(message([], { stop_reason: 'refusal', stop_details })).choices[0].message).toMatchObject({
      content: null,
      refusal: 'Not this.',
    });
  });

  it.each([
    ['invalid_request_error', 400],
    ['authentication_error', 401],
    ['billing_error', 402],
    ['permission_error', 403],
    ['not_found_error', 404],
    ['request_too_large', 413],
    ['rate_limit_error', 429],
    ['api_error', 500],
    ['timeout_error', 504],
    ['overloaded_error', 529],
    ['constructor', 502],
  ])('that is the error %s has the code %i', (type, code) => {
    expect(answer({ type: 'error', error: { type, message: 'No.' } })).toEqual({ error: { code, message: 'No.' } });
  });

  it.each(['', 'nonsense', '[1]', '{"content":"text"}', '{"type":"message"}', 'null'])(
    'that is none stands as it is: %s',
    (text) => expect(anthropic.readAnswer(text, {})).toBe(text),
  );

  it('is read without an exception, whatever its members are', () => {
    const block = fc.oneof(
      fc.jsonValue(),
      fc
        .constantFrom('text', 'thinking', 'redacted_thinking', 'tool_use', 'hologram')
        .chain((type) => fc.object().map((more) => ({ ...more, type }))),
    );
    fc.assert(
      fc.property(fc.array(block), fc.jsonValue(), fc.jsonValue(), (content, stop_reason, usage) => {
        const { choices } = JSON.parse(anthropic.readAnswer(JSON.stringify({ content, stop_reason, usage }), {}));
        expect(choices).toHaveLength(1);
      }),
    );
  });
});

describe('there and back', () => {
  const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => /\S/.test(text));
  const signature = fc.base64String({ minLength: 4, maxLength: 60 }).filter((text) => text !== '');
  const thinking = fc.oneof(
    fc.record({ type: fc.constant('thinking'), thinking: fc.string({ unit: 'grapheme', maxLength: 40 }), signature }),
    fc.record({ type: fc.constant('redacted_thinking'), data: signature }),
  );
  const json = fc.dictionary(
    fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__'),
    fc.jsonValue(),
    { maxKeys: 4 },
  );
  const toolUse = fc.record({
    type: fc.constant('tool_use'),
    id: fc.stringMatching(/^toolu_[A-Za-z0-9]{6}$/),
    name: fc.stringMatching(/^[a-z_]{1,12}$/),
    input: json,
  });
  /** What an answer looks like: thoughts, then words, then calls. */
  const blocks = fc
    .tuple(fc.array(thinking, { maxLength: 3 }), fc.option(words), fc.array(toolUse, { maxLength: 3 }))
    .filter((parts) => parts.flat().some((part) => part !== null))
    .map(([thoughts, text, calls]) => [...thoughts, ...(text === null ? [] : [{ type: 'text', text }]), ...calls]);
  const endpoint = {
    id: 'x',
    provider: { slug: 'anthropic', dialect: 'anthropic', headers: {}, baseUrl: () => 'http://x' },
    model: { id: 'anthropic/x', native: 'claude-opus-4-6', maxCompletionTokens: null },
  } as never;
  const backAgain = (assistant: unknown) => {
    const request = { messages: [{ role: 'user', content: 'Hi' }, assistant, { role: 'user', content: 'Go on' }] };
    expect(anthropic.inexpressible?.(request, endpoint)).toBeNull();
    return JSON.parse(anthropic.encode(request, endpoint, null, null).body).messages[1];
  };

  it('a whole answer given back is the blocks it was made of', () => {
    fc.assert(
      fc.property(blocks, (content) => {
        const body = { id: 'm', type: 'message', content, stop_reason: 'end_turn', usage: claudeUsage(1, 1) };
        const { choices } = JSON.parse(anthropic.readAnswer(JSON.stringify(body), {}));
        const sent = JSON.parse(JSON.stringify(content));
        expect(backAgain(choices[0].message)).toEqual({ role: 'assistant', content: sent });
      }),
    );
  });

  it('a streamed answer given back, pieces of its reasoning and all, is the blocks it was made of', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.integer({ min: 1, max: 7 }), async (content, size) => {
        const pieces = (text: string) => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
        const chunks = chunksOf(await read(sse(claudeEvents(content, { pieces }))));
        const { content: text, details, calls } = gather(chunks);
        const tool_calls = calls.map(({ id, name, arguments: given }) => ({
          id,
          type: 'function',
          function: { name, arguments: given },
        }));
        const assistant = { role: 'assistant', content: text, reasoning_details: details, tool_calls };
        const sent = JSON.parse(JSON.stringify(content));
        expect(backAgain(assistant)).toEqual({ role: 'assistant', content: sent });
      }),
    );
  });
});
