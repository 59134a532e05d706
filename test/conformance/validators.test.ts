import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerFaults } from '../support/validators/answer.ts';
import { House } from './support/house.ts';
import { openai as openaiDialect } from './support/speak-openai.ts';

/** The validators are worth something only if they find what is wrong: every answer here is first right, then spoilt. */
let house: House;
let key: string;

beforeAll(async () => {
  house = await House.open(openaiDialect);
  key = (await house.daemon.key()).secret;
  await house.daemon.chat(key, { model: 'lab/plain' });
});

afterAll(async () => {
  await house?.close();
});

type Taken = Parameters<typeof answerFaults>[0];

async function take(method: string, path: string, body?: object, secret = key): Promise<Taken> {
  const headers = { 'x-openrouter-metadata': 'enabled' };
  const response = await house.daemon.request(path, { method, key: secret, headers, ...(body ? { body } : {}) });
  const { pathname } = new URL(path, 'http://x');
  const { status } = response;
  return { method, path: pathname, status, headers: response.headers, text: await response.text(), whole: true };
}

const CHAT = '/api/v1/chat/completions';
const chat = (more: object = {}) =>
  take('POST', CHAT, { model: 'lab/plain', messages: [{ role: 'user', content: 'x' }], ...more });
const manage = (path: string) => take('GET', path, undefined, house.daemon.managementKey);

/** Every object of a JSON value but those whose members nobody can list: metadata, a preset's config, what is Callgate's own. */
function* objectsIn(value: unknown, at = ''): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    if (!['metadata', 'config', 'callgate', 'left_out'].includes(name)) yield* objectsIn(member, `${at}.${name}`);
  }
}

describe('what is right is found right, and a field nobody knows is found, wherever it stands', () => {
  it.each([
    ['an answer', () => chat()],
    ['a tool call', () => chat({ model: 'lab/tools' })],
    ['an answer with reasoning', () => chat({ model: 'lab/thinks' })],
    ['an error', () => chat({ model: 'lab/down' })],
    ['the models', () => take('GET', '/api/v1/models?limit=2')],
    ['the endpoints', () => take('GET', '/api/v1/models/lab/shared/endpoints')],
    ['the providers', () => take('GET', '/api/v1/providers')],
    ['a key itself', () => take('GET', '/api/v1/key')],
    ['the keys', () => manage('/api/v1/keys')],
    ['the credits', () => manage('/api/v1/credits')],
    ['the activity', () => manage(`/api/v1/activity?date=${new Date().toISOString().slice(0, 10)}`)],
    [
      'the guardrails',
      async () => {
        const content_filter_builtins = [{ slug: 'prompt-injection', action: 'flag', threshold: 0.5 }];
        const content_filters = [{ pattern: 'x', action: 'flag' }];
        const body = { name: 'x', content_filter_builtins, content_filters, modalities: { image: { rule: 'deny' } } };
        await house.daemon.request('/api/v1/guardrails', { body });
        return manage('/api/v1/guardrails');
      },
    ],
    ['the ceiling', () => manage('/api/v1/callgate/organization/policy')],
    ['the presets', () => take('GET', '/api/v1/presets')],
    ['a preset', () => take('GET', '/api/v1/presets/hello')],
  ])('%s', async (_what, taking) => {
    const taken = await taking();
    expect(answerFaults(taken)).toEqual([]);
    const body: unknown = JSON.parse(taken.text);
    const objects = [...objectsIn(body)];
    expect(objects.length).toBeGreaterThan(0);
    for (const object of objects) {
      object['surprise'] = 1;
      expect(answerFaults({ ...taken, text: JSON.stringify(body) }).join()).toContain('surprise');
      delete object['surprise'];
    }
  });
});

describe('what is missing or wrong is found', () => {
  const spoil = async (taking: Promise<Taken>, change: (body: never) => void) => {
    const taken = await taking;
    const body = JSON.parse(taken.text);
    change(body as never);
    return answerFaults({ ...taken, text: JSON.stringify(body) });
  };
  type Chat = { id: string; usage: Record<string, unknown>; choices: Record<string, unknown>[] };

  it.each<[string, (body: Chat) => void]>([
    ['X-Generation-Id', (body) => (body.id = 'gen-1700000000-aaaaaaaaaaaaaaaaaaaa')],
    ['usage.cost', ({ usage }) => delete usage['cost']],
    ['usage.prompt_tokens', ({ usage }) => (usage['prompt_tokens'] = 1.5)],
    ['choices.0.finish_reason', ({ choices }) => (choices[0] = { ...choices[0], finish_reason: 'tool_use' })],
    ['choices.0.message', ({ choices }) => delete choices[0]?.['message']],
  ])('of an answer: %s', async (where, change) => {
    expect((await spoil(chat(), change)).join()).toContain(where);
  });

  it('of an error: a code that is not its status, a kind nobody knows', async () => {
    type Failed = { error: { code: number; metadata: Record<string, unknown> } };
    const failed = () => chat({ model: 'lab/nothing' });
    expect((await spoil(failed(), ({ error }: Failed) => (error.code = 404))).join()).toContain('error.code is 404');
    const strange = await spoil(failed(), ({ error }: Failed) => (error.metadata['error_type'] = 'odd'));
    expect(strange.join()).toContain('error_type');
  });

  it.each<[string, string, (text: string) => string]>([
    ['without its end', 'without [DONE]', (text) => text.replace('data: [DONE]\n\n', '')],
    ['that goes on', 'after [DONE]', (text) => `${text}data: {}\n\n`],
    ['whose id changes', 'id changes', (text) => text.replace(/"id":"gen-(\d+)-./, '"id":"gen-$1-0')],
    ['with usage midway', 'chunk 0: (all): Unrecognized key: "usage"', (text) => text.replace('{', '{"usage":{},')],
    ['with a null fingerprint', 'system_fingerprint', (text) => text.replace('{', '{"system_fingerprint":null,')],
    ['that is cut off', 'in the middle of an event', (text) => text.slice(0, -20)],
    ['of two lines', 'not an event of one data line', (text) => text.replace('"object"', '\n"object"')],
    ['without usage', 'usage', (text) => text.replace(/"usage":\{.*?\}\},?/, '')],
    ['of a reason unknown', 'finish_reason', (text) => text.replace('"finish_reason":"stop"', '"finish_reason":"end"')],
  ])('of a stream %s', async (_what, fault, change) => {
    const taken = await chat({ stream: true });
    expect(answerFaults(taken)).toEqual([]);
    const text = change(taken.text);
    expect(text).not.toBe(taken.text);
    expect(answerFaults({ ...taken, text }).join()).toContain(fault);
  });

  it('of a route nobody described', async () => {
    expect(answerFaults(await manage('/api/v1/callgate/status')).join()).toContain('no validator');
  });
});
