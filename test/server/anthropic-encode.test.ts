import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../server/providers/anthropic/model-facts.ts';
import { claudeIdOf, claudeNativeOf } from '../../server/providers/anthropic/model-names.ts';
import { builtInProviders } from '../../server/providers/built-in.ts';
import { dialectOf } from '../../server/providers/dialect.ts';
import type { Endpoint } from '../../server/providers/registry.ts';

const anthropic = dialectOf('anthropic');
const provider = builtInProviders().find(({ slug }) => slug === 'anthropic');

function endpoint(native = 'claude-opus-4-5'): Endpoint {
  if (!provider) throw new Error('no such provider');
  const model = provider.models().find((one) => one.native === native);
  const [some] = provider.models();
  if (!some) throw new Error('no models');
  return { id: 'x', provider, model: model ?? { ...some, native, maxCompletionTokens: null } };
}

type Fields = Record<string, unknown>;
const hi = [{ role: 'user', content: 'Hi' }];
const encode = (request: Fields, native?: string, maxTokens: number | null = null) =>
  JSON.parse(anthropic.encode({ messages: hi, ...request }, endpoint(native), 'sk-ant-x', maxTokens).body);
const lacking = (request: Fields, native?: string) =>
  anthropic.inexpressible?.({ messages: hi, ...request }, endpoint(native)) ?? null;
const warned = (request: Fields, native?: string) =>
  anthropic.warnings({ messages: hi, ...request }, endpoint(native)).join('\n');
const tool = { type: 'function', function: { name: 'f', parameters: { properties: { a: { type: 'string' } } } } };
const png = 'data:image/png;base64,iVBORw0KGgo=';

