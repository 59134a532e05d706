import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claudeEvents, claudeFailure, claudeMessage, claudeStream, claudeUsage } from '../support/fake-anthropic.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { eventsOf, TestDaemon } from '../support/test-daemon.ts';

let claude: FakeProvider;
let other: FakeProvider;
let daemon: TestDaemon;
let key: string;

type Answer = {
  id: string;
  model: string;
  provider: string;
  choices: { message: Record<string, unknown>; delta: Record<string, unknown>; finish_reason: string }[];
  usage: Record<string, unknown> & { cost: number };
  error?: { code: number; message: string; metadata: Record<string, unknown> };
  openrouter_metadata?: { warnings?: string[]; left_out?: { provider: string; why: string }[] };
};
const ask = async (body: Record<string, unknown>, headers: Record<string, string> = {}) => {
  const response = await daemon.chat(key, body, { headers });
  return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer };
};
const explained = { 'x-openrouter-metadata': 'enabled' };

beforeAll(async () => {
  claude = await FakeProvider.start();
  other = await FakeProvider.start();
  const price =
    'pricing: { prompt: "0.000001", completion: "0.00001", input_cache_read: "0.0000001", input_cache_write: "0.000002" }';
  const models = (prefix: string, names: string[]) =>
    names
      .map(
        (name) =>
          `      - { id: ${prefix}/${name}, native: ${name}, max_completion_tokens: 8000, context_length: 200000, ${price} }\n`,
      )
      .join('');
  const names = ['claude-opus-4-5', 'thinks', 'caches', 'busy', 'half', 'odd', 'refused'];
  daemon = await TestDaemon.start(
    `providers:\n  claude:\n    name: Claude\n    dialect: anthropic\n    base_url: ${claude.baseUrl}\n    key: env:CLAUDE_KEY\n    models:\n${models('claude', names)}` +
      `  other:\n    base_url: ${other.baseUrl}\n    models:\n${models('claude', ['busy'])}`,
    { env: { CLAUDE_KEY: 'sk-ant-secret' } },
  );
  key = (await daemon.key({ limit: 5 })).secret;
  claude.on('busy', claudeFailure(529, 'overloaded_error', 'Overloaded'));
  claude.on('refused', claudeFailure(400, 'invalid_request_error', 'messages: sk-ant-secret is no good'));
  claude.on(
    'caches',
    claudeMessage({ usage: claudeUsage(10, 5, { cache_read_input_tokens: 1000, cache_creation_input_tokens: 100 }) }),
  );
  claude.on('odd', (_received, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"type":"message"}');
  });
  const thoughts = [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'ZGF0YQ==' },
    { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
  ];
  claude.on('thinks', ({ body, ...rest }, response) => {
    const usage = claudeUsage(20, 30, { output_tokens_details: { thinking_tokens: 12 } });
    const handler = body['stream']
      ? claudeStream({ events: claudeEvents(thoughts, { usage, stop: 'tool_use' }) })
      : claudeMessage({ content: thoughts, usage, stop: 'tool_use' });
    return handler({ body, ...rest }, response);
  });
  claude.on(
    'half',
    claudeStream({
      events: [
        ...claudeEvents([{ type: 'text', text: 'Half' }]).slice(0, 4),
        { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      ],
    }),
  );
});

afterAll(async () => {
  await daemon.stop();
  await claude.stop();
  await other.stop();
});

