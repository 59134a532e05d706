import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuse } from '../../server/errors.ts';
import { readMessageEvents } from '../../server/providers/anthropic/stream.ts';
import { decodeResponses } from '../../server/surfaces/responses/decode.ts';
import { faultsOf } from '../support/validators/faults.ts';
import {
  type ResponseEvent,
  responseEventsIn,
  responseStreamFaults,
  wholeResponse,
} from '../support/validators/responses.ts';

type Fields = Record<string, unknown>;
type Response = Fields & { readonly output: Fields[]; readonly status: string };

const USAGE = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 1 },
  completion_tokens_details: { reasoning_tokens: 2 },
  cost: 0.00006,
  is_byok: false,
  cost_details: {
    upstream_inference_cost: null,
    upstream_inference_prompt_cost: 0.00001,
    upstream_inference_completions_cost: 0.00005,
  },
  callgate: { cost_source: 'computed' },
};
const HEAD = { id: 'gen-1767225600-aaaaaaaaaaaaaaaaaaaa', created: 1_767_225_600, model: 'lab/m', provider: 'Lab' };

function decoded(body: Fields, given: (items: readonly Fields[]) => void = () => {}) {
  const found = decodeResponses({ model: 'm', input: 'Hi', ...body }, { itemOf: () => null, given });
  if (found.kind === 'refused') throw new Error(found.message);
  return found;
}

/** A whole answer with this message, as it is written for the request. */
function whole(message: Fields, body: Fields = {}, more: Fields = {}): Response {
  const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }];
  const text = JSON.stringify({ ...HEAD, object: 'chat.completion', choices, usage: USAGE });
  const response = JSON.parse(decoded(body).writer.whole(text)) as Response;
  expect(faultsOf(wholeResponse, response)).toEqual([]);
  return response;
}

const chunk = (delta: Fields, finish: string | null = null, more: Fields = {}) =>
  `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish, ...more }] })}\n\n`;
const END = `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage: USAGE })}\n\ndata: [DONE]\n\n`;

/** What is written for a stream, taken in these pieces. */
function streamed(
  pieces: readonly string[],
  body: Fields = {},
): { readonly text: string; readonly events: readonly ResponseEvent[] } {
  const writer = decoded({ ...body, stream: true }).writer.stream(async () => ({}));
  let text = '';
  for (const piece of pieces) text += writer.take(piece);
  text += writer.end();
  expect(responseStreamFaults(text, true)).toEqual([]);
  return { text, events: responseEventsIn(text).events };
}

const lastOf = (events: readonly ResponseEvent[]) => events.at(-1)?.['response'] as Response;

/** The message that comes back when the items of an answer are sent as input. */
function sentBack(output: readonly Fields[], body: Fields = {}): Fields {
  const { messages } = decoded({ ...body, input: [...output, { role: 'user', content: 'On.' }] }).request as {
    messages: Fields[];
  };
  expect(messages.length).toBeLessThanOrEqual(2);
  return messages.length === 2 ? (messages[0] as Fields) : { role: 'assistant', content: null };
}