describe('the request', () => {
  it('goes to the Messages API with its version and its own kind of key', () => {
    const { url, headers } = anthropic.encode({ messages: hi, stream: true }, endpoint(), 'sk-ant-x', null);
    expect(url).toBe('https://api.anthropic.com/v1/messages');
    expect(headers).toMatchObject({
      'x-api-key': 'sk-ant-x',
      'anthropic-version': '2023-06-01',
      accept: 'text/event-stream',
    });
    expect(headers).not.toHaveProperty('authorization');
  });

  it('always says how many tokens at most: as asked, as a limit allows, else the most of the model', () => {
    expect(encode({})).toMatchObject({
      max_tokens: 64_000,
      model: 'claude-opus-4-5',
      messages: hi.map(({ role }) => ({ role, content: [{ type: 'text', text: 'Hi' }] })),
    });
    expect(encode({ max_tokens: 7 }).max_tokens).toBe(7);
    expect(encode({ max_tokens: 7, max_completion_tokens: 9 }).max_tokens).toBe(9);
    expect(encode({ max_tokens: 700 }, undefined, 300).max_tokens).toBe(300);
    expect(encode({}, 'claude-3-haiku').max_tokens).toBe(4_096);
    expect(encode({}, 'something-else').max_tokens).toBe(8_192);
  });

  it('collects what the system says, from wherever it stands, and says so', () => {
    const messages = [
      { role: 'system', content: 'One' },
      { role: 'developer', content: [{ type: 'text', text: 'Two', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      ...hi,
      { role: 'system', content: 'Three' },
    ];
    expect(encode({ messages }).system).toEqual([
      { type: 'text', text: 'One' },
      { type: 'text', text: 'Two', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'Three' },
    ]);
    expect(warned({ messages })).toBe('messages[3] is sent in front of the conversation, where system messages stand');
    expect(lacking({ messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: png } }] }] })).toBe(
      'image in a system message',
    );
  });

  it('carries images and documents, as data and by their address', () => {
    const content = [
      { type: 'image_url', image_url: { url: png }, cache_control: { type: 'ephemeral' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      { type: 'file', file: { filename: 'b.pdf', file_data: 'https://example.com/b.pdf' } },
      { type: 'file', file: { filename: 'c.pdf', file_data: 'JVBERi0=' } },
      { type: 'file', file: { filename: 'd.txt', file_data: 'data:text/plain;base64,SGnDpA==' } },
      { type: 'file', file: { file_data: 'data:text/plain,Hi%C3%A4' } },
    ];
    expect(encode({ messages: [{ role: 'user', content }] }).messages[0].content).toEqual([
      {
        type: 'image',
        source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
        cache_control: { type: 'ephemeral' },
      },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
      { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' }, title: 'b.pdf' },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'c.pdf' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hiä' }, title: 'd.txt' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hiä' } },
    ]);
  });

  it('gathers what tools gave, images in it too, into the one turn after their calls', () => {
    const call = (id: string, given: string) => ({ id, type: 'function', function: { name: 'f', arguments: given } });
    const messages = [
      ...hi,
      {
        role: 'assistant',
        content: null,
        tool_calls: [call('call_1', '{"n":12345678901234567890}'), call('functions.f:1', '')],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'Fine' },
      { role: 'tool', tool_call_id: 'functions.f:1', content: [{ type: 'image_url', image_url: { url: png } }] },
      { role: 'user', content: 'And?' },
    ];
    const { body } = anthropic.encode({ messages }, endpoint(), null, null);
    expect(body).toContain('"input":{"n":12345678901234567890}');
    const { messages: sent } = JSON.parse(body);
    expect(sent.map(({ role }: Fields) => role)).toEqual(['user', 'assistant', 'user']);
    const foreign = sent[1].content[1].id;
    expect(foreign).toMatch(/^functions_f_1_[0-9a-f]{12}$/);
    expect(sent[2].content).toEqual([
      { type: 'tool_result', tool_use_id: 'call_1', content: 'Fine' },
      {
        type: 'tool_result',
        tool_use_id: foreign,
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }],
      },
      { type: 'text', text: 'And?' },
    ]);
  });

  it('offers tools, and one of them at a time when asked to', () => {
    expect(
      encode({ tools: [{ ...tool, cache_control: { type: 'ephemeral' } }], parallel_tool_calls: false }),
    ).toMatchObject({
      tools: [
        {
          name: 'f',
          input_schema: { type: 'object', properties: { a: { type: 'string' } } },
          cache_control: { type: 'ephemeral' },
        },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    const choice = (tool_choice: unknown) => encode({ tools: [tool], tool_choice }).tool_choice;
    expect(choice('none')).toEqual({ type: 'none' });
    expect(choice('required')).toEqual({ type: 'any' });
    expect(choice({ type: 'function', function: { name: 'f' } })).toEqual({ type: 'tool', name: 'f' });
    expect(choice(undefined)).toBeUndefined();
    for (const tool_choice of ['auto', 'none']) expect(encode({ tool_choice }).tool_choice).toBeUndefined();
  });

  it('says the rest in the words of the Messages API', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const body = encode({
      stop: 'END',
      top_k: 5,
      temperature: 1.5,
      service_tier: 'default',
      user: 'alice@example.com',
      cache_control: { type: 'ephemeral' },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
      stream: true,
      seed: 1,
    });
    expect(body).toMatchObject({
      stop_sequences: ['END'],
      top_k: 5,
      temperature: 1,
      service_tier: 'standard_only',
      metadata: { user_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      cache_control: { type: 'ephemeral' },
      output_config: { format: { type: 'json_schema', schema } },
      stream: true,
    });
    expect(body).not.toHaveProperty('seed');
    expect(JSON.stringify(body)).not.toContain('alice');
  });

  it.each<[Fields, string]>([
    [{ n: 2 }, 'n'],
    [{ cached_content: 'cachedContents/x' }, 'cached_content'],
    [{ logprobs: true }, 'logprobs'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ tools: [{ type: 'openrouter:web_search' }] }, 'tools[0] (openrouter:web_search)'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tools: [tool], tool_choice: { type: 'allowed_tools' } }, 'tool_choice'],
    [{ response_format: { type: 'grammar', grammar: 'x' } }, 'response_format'],
    [{ response_format: { type: 'json_schema', json_schema: {} } }, 'response_format.json_schema.schema'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
      'messages[0].content[0].input_audio',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      'messages[0].content[0].file.file_id',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'ftp://x' } }] }] },
      'messages[0].content[0].image_url (neither an image as a data URL nor an http address)',
    ],
    [{ messages: [{ role: 'function', content: 'x' }] }, 'messages[0].role'],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"a":' } }] }] },
      'messages[0].tool_calls[0].function.arguments (it is not a JSON object)',
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ stop: ['END', '\n\n'] }, 'stop (of white space alone)'],
    [
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: ' ' },
        ],
      },
      'messages (without anything said to the model but its instructions)',
    ],
    [{ max_tokens: 2000, reasoning: { max_tokens: 2000 } }, 'reasoning.max_tokens (it must be less than max_tokens)'],
  ])('%j has no words here', (request, field) => {
    expect(lacking(request)).toBe(field);
  });

  it('has words for what other models lack', () => {
    const response_format = { type: 'json_schema', json_schema: { schema: {} } };
    expect(lacking({ response_format }, 'claude-3-haiku')).toBe('response_format');
    expect(lacking({ response_format })).toBeNull();
    expect(lacking({ tools: [tool], tool_choice: 'required' }, 'claude-opus-5-5')).toContain('tool_choice');
    expect(lacking({ n: 1, logprobs: false, modalities: ['text'], response_format: { type: 'text' } })).toBeNull();
  });

  it.each<[Fields, string]>([
    [{ seed: 1 }, 'seed is not sent'],
    [{ response_format: { type: 'json_object' } }, 'response_format is not sent'],
    [{ temperature: 1.5 }, 'temperature is sent as 1'],
    [{ temperature: 0.5, top_p: 0.5 }, 'top_p is not sent'],
    [{ service_tier: 'flex' }, 'service_tier is not sent'],
    [{ made_up_field: 1 }, 'made_up_field is not sent'],
    [{ messages: [{ role: 'user', name: 'Bo', content: 'Hi' }] }, 'messages[0].name is not sent'],
  ])('%j is sent without what is named', (request, warning) => {
    expect(warned(request)).toContain(warning);
    expect(lacking(request)).toBeNull();
  });

  it('says nothing about fields that end here by their nature', () => {
    expect(
      warned({
        models: ['a/b'],
        provider: {},
        preset: 'x',
        clamp: true,
        session_id: 's',
        stream_options: {},
        usage: {},
        trace: {},
      }),
    ).toBe('');
  });
});