describe('a call to a provider of Anthropic’s dialect', () => {
  it('is sent as the Messages API wants it, and answered as OpenRouter answers', async () => {
    const { status, answer, headers } = await ask({ model: 'claude/claude-opus-4-5', max_tokens: 50 });
    expect(status).toBe(200);
    const received = claude.received.at(-1);
    expect(received?.path).toBe('/v1/messages');
    expect(received?.headers).toMatchObject({ 'x-api-key': 'sk-ant-secret', 'anthropic-version': '2023-06-01' });
    expect(received?.body).toEqual({
      model: 'claude-opus-4-5',
      max_tokens: 50,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
    expect(answer).toMatchObject({
      id: headers.get('x-generation-id'),
      model: 'claude/claude-opus-4-5',
      provider: 'Claude',
      choices: [{ message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5, cost: 0.00006 },
    });
  });

  it('streams, thoughts and calls of tools, and can be taken up again', async () => {
    const response = await daemon.chat(key, {
      model: 'claude/thinks',
      stream: true,
      max_tokens: 5_000,
      reasoning: { max_tokens: 2_000 },
    });
    const events = await eventsOf(response);
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((data) => JSON.parse(data) as Answer);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 20, completion_tokens: 30, completion_tokens_details: { reasoning_tokens: 12 } },
    });
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    const reasoning_details = deltas.flatMap(
      (delta) => (delta['reasoning_details'] ?? []) as Record<string, unknown>[],
    );
    expect(claude.received.at(-1)?.body['thinking']).toEqual({ type: 'enabled', budget_tokens: 2_000 });
    const call = { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    await ask({
      model: 'claude/thinks',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: null, reasoning_details, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'toolu_1', content: 'Done' },
      ],
    });
    const sent = claude.received.at(-1)?.body['messages'] as { content: unknown[] }[] | undefined;
    expect(sent?.[1]?.content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
    ]);
  });

  it('costs what was read from the cache and written to it at their own prices, each token once', async () => {
    const { answer } = await ask({ model: 'claude/caches', max_tokens: 50 });
    expect(answer.usage).toMatchObject({
      prompt_tokens: 1_110,
      prompt_tokens_details: { cached_tokens: 1_000, cache_write_tokens: 100 },
    });
    expect(answer.usage.cost).toBeCloseTo(10 * 1e-6 + 1_000 * 1e-7 + 100 * 2e-6 + 5 * 1e-5, 9);
  });

  it('is bounded by what a limit allows, in the field of the dialect', async () => {
    const { secret } = await daemon.key({ limit: 0.02 });
    const response = await daemon.chat(secret, { model: 'claude/claude-opus-4-5' });
    expect(response.status).toBe(200);
    const most = Number(response.headers.get('x-callgate-max-tokens'));
    expect(most).toBeGreaterThan(256);
    expect(claude.received.at(-1)?.body['max_tokens']).toBe(most);
  });

  it('falls to another endpoint when it is overloaded', async () => {
    const { status, answer } = await ask({ model: 'claude/busy', provider: { order: ['claude', 'other'] } });
    expect(status).toBe(200);
    expect(answer.provider).toBe('other');
  });

  it('ends in an error chunk when it breaks off midway, charged for what it came to', async () => {
    const response = await daemon.chat(key, { model: 'claude/half', stream: true, max_tokens: 50 });
    const last = JSON.parse((await eventsOf(response)).at(-2) ?? '') as Answer;
    expect(last).toMatchObject({
      error: { message: expect.stringContaining('Overloaded') },
      choices: [{ finish_reason: 'error' }],
    });
    expect(last.usage).toMatchObject({ prompt_tokens: 10 });
  });

  it('tells the provider’s refusal in its own words, without the key', async () => {
    const { status, answer } = await ask({ model: 'claude/refused' });
    expect(status).toBe(400);
    expect(answer.error?.message).toContain('messages: [redacted] is no good');
    expect(JSON.stringify(answer)).not.toContain('sk-ant-secret');
  });

  it('fails rightly when the answer is no message', async () => {
    expect((await ask({ model: 'claude/odd' })).status).toBe(502);
  });

  it('is refused by the name of what cannot be asked for there, or left to who can be', async () => {
    const refused = await ask({ model: 'claude/claude-opus-4-5', n: 2 });
    expect(refused.status).toBe(400);
    expect(refused.answer.error?.message).toContain('cannot be asked for n');
    const left = await ask({ model: 'claude/busy', n: 2 }, explained);
    expect(left.status).toBe(200);
    expect(left.answer.openrouter_metadata?.left_out).toContainEqual(
      expect.objectContaining({ provider: 'claude', why: 'inexpressible: n' }),
    );
  });

  it('says what was not sent, to who wants to know', async () => {
    const body = { model: 'claude/claude-opus-4-5', seed: 1 };
    expect((await ask(body, explained)).answer.openrouter_metadata?.warnings).toEqual(['seed is not sent']);
    expect((await ask(body)).answer).not.toHaveProperty('openrouter_metadata');
    expect((await ask({ ...body, seed: undefined }, explained)).answer.openrouter_metadata).not.toHaveProperty(
      'warnings',
    );
  });
});
