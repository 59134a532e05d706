import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claudeEvents, claudeFailure, claudeMessage, claudeStream, claudeUsage } from '../support/fake-anthropic.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { messageStreamFaults } from '../support/validators/messages.ts';

type Fields = Record<string, unknown>;
type Body = {
  type: string;
  content: Fields[];
  usage: Fields;
  error: { type: string; message: string };
  request_id: string | null;
  metadata: Fields;
  input_tokens: number;
  openrouter_metadata?: { warnings?: string[] };
};

let claude: FakeProvider;
let plain: FakeProvider;
let daemon: TestDaemon;
let key: string;

const hi = [{ role: 'user', content: 'Hi' }];
const ask = async (body: Fields, headers: Record<string, string> = {}, path = '/v1/messages', from = key) => {
  const given = { model: 'claude/claude-opus-4-6', max_tokens: 100, messages: hi, ...body };
  const response = await daemon.request(path, { key: from, body: given, headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson ? JSON.parse(text) : null) as Body,
  };
};
const explained = { 'x-openrouter-metadata': 'enabled' };
const sent = () => claude.received.at(-1);

beforeAll(async () => {
  claude = await FakeProvider.start();
  plain = await FakeProvider.start();
  const models = (names: string[]) =>
    names
      .map(
        (name) =>
          `      - { id: claude/${name}, native: ${name}, max_completion_tokens: 8000, context_length: 200000, pricing: { prompt: "0.000001", completion: "0.00001" } }\n`,
      )
      .join('');
  daemon = await TestDaemon.start(
    `providers:\n  claude:\n    dialect: anthropic\n    base_url: ${claude.baseUrl}\n    key: env:CLAUDE_KEY\n    models:\n${models(['claude-opus-4-6', 'busy', 'slow', 'slow-busy'])}` +
      `  plain:\n    base_url: ${plain.baseUrl}\n    models:\n      - { id: plain/m, native: m, pricing: { prompt: "0.000001", completion: "0.00001" } }\n`,
    { env: { CLAUDE_KEY: 'sk-ant-x' }, keepAliveMs: 200 },
  );
  key = (await daemon.key({ limit: 5 })).secret;
  claude.on('busy', claudeFailure(529, 'overloaded_error', 'Overloaded'));
  const text = [{ type: 'text', text: 'Hello.' }];
  claude.on('claude-opus-4-6', (received, response) =>
    received.body['stream'] === true
      ? claudeStream({ events: claudeEvents(text, { usage: claudeUsage(321, 5) }) })(received, response)
      : claudeMessage({ content: text })(received, response),
  );
  claude.on('slow', (received, response) => {
    setTimeout(() => void claudeStream({ events: claudeEvents(text) })(received, response), 600);
  });
  claude.on('slow-busy', (received, response) => {
    setTimeout(() => void claudeFailure(529, 'overloaded_error', 'Overloaded')(received, response), 600);
  });
});

afterAll(async () => {
  await daemon?.stop();
  await claude?.stop();
  await plain?.stop();
});