describe('reasoning', () => {
  it.each<[Fields, string, unknown, unknown]>([
    [{ effort: 'high' }, 'claude-opus-4-5', { type: 'enabled', budget_tokens: 8_000 }, undefined],
    [{ effort: 'minimal' }, 'claude-opus-4-5', { type: 'enabled', budget_tokens: 1_024 }, undefined],
    [{ enabled: true }, 'claude-opus-4-5', { type: 'enabled', budget_tokens: 5_000 }, undefined],
    [{ max_tokens: 2_000 }, 'claude-opus-4-5', { type: 'enabled', budget_tokens: 2_000 }, undefined],
    [{ max_tokens: 10 }, 'claude-opus-4-5', { type: 'enabled', budget_tokens: 1_024 }, undefined],
    [{ effort: 'none' }, 'claude-opus-4-5', undefined, undefined],
    [{ effort: 'high' }, 'claude-opus-4-6', { type: 'adaptive' }, 'high'],
    [{ effort: 'xhigh' }, 'claude-opus-4-6', { type: 'adaptive' }, 'high'],
    [{ max_tokens: 2_000 }, 'claude-opus-4-6', { type: 'enabled', budget_tokens: 2_000 }, undefined],
    [{ effort: 'xhigh' }, 'claude-opus-4-8', { type: 'adaptive', display: 'summarized' }, 'xhigh'],
    [{ max_tokens: 2_000 }, 'claude-opus-4-8', { type: 'adaptive', display: 'summarized' }, undefined],
    [{ enabled: false }, 'claude-sonnet-5', { type: 'disabled' }, undefined],
    [{ effort: 'none' }, 'claude-opus-5-5', undefined, 'low'],
    [{ effort: 'none' }, 'claude-sonnet-5-5', { type: 'between_tools' }, undefined],
    [{ effort: 'high' }, 'claude-3-haiku', undefined, undefined],
  ])('%j of %s', (reasoning, native, thinking, effort) => {
    const body = encode({ reasoning, max_tokens: 10_000 }, native);
    expect(body.thinking).toEqual(thinking);
    expect(body.output_config?.effort).toEqual(effort);
    expect(encode({ max_tokens: 10_000 }, native)).not.toHaveProperty('thinking');
  });

  it('is a part of the output, and leaves room for an answer', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('max', 'xhigh', 'high', 'medium', 'low', 'minimal'),
        fc.integer({ min: 1, max: 200_000 }),
        (effort, max_tokens) => {
          const { thinking } = encode({ reasoning: { effort }, max_tokens });
          if (max_tokens <= 1_024) {
            expect(thinking).toBeUndefined();
            return;
          }
          expect(thinking.budget_tokens).toBeGreaterThanOrEqual(1_024);
          expect(thinking.budget_tokens).toBeLessThan(max_tokens);
          expect(thinking.budget_tokens).toBeLessThanOrEqual(128_000);
        },
      ),
    );
  });

  it('takes no other temperature, and no tool that must be called', () => {
    const request = { reasoning: { effort: 'low' }, temperature: 0.2, top_k: 3, top_p: 0.9, max_tokens: 9_000 };
    expect(encode(request)).not.toHaveProperty('temperature');
    expect(encode(request)).not.toHaveProperty('top_p');
    expect(encode(request)).not.toHaveProperty('top_k');
    const forced = { reasoning: { effort: 'low' }, tools: [tool], tool_choice: 'required', max_tokens: 9_000 };
    expect(encode(forced)).not.toHaveProperty('thinking');
    expect(warned(forced)).toContain('reasoning is not sent');
  });

  it('is left out rather than refused when the thoughts before the last calls are missing', () => {
    const called = { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] };
    const result = { role: 'tool', tool_call_id: 'a', content: 'x' };
    const details = [
      { type: 'reasoning.text', text: 'Hm', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
    ];
    const request = (more: Fields) => ({
      messages: [...hi, { ...called, ...more }, result],
      tools: [tool],
      reasoning: { effort: 'low' },
      max_tokens: 9_000,
    });
    expect(encode(request({}))).not.toHaveProperty('thinking');
    expect(warned(request({}))).toContain('reasoning_details');
    expect(encode(request({ reasoning_details: details })).thinking).toMatchObject({ type: 'enabled' });
  });

  it('does not give Claude what another model thought', () => {
    const messages = [
      {
        role: 'assistant',
        content: 'Hi',
        reasoning_details: [
          { type: 'reasoning.encrypted', data: 'x', format: 'openai-responses-v1' },
          { type: 'reasoning.text', text: 'unsigned', index: 1 },
          { type: 'reasoning.summary', summary: 's' },
        ],
      },
    ];
    expect(encode({ messages }).messages[0].content).toEqual([{ type: 'text', text: 'Hi' }]);
    expect(warned({ messages }).split('\n')).toHaveLength(3);
  });
});

