import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { builtInProviders } from '../../server/providers/built-in.ts';
import { configuredProvider } from '../../server/providers/configured.ts';
import { dialectOf } from '../../server/providers/dialect.ts';
import { localProviders } from '../../server/providers/local.ts';
import { type Endpoint, Providers } from '../../server/providers/registry.ts';

type Fields = Record<string, unknown>;
const all = builtInProviders();
/** Google speaks its own dialect unless its other address is given. */
const speaking = all.map((one) =>
  one.slug === 'google-ai-studio' ? configuredProvider(one.slug, { base_url: `${one.baseUrl()}/openai` }, one) : one,
);
const registry = new Providers(speaking, { get: () => null }, {});
const openai = dialectOf('openai');
const hi = [{ role: 'user', content: 'Hi' }];

function at(slug: string, model: string): Endpoint {
  const endpoint = registry.endpoints(model).find(({ provider }) => provider.slug === slug);
  if (!endpoint) throw new Error(`${slug} does not serve ${model}`);
  return endpoint;
}
const sent = (slug: string, model: string, request: Fields, maxTokens: number | null = null) =>
  JSON.parse(openai.encode({ messages: hi, ...request }, at(slug, model), 'k', maxTokens).body);
const lacking = (slug: string, model: string, request: Fields) =>
  openai.inexpressible?.({ messages: hi, ...request }, at(slug, model)) ?? null;

const SOME: Readonly<Record<string, string>> = {
  openai: 'openai/gpt-5.2',
  'google-ai-studio': 'google/gemini-3.5-flash',
  mistral: 'mistralai/mistral-large-2512',
  deepseek: 'deepseek/deepseek-v4-pro',
  xai: 'x-ai/grok-4.3',
  groq: 'openai/gpt-oss-120b',
  together: 'meta-llama/llama-3.3-70b-instruct',
  fireworks: 'moonshotai/kimi-k2.6',
  cerebras: 'openai/gpt-oss-120b',
};