const words = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const detail = fc.oneof(
  fc.record({
    type: fc.constant('reasoning.text'),
    text: words,
    signature: fc.base64String({ minLength: 4 }),
    format: fc.constant('anthropic-claude-v1'),
  }),
  fc.record({ type: fc.constant('reasoning.encrypted'), data: words, format: fc.constant('anthropic-claude-v1') }),
  fc.record({ type: fc.constant('reasoning.summary'), summary: words, format: fc.constant('openai-responses-v1') }),
  fc.record({ type: fc.constant('reasoning.text'), text: words, format: fc.constant('unknown') }),
);
const call = fc.oneof(
  fc.record({ id: words, type: fc.constant('function'), function: fc.record({ name: words, arguments: fc.json() }) }),
  fc.record({ id: words, type: fc.constant('custom'), custom: fc.record({ name: words, input: fc.string() }) }),
);
const message = fc
  .record({ content: words, details: fc.array(detail, { maxLength: 4 }), calls: fc.array(call, { maxLength: 3 }) })
  .map(({ content, details, calls }) => ({
    content,
    ...(details.length > 0 ? { reasoning_details: details.map((one, index) => ({ ...one, index })) } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }));
const wishes = fc.constantFrom<Fields>(
  {},
  { include: ['reasoning.encrypted_content'] },
  { reasoning: { summary: 'auto' }, include: ['reasoning.encrypted_content'] },
);

/** The chunks of a message, each text cut in two at some place. */
function chunksOf(said: Fields, at: number): string[] {
  const cut = (text: string) => [text.slice(0, at), text.slice(at)].filter((piece) => piece !== '');
  const details = (said['reasoning_details'] ?? []) as Fields[];
  const thoughts = details.flatMap(({ text, summary, data, signature, ...common }) => [
    ...cut(String(text ?? '')).map((piece) => ({ ...common, text: piece })),
    ...cut(String(summary ?? '')).map((piece) => ({ ...common, summary: piece })),
    ...(data === undefined ? [] : [{ ...common, data }]),
    ...(signature === undefined ? [] : [{ ...common, signature }]),
  ]);
  const calls = ((said['tool_calls'] ?? []) as Fields[]).flatMap(({ id, type, ...rest }, index) => {
    const made = (rest['function'] ?? rest['custom']) as Record<string, string>;
    const member = type === 'function' ? 'arguments' : 'input';
    return [
      { index, id, type, [String(type)]: { name: made['name'], [member]: '' } },
      ...cut(made[member] ?? '').map((piece) => ({ index, [String(type)]: { [member]: piece } })),
    ];
  });
  return [
    chunk({ role: 'assistant', content: '' }),
    ...thoughts.map((one) => chunk({ reasoning_details: [one] })),
    ...cut(String(said['content'])).map((content) => chunk({ content })),
    ...calls.map((one) => chunk({ tool_calls: [one] })),
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    END,
  ];
}

const comparable = (said: Fields) => ({
  content: said['content'],
  reasoning_details: said['reasoning_details'] ?? [],
  tool_calls: said['tool_calls'] ?? [],
});

describe('the items of an answer, sent back', () => {
  it('are the very message that they were made of', () => {
    fc.assert(
      fc.property(message, wishes, (said, body) => {
        expect(comparable(sentBack(whole(said, body).output))).toEqual(comparable(said));
      }),
      { numRuns: 300 },
    );
  });

  it('are so after a stream too, wherever it was cut', () => {
    fc.assert(
      fc.property(message, wishes, fc.nat(12), fc.nat(), (said, body, at, break_) => {
        // A piece of text must not be half a character, as no provider sends one.
        fc.pre(!/[\ud800-\udbff]$/.test(String(said.content).slice(0, at)));
        const chunks = chunksOf(said, at);
        const events = chunks.join('').split(/(?<=\n\n)/);
        const cut = break_ % (events.length + 1);
        const { events: written } = streamed([events.slice(0, cut).join(''), events.slice(cut).join('')], body);
        expect(comparable(sentBack(lastOf(written).output))).toEqual(comparable(said));
      }),
      { numRuns: 300 },
    );
  });

  it('are the same whether it was streamed or whole', () => {
    fc.assert(
      fc.property(
        message,
        fc.constantFrom<Fields>({}, { reasoning: { summary: 'auto' } }),
        fc.nat(12),
        (said, body, at) => {
          const nameless = ({ id: _id, ...item }: Fields) => item;
          const one = streamed(chunksOf(said, at), body).events;
          expect(lastOf(one).output.map(nameless)).toEqual(whole(said, body).output.map(nameless));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a stream of Responses', () => {
  it('says the same however its events are taken together', () => {
    const chunks = chunksOf(
      { content: 'Hello', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
      3,
    );
    const events = chunks.join('').split(/(?<=\n\n)/);
    const stamped = (text: string) => text.replaceAll(/"completed_at":\d+/g, '"completed_at":0');
    const { text } = streamed(events);
    for (let at = 0; at <= events.length; at += 1)
      expect(stamped(streamed([events.slice(0, at).join(''), events.slice(at).join('')]).text)).toBe(stamped(text));
  });

  it('has the events of OpenAI in their order', () => {
    const { events } = streamed([
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning: 'Hm.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', index: 0 }] }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({ annotations: [{ type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A' } }] }),
      chunk({ tool_calls: [{ index: 0, id: 'c0', type: 'function', function: { name: 'f', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'c1', type: 'function', function: { name: 'g', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }),
      chunk({}, 'tool_calls'),
      END,
    ]);
    expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'reasoning_text.delta',
      'reasoning_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ]);
    expect(lastOf(events)).toMatchObject({
      id: HEAD.id,
      model: 'lab/m',
      status: 'completed',
      output: [
        { type: 'reasoning', content: [{ text: 'Hm.' }] },
        { type: 'message', content: [{ text: 'Hello', annotations: [{ url: 'https://a.example', start_index: 5 }] }] },
        { type: 'function_call', call_id: 'c0', name: 'f', arguments: '{}' },
        { type: 'function_call', call_id: 'c1', name: 'g', arguments: '{}' },
      ],
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 3, cache_write_tokens: 1 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 2 },
        cost: 0.00006,
      },
    });
  });

  it.each([
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['content_filter', 'incomplete', { reason: 'content_filter' }],
  ])('ends by %s as %s', (finish, status, details) => {
    const { events } = streamed([chunk({ content: 'Once' }), chunk({}, finish), END]);
    expect(lastOf(events)).toMatchObject({ status, incomplete_details: details, output: [{ status: 'incomplete' }] });
    expect(whole({ content: 'Once' }, {}, { finish_reason: finish })).toMatchObject({
      status,
      incomplete_details: details,
    });
  });

  it('fails with an event of its own and a response that failed', () => {
    const error = {
      code: 502,
      message: 'one: broke',
      metadata: { error_type: 'provider_unavailable', reason: 'upstream_failed' },
    };
    const broken = {
      ...HEAD,
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      error,
      usage: USAGE,
    };
    const { events } = streamed([chunk({ content: 'Once' }), `data: ${JSON.stringify(broken)}\n\ndata: [DONE]\n\n`]);
    const told = { code: 'server_error', message: 'one: broke' };
    expect(events.at(-2)).toMatchObject({
      type: 'error',
      ...told,
      param: null,
      error: { ...told, type: 'server_error' },
    });
    expect(lastOf(events)).toMatchObject({
      status: 'failed',
      error: { ...told, error_type: 'provider_unavailable', metadata: { reason: 'upstream_failed' } },
      usage: { input_tokens: 10 },
      output: [{ content: [{ text: 'Once' }], status: 'incomplete' }],
    });
  });

  it('is refused after its headers by an event alone', () => {
    const writer = decoded({ stream: true }).writer.stream(async () => ({}));
    const text = writer.keepAlive() + writer.refuse(refuse('permit_denied')) + writer.end();
    expect(responseStreamFaults(text, true)).toEqual([]);
    expect(responseEventsIn(text).events).toMatchObject([
      { type: 'error', code: 'permission_denied', sequence_number: 0 },
    ]);
  });

  it('shows reasoning where the caller looks for it', () => {
    const thought = chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', index: 0 }] });
    const { events } = streamed([thought, chunk({ content: '42' }), chunk({}, 'stop'), END], {
      reasoning: { summary: 'auto' },
    });
    expect(events.map(({ type }) => type)).toContain('response.reasoning_summary_text.delta');
    expect(lastOf(events).output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'Hm.' }] });
  });

  it('tells log probabilities to who asked for them, and pictures', () => {
    const entry = { token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [] };
    const said = chunk({ content: 'Hi' }, null, { logprobs: { content: [entry] } });
    const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0K' } };
    const { events } = streamed([said, chunk({ images: [picture] }), chunk({}, 'stop'), END], { top_logprobs: 1 });
    const { output } = lastOf(events);
    expect(output).toMatchObject([
      { content: [{ text: 'Hi', logprobs: [entry] }] },
      { type: 'image_generation_call', result: 'iVBORw0K', status: 'completed' },
    ]);
    expect(sentBack(output)).toMatchObject({ content: 'Hi', images: [picture] });
  });

  it('is the first of several choices', () => {
    const second = chunk({ content: 'Other' }, null, { index: 1 });
    const { events } = streamed([chunk({ content: 'Hi' }), second, chunk({}, 'stop'), END]);
    expect(lastOf(events).output).toMatchObject([{ content: [{ text: 'Hi' }] }]);
  });

  it('gives the items to whoever keeps them, when they are whole', () => {
    const given: Fields[] = [];
    const writer = decoded({ stream: true }, (items) => given.push(...items)).writer.stream(async () => ({}));
    writer.take(chunk({ content: 'Hi' }) + chunk({}, 'stop'));
    expect(given).toEqual([]);
    writer.end();
    expect(given).toMatchObject([{ type: 'message', status: 'completed', content: [{ text: 'Hi' }] }]);
  });

  it.each([
    [
      'anthropic-text',
      [
        {
          type: 'message',
          content: [{ text: 'Hällo 👩‍🚀\n"there"', annotations: [{ url: 'https://example.com/a' }] }],
        },
      ],
    ],
    [
      'anthropic-thinking-tools',
      [
        { type: 'reasoning', content: [{ text: 'Which city, and when?' }], format: 'anthropic-claude-v1' },
        { type: 'reasoning', encrypted_content: expect.any(String) },
        { type: 'message', content: [{ text: 'Let me look.' }] },
        // Its digits stand.
        { name: 'get_weather', arguments: '{"location": "San Francisco", "station": 12345678901234567890}' },
        { name: 'now', arguments: '{}' },
      ],
    ],
  ])('is made of the recorded stream %s, and goes back to the model as it came', async (name, output) => {
    const chunks = await recorded(name);
    const { events } = streamed([...chunks.map(eventOf), END]);
    expect(lastOf(events)).toMatchObject({ status: 'completed', output });
    const details = chunks.flatMap(({ choices }) =>
      (choices as Fields[]).flatMap((choice) => thoughtsOf(choice['delta'])),
    );
    const signatures = (list: readonly Fields[]) =>
      list.flatMap(({ signature, data }) => [signature ?? data ?? []].flat());
    expect(signatures((sentBack(lastOf(events).output)['reasoning_details'] ?? []) as Fields[])).toEqual(
      signatures(details),
    );
  });
});

const thoughtsOf = (delta: unknown) => ((delta as Fields)['reasoning_details'] ?? []) as Fields[];
const eventOf = (one: Fields) => `data: ${JSON.stringify({ ...one, ...HEAD })}\n\n`;

/** The chunks that a provider's recorded bytes come to. */
async function recorded(name: string): Promise<Fields[]> {
  const bytes = readFileSync(new URL(`../fixtures/${name}.sse`, import.meta.url));
  const chunks: Fields[] = [];
  const source = (async function* () {
    yield bytes;
  })();
  for await (const batch of readMessageEvents(source))
    for (const data of batch) {
      if (data === '[DONE]') continue;
      const { usage: _usage, ...one } = JSON.parse(data) as Fields;
      chunks.push(one);
    }
  return chunks;
}

describe('a whole Response', () => {
  it('repeats what was asked', () => {
    const asked = {
      instructions: 'Be brief.',
      max_output_tokens: 9,
      metadata: { a: 'b' },
      temperature: 0.5,
      tools: [{ type: 'function', name: 'f' }],
      tool_choice: 'none',
      reasoning: { effort: 'low' },
    };
    expect(whole({ content: 'Hi' }, asked)).toMatchObject({
      ...asked,
      object: 'response',
      tools: [{ type: 'function', name: 'f', parameters: null, strict: null }],
      reasoning: { effort: 'low', summary: null },
      store: false,
      previous_response_id: null,
      provider: 'Lab',
    });
  });

  it('has a refusal as a part, and reasoning in words alone', () => {
    const { output } = whole({ content: null, refusal: 'No.', reasoning: 'Hm.' });
    expect(output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm.' }] },
      { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] },
    ]);
  });

  it('keeps an unknown cost unknown', () => {
    const text = JSON.stringify({ ...HEAD, choices: [], usage: { ...USAGE, cost: null } });
    expect(JSON.parse(decoded({}).writer.whole(text)).usage.cost).toBeNull();
  });
});