describe('models', () => {
  it.each([
    ['claude-opus-4-5', 'anthropic/claude-opus-4.5'],
    ['claude-sonnet-4-0', 'anthropic/claude-sonnet-4'],
    ['claude-3-7-sonnet-latest', 'anthropic/claude-3.7-sonnet'],
    ['claude-3-haiku', 'anthropic/claude-3-haiku'],
    ['claude-fable-5-1', 'anthropic/claude-fable-5.1'],
    ['claude-sonnet-5', 'anthropic/claude-sonnet-5'],
  ])('%s is %s', (native, id) => expect(claudeIdOf(native)).toBe(id));

  it('a name nobody lists yet is taken for a newer model', () => {
    expect(claudeNativeOf('claude-opus-9.1')).toBe('claude-opus-9-1');
    expect(factsOf('claude-opus-9-1')).toMatchObject({ thinking: 'adaptive', sampling: false });
  });

  it('say what they take', () => {
    expect(endpoint('claude-opus-4-8').model.supportedParameters).not.toContain('temperature');
    expect(endpoint('claude-haiku-4-5').model).toMatchObject({
      id: 'anthropic/claude-haiku-4.5',
      maxCompletionTokens: 64_000,
    });
    expect(endpoint('claude-haiku-4-5').model.price?.prompt).toBeGreaterThan(0n);
  });
});

it('encodes or names what it lacks, whatever a request holds, and throws at nothing', () => {
  const part = fc.oneof(
    fc.jsonValue(),
    fc
      .constantFrom('text', 'image_url', 'file', 'refusal', 'input_audio')
      .chain((type) => fc.object().map((more) => ({ ...more, type }))),
  );
  const message = fc.record(
    {
      role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'ghost'),
      content: fc.oneof(fc.string(), fc.array(part, { maxLength: 3 }), fc.jsonValue()),
      tool_calls: fc.jsonValue(),
      reasoning_details: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.record({
            type: fc.constantFrom('reasoning.text', 'reasoning.encrypted'),
            text: fc.jsonValue(),
            signature: fc.jsonValue(),
          }),
        ),
      ),
      tool_call_id: fc.jsonValue(),
    },
    { requiredKeys: ['role'] },
  );
  const request = fc.record({
    messages: fc.oneof(fc.array(message, { maxLength: 5 }), fc.jsonValue()),
    tools: fc.jsonValue(),
    tool_choice: fc.jsonValue(),
    reasoning: fc.jsonValue(),
    response_format: fc.jsonValue(),
    stop: fc.jsonValue(),
    max_tokens: fc.jsonValue(),
    user: fc.jsonValue(),
  });
  fc.assert(
    fc.property(request, fc.constantFrom('claude-opus-4-5', 'claude-opus-5-5', 'other'), (fields, native) => {
      lacking(fields, native);
      warned(fields, native);
      expect(encode(fields, native).max_tokens).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
