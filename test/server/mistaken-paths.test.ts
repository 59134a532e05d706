import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let key: string;

beforeAll(async () => {
  daemon = await TestDaemon.start('providers: {}\n');
  key = (await daemon.key()).secret;
});

afterAll(async () => {
  await daemon?.stop();
});

it.each([
  ['/v1/v1/chat/completions', '/api'],
  ['/api/v1/v1/responses', '/api'],
  ['/api/v1/v1beta/models/m:generateContent', ''],
  ['/v1/openai/v1/chat/completions', ''],
  ['/api/v1/openai/v1/chat/completions', ''],
  ['/openai/deployments/gpt/chat/completions?api-version=2024-10-21', '/v1'],
  ['/v2/chat', '/v1'],
  ['/v1/v2/chat', '/v1'],
  ['/api/chat', '/v1'],
  ['/api/generate', '/v1'],
  ['/model/anthropic.claude%3A0/converse', '/v1'],
  ['/model/x/invoke-with-response-stream', '/v1'],
  ['/chat/completions', '/v1'],
  ['/responses', '/v1'],
])('%s names the right base URL', async (path, base) => {
  const response = await daemon.request(path, { key, body: {} });
  const { error } = (await response.json()) as { error: { message: string; metadata: { base_url: string } } };
  expect(response.status).toBe(404);
  expect(error.metadata.base_url).toBe(`${daemon.url}${base}`);
  expect(error.message).toContain(`The right base URL is ${daemon.url}${base}`);
});

it('a path of no known mistake is just not found', async () => {
  const response = await daemon.request('/v3/nothing', { key, body: {} });
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('base_url');
});

it('Groq’s own paths are OpenAI’s', async () => {
  const response = await daemon.request('/openai/v1/chat/completions', { key, body: { messages: [] } });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('messages');
});
