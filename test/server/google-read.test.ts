import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usageOfOpenAi } from '../../server/pricing/usage.ts';
import { builtInProviders } from '../../server/providers/built-in.ts';
import { dialectOf } from '../../server/providers/dialect.ts';
import type { Endpoint } from '../../server/providers/registry.ts';
import { geminiEvents, geminiUsage, type Part } from '../support/fake-google.ts';

const google = dialectOf('google');

type Fields = Record<string, unknown>;
type Delta = {
  content?: string;
  reasoning?: string;
  refusal?: string;
  reasoning_details?: Fields[];
  tool_calls?: { index: number; id: string; type: string; function: { name: string; arguments: string } }[];
  images?: Fields[];
};
type Chunk = {
  id?: string;
  model?: string;
  error?: { code: number; message: string };
  usage?: Fields;
  service_tier?: string;
  choices: { index: number; delta: Delta; finish_reason: string | null; native_finish_reason?: string | null }[];
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
  for await (const batch of google.readEvents(cut(bytes, cuts))) data.push(...batch);
  return data;
}

const fixture = (name: string) => readFileSync(new URL(`../fixtures/google-${name}.sse`, import.meta.url));
const chunksOf = (data: readonly string[]) =>
  data.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one) as Chunk);
const sse = (events: readonly unknown[]) =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''));

/** Puts a streamed answer together as a client does. */
function gather(chunks: readonly Chunk[]) {
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map(({ reasoning }) => reasoning ?? '').join(''),
    details: deltas.flatMap(({ reasoning_details }) => reasoning_details ?? []),
    calls: deltas.flatMap(({ tool_calls }) => tool_calls ?? []),
    images: deltas.flatMap(({ images }) => images ?? []),
    finish: chunks.flatMap(({ choices }) => choices.flatMap((one) => (one.finish_reason ? [one] : []))),
    usage: chunks.flatMap(({ usage }) => (usage ? [usage] : [])).at(-1),
  };
}

