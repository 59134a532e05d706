import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeProvider, failure, stream } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

const COMMENT = ': CALLGATE PROCESSING\n\n';
let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(
    `providers:\n${providerYaml('one', provider.baseUrl, ['late', 'fails-late', 'pauses'])}`,
    {
      keepAliveMs: 100,
    },
  );
  key = (await daemon.key()).secret;
  provider.on('late', async (received, response) => {
    await sleep(350);
    await stream({})(received, response);
  });
  provider.on('fails-late', async (received, response) => {
    await sleep(350);
    await failure(500, 'too late')(received, response);
  });
  provider.on('pauses', stream({ chunks: 2, every: 350 }));
});
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

const textOf = async (model: string) => {
  const response = await daemon.chat(key, { model, stream: true });
  return { status: response.status, id: response.headers.get('x-generation-id'), text: await response.text() };
};

it('a stream whose provider is slow to begin begins with comments', async () => {
  const { status, text } = await textOf('one/late');
  expect(status).toBe(200);
  expect(text.startsWith(COMMENT + COMMENT)).toBe(true);
  expect(text).toContain('w4');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

it('an error after the first comment is a chunk of the stream', async () => {
  const { status, id, text } = await textOf('one/fails-late');
  expect([status, text.startsWith(COMMENT), text.endsWith('data: [DONE]\n\n')]).toEqual([200, true, true]);
  const [event] = text.split('\n\n').filter((block) => block.startsWith('data: {'));
  expect(JSON.parse(event?.slice(6) ?? '')).toMatchObject({
    id,
    error: { code: 502, metadata: { reason: 'upstream_failed' } },
    choices: [{ finish_reason: 'error' }],
  });
});

it('a stream that pauses goes on with comments', async () => {
  const { text } = await textOf('one/pauses');
  expect(text.indexOf(COMMENT)).toBeGreaterThan(text.indexOf('w0'));
  expect(text).toContain('w1');
});
