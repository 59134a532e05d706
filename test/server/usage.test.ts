import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['a', 'b'])}`);
});
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

it('adds spend up by key, workspace, preset, model and day', async () => {
  daemon.setNow(new Date('2026-11-21T12:00:00Z'));
  const key = await daemon.key({ name: 'agent' });
  await daemon.chat(key.secret, { model: 'one/a' });
  await daemon.chat(key.secret, { model: 'one/a@preset/hello' });
  daemon.setNow(new Date('2026-11-22T12:00:00Z'));
  await daemon.chat(key.secret, { model: 'one/b' });
  const by = async (query: string) => {
    const response = await daemon.request(`/api/v1/callgate/usage?${query}`);
    const { data } = (await response.json()) as { data: { name: string; requests: number; cost: number }[] };
    return data.map(({ name, requests, cost }) => [name, requests, cost]);
  };
  expect(await by('by=key')).toEqual([['agent', 3, 0.00018]]);
  expect(await by('by=workspace')).toEqual([['default', 3, 0.00018]]);
  expect(await by('by=preset')).toEqual([
    ['', 2, 0.00012],
    ['hello', 1, 0.00006],
  ]);
  expect(await by(`by=model&key=${key.hash}`)).toEqual([
    ['one/a', 2, 0.00012],
    ['one/b', 1, 0.00006],
  ]);
  expect(await by('by=day&since=2026-11-22')).toEqual([['2026-11-22', 1, 0.00006]]);
  expect((await daemon.request('/api/v1/callgate/usage?by=mood')).status).toBe(400);
});
