import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, failure, stream, usageOf } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';
import { Watch } from './support/watch.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
const watch = new Watch();

const MODELS = ['plain', 'slow', 'slow-whole', 'tools', 'dies', 'rejected', 'busy'];
type Messages = OpenAI.ChatCompletionMessageParam[];
const messages: Messages = [{ role: 'user', content: 'Hi' }];

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, MODELS)}`);
  provider.on('slow', stream({ chunks: 1_000, every: 10 }));
  provider.on('slow-whole', answer({ delay: 20_000 }));
  provider.on('dies', stream({ dieAfter: 2, every: 5 }));
  provider.on('rejected', failure(422, 'tools are not for this model'));
  provider.on('busy', failure(429, 'slow down', { 'retry-after': '7200' }));
  provider.on('tools', (received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const head = { id: 'a', object: 'chat.completion.chunk', created: 1, model: received.body.model };
    const write = (data: object) => response.write(`data: ${JSON.stringify({ ...head, ...data })}\n\n`);
    const delta = (...toolCalls: object[]) =>
      write({ choices: [{ index: 0, delta: { tool_calls: toolCalls }, finish_reason: null }] });
    const called = (index: number, name: string) => ({
      index,
      id: `call_${index}`,
      type: 'function',
      function: { name, arguments: '' },
    });
    write({ choices: [{ index: 0, delta: { role: 'assistant', content: null }, finish_reason: null }] });
    delta(called(0, 'weather'), called(1, 'time'));
    for (const piece of ['{"city"', ':"Oslo"}']) delta({ index: 0, function: { arguments: piece } });
    delta({ index: 1, function: { arguments: '{}' } });
    write({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] });
    write({ choices: [], usage: usageOf(20, 9) });
    response.end('data: [DONE]\n\n');
  });
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

/** What the client throws; it must throw. */
async function failureOf<T>(call: Promise<T>): Promise<InstanceType<typeof OpenAI.APIError>> {
  return call.then(
    (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
    (error) => error,
  );
}

async function generation(id: string): Promise<Record<string, unknown>> {
  return ((await (await daemon.request(`/api/v1/generation?id=${id}`)).json()) as { data: Record<string, unknown> })
    .data;
}

afterEach(() => {
  expect(watch.take().faults).toEqual([]);
});

describe.each(['/v1', '/api/v1'])('openai under %s', (base) => {
  const client = (apiKey: string) =>
    new OpenAI({ apiKey, baseURL: `${daemon.url}${base}`, maxRetries: 0, fetch: watch.fetch });

  it('gets a whole answer and its cost', async () => {
    const openai = client((await daemon.key()).secret);
    const { data, response } = await openai.chat.completions
      .create({ model: 'one/plain', messages, max_tokens: 20 })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello there.');
    expect(data.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, cost: 0.00006 });
    expect(response.headers.get('x-generation-id')).toBe(data.id);
  });

  it('gets a stream, piece by piece and gathered', async () => {
    const openai = client((await daemon.key()).secret);
    const chunks = await openai.chat.completions.create({ model: 'one/plain', messages, stream: true });
    let text = '';
    let last: OpenAI.ChatCompletionChunk | undefined;
    for await (const chunk of chunks) {
      text += chunk.choices[0]?.delta.content ?? '';
      last = chunk;
    }
    expect(text).toBe('w0 w1 w2 w3 w4 ');
    expect(last).toMatchObject({ choices: [], usage: { completion_tokens: 5, cost: 0.00006 } });

    const gathered = await openai.chat.completions.stream({ model: 'one/plain', messages }).finalChatCompletion();
    expect(gathered.choices[0]?.message.content).toBe('w0 w1 w2 w3 w4 ');
    expect(gathered.usage?.total_tokens).toBe(15);
  });

  it('gets the calls of several tools out of a stream', async () => {
    const openai = client((await daemon.key()).secret);
    const tools: OpenAI.ChatCompletionTool[] = ['weather', 'time'].map((name) => ({
      type: 'function',
      function: { name, parameters: { type: 'object' } },
    }));
    const gathered = await openai.chat.completions
      .stream({ model: 'one/tools', messages, tools })
      .finalChatCompletion();
    expect(gathered.choices[0]?.finish_reason).toBe('tool_calls');
    expect(gathered.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_0', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
      { id: 'call_1', type: 'function', function: { name: 'time', arguments: '{}' } },
    ]);
    expect(provider.received.at(-1)?.body['tools']).toEqual(tools);
  });

  it('stops a stream: the provider is cut off, and what had come is charged', async () => {
    const { secret, hash } = await daemon.key({ limit: 1 });
    const chunks = await client(secret).chat.completions.create({
      model: 'one/slow',
      messages,
      max_tokens: 1_000,
      stream: true,
    });
    let id = '';
    let seen = 0;
    for await (const chunk of chunks) {
      id = chunk.id;
      seen += 1;
      if (seen === 5) chunks.controller.abort();
    }
    const received = provider.received.findLast((one) => one.body.model === 'slow');
    await expect.poll(() => received?.aborted).toBe(true);
    await expect.poll(async () => (await daemon.keyData(hash))['usage']).toBeGreaterThan(0);
    const data = await generation(id);
    expect(data).toMatchObject({ cancelled: true, callgate: { status: 499, cost_source: 'estimated' } });
    // Charged what was counted, no whole reservation of 1000 tokens (a cent).
    expect(data['total_cost']).toBeLessThan(0.005);
    expect((await daemon.keyData(hash))['usage']).toBe(data['total_cost']);
    expect(await inFlight(hash)).toBe(0);
  });

  it('stops waiting for a whole answer: its input is charged, nothing stays reserved', async () => {
    const { secret, hash } = await daemon.key({ limit: 1 });
    const gone = new AbortController();
    const call = client(secret).chat.completions.create(
      { model: 'one/slow-whole', messages, max_tokens: 50 },
      { signal: gone.signal },
    );
    const before = provider.received.length;
    await expect.poll(() => provider.received.length).toBeGreaterThan(before);
    gone.abort();
    expect(await failureOf(call)).toBeInstanceOf(OpenAI.APIUserAbortError);
    await expect.poll(async () => (await daemon.keyData(hash))['usage']).toBeGreaterThan(0);
    await expect.poll(() => inFlight(hash)).toBe(0);
    expect(provider.received.at(-1)?.aborted).toBe(true);
  });

  it('is told in the stream when it breaks midway', async () => {
    const openai = client((await daemon.key()).secret);
    const chunks = await openai.chat.completions.create({ model: 'one/dies', messages, stream: true });
    let text = '';
    const error = await failureOf(
      (async () => {
        for await (const chunk of chunks) text += chunk.choices[0]?.delta.content ?? '';
      })(),
    );
    expect(text).toBe('w0 w1 ');
    expect(error).toBeInstanceOf(OpenAI.APIError);
  });

  it.each([
    [{ model: 'nobody/knows' }, OpenAI.BadRequestError, 400],
    [{ model: 'one/plain', max_tokens: -1 }, OpenAI.BadRequestError, 400],
    [{ model: '@preset/nope' }, OpenAI.NotFoundError, 404],
    [{ model: '@preset/hello@draft' }, OpenAI.PermissionDeniedError, 403],
    [{ model: 'one/rejected' }, OpenAI.UnprocessableEntityError, 422],
    [{ model: 'one/busy' }, OpenAI.RateLimitError, 429],
  ])('%j has its class', async (request, kind, status) => {
    const openai = client((await daemon.key()).secret);
    const error = await failureOf(openai.chat.completions.create({ messages, ...request }));
    expect(error).toBeInstanceOf(kind);
    expect(error.status).toBe(status);
    expect(error.error).toMatchObject({ code: status, metadata: { remedy: expect.stringMatching(/./) } });
  });

  it('is unauthorized with a key nobody knows, and forbidden to spend what is not there', async () => {
    expect(await failureOf(client('sk-none').chat.completions.create({ model: 'one/plain', messages }))).toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    const spent = client((await daemon.key({ limit: 0 })).secret);
    const error = await failureOf(spent.chat.completions.create({ model: 'one/plain', messages }));
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(error.message).toContain('Key limit exceeded');
  });

  it('lists the models', async () => {
    const openai = client((await daemon.key()).secret);
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(MODELS.map((id) => `one/${id}`)));
  });
});

/** Dollars that calls in flight hold of a key. */
async function inFlight(hash: string): Promise<number | undefined> {
  const tree = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
    workspaces: { keys: { hash: string; in_flight: number }[] }[];
  };
  return tree.workspaces.flatMap(({ keys }) => keys).find((key) => key.hash === hash)?.in_flight;
}
