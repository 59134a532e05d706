import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../server/http/chat.ts';
import { translate } from '../../server/providers/anthropic/encode.ts';
import { builtInProviders } from '../../server/providers/built-in.ts';
import { dialectOf } from '../../server/providers/dialect.ts';
import type { Endpoint } from '../../server/providers/registry.ts';
import { decodeMessages } from '../../server/surfaces/messages/decode.ts';
import { messagesRequest } from '../../server/surfaces/messages/schema.ts';
import { messagesWriter } from '../../server/surfaces/messages/writer.ts';
import type { Decoded } from '../../server/surfaces/surface.ts';
import { claudeEvents, claudeUsage } from '../support/fake-anthropic.ts';
import { messageStreamFaults } from '../support/validators/messages.ts';

type Fields = Record<string, unknown>;
type Message = { content: Fields[]; stop_reason: string; stop_sequence: string | null; usage: Fields };

const anthropic = dialectOf('anthropic');
const openai = dialectOf('openai');

function endpointOf(slug: string, native: string): Endpoint {
  const provider = builtInProviders().find((one) => one.slug === slug);
  const [some] = provider?.models() ?? [];
  const model = { ...(some ?? {}), id: native, native, maxCompletionTokens: null };
  return { id: 'x', provider, model } as unknown as Endpoint;
}
const claude = endpointOf('anthropic', 'claude-opus-4-6');
const gpt = endpointOf('openai', 'gpt-5.2');

const decode = (body: unknown, betas: readonly string[] = []) => decodeMessages(messagesRequest.parse(body), betas);
function decoded(body: Fields, betas: readonly string[] = []): Decoded {
  const result = decode({ model: 'm', max_tokens: 900, ...body }, betas);
  if (result.kind === 'refused') throw new Error(result.message);
  expect(chatRequest.safeParse(result.request).error).toBeUndefined();
  return result;
}
const hi = { messages: [{ role: 'user', content: 'Hi' }] };