describe('a stream of the Gemini API', () => {
  it.each(['text', 'thinking-tools', 'blocked', 'overloaded'])(
    'says the same however its bytes are cut: %s',
    async (name) => {
      const bytes = fixture(name);
      // What Google gives no id gets a new one each time.
      const timeless = (data: readonly string[]) =>
        data.map((one) => one.replace(/"created":\d+/, '"created":0').replaceAll(/call_[0-9a-f]{24}/g, 'call_x'));
      const whole = timeless(await read(bytes));
      for (let at = 1; at < bytes.length; at += 1) expect(timeless(await read(bytes, [at]))).toEqual(whole);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 30 }), async (cuts) => {
          expect(timeless(await read(bytes, cuts))).toEqual(whole);
        }),
        { numRuns: 20 },
      );
    },
  );

  it('becomes text, its signature, and usage with what was cached and heard', async () => {
    const data = await read(fixture('text'));
    expect(data.at(-1)).toBe('[DONE]');
    const chunks = chunksOf(data);
    const { content, details, finish, usage } = gather(chunks);
    expect(content).toBe('Hällo 👩‍🚀\n"there"');
    expect(details).toEqual([
      { type: 'reasoning.encrypted', data: 'CikBVKhc7gend==', format: 'google-gemini-v1', index: 0 },
    ]);
    expect(finish).toMatchObject([{ finish_reason: 'stop', native_finish_reason: 'STOP' }]);
    expect(chunks[0]).toMatchObject({
      id: 'Grüße-7',
      model: 'gemini-3.5-flash',
      service_tier: 'default',
      choices: [{ delta: { role: 'assistant' } }],
    });
    expect(usageOfOpenAi({ usage })).toMatchObject({
      prompt: 1525,
      completion: 15,
      cached: 1200,
      cachedAudio: 40,
      audioInput: 100,
      reasoning: 0,
    });
  });

  it('tells what was used so far, and no output before it is counted', async () => {
    const completions = async (name: string) =>
      chunksOf(await read(fixture(name))).flatMap(({ usage }) => (usage ? [usageOfOpenAi({ usage })?.completion] : []));
    expect(await completions('text')).toEqual([0, 15]);
    expect(await completions('thinking-tools')).toEqual([20, 40, 45, 89]);
  });

  it('becomes reasoning with its signatures, and calls of tools with their arguments to the letter', async () => {
    const { content, reasoning, details, calls, finish, usage } = gather(
      chunksOf(await read(fixture('thinking-tools'))),
    );
    expect(content).toBe('Let me look.');
    expect(reasoning).toBe('Which city, and when?');
    const format = 'google-gemini-v1';
    expect(details).toEqual([
      { type: 'reasoning.text', text: 'Which city, ', format, index: 0 },
      { type: 'reasoning.text', text: 'and when?', format, index: 0 },
      { type: 'reasoning.encrypted', data: 'EqQBCgIYAhIkZGVlcA==', id: 'fc-1', format, index: 1 },
    ]);
    expect(calls).toEqual([
      {
        index: 0,
        id: 'fc-1',
        type: 'function',
        function: { name: 'get_weather', arguments: '{"location":"San Francisco","station":12345678901234567890}' },
      },
      {
        index: 1,
        id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
        type: 'function',
        function: { name: 'now', arguments: '{}' },
      },
    ]);
    expect(finish).toMatchObject([{ finish_reason: 'tool_calls', native_finish_reason: 'STOP' }]);
    expect(usageOfOpenAi({ usage })).toMatchObject({ prompt: 472, completion: 89, reasoning: 40 });
  });

  it('hears usage that comes behind the last words', async () => {
    const [first] = geminiEvents([{ text: 'x' }]);
    const events = [{ ...first, usageMetadata: undefined }, { usageMetadata: geminiUsage(10, 7) }];
    expect(gather(chunksOf(await read(sse(events)))).usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 7 });
  });

  it('says of a blocked prompt that a filter ended it', async () => {
    const data = await read(fixture('blocked'));
    expect(data.at(-1)).toBe('[DONE]');
    expect(gather(chunksOf(data)).finish).toMatchObject([
      {
        finish_reason: 'content_filter',
        native_finish_reason: 'PROHIBITED_CONTENT',
        delta: { content: '', refusal: 'The prompt was blocked: PROHIBITED_CONTENT' },
      },
    ]);
  });

  it('passes an error midway on, and has no end then', async () => {
    const data = await read(fixture('overloaded'));
    expect(data).not.toContain('[DONE]');
    const chunks = chunksOf(data);
    expect(gather(chunks).content).toBe('Half an ans');
    expect(chunks.at(-1)?.error).toEqual({ code: 503, message: 'The model is overloaded. Please try again later.' });
    const [listed] = chunksOf(await read(sse([[{ error: { message: 'No', status: 'RESOURCE_EXHAUSTED' } }]])));
    expect(listed?.error).toEqual({ code: 429, message: 'No' });
  });

  it('has no end when it was cut off', async () => {
    const [first = ''] = fixture('text').toString('utf8').split('\r\n\r\n');
    expect(await read(Buffer.from(`${first}\r\n\r\n`))).not.toContain('[DONE]');
  });

  it.each([
    'not JSON',
    '[]',
    'null',
    '{}',
    '{"candidates":7}',
    '{"candidates":[null,{"content":[]},{"content":{"parts":[7,{"functionCall":"x"}]}}]}',
    '{"usageMetadata":{"promptTokenCount":"many","promptTokensDetails":{}}}',
    '{"promptFeedback":{}}',
  ])('is read to its end with %s in it', async (odd) => {
    const data = await read(Buffer.concat([Buffer.from(`data: ${odd}\r\n\r\n`), fixture('text')]));
    expect(data.at(-1)).toBe('[DONE]');
    expect(gather(chunksOf(data.filter((one) => one !== 'not JSON'))).content).toContain('Hällo');
    if (odd === 'not JSON') expect(data[0]).toBe(odd);
  });

  it('never throws, whatever the events say', async () => {
    const part = fc.oneof(
      fc.jsonValue(),
      fc.record({
        text: fc.jsonValue(),
        thought: fc.jsonValue(),
        thoughtSignature: fc.jsonValue(),
        functionCall: fc.jsonValue(),
        inlineData: fc.jsonValue(),
      }),
    );
    const candidate = fc.record({
      content: fc.oneof(
        fc.jsonValue(),
        fc.record({ parts: fc.oneof(fc.jsonValue(), fc.array(part, { maxLength: 3 })) }),
      ),
      finishReason: fc.oneof(fc.jsonValue(), fc.constantFrom('STOP', 'SAFETY', '__proto__')),
      index: fc.jsonValue(),
      logprobsResult: fc.jsonValue(),
    });
    const event = fc.record({
      candidates: fc.oneof(fc.jsonValue(), fc.array(candidate, { maxLength: 2 })),
      usageMetadata: fc.jsonValue(),
      promptFeedback: fc.jsonValue(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 6 }), async (events) => {
        for (const one of await read(sse(events))) if (one !== '[DONE]') expect(typeof JSON.parse(one)).toBe('object');
        for (const one of events) expect(typeof google.readAnswer(JSON.stringify(one), {})).toBe('string');
      }),
    );
  });
});

