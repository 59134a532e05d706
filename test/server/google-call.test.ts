import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { geminiAnswer, geminiEvents, geminiFailure, geminiStream, geminiUsage } from '../support/fake-google.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { eventsOf, TestDaemon } from '../support/test-daemon.ts';

let gemini: FakeProvider;
let other: FakeProvider;
let daemon: TestDaemon;
let key: string;

type Fields = Record<string, unknown>;
type Answer = {
  id: string;
  model: string;
  provider: string;
  choices: { message: Fields; delta: Fields; finish_reason: string; native_finish_reason?: string }[];
  usage: Fields & { cost: number };
  error?: { code: number; message: string; metadata: Fields };
  openrouter_metadata?: { warnings?: string[]; left_out?: { provider: string; why: string }[] };
};
const ask = async (body: Fields, headers: Record<string, string> = {}) => {
  const response = await daemon.chat(key, body, { headers });
  return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer };
};
const explained = { 'x-openrouter-metadata': 'enabled' };
const until = async (what: () => Promise<boolean>) => {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 500) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

beforeAll(async () => {
  gemini = await FakeProvider.start();
  other = await FakeProvider.start();
  const price =
    'pricing: { prompt: "0.000001", completion: "0.00001", input_cache_read: "0.0000001", audio: "0.000003", image_output: "0.00002" }';
  const models = (names: string[]) =>
    names
      .map(
        (name) =>
          `      - { id: gemini/${name}, native: ${name}, max_completion_tokens: 8000, context_length: 200000, ${price} }\n`,
      )
      .join('');
  const names = ['gemini-3.5-flash', 'gemini-thinks', 'gemini-hears', 'gemini-3.1-flash-image', 'gemini-slow'];
  const failing = ['busy', 'listed', 'badkey', 'half', 'cut', 'blocked', 'unsafe', 'odd', 'refused'];
  daemon = await TestDaemon.start(
    `providers:\n  gemini:\n    name: Gemini\n    dialect: google\n    base_url: ${gemini.baseUrl}\n    key: env:GEMINI_KEY\n    models:\n${models([...names, ...failing])}` +
      `  other:\n    base_url: ${other.baseUrl}\n    models:\n${models(['busy', 'listed', 'badkey'])}`,
    { env: { GEMINI_KEY: 'AIza-secret' } },
  );
  key = (await daemon.key({ limit: 5 })).secret;
  const quota = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37.5s' }];
  gemini.on('busy', geminiFailure(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', { details: quota }));
  gemini.on('listed', geminiFailure(503, 'UNAVAILABLE', 'Overloaded in a list', { listed: true }));
  const invalid = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
  gemini.on('badkey', geminiFailure(400, 'INVALID_ARGUMENT', 'API key not valid.', { details: invalid }));
  gemini.on('refused', geminiFailure(400, 'INVALID_ARGUMENT', 'contents: AIza-secret is no good', { listed: true }));
  gemini.on(
    'gemini-hears',
    geminiAnswer({
      usage: geminiUsage(1_110, 5, {
        cachedContentTokenCount: 1_000,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 1_010 },
          { modality: 'AUDIO', tokenCount: 100 },
        ],
      }),
    }),
  );
  gemini.on(
    'gemini-3.1-flash-image',
    geminiAnswer({
      parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBO' } }],
      usage: geminiUsage(10, 1_000, { candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_000 }] }),
    }),
  );
  gemini.on('odd', geminiAnswer({ more: { candidates: [] } }));
  gemini.on('blocked', geminiAnswer({ more: { candidates: undefined, promptFeedback: { blockReason: 'SAFETY' } } }));
  gemini.on('unsafe', geminiAnswer({ parts: [], finish: 'SAFETY' }));
  const thoughts = [
    { text: 'Hm.', thought: true },
    { functionCall: { id: 'fc-1', name: 'f', args: { a: 1 } }, thoughtSignature: 'c2ln' },
  ];
  gemini.on('gemini-thinks', (received, response) => {
    const usage = geminiUsage(20, 18, { thoughtsTokenCount: 12 });
    const handler = received.path?.includes(':stream')
      ? geminiStream({ events: geminiEvents(thoughts, { usage }) })
      : geminiAnswer({ parts: thoughts, usage });
    return handler(received, response);
  });
  const [half] = geminiEvents([{ text: 'Half' }, { text: 'rest' }]);
  const error = { error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } };
  gemini.on('half', geminiStream({ events: [half ?? {}, error] }));
  gemini.on('cut', geminiStream({ events: [half ?? {}] }));
  const words = Array.from({ length: 200 }, (_, at) => ({ text: `w${at} ` }));
  const slow = geminiEvents(words, { usage: geminiUsage(10, 400) }).map((event, at) => ({
    ...event,
    usageMetadata: geminiUsage(10, (at + 1) * 2),
  }));
  gemini.on('gemini-slow', geminiStream({ events: slow, every: 5 }));
});

