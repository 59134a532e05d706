import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, stream, usageOf } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';
import { responseEventsIn, responseStreamFaults } from '../support/validators/responses.ts';

type Json = Record<string, unknown>;
type Response_ = Json & { id: string; status: string; output: (Json & { id: string })[]; usage: Json };

let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

const MODELS = ['m', 'mail', 'mail-late', 'slow'];

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, MODELS)}${providerYaml('openrouter', provider.baseUrl, ['r'], '    key: env:ROUTER\n')}`,
    { keepAliveMs: 40, env: { ROUTER: 'k' } },
  );
  key = (await daemon.key()).secret;
  provider.on('mail', answer({ content: 'Write to jane.doe@acme.com.' }));
  provider.on('slow', (received, response) => {
    setTimeout(() => void stream({})(received, response), 150);
  });
  provider.on('mail-late', (received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const head = { id: 'a', object: 'chat.completion.chunk', created: 1, model: received.body.model };
    const write = (data: object) => response.write(`data: ${JSON.stringify({ ...head, ...data })}\n\n`);
    for (const content of ['Write to jane', '.doe@', 'acme.com', ' today.'])
      write({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    write({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    write({ choices: [], usage: usageOf(10, 5) });
    response.end('data: [DONE]\n\n');
  });
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

const ask = (body: Json, from = key, headers: Record<string, string> = {}) =>
  daemon.request('/v1/responses', { key: from, body: { model: 'one/m', input: 'Hi', ...body }, headers });
const told = async (answered: Response) => (await answered.json()) as Response_;
const sent = () => provider.received.at(-1)?.body as unknown as Json & { messages: Json[] };
const textIn = ({ output }: Response_) =>
  output.flatMap((item) => ((item['content'] ?? []) as { text: string }[]).map(({ text }) => text)).join('');

async function eventsIn(answered: Response) {
  const text = await answered.text();
  expect(responseStreamFaults(text, true)).toEqual([]);
  return { text, last: responseEventsIn(text).events.at(-1)?.['response'] as Response_ };
}

/** What a key says that has a guardrail of its own. */
async function guarded(guardrail: Json): Promise<string> {
  const { secret, hash } = await daemon.key();
  const made = await daemon.request('/api/v1/guardrails', { body: { name: `g ${hash.slice(0, 8)}`, ...guardrail } });
  const { data } = (await made.json()) as { data: { id: string } };
  const body = { key_hashes: [hash] };
  expect((await daemon.request(`/api/v1/guardrails/${data.id}/assignments/keys`, { body })).status).toBe(200);
  return secret;
}
const emails = (action: string) => ({
  content_filter_builtins: [{ slug: 'email', action, directions: ['input', 'output'] }],
});

describe('a Response', () => {
  it('is a generation of its own id, charged to its key', async () => {
    const answered = await ask({});
    const response = await told(answered);
    expect(answered.headers.get('x-generation-id')).toBe(response.id);
    const found = await daemon.request(`/api/v1/generation?id=${response.id}`, { key });
    expect(await found.json()).toMatchObject({ data: { id: response.id, total_cost: 0.00006 } });
    expect(response.usage).toMatchObject({ input_tokens: 10, output_tokens: 5, cost: 0.00006 });
  });

  it('names what was not asked for', async () => {
    const answered = await ask({ truncation: 'auto', max_tool_calls: 2 }, key, { 'x-openrouter-metadata': 'enabled' });
    expect(answered.headers.get('x-callgate-warnings')).toContain('max_tool_calls is not asked for');
    const { openrouter_metadata } = await told(answered);
    expect((openrouter_metadata as { warnings: string[] }).warnings.join()).toContain('truncation');
  });

  it('has OpenRouter’s fields read by OpenRouter’s rules', async () => {
    const wrong = await ask({ provider: { onyl: ['one'] } });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ error: { code: 400 }, error_type: 'invalid_request' });
    expect((await ask({ max_output_tokens: 1.5 })).status).toBe(400);
    expect((await ask({ input: { not: 'a list' } })).status).toBe(400);
  });

  it('may be a kept one', async () => {
    const headers = { 'x-openrouter-cache': 'true' };
    const first = await ask({ input: 'Keep this' }, key, headers);
    const again = await ask({ input: 'Keep this' }, key, headers);
    expect(again.headers.get('x-openrouter-cache-status')).toBe('HIT');
    expect(textIn(await told(again))).toBe(textIn(await told(first)));
  });

  it('keeps its connection alive until it begins', async () => {
    const { text, last } = await eventsIn(await ask({ model: 'one/slow', stream: true }));
    expect(text.startsWith(': CALLGATE PROCESSING\n\n')).toBe(true);
    expect(textIn(last)).toBe('w0 w1 w2 w3 w4 ');
  });

  it.each(['/v1/responses', '/api/v1/responses'])('needs a key of a program at %s', async (path) => {
    const body = { model: 'one/m', input: 'Hi' };
    expect((await daemon.request(path, { body, key: 'sk-none' })).status).toBe(401);
    expect((await daemon.request(path, { body })).status).toBe(403);
  });
});

describe('an item of an earlier Response', () => {
  const again = (id: string, from = key) =>
    ask(
      {
        input: [
          { role: 'user', content: 'Hi' },
          { type: 'item_reference', id },
          { role: 'user', content: 'On.' },
        ],
      },
      from,
    );

  it('may be named by its id, by the key that was given it', async () => {
    const { output } = await told(await ask({}));
    const id = output[0]?.id ?? '';
    expect((await again(id)).status).toBe(200);
    expect(sent().messages[1]).toEqual({ role: 'assistant', content: 'Hello there.' });
    const stranger = await again(id, (await daemon.key()).secret);
    expect(stranger.status).toBe(400);
    expect(((await stranger.json()) as { error: { message: string } }).error.message).toContain(
      'answers are not stored',
    );
  });

  it('may not, when nothing was to be stored', async () => {
    const { output } = await told(await ask({ store: false }));
    expect((await again(output[0]?.id ?? '')).status).toBe(400);
  });

  it('may not for ever', async () => {
    const { output } = await told(await ask({}));
    daemon.setNow(new Date(Date.now() + 2 * 60 * 60 * 1000));
    try {
      expect((await again(output[0]?.id ?? '')).status).toBe(400);
    } finally {
      daemon.setNow(null);
    }
  });
});

describe('guardrails hold for Responses', () => {
  it('what is blocked is not sent', async () => {
    const from = await guarded(emails('block'));
    const before = provider.received.length;
    for (const body of [
      { input: 'I am jane.doe@acme.com' },
      { instructions: 'Mail ops@acme.com' },
      { input: [{ type: 'function_call_output', call_id: 'c', output: '{"to":"a@b.com"}' }] },
      { input: [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'a@b.com' }] }] },
    ]) {
      const answered = await ask(body, from);
      expect(answered.status).toBe(403);
      expect(await answered.json()).toMatchObject({ error: { metadata: { reason: 'content_blocked' } } });
    }
    expect(provider.received.length).toBe(before);
  });

  it('what is sealed in an envelope is looked at too', async () => {
    const from = await guarded(emails('redact'));
    const details = [{ type: 'reasoning.text', text: 'Mail a@b.com', signature: 's', format: 'anthropic-claude-v1' }];
    const sealed = `cg1.${Buffer.from(JSON.stringify(details)).toString('base64url')}`;
    const input = [
      { type: 'reasoning', summary: [], encrypted_content: sealed },
      { role: 'user', content: 'On.' },
    ];
    await ask({ input }, from);
    expect(JSON.stringify(sent().messages)).not.toContain('a@b.com');
    expect(JSON.stringify(sent().messages)).toContain('Mail [EMAIL]');
  });

  it('answers are redacted, whole and streamed', async () => {
    const from = await guarded(emails('redact'));
    expect(textIn(await told(await ask({ model: 'one/mail' }, from)))).toBe('Write to [EMAIL].');
    const { text, last } = await eventsIn(await ask({ model: 'one/mail-late', stream: true }, from));
    expect(textIn(last)).toBe('Write to [EMAIL] today.');
    expect(text).not.toMatch(/jane|doe@|acme\.com/);
  });

  it('answers are blocked, whole and streamed', async () => {
    const from = await guarded(emails('block'));
    expect((await ask({ model: 'one/mail' }, from)).status).toBe(403);
    const { text, last } = await eventsIn(await ask({ model: 'one/mail-late', stream: true }, from));
    expect(last).toMatchObject({ status: 'failed', error: { code: 'permission_denied' } });
    expect(last['error']).toMatchObject({ metadata: { reason: 'content_output_blocked' } });
    expect(text).not.toMatch(/jane\.doe@|acme\.com/);
  });
});

describe('a preset', () => {
  it('is saved from a request of Responses, in the words of all others, and called', async () => {
    const saved = await daemon.request('/api/v1/presets/from-responses/responses', {
      body: {
        model: 'one/m',
        input: 'not of the preset',
        instructions: 'Be a preset.',
        max_output_tokens: 33,
        temperature: 0.5,
        text: { format: { type: 'json_object' } },
        tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
        service_tier: 'auto',
        store: false,
      },
    });
    expect(saved.status).toBe(200);
    const { data } = (await saved.json()) as { data: { designated_version: { config: Json; system_prompt: string } } };
    expect(data.designated_version).toMatchObject({
      system_prompt: 'Be a preset.',
      config: {
        model: 'one/m',
        max_tokens: 33,
        temperature: 0.5,
        response_format: { type: 'json_object' },
        tools: [{ type: 'function', function: { name: 'f' } }],
      },
    });
    expect((await ask({ model: '@preset/from-responses', instructions: 'And brief.' })).status).toBe(200);
    expect(sent()).toMatchObject({ max_tokens: 33, response_format: { type: 'json_object' } });
    expect(sent().messages.map(({ content }) => content)).toEqual(['Be a preset.', 'And brief.', 'Hi']);
  });
});

describe('tools that a router runs', () => {
  const tools = [{ type: 'openrouter:web_search' }];

  it('are refused by name where there is no router', async () => {
    const answered = await ask({ tools });
    expect(answered.status).toBe(400);
    expect(((await answered.json()) as { error: { message: string } }).error.message).toContain(
      'tools[0] (openrouter:web_search)',
    );
  });

  it('are asked of a router', async () => {
    expect((await ask({ model: 'openrouter/r', tools })).status).toBe(200);
    expect(sent()['tools']).toEqual(tools);
  });
});