// What a request may hold that both wires say.
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => /\S/.test(text));
const base64 = fc.base64String({ minLength: 4, maxLength: 40 }).filter((text) => text !== '');
const id = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-'), minLength: 1, maxLength: 12 });
const cache = fc.constantFrom(
  {},
  { cache_control: { type: 'ephemeral' } },
  { cache_control: { type: 'ephemeral', ttl: '1h' } },
);
const cached = (one: fc.Arbitrary<Fields>) => fc.tuple(one, cache).map(([block, mark]) => ({ ...block, ...mark }));
const text = cached(words.map((said) => ({ type: 'text', text: said })));
const source = fc.oneof(
  base64.map((data) => ({ type: 'base64', media_type: 'image/png', data })),
  fc.constant({ type: 'url', url: 'https://example.com/a.png' }),
);
const image = cached(source.map((one) => ({ type: 'image', source: one })));
const title = fc.option(words, { nil: undefined }).map((name) => (name === undefined ? {} : { title: name }));
const cited = fc.constantFrom({}, { citations: { enabled: true } });
const document = cached(
  fc
    .tuple(
      fc.oneof(
        base64.map((data) => ({ type: 'base64', media_type: 'application/pdf', data })),
        fc.constant({ type: 'url', url: 'https://example.com/a.pdf' }),
        words.map((data) => ({ type: 'text', media_type: 'text/plain', data })),
      ),
      title,
      cited,
    )
    .map(([one, named, marked]) => ({ type: 'document', source: one, ...named, ...marked })),
);
const result = cached(
  fc
    .tuple(id, fc.oneof(words, fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 3 })), fc.boolean())
    .map(([tool_use_id, content, failed]) => ({
      type: 'tool_result',
      tool_use_id,
      content,
      ...(failed ? { is_error: true } : {}),
    })),
);
const json = fc.dictionary(id, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true });
const use = cached(fc.tuple(id, id, json).map(([one, name, input]) => ({ type: 'tool_use', id: one, name, input })));
const thought = fc.oneof(
  fc.tuple(words, base64).map(([thinking, signature]) => ({ type: 'thinking', thinking, signature })),
  base64.map((signature) => ({ type: 'thinking', thinking: '', signature })),
  base64.map((data) => ({ type: 'redacted_thinking', data })),
);
const several = (one: fc.Arbitrary<Fields>) => fc.array(one, { minLength: 1, maxLength: 4 });
const turns = fc
  .array(
    fc.tuple(
      fc.oneof(words, several(fc.oneof(text, image, document, result))),
      fc.oneof(words, several(fc.oneof(text, thought, use))),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((pairs) =>
    pairs.flatMap(([user, assistant]) => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]),
  );
const tool = cached(
  fc
    .tuple(id, words, json, fc.constantFrom({}, { defer_loading: true }, { input_examples: [{ a: 1 }] }))
    .map(([name, description, properties, more]) => ({
      name,
      description,
      input_schema: { type: 'object', properties },
      ...more,
    })),
);
const request = fc
  .record(
    {
      system: fc.oneof(words, several(text)),
      tools: fc
        .tuple(tool, fc.constantFrom([], [{ type: 'bash_20250124', name: 'bash' }]))
        .map(([one, own]) => [one, ...own]),
      tool_choice: fc.constantFrom(
        { type: 'auto' },
        { type: 'any' },
        { type: 'none' },
        { type: 'auto', disable_parallel_tool_use: true },
        { type: 'tool', name: 'f' },
      ),
      thinking: fc.constantFrom({ type: 'adaptive' }, { type: 'adaptive', display: 'omitted' }, { type: 'disabled' }),
      output_config: fc.constantFrom<Fields>(
        { effort: 'low' },
        { effort: 'max' },
        { format: { type: 'json_schema', schema: { type: 'object' } } },
        { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
      ),
      stop_sequences: fc.array(words, { minLength: 1, maxLength: 3 }),
      service_tier: fc.constantFrom('auto', 'standard_only'),
      cache_control: fc.constant({ type: 'ephemeral' }),
      context_management: fc.constant({ edits: [{ type: 'clear_tool_uses_20250919' }] }),
      some_field_of_next_year: fc.constant({ a: [1] }),
      stream: fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .chain((fields) => turns.map((messages) => ({ ...fields, messages })))
  .map((body: Fields) => (body['tools'] ? body : { ...body, tool_choice: undefined }));

/** Texts as blocks, so that two ways to write one thing compare as one. */
function normal({ messages, system, ...body }: Fields): Fields {
  const blocks = (content: unknown) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content);
  return JSON.parse(
    JSON.stringify({
      ...body,
      ...(system === undefined ? {} : { system: blocks(system) }),
      messages: (messages as Fields[]).map(({ role, content }) => ({
        role,
        content: (blocks(content) as Fields[]).map((block) =>
          block['type'] === 'tool_result' && Array.isArray(block['content']) && isOneText(block['content'])
            ? { ...block, content: (block['content'][0] as Fields)['text'] }
            : block,
        ),
      })),
    }),
  ) as Fields;
}
const isOneText = (content: readonly unknown[]) =>
  content.length === 1 && Object.keys(content[0] as Fields).join() === 'type,text';

describe('a request', () => {
  it('reaches an Anthropic upstream as it was written', () => {
    fc.assert(
      fc.property(request, (body) => {
        const { request: canonical, warnings } = decoded(body);
        const { body: sent, notes } = translate(canonical, claude);
        expect(warnings).toEqual([]);
        expect(notes.lacking).toBeNull();
        expect(normal(sent)).toEqual(normal({ ...body, model: 'claude-opus-4-6', max_tokens: 900 }));
      }),
      { numRuns: 400 },
    );
  });

  it('reaches an upstream of another dialect without what Anthropic alone knows, which is told', () => {
    fc.assert(
      fc.property(request, (body) => {
        const { request: canonical } = decoded(body);
        const own = (body['tools'] as Fields[] | undefined)?.some(({ type }) => type !== undefined);
        expect(openai.inexpressible?.(canonical, gpt) ?? null).toBe(own ? 'tools[1]' : null);
        const sent = openai.encode(canonical, gpt, 'k', null).body;
        expect(sent).not.toMatch(/"(anthropic|cache_control)":/);
        const warnings = openai.warnings(canonical, gpt).join();
        for (const name of ['context_management', 'some_field_of_next_year'])
          expect(warnings.includes(name)).toBe(body[name] !== undefined);
      }),
    );
  });

  it('reaches a router with the marks for caches that Claude heeds behind it', () => {
    const marked = { cache_control: { type: 'ephemeral' } };
    const tools = [{ name: 'f', input_schema: { type: 'object' }, defer_loading: true, ...marked }];
    const { body } = openai.encode(decoded({ ...hi, tools }).request, endpointOf('openrouter', 'a/b'), 'k', null);
    expect(JSON.parse(body).tools).toEqual([
      { type: 'function', function: { name: 'f', parameters: { type: 'object' } }, ...marked },
    ]);
  });

  it.each<[Fields, Fields]>([
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { reasoning: { max_tokens: 2048 } }],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, { reasoning: { effort: 'max' } }],
    [{ thinking: { type: 'disabled' } }, { reasoning: { enabled: false } }],
    [{ output_config: { effort: 'low' } }, { verbosity: 'low' }],
    [{ stop_sequences: ['a'] }, { stop: ['a'] }],
    [{ metadata: { user_id: 'u' } }, { user: 'u' }],
    [{ service_tier: 'standard_only' }, { service_tier: 'default' }],
    [{ fallbacks: [{ model: 'b' }, { model: 'c' }] }, { models: ['b', 'c'] }],
    [
      { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
      { tool_choice: 'required', parallel_tool_calls: false },
    ],
  ])('says %j in canonical words', (body, canonical) => {
    expect(decoded({ ...hi, ...body }).request).toMatchObject(canonical);
  });

  it.each<[Fields, RegExp]>([
    [{ container: 'c' }, /^container:/],
    [{ mcp_servers: [] }, /^mcp_servers:/],
    [{ inference_geo: 'us' }, /^inference_geo:/],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, /^tools\.0: the tool "web_search_20250305"/],
    [{ thinking: { type: 'sideways' } }, /^thinking\.type:/],
    [{ fallbacks: [{ model: 'b' }], models: ['c'] }, /^fallbacks:/],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] },
      /^messages\.0\.content\.0\.source: .*"file"/,
    ],
    [
      { messages: [{ role: 'assistant', content: [{ type: 'server_tool_use', id: 's' }] }] },
      /^messages\.0\.content.*"server_tool_use"/,
    ],
  ])('is refused by name: %j', (body, message) => {
    expect(decode({ model: 'm', ...hi, ...body })).toMatchObject({
      kind: 'refused',
      status: 400,
      message: expect.stringMatching(message),
    });
  });

  it.each<[Fields, string]>([
    [{ speed: 'fast' }, 'speed is not sent'],
    [{ metadata: { team: 1 } }, 'metadata.team is not sent'],
    [
      { context_management: { edits: [{ type: 'compact_20260112' }] } },
      'context_management.edits.0 (compact_20260112) is not sent',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'document', context: 'c', source: { type: 'text', data: 'd' } }] },
        ],
      },
      'messages.0.content.0.context is not sent',
    ],
  ])('is told what of %j is not sent', (body, warning) => {
    expect(decoded({ ...hi, ...body }).warnings).toEqual([warning]);
  });

  it('carries betas in the header, but for how the caller signs in', () => {
    const { request: canonical } = decoded(hi, ['context-management-2025-06-27', 'oauth-2025-04-20', 'a b']);
    const { headers } = anthropic.encode(canonical, claude, 'k', null);
    expect(headers['anthropic-beta']).toBe('context-management-2025-06-27');
  });

  it('cannot say in `anthropic` what filters and bounds must see', () => {
    const smuggled = {
      system: 'x',
      messages: [],
      max_tokens: 9,
      speed: 'fast',
      mcp_servers: [],
      tools: [],
      metadata: {},
    };
    const chat = { messages: hi.messages, max_tokens: 5, anthropic: { ...smuggled, kept: 1 } };
    const { body } = translate(chat, claude);
    expect(body).toEqual({
      kept: 1,
      model: 'claude-opus-4-6',
      max_tokens: 5,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
  });

  it('keeps all text where content filters look for it', () => {
    const secret = 'S3CRET';
    const blocks = [
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: secret } },
      { type: 'document', source: { type: 'content', content: secret } },
      { type: 'search_result', source: secret, title: secret, content: [{ type: 'text', text: secret }] },
      { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: secret }] },
    ];
    const { request: canonical } = decoded({ messages: [{ role: 'user', content: blocks }] });
    const seen: string[] = [];
    const look = (part: Fields) => {
      for (const name of ['text', 'summary', 'refusal']) if (typeof part[name] === 'string') seen.push(part[name]);
    };
    for (const { content } of canonical['messages'] as Fields[])
      if (typeof content === 'string') seen.push(content);
      else for (const part of content as Fields[]) look(part);
    const shown = seen.join().split(secret).length;
    expect(JSON.stringify(canonical).split(secret).length).toBe(shown);
  });

  it('is read or refused, whatever it is', () => {
    const block = fc.oneof(
      fc
        .record({
          type: fc.constantFrom(
            'text',
            'image',
            'document',
            'tool_result',
            'tool_use',
            'thinking',
            'redacted_thinking',
            'x',
          ),
        })
        .chain((one) => fc.object().map((more) => ({ ...more, ...one }))),
      fc.record({ type: fc.constantFrom('document', 'image'), source: fc.object(), content: fc.jsonValue() }),
    );
    const body = fc.record(
      {
        model: fc.string(),
        messages: fc.array(
          fc.record({
            role: fc.constantFrom('user', 'assistant', 'system'),
            content: fc.oneof(fc.string(), fc.array(block)),
          }),
        ),
        system: fc.jsonValue(),
        tools: fc.jsonValue(),
        thinking: fc.jsonValue(),
        metadata: fc.jsonValue(),
        context_management: fc.jsonValue(),
        anthropic: fc.jsonValue(),
      },
      { requiredKeys: ['messages'] },
    );
    fc.assert(
      fc.property(body, (given) => {
        const read = messagesRequest.safeParse(given);
        if (!read.success) return;
        const result = decodeMessages(read.data);
        if (result.kind === 'refused') expect(result.status).toBe(400);
        else if (chatRequest.safeParse(result.request).success) {
          expect(() => translate(result.request, claude)).not.toThrow();
          expect(() => openai.encode(result.request, gpt, 'k', null)).not.toThrow();
        }
      }),
      { numRuns: 500 },
    );
  });
});

