import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInProviders } from '../../server/providers/built-in.ts';
import { dialectOf } from '../../server/providers/dialect.ts';
import { UNSIGNED } from '../../server/providers/google/thoughts.ts';
import type { Endpoint } from '../../server/providers/registry.ts';

const google = dialectOf('google');
const provider = builtInProviders().find(({ slug }) => slug === 'google-ai-studio');

function endpoint(native = 'gemini-3.5-flash'): Endpoint {
  if (!provider) throw new Error('no such provider');
  const [some] = provider.models();
  if (!some) throw new Error('no models');
  return { id: 'x', provider, model: { ...some, native, maxCompletionTokens: null } };
}

type Fields = Record<string, unknown>;
const hi = [{ role: 'user', content: 'Hi' }];
const encode = (request: Fields, native?: string, maxTokens: number | null = null) =>
  JSON.parse(google.encode({ messages: hi, ...request }, endpoint(native), 'AIza-x', maxTokens).body);
const lacking = (request: Fields, native?: string) =>
  google.inexpressible?.({ messages: hi, ...request }, endpoint(native)) ?? null;
const warned = (request: Fields, native?: string) =>
  google.warnings({ messages: hi, ...request }, endpoint(native)).join('\n');
const contents = (messages: unknown, native?: string) => encode({ messages }, native).contents;
const tool = (parameters: unknown, more: Fields = {}) => ({
  type: 'function',
  function: { name: 'f', description: 'F.', parameters, ...more },
});
const plainTool = tool({ properties: { a: { type: 'string' } } });
const png = 'data:image/png;base64,iVBORw0KGgo=';
const pngPart = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } };

describe('the request', () => {
  it('goes to the model’s own address, with its own kind of key', () => {
    const { url, headers } = google.encode({ messages: hi }, endpoint(), 'AIza-x', null);
    expect(url).toBe('https://generativelanguage.googleapis.com/v1beta/models/gemini-3.5-flash:generateContent');
    expect(headers).toMatchObject({ 'x-goog-api-key': 'AIza-x', accept: 'application/json' });
    expect(headers).not.toHaveProperty('authorization');
    const streamed = google.encode({ messages: hi, stream: true }, endpoint('a/../b?c'), 'AIza-x', null);
    expect(streamed.url).toMatch(/\/models\/a%2F\.\.%2Fb%3Fc:streamGenerateContent\?alt=sse$/);
    expect(streamed.headers['accept']).toBe('text/event-stream');
  });

  it('says how many tokens at most only where somebody did', () => {
    expect(encode({})).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
    expect(encode({ max_tokens: 7 }).generationConfig).toEqual({ maxOutputTokens: 7 });
    expect(encode({ max_tokens: 7, max_completion_tokens: 9 }).generationConfig.maxOutputTokens).toBe(9);
    expect(encode({ max_tokens: 700 }, undefined, 300).generationConfig.maxOutputTokens).toBe(300);
  });

  it('collects what the system says, from wherever it stands, and says so', () => {
    const messages = [
      { role: 'system', content: 'One' },
      { role: 'developer', content: [{ type: 'text', text: 'Two', cache_control: { type: 'ephemeral' } }] },
      ...hi,
      { role: 'system', content: 'Three' },
    ];
    expect(encode({ messages }).systemInstruction).toEqual({
      parts: [{ text: 'One' }, { text: 'Two' }, { text: 'Three' }],
    });
    expect(warned({ messages })).toBe(
      'messages[1].content[0].cache_control is not sent\nmessages[3] is sent in front of the conversation, where system messages stand',
    );
    expect(lacking({ messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: png } }] }] })).toBe(
      'media in a system message',
    );
    expect(encode({ messages }, 'gemma-3-27b-it')).toEqual({
      contents: [{ role: 'user', parts: ['One', 'Two', 'Hi', 'Three'].map((text) => ({ text })) }],
    });
    expect(warned({ messages }, 'gemma-3-27b-it')).toContain('this model takes no instructions');
  });

  it('carries images, sound, films and documents, as data and by their address', () => {
    const content = [
      { type: 'image_url', image_url: { url: png } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.webp?x=1.png' } },
      { type: 'image_url', image_url: { url: 'gs://bucket/unnamed' } },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { type: 'video_url', video_url: { url: 'https://www.youtube.com/watch?v=9hE5-98ZeCg' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      { type: 'file', file: { filename: 'c.pdf', file_data: 'JVBERi0=' } },
      { type: 'file', file: { file_data: 'data:text/plain,Hi%C3%A4' } },
      {
        type: 'file',
        file: { filename: 'b.pdf', file_id: 'https://generativelanguage.googleapis.com/v1beta/files/x' },
      },
    ];
    expect(contents([{ role: 'user', content }])[0].parts).toEqual([
      pngPart,
      { fileData: { mimeType: 'image/webp', fileUri: 'https://example.com/a.webp?x=1.png' } },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'gs://bucket/unnamed' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://www.youtube.com/watch?v=9hE5-98ZeCg' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
      { inlineData: { mimeType: 'text/plain', data: 'SGnDpA==' } },
      {
        fileData: {
          mimeType: 'application/pdf',
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x',
        },
      },
    ]);
  });

  it('gathers what tools gave into the one turn after their calls, under the names of their functions', () => {
    const call = (id: string, name: string, given: string) => ({
      id,
      type: 'function',
      function: { name, arguments: given },
    });
    const messages = [
      ...hi,
      {
        role: 'assistant',
        content: null,
        tool_calls: [call('c1', 'f', '{"n":12345678901234567890}'), call('c2', 'g', '')],
      },
      { role: 'tool', tool_call_id: 'c2', content: [{ type: 'image_url', image_url: { url: png } }] },
      { role: 'tool', tool_call_id: 'c1', content: '{"degrees": 1.50}' },
      { role: 'user', content: 'And?' },
    ];
    const { body } = google.encode({ messages }, endpoint(), null, null);
    expect(body).toContain('"args":{"n":12345678901234567890}');
    expect(body).toContain('"response":{"degrees":1.50}');
    expect(JSON.parse(body).contents.slice(2)).toEqual([
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c2', name: 'g', response: { output: '' }, parts: [pngPart] } },
          { functionResponse: { id: 'c1', name: 'f', response: { degrees: 1.5 } } },
          { text: 'And?' },
        ],
      },
    ]);
    expect(lacking({ messages }, 'gemini-2.5-flash')).toContain('messages[2].content (this model takes texts alone');
    expect(lacking({ messages: [{ role: 'tool', tool_call_id: 'nobody', content: 'x' }] })).toBe(
      'messages[0].tool_call_id (of no call before it)',
    );
  });

  it('gives signatures back where they stood, and says when one is missing', () => {
    const made = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
    const detail = { format: 'google-gemini-v1', index: 0 };
    const reasoning_details = [
      { type: 'reasoning.text', text: 'Which ', ...detail },
      { type: 'reasoning.text', text: 'city?', ...detail },
      { type: 'reasoning.encrypted', data: 'dGV4dA==', ...detail, index: 1 },
      { type: 'reasoning.encrypted', data: 'Y2FsbA==', id: 'c1', ...detail, index: 2 },
    ];
    const said = { role: 'assistant', content: 'Let me look.', tool_calls: [made, { ...made, id: 'c2' }] };
    const results = ['c1', 'c2'].map((id) => ({ role: 'tool', tool_call_id: id, content: 'x' }));
    const turn = (more: Fields) => contents([...hi, { ...said, ...more }, ...results])[1].parts;
    expect(turn({ reasoning_details })).toEqual([
      { text: 'Which city?', thought: true },
      { text: 'Let me look.', thoughtSignature: 'dGV4dA==' },
      { functionCall: { id: 'c1', name: 'f', args: {} }, thoughtSignature: 'Y2FsbA==' },
      { functionCall: { id: 'c2', name: 'f', args: {} } },
    ]);
    expect(turn({})[1].thoughtSignature).toBe(UNSIGNED);
    expect(turn({})[2]).not.toHaveProperty('thoughtSignature');
    expect(warned({ messages: [...hi, said, ...results] })).toContain('messages[1].tool_calls[0] is sent unsigned');
    // Of turns that are over nothing is asked, nor of older models.
    expect(JSON.stringify(contents([...hi, said, ...results, ...hi]))).not.toContain(UNSIGNED);
    expect(JSON.stringify(contents([...hi, said, ...results], 'gemini-2.5-flash'))).not.toContain(UNSIGNED);
    const others = [{ type: 'reasoning.text', text: 'Hm', signature: 's', format: 'anthropic-claude-v1', index: 0 }];
    expect(JSON.stringify(turn({ reasoning_details: others }))).not.toContain('Hm');
    const google = { extra_content: { google: { thought_signature: 'b3du' } } };
    expect(turn({ tool_calls: [{ ...made, ...google }] })[1].thoughtSignature).toBe('b3du');
  });

  it('offers tools in JSON Schema, and names what is not heeded in it', () => {
    const parameters = {
      type: 'object',
      properties: {
        kind: { const: 'a' },
        pattern: { type: 'string', pattern: '^a' },
        list: { type: 'array', items: { anyOf: [{ const: 1 }, { type: 'string', minLength: 2 }] } },
        either: { allOf: [{ $ref: '#/$defs/x' }] },
      },
      $defs: { x: { not: {} } },
    };
    expect(encode({ tools: [tool(parameters), tool({ type: 'object', properties: {} })] }).tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            description: 'F.',
            parametersJsonSchema: {
              ...parameters,
              properties: {
                ...parameters.properties,
                kind: { enum: ['a'] },
                list: { type: 'array', items: { anyOf: [{ enum: [1] }, { type: 'string', minLength: 2 }] } },
              },
            },
          },
          { name: 'f', description: 'F.' },
        ],
      },
    ]);
    expect(warned({ tools: [tool(parameters)] })).toBe(
      'tools[0].function.parameters: pattern, minLength, allOf, not is not heeded here',
    );
    const mode = (more: Fields) => encode({ tools: [plainTool], ...more }).toolConfig?.functionCallingConfig;
    expect(mode({})).toBeUndefined();
    expect(mode({ tool_choice: 'none' })).toEqual({ mode: 'NONE' });
    expect(mode({ tool_choice: 'required' })).toEqual({ mode: 'ANY' });
    expect(mode({ tool_choice: { type: 'function', function: { name: 'f' } } })).toEqual({
      mode: 'ANY',
      allowedFunctionNames: ['f'],
    });
    expect(mode({ tools: [tool(parameters, { strict: true })] })).toEqual({ mode: 'VALIDATED' });
    expect(warned({ tools: [plainTool], parallel_tool_calls: false })).toContain('parallel_tool_calls is not sent');
    for (const tool_choice of ['auto', 'none']) expect(encode({ tool_choice })).not.toHaveProperty('toolConfig');
  });

  it('says the rest in the words of the Gemini API', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const body = encode({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 4,
      seed: 3,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      stop: ['END', ''],
      logprobs: true,
      top_logprobs: 3,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
      service_tier: 'flex',
      safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cached_content: 'cachedContents/abc',
      media_resolution: 'MEDIA_RESOLUTION_LOW',
    });
    expect(body).toMatchObject({
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        seed: 3,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        stopSequences: ['END'],
        responseLogprobs: true,
        logprobs: 3,
        responseMimeType: 'application/json',
        responseJsonSchema: schema,
        mediaResolution: 'MEDIA_RESOLUTION_LOW',
      },
      serviceTier: 'flex',
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cachedContent: 'cachedContents/abc',
    });
    expect(encode({ n: 2 }, 'gemini-2.5-flash').generationConfig).toEqual({ candidateCount: 2 });
    expect(
      encode(
        { modalities: ['image', 'text'], image_config: { aspect_ratio: '16:9', image_size: '2K' } },
        'gemini-2.5-flash-image',
      ).generationConfig,
    ).toEqual({ responseModalities: ['IMAGE', 'TEXT'], imageConfig: { aspectRatio: '16:9', imageSize: '2K' } });
  });

  it.each<[string, Fields, unknown, string]>([
    ['gemini-3.5-flash', { effort: 'xhigh' }, { includeThoughts: true, thinkingLevel: 'HIGH' }, ''],
    ['gemini-3.5-flash', { effort: 'minimal', exclude: true }, { thinkingLevel: 'MINIMAL' }, ''],
    ['gemini-3-pro-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'HIGH' }, ''],
    ['gemini-3.1-pro-preview', { effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'LOW' }, ''],
    ['gemini-3.1-pro-preview', { effort: 'none' }, { thinkingLevel: 'LOW' }, 'is not turned off'],
    [
      'gemini-3.5-flash',
      { max_tokens: 4_000 },
      { includeThoughts: true, thinkingLevel: 'MEDIUM' },
      'reasoning.max_tokens is sent as the level MEDIUM',
    ],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }, ''],
    ['gemini-2.5-pro', { enabled: false }, { thinkingBudget: 128 }, 'is not turned off'],
    ['gemini-2.5-flash', { max_tokens: 2_000 }, { includeThoughts: true, thinkingBudget: 2_000 }, ''],
    ['gemini-2.5-flash', { effort: 'high' }, { includeThoughts: true, thinkingBudget: 4_000 }, ''],
    ['gemini-2.0-flash', { effort: 'high' }, undefined, 'this model does not reason'],
  ])('%s: reasoning %j becomes %j', (native, reasoning, thinking, warning) => {
    expect(encode({ reasoning, max_tokens: 5_000 }, native).generationConfig.thinkingConfig).toEqual(thinking);
    if (warning === '') expect(warned({ reasoning, max_tokens: 5_000 }, native)).toBe('');
    else expect(warned({ reasoning, max_tokens: 5_000 }, native)).toContain(warning);
  });

  it.each<[Fields, string, string?]>([
    [{ n: 2 }, 'n'],
    [{ n: 9 }, 'n', 'gemini-2.5-flash'],
    [{ stop: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'stop (more than 5 of them)'],
    [{ modalities: ['image'] }, 'modalities'],
    [{ modalities: ['audio'] }, 'modalities', 'gemini-2.5-flash-image'],
    [{ audio: { voice: 'x' } }, 'audio'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ tools: [{ type: 'openrouter:web_search' }] }, 'tools[0] (openrouter:web_search)'],
    [{ tools: [plainTool] }, 'tools (this model takes none)', 'gemma-3-27b-it'],
    [{ tool_choice: 'required' }, 'tool_choice (without tools)'],
    [
      { tools: [plainTool], response_format: { type: 'json_object' } },
      'response_format (this model takes either it or tools)',
      'gemini-2.5-flash',
    ],
    [{ response_format: { type: 'grammar' } }, 'response_format'],
    [
      { reasoning: { max_tokens: 100 }, max_tokens: 50 },
      'reasoning.max_tokens (it must be less than max_tokens)',
      'gemini-2.5-flash',
    ],
    [
      { messages: [{ role: 'system', content: 'x' }] },
      'messages (without anything said to the model but its instructions)',
    ],
    [{ messages: [{ role: 'wizard' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: [{ type: 'hologram' }] }] }, 'messages[0].content[0].hologram'],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'https://example.com/x' } }] }] },
      'messages[0].content[0].file (neither a data URL nor an address whose name tells its kind)',
    ],
  ])('names what there are no words for: %j', (request, field, native) => expect(lacking(request, native)).toBe(field));

  it('warns of what does not reach the model, and of nothing that does', () => {
    expect(warned({ verbosity: 'low', logit_bias: {}, user: 'u', store: false })).toBe(
      'verbosity is not sent\nlogit_bias is not sent\nuser is not sent',
    );
    expect(warned({ temperature: 1, models: [], provider: {}, stream: true, session_id: 's', usage: {} })).toBe('');
  });

  it('never throws, whatever it is asked', () => {
    const part = fc.oneof(
      fc.jsonValue(),
      fc.record({
        type: fc.constantFrom('text', 'image_url', 'file', 'input_audio', 'video_url'),
        text: fc.jsonValue(),
        image_url: fc.jsonValue(),
        file: fc.jsonValue(),
      }),
    );
    const message = fc.record({
      role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'x'),
      content: fc.oneof(fc.jsonValue(), fc.array(part, { maxLength: 3 })),
      tool_calls: fc.jsonValue(),
      reasoning_details: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.record({
            type: fc.constantFrom('reasoning.text', 'reasoning.encrypted', 'x'),
            text: fc.jsonValue(),
            data: fc.jsonValue(),
            id: fc.jsonValue(),
          }),
        ),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.dictionary(
          fc.constantFrom(
            'tools',
            'tool_choice',
            'response_format',
            'stop',
            'n',
            'reasoning',
            'modalities',
            'image_config',
            'cached_content',
          ),
          fc.jsonValue(),
        ),
        (messages, more) => {
          expect(typeof encode({ ...more, messages })).toBe('object');
          google.warnings({ ...more, messages }, endpoint());
        },
      ),
    );
  });
});
