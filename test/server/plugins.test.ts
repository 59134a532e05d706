import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlugins } from '../../server/plugins/read-plugins.ts';
import { answer, FakeProvider, failure, stream } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

describe('what a request says about plugins', () => {
  const none = { kind: 'plugins', healing: false, compression: null, routerOnly: [] };
  it.each([
    [{}, none],
    [{ plugins: null }, none],
    [{ plugins: [] }, none],
    [{ plugins: [{ id: 'response-healing' }] }, { ...none, healing: true }],
    [{ plugins: [{ id: 'response-healing', enabled: false }] }, none],
    [{ plugins: [{ id: 'context-compression', engine: 'middle-out' }] }, { ...none, compression: true }],
    [{ plugins: [{ id: 'context-compression', enabled: false }] }, { ...none, compression: false }],
    [{ transforms: ['middle-out'] }, { ...none, compression: true }],
    [{ transforms: [] }, { ...none, compression: false }],
    [
      { transforms: ['middle-out'], plugins: [{ id: 'context-compression', enabled: false }] },
      { ...none, compression: false },
    ],
    [
      {
        plugins: [
          { id: 'web', max_results: 3 },
          { id: 'file-parser', enabled: false },
        ],
      },
      { ...none, routerOnly: ['web'] },
    ],
  ])('%j', (request, plugins) => {
    expect(readPlugins(request)).toEqual(plugins);
  });

  it.each([
    [{ plugins: [{ id: 'response-healing' }, { id: 'webb' }] }, 'unknown_plugin', 'plugins[1].id'],
    [{ plugins: [{ id: 'webb', enabled: false }] }, 'unknown_plugin', 'plugins[0].id'],
    [{ plugins: [{ id: '__proto__' }] }, 'unknown_plugin', 'plugins[0].id'],
    [{ plugins: [{ enabled: true }] }, 'invalid_request', 'plugins[0].id'],
    [{ plugins: ['web'] }, 'invalid_request', 'plugins[0]'],
    [{ plugins: [null] }, 'invalid_request', 'plugins[0]'],
    [{ plugins: { id: 'web' } }, 'invalid_request', 'plugins'],
    [{ plugins: [{ id: 'web', enabled: 'no' }] }, 'invalid_request', 'plugins[0].enabled'],
    [{ plugins: [{ id: 'context-compression', engine: 'zip' }] }, 'invalid_request', 'plugins[0].engine'],
    [{ transforms: ['middle-in'] }, 'unknown_plugin', 'transforms[0]'],
    [{ transforms: 'middle-out' }, 'invalid_request', 'transforms'],
  ])('refuses %j by name', (request, code, param) => {
    expect(readPlugins(request)).toMatchObject({ kind: 'refused', code, status: 400, metadata: { param } });
  });
});

type Json = {
  choices: { message: { content: string }; delta: { content?: string } }[];
  usage: Record<string, number>;
  openrouter_metadata?: { pipeline?: { type: string; summary: string }[]; left_out?: { why: string }[] };
  error: { message: string; metadata: Record<string, unknown> };
};
const json = async (response: Response) => (await response.json()) as Json;