// An answer as Claude writes it: thoughts, words, calls.
const answerUse = fc.tuple(id, id, json).map(([one, name, input]) => ({ type: 'tool_use', id: one, name, input }));
const usage = fc
  .tuple(fc.nat(9_999), fc.nat(9_999), fc.nat(99), fc.nat(99), fc.nat(99))
  .map(([input, output, read, five, hour]) =>
    claudeUsage(input, output, {
      cache_read_input_tokens: read,
      cache_creation_input_tokens: five + hour,
      cache_creation: { ephemeral_5m_input_tokens: five, ephemeral_1h_input_tokens: hour },
    }),
  );
const answer = fc.record({
  content: fc
    .tuple(fc.array(thought, { maxLength: 2 }), fc.option(words, { nil: null }), fc.array(answerUse, { maxLength: 3 }))
    .map(([thoughts, said, uses]) => [...thoughts, ...(said === null ? [] : [{ type: 'text', text: said }]), ...uses]),
  stop_reason: fc.constantFrom('end_turn', 'max_tokens', 'tool_use', 'pause_turn', 'model_context_window_exceeded'),
  usage,
});

/** Blocks without what says nothing. */
const bare = (content: readonly Fields[]) =>
  content.map(({ citations: _citations, caller: _caller, ...block }) => block);
