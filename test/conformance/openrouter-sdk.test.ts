import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import type { ChatRequest, ChatResult, ChatStreamChunk } from '@openrouter/sdk/models';
import * as errors from '@openrouter/sdk/models/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeProvider, failure, stream, usageOf } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';
import { Watch } from './support/watch.ts';

/**
 * The official client as it comes: its own validators, its own retries (which would hang for an hour on a 5xx that stays).
 */
let provider: FakeProvider;
let daemon: TestDaemon;
let key: { readonly secret: string; readonly hash: string };
let openRouter: OpenRouter;

const MODELS = ['plain', 'long', 'tools', 'tools-stream', 'dies', 'errors', 'bare', 'refused-key', 'no-credit', 'busy'];
const watch = new Watch();
const client = (apiKey: string) =>
  new OpenRouter({
    apiKey,
    serverURL: `${daemon.url}/api/v1`,
    httpClient: new HTTPClient({ fetcher: watch.fetch }),
  });
const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];

async function send(chatRequest: Omit<ChatRequest, 'stream'>, from = openRouter): Promise<ChatResult> {
  return (await from.chat.send({ chatRequest: { ...chatRequest, stream: false } })) as ChatResult;
}

/** Every chunk has passed the client's validators, or reading it throws. */
async function chunksOf(chatRequest: Omit<ChatRequest, 'stream'>, from = openRouter): Promise<ChatStreamChunk[]> {
  const events = await from.chat.send({ chatRequest: { ...chatRequest, stream: true } });
  const chunks: ChatStreamChunk[] = [];
  for await (const chunk of events as AsyncIterable<ChatStreamChunk>) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: readonly ChatStreamChunk[]) =>
  chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta.content ?? '')).join('');