describe('a whole answer', () => {
  const answer = (said: unknown, request = {}) => JSON.parse(google.readAnswer(JSON.stringify(said), request));
  const candidate = (parts: readonly Part[], finishReason = 'STOP') => ({
    candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
    usageMetadata: geminiUsage(10, 5),
    modelVersion: 'gemini-3.5-flash',
    responseId: 'r',
  });
  const thought = { text: 'Hm.', thought: true };

  it('is a chat completion, its thoughts only if they are wanted', () => {
    const said = candidate([thought, { text: 'Yes', thoughtSignature: 'c2ln' }]);
    expect(answer(said)).toMatchObject({
      id: 'r',
      object: 'chat.completion',
      model: 'gemini-3.5-flash',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Yes',
            reasoning: 'Hm.',
            reasoning_details: [{ type: 'reasoning.text' }, { type: 'reasoning.encrypted', data: 'c2ln' }],
          },
          finish_reason: 'stop',
          native_finish_reason: 'STOP',
        },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    });
    const { message } = answer(said, { reasoning: { exclude: true } }).choices[0];
    expect(message).toEqual({ role: 'assistant', content: 'Yes', refusal: null });
  });

  it('has images, several answers, and the odds of each token', () => {
    const said = {
      candidates: [
        {
          content: { parts: [{ text: 'A' }, { inlineData: { mimeType: 'image/png', data: 'iVBO' } }] },
          finishReason: 'STOP',
        },
        {
          content: { parts: [{ text: 'B' }] },
          finishReason: 'MAX_TOKENS',
          index: 1,
          logprobsResult: {
            chosenCandidates: [{ token: 'B', logProbability: -0.5, tokenId: 7 }],
            topCandidates: [
              {
                candidates: [
                  { token: 'B', logProbability: -0.5 },
                  { token: 'C', logProbability: -1.5 },
                ],
              },
            ],
          },
        },
      ],
      usageMetadata: geminiUsage(10, 1295, { candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }] }),
    };
    const { choices, usage } = answer(said);
    expect(choices[0]).toMatchObject({
      index: 0,
      message: { content: 'A', images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } }] },
    });
    expect(choices[1]).toMatchObject({
      index: 1,
      finish_reason: 'length',
      logprobs: { content: [{ token: 'B', logprob: -0.5, top_logprobs: [{ token: 'B' }, { token: 'C' }] }] },
    });
    expect(usageOfOpenAi({ usage })).toMatchObject({ completion: 1295, imageOutput: 1290 });
  });

  it.each([
    ['SAFETY', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['OTHER', 'error'],
    ['MAX_TOKENS', 'length'],
    ['SOMETHING_NEW', 'stop'],
    ['constructor', 'stop'],
  ])('that ended with %s ended with %s', (native, finish) => {
    expect(answer(candidate([], native)).choices[0]).toMatchObject({
      message: { content: null },
      finish_reason: finish,
      native_finish_reason: native,
    });
  });

  it('to a blocked prompt says so', () => {
    const said = {
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
    };
    expect(answer(said)).toMatchObject({
      choices: [
        {
          message: { content: null, refusal: 'The prompt was blocked: SAFETY' },
          finish_reason: 'content_filter',
          native_finish_reason: 'SAFETY',
        },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 0 },
    });
  });

  it('counts what only the total has, and what tools of Google’s read', () => {
    const usage = (usageMetadata: Part) => usageOfOpenAi(answer({ ...candidate([{ text: 'x' }]), usageMetadata }));
    expect(usage(geminiUsage(10, 5, { thoughtsTokenCount: 7 }))).toMatchObject({
      prompt: 10,
      completion: 12,
      reasoning: 7,
    });
    expect(usage({ promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 40 })).toMatchObject({
      completion: 30,
    });
    expect(
      usage({ promptTokenCount: 10, toolUsePromptTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 35 }),
    ).toMatchObject({ prompt: 30, completion: 5 });
    expect(usage({ ...geminiUsage(10, 5), trafficType: 'ON_DEMAND_FLEX' })).toMatchObject({ serviceTier: 'flex' });
  });

  it('is an error with Google’s number, in a list or not, and stands if it is neither', () => {
    const error = { error: { code: 400, message: 'Bad', status: 'INVALID_ARGUMENT' } };
    for (const said of [error, [error]]) expect(answer(said)).toEqual({ error: { code: 400, message: 'Bad' } });
    for (const odd of ['', 'x', '[]', '{}', '{"candidates":[]}', 'null']) expect(google.readAnswer(odd, {})).toBe(odd);
  });
});

