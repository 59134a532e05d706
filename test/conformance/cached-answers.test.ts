import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { House } from './support/house.ts';
import { anthropic } from './support/speak-anthropic.ts';
import { openai as openaiDialect } from './support/speak-openai.ts';
import { Watch } from './support/watch.ts';

/** A cached answer is an answer: the same validators, for a program that asked for the cache by OpenRouter's header. */
describe.each([openaiDialect, anthropic])('an answer out of the cache, of $name’s dialect', (speaker) => {
  const watch = new Watch();
  let house: House;
  let client: OpenAI;

  beforeAll(async () => {
    house = await House.open(speaker);
    client = new OpenAI({
      apiKey: (await house.daemon.key()).secret,
      baseURL: `${house.daemon.url}/api/v1`,
      fetch: watch.fetch,
      maxRetries: 0,
      defaultHeaders: { 'X-OpenRouter-Cache': 'true', 'X-OpenRouter-Metadata': 'enabled' },
    });
  });

  afterEach(() => {
    expect(watch.take().faults).toEqual([]);
  });

  afterAll(async () => {
    await house?.close();
  });

  const request = (model: string) => ({
    model: `lab/${model}`,
    messages: [{ role: 'user' as const, content: 'The same' }],
    tools: [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }],
  });

  type Thoughtful = { readonly reasoning?: string };
  type Read = {
    readonly cache: string | null;
    readonly id: string | undefined;
    readonly said: string;
    readonly usage: unknown;
  };

  async function whole(model: string): Promise<Read> {
    const { data, response } = await client.chat.completions.create(request(model)).withResponse();
    const message = data.choices[0]?.message as Thoughtful & OpenAI.ChatCompletionMessage;
    const said = JSON.stringify([message.reasoning, message.content, message.tool_calls]);
    return { cache: response.headers.get('x-openrouter-cache-status'), id: data.id, said, usage: data.usage };
  }

  async function streamed(model: string): Promise<Read> {
    const asked = client.chat.completions.create({ ...request(model), stream: true });
    const { data, response } = await asked.withResponse();
    let id: string | undefined;
    let usage: unknown;
    let content = '';
    let given = '';
    for await (const chunk of data) {
      id = chunk.id;
      usage = chunk.usage ?? usage;
      const delta = chunk.choices[0]?.delta as (Thoughtful & OpenAI.ChatCompletionChunk.Choice.Delta) | undefined;
      content += `${delta?.reasoning ?? ''}${delta?.content ?? ''}`;
      for (const call of delta?.tool_calls ?? []) {
        given += `${call.function?.name ?? ''}${call.function?.arguments ?? ''}`;
      }
    }
    return { cache: response.headers.get('x-openrouter-cache-status'), id, said: content + given, usage };
  }

  it.each(['plain', 'thinks', 'tools'])(
    'says what the first said, is its own call and costs nothing: %s',
    async (model) => {
      for (const ask of [whole, streamed]) {
        const before = house.one.received.length;
        const first = await ask(model);
        const second = await ask(model);
        expect([first.cache, second.cache]).toEqual(['MISS', 'HIT']);
        expect(house.one.received.length - before).toBe(1);
        expect(second.said).toBe(first.said);
        expect(second.said.length).toBeGreaterThan(4);
        expect(second.id).not.toBe(first.id);
        expect(first.usage).toMatchObject({ cost: 0.00006 });
        expect(second.usage).toMatchObject({ cost: 0 });
      }
    },
  );

  it('is never a failure', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const before = house.one.received.length;
      const failed = await whole('down').catch((error: unknown) => error);
      expect(failed).toMatchObject({ status: 502 });
      expect(house.one.received.length - before).toBe(1);
    }
  });
});