afterAll(async () => {
  await daemon.stop();
  await gemini.stop();
  await other.stop();
});

describe('a call to a provider of Google’s dialect', () => {
  it('is sent as the Gemini API wants it, and answered as OpenRouter answers', async () => {
    const { status, answer, headers } = await ask({ model: 'gemini/gemini-3.5-flash', max_tokens: 50 });
    expect(status).toBe(200);
    const received = gemini.received.at(-1);
    expect(received?.path).toBe('/v1/models/gemini-3.5-flash:generateContent');
    expect(received?.headers).toMatchObject({ 'x-goog-api-key': 'AIza-secret' });
    expect(received?.headers).not.toHaveProperty('authorization');
    expect(received?.body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: { maxOutputTokens: 50 },
    });
    expect(answer).toMatchObject({
      id: headers.get('x-generation-id'),
      model: 'gemini/gemini-3.5-flash',
      provider: 'Gemini',
      choices: [{ message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5, cost: 0.00006 },
    });
  });

  it('streams, thoughts and calls of tools, and can be taken up again', async () => {
    const response = await daemon.chat(key, {
      model: 'gemini/gemini-thinks',
      stream: true,
      max_tokens: 5_000,
      reasoning: { effort: 'low' },
    });
    const events = await eventsOf(response);
    expect(gemini.received.at(-1)?.path).toBe('/v1/models/gemini-thinks:streamGenerateContent?alt=sse');
    expect(gemini.received.at(-1)?.body['generationConfig']).toEqual({
      maxOutputTokens: 5_000,
      thinkingConfig: { includeThoughts: true, thinkingLevel: 'LOW' },
    });
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((data) => JSON.parse(data) as Answer);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 20,
        completion_tokens: 30,
        completion_tokens_details: { reasoning_tokens: 12 },
        cost: 0.00032,
      },
    });
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(chunks.flatMap(({ choices }) => choices).at(-1)).toMatchObject({ finish_reason: 'tool_calls' });
    const reasoning_details = deltas.flatMap((delta) => (delta['reasoning_details'] ?? []) as Fields[]);
    const tool_calls = deltas.flatMap((delta) => (delta['tool_calls'] ?? []) as Fields[]);
    await ask({
      model: 'gemini/gemini-thinks',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: null, reasoning_details, tool_calls },
        { role: 'tool', tool_call_id: 'fc-1', content: 'Done' },
      ],
    });
    expect(gemini.received.at(-1)?.body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'Hi' }] },
      {
        role: 'model',
        parts: [
          { text: 'Hm.', thought: true },
          { functionCall: { id: 'fc-1', name: 'f', args: { a: 1 } }, thoughtSignature: 'c2ln' },
        ],
      },
      { role: 'user', parts: [{ functionResponse: { id: 'fc-1', name: 'f', response: { output: 'Done' } } }] },
    ]);
  });

  it('costs what was read from the cache, what was heard and what was painted at their own prices', async () => {
    const { answer } = await ask({ model: 'gemini/gemini-hears' });
    // 1000 cached, 100 heard, 10 read, 5 written.
    expect(answer.usage.cost).toBeCloseTo(1_000 * 1e-7 + 100 * 3e-6 + 10 * 1e-6 + 5 * 1e-5, 9);
    const painted = await ask({ model: 'gemini/gemini-3.1-flash-image', modalities: ['image', 'text'] });
    expect(painted.answer.choices[0]?.message['images']).toEqual([
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
    ]);
    expect(painted.answer.usage.cost).toBeCloseTo(10 * 1e-6 + 1_000 * 2e-5, 9);
  });

  it('shows an image', async () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ];
    await ask({ model: 'gemini/gemini-3.5-flash', messages: [{ role: 'user', content }] });
    expect(gemini.received.at(-1)?.body['contents']).toEqual([
      {
        role: 'user',
        parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
      },
    ]);
  });

  it.each(['blocked', 'unsafe'])('that is %s ends by a filter, whole', async (name) => {
    const { status, answer } = await ask({ model: `gemini/${name}` });
    expect(status).toBe(200);
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'content_filter', native_finish_reason: 'SAFETY' });
  });

  it.each([false, true])(
    'goes on to the next provider when this one is busy or refuses the key (streamed: %s)',
    async (stream) => {
      for (const name of ['busy', 'listed', 'badkey']) {
        const response = await daemon.chat(key, { model: `gemini/${name}`, stream });
        expect([name, response.status]).toEqual([name, 200]);
        expect(await response.text()).toContain('"provider":"other"');
      }
      // Google says in its words how long it wants to be left alone.
      expect(gemini.received.filter(({ path }) => path?.includes('/busy:')).length).toBe(1);
    },
  );

  it('tells Google’s own words, without the key', async () => {
    const { status, answer } = await ask({ model: 'gemini/refused' });
    expect(status).toBe(400);
    expect(answer.error?.message).toContain('contents: [redacted] is no good');
    expect(JSON.stringify(answer)).not.toContain('AIza-secret');
  });

  it('fails when there is no answer in what came', async () => {
    expect((await ask({ model: 'gemini/odd' })).status).toBe(502);
  });

  it.each(['half', 'cut'])('that breaks off midway says so: %s', async (name) => {
    const events = await eventsOf(await daemon.chat(key, { model: `gemini/${name}`, stream: true }));
    const chunks = events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data) as Answer);
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta?.['content'] ?? '')).join('')).toBe('Half');
    expect(chunks.at(-1)?.error?.message).toContain(name === 'half' ? 'Overloaded' : 'before it was finished');
  });

  it('that the caller breaks off is read to its end, for it is billed to its end', async () => {
    const abort = new AbortController();
    const response = await fetch(`${daemon.url}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gemini/gemini-slow', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
      signal: abort.signal,
    });
    const id = response.headers.get('x-generation-id');
    const reader = response.body?.getReader();
    await reader?.read();
    abort.abort();
    let generation: Fields = {};
    await until(async () => {
      const told = await daemon.request(`/api/v1/generation?id=${id}`, { key });
      generation = ((await told.json()) as { data?: Fields }).data ?? {};
      return told.status === 200;
    });
    expect(gemini.received.at(-1)?.aborted).toBe(false);
    expect(generation).toMatchObject({ cancelled: true, native_tokens_prompt: 10, native_tokens_completion: 400 });
    expect(generation['total_cost']).toBeCloseTo(10 * 1e-6 + 400 * 1e-5, 9);
  });

  it('leaves the provider out when it has no words for a request, and names what it does not send', async () => {
    const lacking = await ask({ model: 'gemini/gemini-3.5-flash', n: 2 }, explained);
    expect(lacking.status).toBe(400);
    expect(JSON.stringify(lacking.answer)).toContain('inexpressible: n');
    const warned = await ask({ model: 'gemini/gemini-3.5-flash', verbosity: 'low' }, explained);
    expect(warned.answer.openrouter_metadata?.warnings).toEqual(
      expect.arrayContaining([expect.stringContaining('verbosity is not sent')]),
    );
  });
});