function expectSame(message: Message, given: { content: Fields[]; stop_reason: string; usage: Fields }): void {
  expect(bare(message.content)).toEqual(JSON.parse(JSON.stringify(given.content)));
  expect(message.stop_reason).toBe(given.stop_reason);
  expect(message.usage).toMatchObject(given.usage as object);
}

describe('an answer', () => {
  it('comes from an Anthropic upstream as it was written', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const sent = {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'claude',
          stop_sequence: null,
          ...given,
        };
        const text = anthropic.readAnswer(JSON.stringify(sent), {});
        expectSame(JSON.parse(messagesWriter([]).whole(text)) as Message, given);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the digits of a call, and hands on whole what is no JSON', () => {
    const call = (given: string) => ({ id: 'c', type: 'function', function: { name: 'f', arguments: given } });
    const completion = (given: string) =>
      JSON.stringify({
        id: 'gen-1',
        choices: [{ message: { content: null, tool_calls: [call(given)] }, finish_reason: 'tool_calls' }],
      });
    expect(messagesWriter([]).whole(completion('{"n":12345678901234567890.10}'))).toContain(
      '"input":{"n":12345678901234567890.10}',
    );
    expect(messagesWriter([]).whole(completion('{"n":'))).toContain('"input":{"INVALID_JSON":"{\\"n\\":"}');
    expect(messagesWriter([]).whole(completion(''))).toContain('"input":{}');
  });

  it.each<[Fields, string[], Fields]>([
    [{ finish_reason: 'stop' }, [], { stop_reason: 'end_turn', stop_sequence: null }],
    [{ finish_reason: 'length' }, [], { stop_reason: 'max_tokens' }],
    [{ finish_reason: 'tool_calls' }, [], { stop_reason: 'tool_use' }],
    [
      { finish_reason: 'content_filter', message: { refusal: 'No.' } },
      [],
      { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: 'No.' } },
    ],
    [
      { finish_reason: 'stop', native_finish_reason: 'stop_sequence', stop_sequence: 'b' },
      ['a', 'b'],
      { stop_reason: 'stop_sequence', stop_sequence: 'b' },
    ],
    [
      { finish_reason: 'stop', native_finish_reason: 'stop_sequence' },
      ['a'],
      { stop_reason: 'stop_sequence', stop_sequence: 'a' },
    ],
  ])('ends as %j does', (choice, stops, told) => {
    const text = JSON.stringify({ id: 'gen-1', choices: [{ message: {}, ...choice }] });
    expect(JSON.parse(messagesWriter(stops).whole(text))).toMatchObject(told);
  });

  it('brings another vendor’s reasoning back as it was, through a client that only knows Anthropic’s', () => {
    const detail = fc.oneof(
      fc.record({
        type: fc.constant('reasoning.encrypted'),
        data: base64,
        format: fc.constantFrom('openai-responses-v1', 'anthropic-claude-v1'),
        id: fc.constantFrom('rs_1', undefined),
      }),
      fc.record({ type: fc.constant('reasoning.summary'), summary: words, format: fc.constant('openai-responses-v1') }),
      fc.record({
        type: fc.constant('reasoning.text'),
        text: words,
        signature: base64,
        format: fc.constantFrom('google-gemini-v1', 'anthropic-claude-v1'),
      }),
      fc.record({ type: fc.constant('reasoning.text'), text: words }),
    );
    fc.assert(
      fc.property(fc.array(detail, { minLength: 1, maxLength: 4 }), (list) => {
        const details = list.map((one, index) => JSON.parse(JSON.stringify({ ...one, index })) as Fields);
        const text = JSON.stringify({
          id: 'gen-1',
          choices: [{ message: { content: 'x', reasoning_details: details }, finish_reason: 'stop' }],
        });
        const { content } = JSON.parse(messagesWriter([]).whole(text)) as Message;
        const again = decoded({ messages: [...hi.messages, { role: 'assistant', content }] }).request[
          'messages'
        ] as Fields[];
        // A signature of Claude's names no id.
        const told = details.map(({ id: own, ...one }) =>
          one['format'] === 'anthropic-claude-v1' || own === undefined ? one : { ...one, id: own },
        );
        expect(again[1]?.['reasoning_details']).toEqual(told);
      }),
    );
  });
});