describe('built-in providers', () => {
  it('are found by their own slugs and addresses, a router last', () => {
    const slugs = all.map(({ slug }) => slug);
    expect(new Set(slugs).size).toBe(slugs.length);
    expect(slugs.at(-1)).toBe('openrouter');
    for (const { baseUrl, models, slug } of all) {
      expect(baseUrl()).toMatch(/^https:\/\/[^/]+(\/[^?#]*[^/?#])?$/);
      expect(models().length, slug).toBeGreaterThan(1);
      const ids = models().map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every((id) => slug === 'openrouter' || /^[^/\s]+\/\S+$/.test(id))).toBe(true);
    }
  });

  it('serve models under their authors’ ids, hosts too', () => {
    const slugs = (id: string) => registry.endpoints(id).map(({ provider }) => provider.slug);
    expect(slugs('openai/gpt-oss-120b')).toEqual(expect.arrayContaining(['groq', 'fireworks', 'cerebras']));
    expect(slugs('anthropic/claude-opus-4.5')).toContain('anthropic');
    expect(slugs('moonshotai/kimi-k2.6')).toContain('fireworks');
    expect(slugs('meta-llama/llama-3.3-70b-instruct')).toEqual(expect.arrayContaining(['groq', 'together']));
  });

  it('serve what nobody lists under their own name and their author’s', () => {
    expect(at('mistral', 'mistralai/brand-new').model.native).toBe('brand-new');
    expect(at('mistral', 'mistral/brand-new').model.native).toBe('brand-new');
    expect(at('anthropic', 'anthropic/claude-opus-9.1').model.native).toBe('claude-opus-9-1');
    expect(at('groq', 'groq/qwen/qwen3-32b').model).toMatchObject({ native: 'qwen/qwen3-32b' });
    expect(at('groq', 'groq/qwen/qwen3-32b').model.price?.prompt).toBeGreaterThan(0n);
  });

  it('keep what is meant for a server of one’s own from a router, which has never heard of it', () => {
    const own = configuredProvider('my-server', { base_url: 'http://127.0.0.1:9/v1' }, undefined);
    const keyed = new Providers([own, ...localProviders(), ...all], { get: () => 'k' }, {});
    const slugs = (model: string) => keyed.endpoints(model).map(({ provider }) => provider.slug);
    for (const model of ['my-server/large', 'ollama/llama3.2', 'vllm/secret', 'lmstudio/x', 'groq/compound'])
      expect([model, slugs(model).includes('openrouter')]).toEqual([model, false]);
    for (const model of ['openai/brand-new', 'deepseek/brand-new', 'anthropic/claude-opus-9.1', 'nobody/knows'])
      expect([model, slugs(model).includes('openrouter')]).toEqual([model, true]);
  });

  it('have a price for each model that they list', () => {
    for (const { models, slug } of all)
      for (const model of models()) expect(model.price, `${slug} ${model.id}`).not.toBeNull();
  });

  it('stay what they are behind another address', () => {
    const own = all.find(({ slug }) => slug === 'fireworks');
    const entry = { dialect: 'openai', base_url: 'http://127.0.0.1:9/v1' } as const;
    expect(configuredProvider('fireworks', entry, own).wire).toBe(own?.wire);
    expect(configuredProvider('fireworks', { ...entry, dialect: 'anthropic' }, own).wire).toBeUndefined();
    const claude = all.find(({ slug }) => slug === 'anthropic');
    const elsewhere = { base_url: entry.base_url, models: [{ id: 'anthropic/claude-opus-9.9' }] };
    const moved = configuredProvider('anthropic', elsewhere, claude);
    expect(moved.dialect).toBe('anthropic');
    expect(moved.models()[0]).toMatchObject({ native: 'claude-opus-9-9', maxCompletionTokens: 128_000 });
    expect(configuredProvider('mine', elsewhere, undefined).dialect).toBe('openai');
  });
});

describe('what each is sent', () => {
  const routers = {
    provider: {},
    models: ['a/b'],
    route: 'x',
    transforms: [],
    plugins: [],
    session_id: 's',
    usage: {},
    preset: 'p',
    clamp: true,
  };
  const rare = { top_k: 1, min_p: 0.1, top_a: 0.1, repetition_penalty: 1.1, include_reasoning: true, verbosity: 'low' };

  it.each(Object.entries(SOME))('%s: nothing of OpenRouter’s own, and no field it refuses', (slug, model) => {
    const body = sent(slug, model, { ...routers, ...rare, temperature: 0.3 });
    for (const field of Object.keys(routers)) expect(body).not.toHaveProperty(field);
    expect(body).not.toHaveProperty('top_a');
    expect(body).toMatchObject({ temperature: 0.3, messages: hi });
    const takes = at(slug, model).model.supportedParameters;
    for (const field of ['top_k', 'min_p', 'repetition_penalty', 'verbosity'])
      expect(Object.hasOwn(body, field), field).toBe(takes.includes(field));
  });

  it('a router is sent its own', () => {
    const body = sent('openrouter', 'openai/gpt-5.2', { ...routers, ...rare, reasoning: { effort: 'low' } });
    expect(body).toMatchObject({
      provider: {},
      plugins: [],
      session_id: 's',
      reasoning: { effort: 'low' },
      top_a: 0.1,
    });
    for (const field of ['preset', 'clamp', 'models']) expect(body).not.toHaveProperty(field);
  });

  it.each<[string, string, Fields, Fields]>([
    ['openai', 'openai/gpt-5.2', { effort: 'max' }, { reasoning_effort: 'xhigh' }],
    ['openai', 'openai/gpt-5.2', { effort: 'none' }, { reasoning_effort: 'none' }],
    ['openai', 'openai/gpt-5', { enabled: false }, { reasoning_effort: 'minimal' }],
    ['openai', 'openai/gpt-5.2', { max_tokens: 20_000 }, { reasoning_effort: 'high' }],
    ['openai', 'openai/gpt-4.1', { effort: 'high' }, {}],
    ['groq', 'openai/gpt-oss-120b', { effort: 'max' }, { reasoning_effort: 'high' }],
    ['groq', 'qwen/qwen3-32b', { effort: 'none' }, { reasoning_effort: 'none', reasoning_format: 'parsed' }],
    [
      'groq',
      'qwen/qwen3-32b',
      { effort: 'low', exclude: true },
      { reasoning_effort: 'default', reasoning_format: 'hidden' },
    ],
    ['mistral', 'mistralai/mistral-small-2603', { effort: 'low' }, { reasoning_effort: 'high' }],
    ['mistral', 'mistralai/mistral-large-2512', { effort: 'low' }, {}],
    [
      'deepseek',
      'deepseek/deepseek-v4-pro',
      { effort: 'medium' },
      { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
    ],
    ['deepseek', 'deepseek/deepseek-v4-pro', { effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['xai', 'x-ai/grok-4.3', { effort: 'none' }, { reasoning_effort: 'none' }],
    ['xai', 'x-ai/grok-4.5', { effort: 'minimal' }, { reasoning_effort: 'low' }],
    ['xai', 'x-ai/grok-4.20', { effort: 'high' }, {}],
    ['google-ai-studio', 'google/gemini-3.5-flash', { effort: 'xhigh' }, { reasoning_effort: 'high' }],
    [
      'google-ai-studio',
      'google/gemini-3.5-flash',
      { max_tokens: 512 },
      { extra_body: { google: { thinking_config: { thinking_budget: 512 } } } },
    ],
    ['together', 'meta-llama/llama-3.3-70b-instruct', { effort: 'none' }, { reasoning: { enabled: false } }],
    ['fireworks', 'moonshotai/kimi-k2.6', { effort: 'minimal' }, { reasoning_effort: 'low' }],
    ['cerebras', 'openai/gpt-oss-120b', { enabled: true }, { reasoning_effort: 'medium' }],
  ])('%s, %s: reasoning %j becomes %j', (slug, model, reasoning, said) => {
    const { messages: _messages, model: _model, ...body } = sent(slug, model, { reasoning });
    expect(body).toEqual(said);
    const warnings = openai.warnings({ messages: hi, reasoning }, at(slug, model));
    const isOff = reasoning['effort'] === 'none' || reasoning['enabled'] === false;
    expect(warnings).toEqual(Object.keys(said).length === 0 && !isOff ? ['reasoning is not sent'] : []);
  });

  it('takes the older spelling of an effort', () => {
    expect(sent('openai', 'openai/gpt-5.2', { reasoning_effort: 'low' }).reasoning_effort).toBe('low');
    expect(sent('deepseek', 'deepseek/deepseek-v4-pro', { reasoning_effort: 'low' }).thinking).toEqual({
      type: 'enabled',
    });
  });

  it('goes by the provider’s own names', () => {
    expect(
      sent('mistral', 'mistralai/mistral-large-2512', { seed: 7, max_completion_tokens: 9, stream: true }),
    ).toEqual({
      model: 'mistral-large-2512',
      messages: hi,
      random_seed: 7,
      max_tokens: 9,
      stream: true,
    });
    expect(sent('fireworks', 'moonshotai/kimi-k2.6', {}).model).toBe('accounts/fireworks/models/kimi-k2p6');
    expect(sent('cerebras', 'openai/gpt-oss-120b', { max_tokens: 9 }, 5).max_completion_tokens).toBe(5);
    expect(sent('groq', 'openai/gpt-oss-120b', { stream: true }).stream_options).toEqual({ include_usage: true });
  });

  it('names what a provider cannot be asked for, and only what was asked for', () => {
    const schema = { type: 'json_schema', json_schema: { name: 'x', schema: {} } };
    expect(lacking('deepseek', 'deepseek/deepseek-v4-pro', { response_format: schema })).toBe('response_format');
    expect(lacking('deepseek', 'deepseek/deepseek-v4-pro', { response_format: { type: 'json_object' } })).toBeNull();
    expect(lacking('groq', 'openai/gpt-oss-120b', { n: 2 })).toBe('n');
    expect(lacking('groq', 'openai/gpt-oss-120b', { logprobs: true })).toBe('logprobs');
    expect(lacking('openai', 'openai/gpt-5.2', { cached_content: 'cachedContents/x' })).toBe('cached_content');
    expect(sent('openai', 'openai/gpt-5.2', { safety_settings: [{}] })).not.toHaveProperty('safety_settings');
    expect(
      lacking('groq', 'openai/gpt-oss-120b', { n: 1, logprobs: false, tools: [], modalities: ['text'] }),
    ).toBeNull();
    expect(lacking('openai', 'openai/gpt-5.2', { n: 2, logprobs: true, response_format: schema })).toBeNull();
  });

  it('warns of what was left out', () => {
    const request = { messages: hi, top_k: 1, stop: ['x'], frequency_penalty: 1, seed: 3 };
    expect(openai.warnings(request, at('xai', 'x-ai/grok-4.3'))).toEqual([
      'top_k is not sent',
      'stop is not sent',
      'frequency_penalty is not sent',
    ]);
    expect(at('xai', 'x-ai/grok-4.3').model.supportedParameters).not.toContain('stop');
  });

  it('gives an earlier answer’s reasoning back where it is wanted, and nowhere else', () => {
    const assistant = { role: 'assistant', content: 'Yes', reasoning: 'Hm', reasoning_details: [], annotations: [] };
    const user = { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] };
    const messages = [{ role: 'developer', content: 'Be brief' }, user, assistant];
    const clean = { role: 'user', content: [{ type: 'text', text: 'Hi' }] };
    const yes = { role: 'assistant', content: 'Yes' };
    const system = { role: 'system', content: 'Be brief' };
    expect(sent('openai', 'openai/gpt-5.2', { messages }).messages).toEqual([messages[0], clean, yes]);
    expect(sent('deepseek', 'deepseek/deepseek-v4-pro', { messages }).messages).toEqual([
      system,
      clean,
      { ...yes, reasoning_content: 'Hm' },
    ]);
    expect(sent('groq', 'openai/gpt-oss-120b', { messages }).messages).toEqual([
      system,
      clean,
      { ...yes, reasoning: 'Hm' },
    ]);
    expect(sent('openrouter', 'openai/gpt-5.2', { messages }).messages).toEqual(messages);
  });
});

it('Mistral is sent ids of calls in the only form that it takes, the same for call and result', () => {
  const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
  const messages = [
    { role: 'assistant', content: null, tool_calls: [call('call_PTLP8xhu3uwZk4l3nlnrrJha'), call('abcDEF123')] },
    { role: 'tool', tool_call_id: 'call_PTLP8xhu3uwZk4l3nlnrrJha', content: 'x' },
    { role: 'tool', tool_call_id: 'abcDEF123', content: 'y' },
  ];
  const [assistant, first, second] = sent('mistral', 'mistralai/mistral-large-2512', { messages }).messages;
  expect(assistant.tool_calls[0].id).toMatch(/^[0-9a-f]{9}$/);
  expect(first.tool_call_id).toBe(assistant.tool_calls[0].id);
  expect([assistant.tool_calls[1].id, second.tool_call_id]).toEqual(['abcDEF123', 'abcDEF123']);
  expect(sent('groq', 'openai/gpt-oss-120b', { messages }).messages).toEqual(messages);
});

describe('answers in other words', () => {
  const answer = (message: Fields, request: Fields = {}) =>
    JSON.parse(openai.readAnswer(JSON.stringify({ id: 'x', choices: [{ index: 0, message }] }), request)).choices[0]
      .message;

  it('have their reasoning under OpenRouter’s name', () => {
    expect(answer({ content: 'Yes', reasoning_content: 'Hm' })).toEqual({ content: 'Yes', reasoning: 'Hm' });
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
      { type: 'text', text: 'Yes' },
    ];
    expect(answer({ content: parts })).toEqual({ content: 'Yes', reasoning: 'Hm' });
  });

  it('have none when it was not wanted', () => {
    const request = { reasoning: { exclude: true } };
    expect(answer({ content: 'Yes', reasoning_content: 'Hm' }, request)).toEqual({ content: 'Yes' });
    expect(answer({ content: 'Yes', reasoning: 'Hm', reasoning_details: [] }, request)).toEqual({ content: 'Yes' });
  });

  it.each([
    '{"choices":[{"message":{"content":"\\"reasoning_content\\" is a \\"thinking\\" word"}}],"x":1.0}',
    'nonsense "thinking"',
    '["thinking"]',
    '{"choices":{"thinking":1,"reasoning_content":2}}',
  ])('stand to the byte when there is nothing to put right: %s', (text) =>
    expect(openai.readAnswer(text, {})).toBe(text),
  );
});

it('streams in other words are put right event by event, and the others stand', async () => {
  const foreign = {
    id: 'x',
    choices: [{ index: 0, delta: { content: null, reasoning_content: 'Hm' }, finish_reason: null }],
  };
  const plain = '{"id":"x", "choices":[{"index":0,"delta":{"content":"Yes"}}]}';
  async function* bytes() {
    yield Buffer.from(`data: ${JSON.stringify(foreign)}\n\ndata: ${plain}\n\n`);
    yield Buffer.from('data: [DONE]\n\n');
  }
  const events: string[] = [];
  for await (const batch of openai.readEvents(bytes())) events.push(...batch);
  expect(JSON.parse(events[0] ?? '').choices[0].delta).toEqual({ content: null, reasoning: 'Hm' });
  expect(events.slice(1)).toEqual([plain, '[DONE]']);
});

it('answers are read without an exception, whatever they are', () => {
  const message = fc.record({ content: fc.jsonValue(), reasoning_content: fc.jsonValue(), thinking: fc.jsonValue() });
  const choices = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.oneof(fc.jsonValue(), fc.record({ message }), fc.record({ delta: message }))),
  );
  fc.assert(
    fc.property(choices, fc.boolean(), (list, exclude) => {
      const text = JSON.stringify({ choices: list });
      expect(typeof JSON.parse(openai.readAnswer(text, { reasoning: { exclude } }))).toBe('object');
    }),
  );
});

describe('servers on this machine', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  async function serving(status: number, body: string): Promise<string> {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function found(slug: string, body: unknown, status = 200) {
    const url = await serving(status, typeof body === 'string' ? body : JSON.stringify(body));
    const provider = localProviders({ [slug]: url }).find((one) => one.slug === slug);
    await provider?.look();
    return { url, models: provider?.models() ?? [], baseUrl: provider?.baseUrl() };
  }

  it('vLLM is known by what it says of its models, for its port is everybody’s', async () => {
    const data = [{ id: 'Qwen/Qwen3-8B', object: 'model', owned_by: 'vllm', max_model_len: 40_960 }];
    const { models, url, baseUrl } = await found('vllm', { object: 'list', data });
    expect(models).toMatchObject([
      { id: 'vllm/Qwen/Qwen3-8B', native: 'Qwen/Qwen3-8B', contextLength: 40_960, price: { prompt: 0n } },
    ]);
    expect(baseUrl).toBe(`${url}/v1`);
    expect((await found('vllm', { data: [{ id: 'a', owned_by: 'somebody' }, { id: 'b' }] })).models).toEqual([]);
  });

  it('LM Studio and Ollama are found, too', async () => {
    expect(
      (await found('lmstudio', { data: [{ id: 'gpt-oss-20b', owned_by: 'organization_owner' }] })).models,
    ).toMatchObject([{ id: 'lmstudio/gpt-oss-20b' }]);
    expect((await found('ollama', { data: [{ id: 'llama3.2:latest' }] })).models).toMatchObject([
      { id: 'ollama/llama3.2:latest' },
    ]);
  });

  it.each(['', '<html>', '[]', '{"data":{}}', '{"data":[{"id":""}]}', '{"data":[{"id":7}]}'])(
    '%j is none of them',
    async (body) => {
      expect((await found('lmstudio', body)).models).toEqual([]);
    },
  );
});