/** What the client throws; it must throw. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, MODELS)}`);
  key = await daemon.key();
  openRouter = client(key.secret);
  provider.on('long', stream({ chunks: 300 }));
  provider.on('dies', stream({ dieAfter: 2, every: 5 }));
  provider.on('errors', stream({ errorAfter: 2 }));
  provider.on('refused-key', failure(401, 'no such key'));
  provider.on('no-credit', failure(402, 'pay first'));
  provider.on('busy', failure(429, 'slow down', { 'retry-after': '7200' }));
  // As little as a server may say and still be called compatible.
  provider.on('bare', (received, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ choices: [{ message: { content: 'x' } }], model: received.body.model }));
  });
  const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } };
  provider.on('tools', (received, response) => {
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls', logprobs: null }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'a',
        object: 'chat.completion',
        created: 1,
        model: received.body.model,
        choices,
        usage: usageOf(20, 9),
      }),
    );
  });
  provider.on('tools-stream', (received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const write = (data: object) =>
      response.write(
        `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 1, model: received.body.model, ...data })}\n\n`,
      );
    const delta = (part: object) => write({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...part }] } }] });
    delta({ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } });
    for (const piece of ['{"city"', ':"Os', 'lo"}']) delta({ function: { arguments: piece } });
    write({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] });
    write({ choices: [], usage: usageOf(20, 9) });
    response.end('data: [DONE]\n\n');
  });
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

afterEach(() => {
  expect(watch.take().faults).toEqual([]);
});

describe('chat.send', () => {
  it('gets a whole answer, with its cost', async () => {
    const result = await send({ model: 'one/plain', messages, maxTokens: 20 });
    expect(result.choices[0]?.message.content).toBe('Hello there.');
    expect(result.choices[0]?.finishReason).toBe('stop');
    expect(result.model).toBe('one/plain');
    expect(result.id).toMatch(/^gen-\d+-\w{20}$/);
    // 10 · $0.000001 + 5 · $0.00001
    expect(result.usage).toMatchObject({ promptTokens: 10, completionTokens: 5, totalTokens: 15, cost: 0.00006 });
    expect(result.usage?.costDetails).toMatchObject({
      upstreamInferencePromptCost: 0.00001,
      upstreamInferenceCompletionsCost: 0.00005,
    });
  });

  it('gets a whole stream through its validators, the usage in the last chunk alone', async () => {
    const chunks = await chunksOf({ model: 'one/long', messages });
    expect(textOf(chunks)).toBe(Array.from({ length: 300 }, (_, index) => `w${index} `).join(''));
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    expect(chunks.filter((chunk) => chunk.usage)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { promptTokens: 10, completionTokens: 5, cost: 0.00006 },
    });
  });

  it('gets what a provider left out of its answer', async () => {
    const result = await send({ model: 'one/bare', messages });
    expect(result).toMatchObject({ object: 'chat.completion', systemFingerprint: null, model: 'one/bare' });
    expect(result.choices[0]).toMatchObject({ index: 0, message: { role: 'assistant', content: 'x' } });
    expect(result.usage?.cost).toBeGreaterThan(0);
  });

  it('uses tools, whole and streamed', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'weather', parameters } }];
    const result = await send({ model: 'one/tools', messages, tools, toolChoice: 'auto', parallelToolCalls: false });
    expect(provider.received.at(-1)?.body).toMatchObject({
      tools: [{ type: 'function', function: { name: 'weather', parameters } }],
      tool_choice: 'auto',
      parallel_tool_calls: false,
    });
    const [choice] = result.choices;
    expect(choice?.finishReason).toBe('tool_calls');
    expect(choice?.message.toolCalls).toEqual([
      { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    ]);

    // The conversation goes on with the tool's answer.
    await send({
      model: 'one/plain',
      messages: [
        ...messages,
        { role: 'assistant', content: null, toolCalls: choice?.message.toolCalls },
        { role: 'tool', toolCallId: 'call_1', content: '4 °C' },
      ],
      tools,
    });
    expect(provider.received.at(-1)?.body['messages']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }] },
      { role: 'tool', tool_call_id: 'call_1', content: '4 °C' },
    ]);

    const chunks = await chunksOf({ model: 'one/tools-stream', messages, tools });
    const calls = chunks.flatMap((chunk) => chunk.choices.flatMap((one) => one.delta.toolCalls ?? []));
    expect(calls[0]).toMatchObject({ index: 0, id: 'call_1', function: { name: 'weather' } });
    expect(calls.map((one) => one.function?.arguments ?? '').join('')).toBe('{"city":"Oslo"}');
    expect(chunks.some((chunk) => chunk.choices[0]?.finishReason === 'tool_calls')).toBe(true);
  });

  it('sends a schema, images and every sampling parameter on as they are', async () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const image = 'data:image/png;base64,iVBORw0KGgo=';
    await send({
      model: 'one/plain',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', imageUrl: { url: image, detail: 'low' } },
          ],
        },
      ],
      responseFormat: { type: 'json_schema', jsonSchema: { name: 'verdict', strict: true, schema } },
      temperature: 0.25,
      topP: 0.5,
      seed: 7,
      stop: ['END'],
      logitBias: { '50256': -100 },
    });
    expect(provider.received.at(-1)?.body).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: image, detail: 'low' } },
          ],
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'verdict', strict: true, schema } },
      temperature: 0.25,
      top_p: 0.5,
      seed: 7,
      stop: ['END'],
      logit_bias: { '50256': -100 },
    });
  });

  it('falls back over models and is told the route when it asks', async () => {
    const result = (await openRouter.chat.send({
      chatRequest: { models: ['one/no-credit', 'one/plain'], messages, stream: false },
      xOpenRouterMetadata: 'enabled',
    })) as ChatResult;
    expect(result.model).toBe('one/plain');
    expect(result.openrouterMetadata).toMatchObject({
      strategy: 'fallback',
      attempt: 2,
      isByok: false,
      attempts: [
        { model: 'one/no-credit', status: 402 },
        { model: 'one/plain', status: 200 },
      ],
    });
    const chunks = await openRouter.chat.send({
      chatRequest: { model: 'one/plain', messages, stream: true },
      xOpenRouterMetadata: 'enabled',
    });
    let last: ChatStreamChunk | undefined;
    for await (const chunk of chunks as AsyncIterable<ChatStreamChunk>) last = chunk;
    expect(last?.openrouterMetadata).toMatchObject({ strategy: 'direct', attempt: 1 });
  });

  it.each(['one/dies', 'one/errors'])('is told in the stream when it breaks midway: %s', async (model) => {
    const chunks = await chunksOf({ model, messages });
    expect(textOf(chunks)).toBe('w0 w1 ');
    expect(chunks.at(-1)).toMatchObject({
      error: { code: 502, metadata: { errorType: 'provider_unavailable' } },
      choices: [{ finishReason: 'error' }],
    });
  });
});

describe('a preset', () => {
  it('is called by its name, with its version fixed, and with another model', async () => {
    const saved = await openRouter.presets.createPresetsChatCompletions({
      slug: 'sdk-call',
      chatRequest: { model: 'one/plain', temperature: 0.75, messages: [{ role: 'system', content: 'Be brief.' }] },
    });
    expect(saved.data.designatedVersion?.version).toBe(1);
    for (const model of ['@preset/sdk-call', '@preset/sdk-call@1', 'one/long@preset/sdk-call']) {
      const chunks = await chunksOf({ model, messages });
      const sent = provider.received.at(-1)?.body;
      expect(sent).toMatchObject({
        temperature: 0.75,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hi' },
        ],
      });
      expect(chunks[0]?.model).toBe(model.startsWith('one/long') ? 'one/long' : 'one/plain');
    }
    const result = await send({ model: '@preset/sdk-call', temperature: 0.1, messages });
    expect(provider.received.at(-1)?.body['temperature']).toBe(0.1);
    const { data } = await openRouter.generations.getGeneration({ id: result.id });
    expect(data.presetId).toBe(saved.data.id);
  });
});

describe('an error', () => {
  it.each([
    [{ model: 'nobody/knows' }, errors.BadRequestResponseError, 400, 'nobody/knows is not a valid model ID'],
    [{ model: '@preset/Nope' }, errors.BadRequestResponseError, 400, 'not a preset'],
    [{ model: '@preset/nope' }, errors.NotFoundResponseError, 404, 'Preset not found: nope'],
    [{ model: '@preset/hello@99' }, errors.NotFoundResponseError, 404, 'hello@99'],
    [{ model: '@preset/hello@draft' }, errors.ForbiddenResponseError, 403, 'editor alone'],
    [{ model: 'one/refused-key' }, errors.ForbiddenResponseError, 403, 'no such key'],
    [{ model: 'one/no-credit' }, errors.PaymentRequiredResponseError, 402, 'pay first'],
    [{ model: 'one/busy' }, errors.TooManyRequestsResponseError, 429, 'slow down'],
  ])('%j has its class, and its metadata survives', async (request, kind, status, words) => {
    for (const call of [send, chunksOf]) {
      const error = (await failureOf(call({ ...request, messages }))) as errors.BadRequestResponseError;
      expect(error).toBeInstanceOf(kind);
      expect(error.statusCode).toBe(status);
      expect(error.error.code).toBe(status);
      expect(error.message).toContain(words);
      expect(error.error.metadata).toMatchObject({
        error_type: expect.stringMatching(/^[a-z_]+$/),
        reason: expect.stringMatching(/^[a-z_]+$/),
        remedy: expect.stringMatching(/./),
      });
    }
  });

  it('of a request that is wrong names the field', async () => {
    const error = (await failureOf(send({ model: 'one/plain', messages: [] }))) as errors.BadRequestResponseError;
    expect(error).toBeInstanceOf(errors.BadRequestResponseError);
    expect(error.message).toMatch(/^messages: /);
  });

  it.each([
    ['an unknown key', () => 'sk-cg-v1-none'],
    [
      'a disabled key',
      async () => {
        const { secret, hash } = await daemon.key();
        await daemon.request(`/api/v1/keys/${hash}`, { method: 'PATCH', body: { disabled: true } });
        return secret;
      },
    ],
    ['an expired key', async () => (await daemon.key({ expires_at: '2020-01-01T00:00:00Z' })).secret],
  ])('is Unauthorized for %s', async (_what, secretOf) => {
    const error = await failureOf(send({ model: 'one/plain', messages }, client(await secretOf())));
    expect(error).toBeInstanceOf(errors.UnauthorizedResponseError);
  });

  it('of money is Payment Required while some is left, and Forbidden when nothing is', async () => {
    const capped = await daemon.key({ limit: 0.00005 });
    const dear = (await failureOf(
      send({ model: 'one/plain', messages, maxTokens: 900 }, client(capped.secret)),
    )) as errors.PaymentRequiredResponseError;
    expect(dear).toBeInstanceOf(errors.PaymentRequiredResponseError);
    expect(dear.message).toMatch(/fewer max_tokens.*up to 900 tokens, but can only afford \d+/);
    expect(dear.error.metadata).toMatchObject({
      reason: 'weight_exceeds_budget',
      limit_usd: 0.00005,
      requested_tokens: 900,
    });

    const spent = await daemon.key({ limit: 0, limit_reset: 'daily' });
    const none = (await failureOf(
      send({ model: 'one/plain', messages }, client(spent.secret)),
    )) as errors.ForbiddenResponseError;
    expect(none).toBeInstanceOf(errors.ForbiddenResponseError);
    expect(none.message).toContain('Key limit exceeded (daily limit)');
    expect(none.error.metadata).toMatchObject({
      limit_source: 'openrouter_key_limit',
      scope: 'key_limit',
      limit_usd: 0,
      spend_usd: 0,
      resets_at: expect.stringMatching(/T00:00:00\.000Z$/),
    });
  });

  it('has the id of its call in a header', async () => {
    const error = (await failureOf(send({ model: 'nobody/knows', messages }))) as errors.BadRequestResponseError;
    expect(error.headers.get('x-generation-id')).toMatch(/^gen-/);
  });
});