/** What the engine writes of a provider's chunks: no usage before the end, then all of it. */
async function canonicalTexts(bytes: readonly Buffer[], told: Fields): Promise<{ texts: string[]; early: Fields }> {
  async function* source() {
    yield* bytes;
  }
  const texts: string[] = [];
  let early: Fields = {};
  for await (const batch of anthropic.readEvents(source())) {
    let text = '';
    for (const data of batch) {
      if (data === '[DONE]') continue;
      const { usage: said, ...chunk } = JSON.parse(data) as Fields;
      if (texts.length === 0 && text === '' && said) early = said as Fields;
      text += `data: ${JSON.stringify({ ...chunk, id: 'gen-1' })}\n\n`;
    }
    if (text !== '') texts.push(text);
  }
  texts.push(`data: ${JSON.stringify({ id: 'gen-1', choices: [], usage: told })}\n\ndata: [DONE]\n\n`);
  return { texts, early };
}

async function written(texts: readonly string[], early: Fields): Promise<string> {
  const writer = messagesWriter([]).stream(async () => early);
  let out = '';
  for (const text of texts) out += await writer.take(text);
  return out + writer.end();
}

type Event = { type: string; index: number; message: Message; content_block: Fields; delta: Fields; usage: Fields };
const eventsIn = (text: string) =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as Event);

function gathered(text: string): Message {
  let message = {} as Message;
  const inputs: string[] = [];
  for (const { type, index, message: begun, content_block: block, delta, usage: told } of eventsIn(text)) {
    const current = message.content?.[index] as Record<string, string> | undefined;
    if (type === 'message_start') message = begun;
    else if (type === 'content_block_start') message.content.push(block);
    else if (type === 'message_delta') message = { ...message, ...delta, usage: { ...message.usage, ...told } };
    else if (type !== 'content_block_delta' || !current) continue;
    else if (delta['type'] === 'text_delta') current['text'] = `${current['text']}${delta['text']}`;
    else if (delta['type'] === 'thinking_delta') current['thinking'] = `${current['thinking']}${delta['thinking']}`;
    else if (delta['type'] === 'signature_delta') current['signature'] = delta['signature'] as string;
    else if (delta['type'] === 'input_json_delta') inputs[index] = (inputs[index] ?? '') + delta['partial_json'];
  }
  for (const [index, input] of inputs.entries())
    if (input !== undefined) (message.content[index] as Fields)['input'] = JSON.parse(input);
  return message;
}