describe('what reaches the provider', () => {
  it('is what Anthropic’s client wrote, what only Anthropic knows included', async () => {
    const context_management = { edits: [{ type: 'clear_tool_uses_20250919', keep: { type: 'tool_uses', value: 3 } }] };
    const messages = [
      ...hi,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'no', is_error: true }] },
    ];
    const tools = [{ name: 'f', input_schema: { type: 'object' }, defer_loading: true }];
    const { status } = await ask(
      { messages, tools, context_management, thinking: { type: 'adaptive', display: 'omitted' } },
      { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'context-management-2025-06-27, more-2026' },
    );
    expect(status).toBe(200);
    expect(sent()?.body).toMatchObject({
      context_management,
      tools,
      thinking: { type: 'adaptive', display: 'omitted' },
      messages: [{}, {}, { content: [{ type: 'tool_result', is_error: true }] }],
    });
    expect(sent()?.headers['anthropic-beta']).toBe('context-management-2025-06-27,more-2026');
  });

  it('is not what another dialect has no words for; the answer says what', async () => {
    const given = {
      model: 'plain/m',
      speed: 'fast',
      context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
    };
    const { status, headers, body } = await ask(given, explained);
    expect(status).toBe(200);
    expect(headers.get('x-callgate-warnings')).toBe('speed is not sent');
    expect(body.openrouter_metadata?.warnings).toEqual(['speed is not sent', 'context_management is not sent']);
    expect(plain.received.at(-1)?.body).not.toHaveProperty('anthropic');
  });

  it('is not a tool that Claude alone knows, where there is no Claude', async () => {
    const tools = [{ type: 'bash_20250124', name: 'bash' }];
    expect((await ask({ tools })).status).toBe(200);
    expect(sent()?.body['tools']).toEqual(tools);
    const { status, body } = await ask({ tools, model: 'plain/m' });
    expect([status, body.error.type]).toEqual([400, 'invalid_request_error']);
    expect(JSON.stringify(body)).toContain('tools[0]');
  });

  it('falls back over `fallbacks`, and never over four', async () => {
    const { status } = await ask({ model: 'claude/busy', fallbacks: [{ model: 'claude/claude-opus-4-6' }] });
    expect(status).toBe(200);
    const many = ['a', 'b', 'c', 'd'].map((model) => ({ model }));
    expect((await ask({ fallbacks: many })).body.error).toMatchObject({ type: 'invalid_request_error' });
  });
});

describe('an answer', () => {
  it('names its generation as Anthropic does, and costs what it says', async () => {
    const { headers, body } = await ask({});
    expect(headers.get('request-id')).toMatch(/^gen-/);
    expect(headers.get('x-generation-id')).toBe(headers.get('request-id'));
    expect(body).toMatchObject({
      id: headers.get('request-id'),
      type: 'message',
      content: [{ type: 'text', text: 'Hello.' }],
    });
    const generation = await daemon.request(`/api/v1/generation?id=${headers.get('request-id')}`, { key });
    expect(((await generation.json()) as { data: Fields }).data['total_cost']).toBe(body.usage['cost']);
  });

  it('begins, streamed, with what the provider counted of the input', async () => {
    const { text } = await ask({ stream: true }, explained);
    expect(messageStreamFaults(text, true)).toEqual([]);
    expect(/"input_tokens":(\d+)/.exec(text)?.[1]).toBe('321');
    expect(text).toMatch(/event: message_stop\ndata: .*"openrouter_metadata"/);
  });

  it('begins with a tokenizer’s count where the provider counts at the end', async () => {
    plain.on('m', (_received, response) => {
      const chunk = (more: Fields) => `data: ${JSON.stringify({ id: 'x', model: 'm', ...more })}\n\n`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: null }] }));
      setTimeout(() => {
        response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
        response.end(`${chunk({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } })}data: [DONE]\n\n`);
      }, 30);
    });
    const { text } = await ask({
      model: 'plain/m',
      stream: true,
      messages: [{ role: 'user', content: 'word '.repeat(200) }],
    });
    expect(messageStreamFaults(text, true)).toEqual([]);
    const [begun, ended] = [...text.matchAll(/"input_tokens":(\d+)/g)].map(([, count]) => Number(count));
    expect(begun).toBeGreaterThan(150);
    expect(begun).toBeLessThan(400);
    expect(ended).toBe(9);
  });

  it('pings while nothing else is said, and ends with an error event when it is refused so late', async () => {
    const answered = await ask({ model: 'claude/slow', stream: true });
    expect(answered.text).toMatch(/^event: ping\ndata: \{"type":"ping"\}\n\n/);
    expect(messageStreamFaults(answered.text, true)).toEqual([]);
    const refused = await ask({ model: 'claude/slow-busy', stream: true });
    expect(refused.status).toBe(200);
    expect(messageStreamFaults(refused.text, true)).toEqual([]);
    expect(refused.text).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"api_error"/);
  });
});