describe('in a call', () => {
  let provider: FakeProvider;
  let daemon: TestDaemon;
  let key: string;

  beforeAll(async () => {
    provider = await FakeProvider.start();
    const model = (id: string, context: number) =>
      `      - { id: one/${id}, native: ${id}, context_length: ${context}, max_completion_tokens: 500, pricing: { prompt: "0.000001", completion: "0.00001" } }\n`;
    daemon = await TestDaemon.start(
      `providers:\n  one:\n    base_url: ${provider.baseUrl}\n    models:\n${model('tiny', 4_000)}${model('small', 20_000)}${model('large', 200_000)}${model('odd', 100_000)}      - { id: anthropic/many, native: many, context_length: 1000000, max_completion_tokens: 500, pricing: { prompt: "0.000001", completion: "0.00001" } }\n` +
        providerYaml('two', provider.baseUrl, ['plain']),
    );
    provider.on('odd', answer({ content: 'Here you are:\n```json\n{"n": 1,}\n```' }));
    key = (await daemon.key()).secret;
  });
  afterAll(async () => {
    await daemon.stop();
    await provider.stop();
  });

  const metadata = { headers: { 'x-openrouter-metadata': 'enabled' } };
  const asked = { response_format: { type: 'json_object' }, plugins: [{ id: 'response-healing' }] };

  it('mends the JSON of a whole answer that was asked for, and says so', async () => {
    const body = await json(await daemon.chat(key, { model: 'one/odd', ...asked }, metadata));
    expect(JSON.parse(body.choices[0]?.message.content ?? '')).toEqual({ n: 1 });
    expect(body.openrouter_metadata?.pipeline).toMatchObject([{ type: 'response_healing', name: 'response-healing' }]);
    // The provider's count stands, whatever was cut off.
    expect(body.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 });
  });

  it.each([
    ['switched off', { ...asked, plugins: [{ id: 'response-healing', enabled: false }] }],
    ['not asked for', { response_format: { type: 'json_object' } }],
    ['when text was asked for', { plugins: [{ id: 'response-healing' }], response_format: { type: 'text' } }],
    ['when nothing was said of the form', { plugins: [{ id: 'response-healing' }] }],
  ])('does not touch an answer: %s', async (_name, more) => {
    const body = await json(await daemon.chat(key, { model: 'one/odd', ...more }, metadata));
    expect(body.choices[0]?.message.content).toBe('Here you are:\n```json\n{"n": 1,}\n```');
    expect(body.openrouter_metadata?.pipeline).toBeUndefined();
  });

  it('never touches a stream', async () => {
    provider.on('odd', stream({}));
    const events = await eventsOf(await daemon.chat(key, { model: 'one/odd', stream: true, ...asked }));
    const text = events.slice(0, -1).map((event) => (JSON.parse(event) as Json).choices[0]?.delta.content ?? '');
    expect(text.join('')).toBe('w0 w1 w2 w3 w4 ');
  });

  it('honours a preset’s plugins, and the request’s own over them', async () => {
    provider.on('odd', answer({ content: '{"n": 1,}' }));
    await daemon.request('/api/v1/presets/mender/chat/completions', {
      body: { model: 'one/odd', messages: [{ role: 'system', content: 'JSON only' }], ...asked },
    });
    const healed = await json(await daemon.chat(key, { model: '@preset/mender' }));
    expect(healed.choices[0]?.message.content).toBe('{"n": 1}');
    const plain = await json(await daemon.chat(key, { model: '@preset/mender', plugins: [] }));
    expect(plain.choices[0]?.message.content).toBe('{"n": 1,}');
  });

  const long = (turns: number, words: number) => [
    { role: 'system', content: 'Be brief.' },
    ...Array.from({ length: turns }, (_, index) => ({
      role: index % 2 ? 'assistant' : 'user',
      content: `${index}: ${'word '.repeat(words)}`,
    })),
    { role: 'user', content: 'And so?' },
  ];
  const sent = () => provider.received.at(-1)?.body['messages'] as { role: string; content: string }[];

  it('cuts a prompt for a small context by default, and charges what was sent', async () => {
    const messages = long(20, 500);
    const response = await daemon.chat(key, { model: 'one/tiny', messages }, metadata);
    expect(response.status).toBe(200);
    expect(sent().length).toBeLessThan(messages.length);
    expect(sent()[0]).toEqual(messages[0]);
    expect(sent()[1]).toEqual(messages[1]);
    expect(sent().at(-1)).toEqual(messages.at(-1));
    expect((await json(response)).openrouter_metadata?.pipeline).toMatchObject([{ type: 'context_compression' }]);
  });

  it('bounds a call by what is sent after the cut', async () => {
    // Uncut, a million words would cost a dollar.
    const { secret } = await daemon.key({ limit: 0.02 });
    const messages = long(200, 5_000);
    expect((await daemon.chat(secret, { model: 'one/tiny', messages, max_tokens: 50 })).status).toBe(200);
    expect((await daemon.chat(secret, { model: 'one/large', messages, max_tokens: 50 })).status).toBe(402);
  });

  it.each([
    ['a larger context', { model: 'one/small' }],
    ['switched off', { model: 'one/tiny', transforms: [] }],
    ['switched off by its plugin', { model: 'one/tiny', plugins: [{ id: 'context-compression', enabled: false }] }],
  ])('leaves the provider to say that a prompt is too long: %s', async (_name, more) => {
    const messages = long(100, 500);
    await daemon.chat(key, { messages, ...more });
    expect(sent()).toEqual(messages);
  });

  it('cuts for a larger context when asked', async () => {
    for (const more of [{ transforms: ['middle-out'] }, { plugins: [{ id: 'context-compression' }] }]) {
      const messages = long(100, 500);
      await daemon.chat(key, { model: 'one/small', messages, ...more });
      expect(sent().length).toBeLessThan(messages.length);
    }
  });

  it('prefers models with at least half of the context that is needed', async () => {
    const messages = long(60, 500);
    const body = await json(
      await daemon.chat(
        key,
        { models: ['one/tiny', 'one/small', 'one/large'], messages, transforms: ['middle-out'] },
        metadata,
      ),
    );
    expect(provider.received.at(-1)?.body.model).toBe('small');
    expect(body.openrouter_metadata?.left_out).toContainEqual({
      model: 'one/tiny',
      provider: 'one',
      why: 'context_length',
    });
  });

  it('sends each model of a fallback what fits it', async () => {
    provider.on('small', failure(500));
    const messages = long(60, 500);
    await daemon.chat(key, { models: ['one/small', 'one/large'], messages, transforms: ['middle-out'] });
    const [first, second] = provider.received.slice(-2).map(({ body }) => body['messages'] as unknown[]);
    expect(first?.length).toBeLessThan(messages.length);
    expect(second).toEqual(messages);
  });

  it('does not split calls of tools from their results', async () => {
    const pair = (index: number) => [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: `c${index}`, type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: `c${index}`, content: 'result '.repeat(300) },
    ];
    const messages = [{ role: 'user', content: 'go' }, ...Array.from({ length: 30 }, (_, index) => pair(index)).flat()];
    await daemon.chat(key, { model: 'one/tiny', messages });
    const kept = sent() as unknown as { tool_call_id?: string; tool_calls?: { id: string }[] }[];
    expect(kept.length).toBeLessThan(messages.length);
    expect(kept.flatMap(({ tool_call_id }) => tool_call_id ?? [])).toEqual(
      kept.flatMap(({ tool_calls }) => tool_calls?.map(({ id }) => id) ?? []),
    );
  });

  it('keeps to the number of messages that Anthropic takes, when asked', async () => {
    const messages = long(1_500, 1);
    const plugins = [{ id: 'context-compression' }];
    await daemon.chat(key, { model: 'anthropic/many', messages, plugins });
    expect(sent()).toHaveLength(1_000);
    expect(sent()[0]).toEqual(messages[0]);
    await daemon.chat(key, { model: 'anthropic/many', messages });
    expect(sent()).toEqual(messages);
    await daemon.chat(key, { model: 'one/large', messages, plugins });
    expect(sent()).toEqual(messages);
  });

  it('refuses an unknown plugin before anything is sent', async () => {
    const before = provider.received.length;
    const response = await daemon.chat(key, { model: 'two/plain', plugins: [{ id: 'wbe' }] });
    expect(response.status).toBe(400);
    expect((await json(response)).error).toMatchObject({
      message: 'Nobody here knows this plugin: plugins[0].id: "wbe"',
      metadata: { reason: 'unknown_plugin', param: 'plugins[0].id' },
    });
    expect(provider.received).toHaveLength(before);
  });

  it('refuses a router’s plugin where no router serves the call', async () => {
    const response = await daemon.chat(key, { model: 'two/plain', plugins: [{ id: 'web' }] });
    expect(response.status).toBe(400);
    expect((await json(response)).error).toMatchObject({
      message: expect.stringContaining('web for two/plain'),
      metadata: { reason: 'plugin_unavailable', plugins: ['web'] },
    });
    const off = await daemon.chat(key, { model: 'two/plain', plugins: [{ id: 'web', enabled: false }] });
    expect(off.status).toBe(200);
    expect(provider.received.at(-1)?.body).not.toHaveProperty('plugins');
  });

  it('passes a router’s plugin on to a router, and to nobody else', async () => {
    const router = await TestDaemon.start(
      `providers:\n${providerYaml('one', provider.baseUrl, ['plain'])}  openrouter:\n    base_url: ${provider.baseUrl}\n    models:\n      - { id: one/plain, native: one/plain, pricing: { prompt: "0.000001", completion: "0.00001" } }\n`,
      { env: { OPENROUTER_API_KEY: 'sk-or-test' } },
    );
    const secret = (await router.key()).secret;
    const plugins = [{ id: 'web', max_results: 2 }];
    const response = await router.chat(secret, { model: 'one/plain', plugins }, metadata);
    expect(response.status).toBe(200);
    expect(provider.received.at(-1)?.body).toMatchObject({ model: 'one/plain', plugins });
    expect((await json(response)).openrouter_metadata?.left_out).toContainEqual({
      model: 'one/plain',
      provider: 'one',
      why: 'plugins.web',
    });
    await router.stop();
  });
});
