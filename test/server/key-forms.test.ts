import { afterAll, beforeAll, expect, it } from 'vitest';
import { addressWithoutKey } from '../../server/http/security.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let provider: FakeProvider;
let secret: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n  one:\n    base_url: ${provider.baseUrl}\n    key: env:UPSTREAM_KEY\n    models: [{ id: one/m, native: m, context_length: 1000, max_completion_tokens: 100, pricing: { prompt: "0.000001", completion: "0.000001" } }]\n`,
    { env: { UPSTREAM_KEY: 'sk-upstream' } },
  );
  secret = (await daemon.key()).secret;
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

const ask = (path: string, headers: Record<string, string>) =>
  fetch(`${daemon.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"contents":[]}',
  });

it.each(['x-api-key', 'api-key', 'x-goog-api-key'])('a key may come in %s', async (name) => {
  const path = '/v1beta/models/one/m:generateContent';
  // Past the key, its body is at fault.
  expect((await ask(path, { [name]: secret })).status).toBe(400);
  expect((await ask(path, { [name]: 'sk-cg-v1-nobody' })).status).toBe(401);
});

it('a key in the address is taken under Google’s paths alone, and stands in no log and no answer', async () => {
  const path = `/v1beta/models/one/m:nonsense?key=${secret}&alt=sse`;
  const unknown = await ask(path, {});
  expect(unknown.status).toBe(404);
  expect(await unknown.text()).not.toContain(secret);
  expect((await ask(`/v1beta/models/one/m:generateContent?key=${secret}`, {})).status).toBe(400);
  const elsewhere = await ask(`/v1/chat/completions?key=${secret}`, {});
  expect(elsewhere.status).toBe(401);
  expect(await elsewhere.text()).not.toContain(secret);
  expect(JSON.stringify(daemon.lines)).not.toContain(secret);
});

it.each([
  ['/v1beta/models/m:generateContent?key=a%2Bb', '/v1beta/models/m:generateContent', 'a+b'],
  ['/v1beta/models/m:x?alt=sse&key=k', '/v1beta/models/m:x?alt=sse', 'k'],
  ['/v1beta/models/m:x?key=k&key=l&alt=sse', '/v1beta/models/m:x?alt=sse', 'k'],
  ['/v1beta/models/m:x?monkey=k', '/v1beta/models/m:x?monkey=k', undefined],
  ['/v1/models?key=k', '/v1/models?key=k', undefined],
])('%s', (url, rest, key) => {
  const headers: Record<string, string | undefined> = {};
  expect(addressWithoutKey(url, headers)).toBe(rest);
  expect(headers['x-goog-api-key']).toBe(key);
});