describe('an error', () => {
  it.each<[string, Fields, Record<string, string>, number, string]>([
    ['an unknown key', {}, { authorization: 'Bearer sk-nobody' }, 401, 'authentication_error'],
    ['no messages', { messages: [] }, {}, 400, 'invalid_request_error'],
    ['an unknown model', { model: 'nobody/none' }, {}, 400, 'invalid_request_error'],
    ['a provider that is overloaded', { model: 'claude/busy' }, {}, 502, 'api_error'],
    ['a preset that is not there', { model: '@preset/none' }, {}, 404, 'not_found_error'],
    ['another type of body', {}, { 'content-type': 'text/plain' }, 415, 'invalid_request_error'],
  ])('stands in Anthropic’s envelope: %s', async (_what, body, headers, status, type) => {
    const answer = await ask(body, headers);
    expect([answer.status, answer.body.type, answer.body.error.type]).toEqual([status, 'error', type]);
    expect(answer.body.metadata).toMatchObject({ remedy: expect.any(String) });
  });

  it('tells which base URL is right when the path has /v1 twice', async () => {
    for (const [path, base] of [
      ['/v1/v1/messages', ''],
      ['/api/v1/v1/messages', '/api'],
      ['/api/v1/v1/messages/count_tokens', '/api'],
    ]) {
      const { status, body } = await ask({}, {}, path);
      expect([status, body.error.type]).toEqual([404, 'not_found_error']);
      expect(body.error.message).toContain(`The right base URL is ${daemon.url}${base}`);
    }
  });
});

describe('keys, presets, tokens', () => {
  it('takes a key as x-api-key', async () => {
    const response = await fetch(`${daemon.url}/api/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude/claude-opus-4-6', max_tokens: 9, messages: hi }),
    });
    expect(response.status).toBe(200);
  });

  it('saves a request as a preset in canonical words, and counts with it merged in', async () => {
    const words = 'Be brief. '.repeat(100);
    const saved = await daemon.request('/api/v1/presets/by-messages/messages', {
      body: {
        model: 'claude/claude-opus-4-6',
        system: words,
        messages: null,
        stop_sequences: ['END'],
        thinking: { type: 'enabled', budget_tokens: 2000 },
        tools: [{ name: 'f', input_schema: { type: 'object' } }],
      },
    });
    const { data } = (await saved.json()) as {
      data: { designated_version: { config: Fields; system_prompt: string } };
    };
    expect([saved.status, data.designated_version.system_prompt]).toEqual([200, words]);
    expect(data.designated_version.config).toEqual({
      model: 'claude/claude-opus-4-6',
      stop: ['END'],
      reasoning: { max_tokens: 2000 },
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    });
    const before = claude.received.length;
    const count = async (model: string) => (await ask({ model }, {}, '/v1/messages/count_tokens')).body.input_tokens;
    expect((await count('@preset/by-messages')) - (await count('claude/claude-opus-4-6'))).toBeGreaterThan(150);
    expect(claude.received.length).toBe(before);
  });

  it('sees what a guardrail takes out, in a document too, and puts back what it may', async () => {
    const made = await daemon.request('/api/v1/guardrails', {
      body: { name: 'mail', content_filter_builtins: [{ slug: 'email', action: 'redact' }] },
    });
    const { data } = (await made.json()) as { data: { id: string } };
    const guarded = await daemon.key();
    await daemon.request(`/api/v1/guardrails/${data.id}/assignments/keys`, { body: { key_hashes: [guarded.hash] } });
    const source = { type: 'text', media_type: 'text/plain', data: 'Write to ann@example.com.' };
    const messages = [{ role: 'user', content: [{ type: 'document', source, title: 't' }] }];
    expect((await ask({ messages }, {}, '/v1/messages', guarded.secret)).status).toBe(200);
    expect(JSON.stringify(sent()?.body)).not.toContain('ann@example.com');
    expect(sent()?.body['messages']).toMatchObject([
      { content: [{ type: 'document', title: 't', source: { type: 'text' } }] },
    ]);
  });
});