describe('there and back', () => {
  const provider = builtInProviders().find(({ slug }) => slug === 'google-ai-studio');
  function endpoint(): Endpoint {
    const model = provider?.models()[0];
    if (!provider || !model) throw new Error('no such provider');
    return { id: 'x', provider, model: { ...model, native: 'gemini-3.5-flash' } };
  }
  const words = fc.string({ minLength: 1, maxLength: 12 });
  const signature = fc.option(fc.base64String({ minLength: 4, maxLength: 24 }), { nil: undefined });
  const signed = (part: Part, thoughtSignature: string | undefined) =>
    thoughtSignature ? { ...part, thoughtSignature } : part;
  const turn = fc
    .record({
      thought: fc.option(words, { nil: undefined }),
      text: fc.option(fc.tuple(words, signature), { nil: undefined }),
      calls: fc.array(fc.tuple(words, fc.dictionary(words, fc.jsonValue()), signature), { maxLength: 3 }),
    })
    .filter(({ text, calls }) => text !== undefined || calls.length > 0)
    .map(({ thought, text, calls }): readonly Part[] => [
      ...(thought === undefined ? [] : [{ text: thought, thought: true }]),
      ...(text === undefined ? [] : [signed({ text: text[0] }, text[1])]),
      ...calls.map(([name, args, own], at) =>
        signed({ functionCall: { id: `fc-${at}`, name, args } }, own ?? (at === 0 ? 'Zmlyc3Q=' : undefined)),
      ),
    ]);
  /** What a client keeps of a streamed answer. */
  const kept = (chunks: readonly Chunk[]) => {
    const { content, reasoning, details, calls } = gather(chunks);
    return {
      role: 'assistant',
      content: content === '' ? null : content,
      ...(reasoning === '' ? {} : { reasoning }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  };

  it('an answer, whole or streamed, goes back to Google as it came', async () => {
    await fc.assert(
      fc.asyncProperty(turn, fc.nat({ max: 6 }), async (parts, size) => {
        const pieces = (text: string) =>
          size === 0 ? [text] : (text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [text]);
        const usage = geminiUsage(10, 5);
        const whole = { candidates: [{ content: { parts }, finishReason: 'STOP', index: 0 }], usageMetadata: usage };
        const { message } = JSON.parse(google.readAnswer(JSON.stringify(whole), {})).choices[0];
        const streamed = kept(chunksOf(await read(sse(geminiEvents(parts, { usage, pieces })))));
        for (const one of [message, streamed]) {
          const calls = (one.tool_calls ?? []) as { id: string }[];
          const messages = [
            { role: 'user', content: 'Hi' },
            one,
            ...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
          ];
          const { body } = google.encode({ messages }, endpoint(), null, null);
          expect(JSON.parse(body).contents[1]).toEqual({ role: 'model', parts: JSON.parse(JSON.stringify(parts)) });
        }
      }),
      { numRuns: 300 },
    );
  });
});
