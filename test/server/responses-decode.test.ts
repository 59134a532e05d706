import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePresetFields, decodeResponses } from '../../server/surfaces/responses/decode.ts';

type Body = Record<string, unknown>;
const items = { itemOf: () => null, given: () => {} };

/** The chat completion that a request becomes; it must become one. */
function chat(body: Body): Record<string, unknown> {
  const decoded = decodeResponses({ model: 'm', ...body }, items);
  if (decoded.kind === 'refused') throw new Error(decoded.message);
  return decoded.request;
}

/** Why a request is refused; it must be. */
function why(body: Body): string {
  const decoded = decodeResponses({ model: 'm', input: 'Hi', ...body }, items);
  if (decoded.kind !== 'refused') throw new Error('it was decoded');
  expect(decoded.status).toBe(400);
  return decoded.message;
}

function warnings(body: Body): readonly string[] {
  const decoded = decodeResponses({ model: 'm', input: 'Hi', ...body }, items);
  if (decoded.kind === 'refused') throw new Error(decoded.message);
  return decoded.warnings;
}

describe('the input of Responses', () => {
  it('is a text, with instructions before it', () => {
    expect(chat({ input: 'Hi', instructions: 'Be brief.' })).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
  });

  it('is messages of parts: texts, pictures, files, sounds', () => {
    const content = [
      { type: 'input_text', text: 'Look', cache_control: { type: 'ephemeral' } },
      { type: 'input_image', image_url: 'https://a.example/b.png', detail: 'high' },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      { type: 'input_file', file_url: 'https://a.example/b.pdf' },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
    ];
    expect(chat({ input: [{ role: 'user', content }] })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look', cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: { url: 'https://a.example/b.png', detail: 'high' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
          { type: 'file', file: { file_data: 'https://a.example/b.pdf' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
        ],
      },
    ]);
  });

  it('is one turn of the model where it said, thought and called in several items', () => {
    const input = [
      { type: 'message', role: 'developer', content: 'Use tools.' },
      { role: 'user', content: 'Weather?' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'gAAA' },
      { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Let me look.' }] },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'patch', input: '*** Begin' },
      { type: 'function_call_output', call_id: 'call_1', output: '4 °C' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'done' }] },
      { role: 'assistant', content: 'It is 4.' },
      { role: 'assistant', content: 'Really.' },
    ];
    expect(chat({ input })['messages']).toEqual([
      { role: 'developer', content: 'Use tools.' },
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: 'Let me look.',
        reasoning: 'Hm.',
        reasoning_details: [
          { type: 'reasoning.summary', summary: 'Hm.', id: 'rs_1', index: 0 },
          { type: 'reasoning.encrypted', data: 'gAAA', format: 'openai-responses-v1', id: 'rs_1', index: 1 },
        ],
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          { id: 'call_2', type: 'custom', custom: { name: 'patch', input: '*** Begin' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '4 °C' },
      { role: 'tool', tool_call_id: 'call_2', content: 'done' },
      { role: 'assistant', content: 'It is 4.' },
      { role: 'assistant', content: 'Really.' },
    ]);
  });

  it('may name items that are known by their ids', () => {
    const message = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Known.' }] };
    const itemOf = (id: string) => (id === 'msg_1' ? message : null);
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'item_reference', id: 'msg_1' },
    ];
    const decoded = decodeResponses({ input }, { ...items, itemOf });
    expect(decoded).toMatchObject({ request: { messages: [{}, { role: 'assistant', content: 'Known.' }] } });
    expect(why({ input: [{ type: 'item_reference', id: 'msg_2' }] })).toContain('input[0].id: "msg_2" is not known');
  });

  it.each([
    [{ input: undefined }, 'input: must be'],
    [{ input: [] }, 'input: says nothing'],
    [{ input: [{ role: 'robot', content: 'Hi' }] }, 'input[0].role: "robot"'],
    [{ input: [{ role: 'user' }] }, 'input[0].content: must be'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] }, 'input[0].content[0].file_id'],
    [{ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] }, 'input[0].content[0].file_id'],
    [{ input: [{ role: 'user', content: [{ type: 'smell' }] }] }, 'input[0].content[0].type: "smell"'],
    [{ input: [{ type: 'function_call', call_id: 'c', arguments: '{}' }] }, 'input[0].name'],
    [{ input: [{ type: 'function_call_output', output: 'x' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'web_search_call', id: 'ws_1' }] }, 'input[0].type: "web_search_call"'],
    [{ input: [{ type: 'reasoning', encrypted_content: 'cg1.broken' }] }, 'input[0].encrypted_content'],
    [{ previous_response_id: 'resp_1' }, 'previous_response_id: answers are not stored'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ store: true }, 'store: must be false'],
    [{ background: true }, 'background: must be false'],
    [{ messages: [] }, 'messages: is of chat completions'],
    [{ max_output_tokens: 0 }, 'max_output_tokens: must be a positive integer'],
    [{ modalities: ['audio'] }, 'modalities'],
    [{ n: 2 }, 'n: Responses have one answer'],
    [{ text: { format: { type: 'grammar' } } }, 'text.format.type: "grammar"'],
    [{ reasoning: 'high' }, 'reasoning: must be an object'],
    [{ tools: [{ type: 'code_interpreter' }] }, 'tools[0]: a tool of the type "code_interpreter"'],
    [{ tools: [{ type: 'mcp', server_url: 'https://a.example' }] }, 'tools[0]'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ tool_choice: { type: 'mcp', server_label: 'x' } }, 'tool_choice: "mcp"'],
    [{ tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'x' }] } }, '"x"'],
  ])('is refused by name: %j', (body, words) => {
    expect(why(body)).toContain(words);
  });

  it('never throws, whatever is sent, and refuses with 400 or makes messages', () => {
    const item = fc.record(
      {
        type: fc.constantFrom(
          'message',
          'reasoning',
          'function_call',
          'function_call_output',
          'item_reference',
          'x',
          null,
        ),
        role: fc.constantFrom('user', 'assistant', 'system', 7),
        content: fc.anything(),
        output: fc.anything(),
        summary: fc.anything(),
        encrypted_content: fc.oneof(
          fc.string(),
          fc.string().map((text) => `cg1.${text}`),
          fc.anything(),
        ),
        call_id: fc.anything(),
        name: fc.anything(),
        id: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const body = fc.record(
      {
        input: fc.oneof(fc.string(), fc.array(fc.oneof(item, fc.anything())), fc.anything()),
        instructions: fc.anything(),
        tools: fc.oneof(fc.anything(), fc.array(fc.anything())),
        tool_choice: fc.anything(),
        text: fc.anything(),
        reasoning: fc.anything(),
        include: fc.anything(),
        max_output_tokens: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(body, fc.anything()), (sent) => {
        const decoded = decodeResponses(sent, items);
        if (decoded.kind === 'refused') expect(decoded.status).toBe(400);
        else expect((decoded.request['messages'] as unknown[]).length).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the fields of Responses', () => {
  it('that a chat completion has under another name', () => {
    expect(
      chat({
        input: 'Hi',
        max_output_tokens: 50,
        text: {
          format: { type: 'json_schema', name: 'v', schema: { type: 'object' }, strict: true },
          verbosity: 'low',
        },
        reasoning: { effort: 'high', summary: null, generate_summary: 'auto' },
        top_logprobs: 3,
        service_tier: 'auto',
        store: false,
        truncation: 'disabled',
        parallel_tool_calls: true,
        tool_choice: 'auto',
        stream_options: { include_obfuscation: false },
        temperature: 0,
        metadata: { a: 'b' },
        seed: 7,
        previous_response_id: null,
      }),
    ).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 50,
      response_format: { type: 'json_schema', json_schema: { name: 'v', schema: { type: 'object' }, strict: true } },
      verbosity: 'low',
      reasoning: { effort: 'high', summary: 'auto' },
      logprobs: true,
      top_logprobs: 3,
      temperature: 0,
      metadata: { a: 'b' },
      seed: 7,
    });
  });

  it('that tell of tools', () => {
    const tools = [
      {
        type: 'function',
        name: 'f',
        description: 'd',
        parameters: { type: 'object' },
        strict: true,
        defer_loading: true,
      },
      { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' } },
      { type: 'openrouter:web_search', parameters: { max_results: 2 } },
      { type: 'web_search_preview' },
    ];
    const made = [
      { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true } },
      {
        type: 'custom',
        custom: { name: 'c', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } } },
      },
      tools[2],
      tools[3],
    ];
    expect(
      chat({ input: 'Hi', tools, tool_choice: { type: 'function', name: 'f' }, parallel_tool_calls: false }),
    ).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      tools: made,
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
    });
    expect(warnings({ tools })).toEqual(['tools[0].defer_loading is not asked for']);
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'custom', name: 'c' }] };
    expect(chat({ input: 'Hi', tools, tool_choice: allowed })).toMatchObject({
      tools: [made[1]],
      tool_choice: 'required',
    });
  });

  it.each([
    [{ truncation: 'auto' }, /truncation/],
    [{ max_tool_calls: 3 }, /max_tool_calls/],
    [{ include: ['file_search_call.results'] }, /file_search_call/],
    [{ context_management: [{ type: 'compaction' }] }, /context_management/],
  ])('that are left out are named: %j', (body, words) => {
    expect(warnings(body)).toEqual([expect.stringMatching(words)]);
  });

  it('are those of a preset saved from a request', () => {
    const body = { model: 'm', input: 'ignored', max_output_tokens: 9, text: { format: { type: 'json_object' } } };
    expect(decodePresetFields(body)).toEqual({
      kind: 'decoded',
      fields: { model: 'm', max_tokens: 9, response_format: { type: 'json_object' } },
    });
  });
});