describe('a stream', () => {
  it('comes from an Anthropic upstream as it was written, cut anywhere', async () => {
    const cut = fc.array(fc.nat(5_000), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(answer, cut, fc.nat(4), async (given, cuts, size) => {
        const pieces = (text: string) => text.match(new RegExp(`[^]{1,${size + 1}}`, 'gu')) ?? [];
        const events = claudeEvents(given.content, { usage: given.usage, stop: given.stop_reason, pieces });
        const wire = Buffer.from(
          events.map((one) => `event: ${one['type']}\ndata: ${JSON.stringify(one)}\n\n`).join(''),
        );
        const places = [0, ...cuts.filter((at) => at < wire.length).sort((a, b) => a - b), wire.length];
        const bytes = places.slice(1).map((end, index) => wire.subarray(places[index], end));
        const whole = { id: 'm', content: given.content, stop_reason: given.stop_reason, usage: given.usage };
        const { usage: told } = JSON.parse(anthropic.readAnswer(JSON.stringify(whole), {})) as { usage: Fields };
        const { texts, early } = await canonicalTexts(bytes, { ...told, cost: 0, is_byok: false, cost_details: {} });
        const out = await written(texts, early);
        const faults = messageStreamFaults(out.replaceAll('"gen-1"', '"gen-1"'), true);
        expect(faults.filter((fault) => !/provider|model/.test(fault))).toEqual([]);
        const message = gathered(out);
        expectSame(message, given);
        expect(eventsIn(out)[0]?.message.usage).toMatchObject({
          input_tokens: given.usage['input_tokens'],
          cache_read_input_tokens: given.usage['cache_read_input_tokens'],
        });
      }),
      { numRuns: 150 },
    );
  });

  it('says again what was recorded', async () => {
    const wire = readFileSync('test/fixtures/anthropic-thinking-tools.sse');
    const { texts, early } = await canonicalTexts([wire], { prompt_tokens: 472, completion_tokens: 89 });
    const out = await written(texts, early);
    const kinds = (text: string) =>
      eventsIn(text)
        .filter(({ type }) => type !== 'ping')
        .map(({ type, index, delta, content_block: block }) => [type, index, delta?.['type'] ?? block?.['type']])
        // How a call's input is cut into pieces says nothing.
        .filter(([, , kind]) => kind !== 'input_json_delta');
    const recorded = kinds(wire.toString()).filter(([type]) => type !== 'message_delta');
    expect(
      kinds(out)
        .filter(([type]) => type !== 'message_delta')
        .map(String),
    ).toEqual(recorded.map(String));
  });

  it('keeps calls apart that a provider writes at once', async () => {
    const chunk = (delta: Fields, finish: string | null = null) =>
      `data: ${JSON.stringify({ id: 'gen-1', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const call = (index: number, given: string, head: Fields = {}) =>
      chunk({ tool_calls: [{ index, ...head, function: { ...(head['id'] ? { name: 'f' } : {}), arguments: given } }] });
    const texts = [
      call(0, '{"a":', { id: 'a' }),
      call(1, '{"b":', { id: 'b' }),
      call(0, '1}'),
      call(1, '2}'),
      chunk({}, 'tool_calls'),
      'data: {"id":"gen-1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":0,"is_byok":false,"cost_details":{}}}\n\ndata: [DONE]\n\n',
    ];
    const out = await written(texts, {});
    expect(messageStreamFaults(out, true)).toEqual([]);
    expect(gathered(out).content.map(({ input }) => input)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('ends with an error event when it broke, and says nothing after it', async () => {
    const texts = [
      'data: {"id":"gen-1","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n',
      'data: {"id":"gen-1","error":{"code":502,"message":"one: gone","metadata":{"error_type":"provider_unavailable","reason":"upstream_failed","remedy":"r"}},"choices":[]}\n\n',
      'data: {"id":"gen-1","choices":[],"usage":{"prompt_tokens":1}}\n\ndata: [DONE]\n\n',
    ];
    const out = await written(texts, {});
    expect(messageStreamFaults(out, true)).toEqual([]);
    expect(eventsIn(out).at(-1)).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: 'one: gone' },
      request_id: 'gen-1',
    });
  });
});
