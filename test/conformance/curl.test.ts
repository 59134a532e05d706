import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle, Harness, type Running } from '../daemon/support/harness.ts';

const bash = (line: string) => promisify(execFile)('bash', ['-c', line]);

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
let first: Running;

beforeAll(async () => {
  built = await bundle('server/main.ts');
  harness = new Harness(built.script);
  first = harness.start(['serve', '--port', '0']);
});

afterAll(async () => {
  await harness.dispose();
  built.remove();
});

const printed = (line: RegExp) => first.until(() => line.exec(first.stdout)?.[0] ?? null);

it('the curl line of a first start, pasted, streams an answer to its end', async () => {
  const line = await printed(/^curl .*$/m);
  expect(line).toContain('@preset/hello');
  const { stdout } = await bash(line);
  const events = stdout.split('\n\n').filter((block) => block.startsWith('data: '));
  expect(events.at(-1)).toBe('data: [DONE]');
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)));
  expect(chunks.length).toBeGreaterThan(5);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  expect(text).toContain('You said: “Hello!”');
  expect(chunks.at(-1)).toMatchObject({ model: 'callgate/sandbox', choices: [], usage: { cost: expect.any(Number) } });
  expect(chunks.at(-1).usage.cost).toBeGreaterThan(0);
});

it('the key of the first start is the one that was charged', async () => {
  const key = /sk-cg-v1-[0-9a-f]{64}/.exec(await printed(/^curl .*$/m))?.[0] ?? '';
  const base = await printed(/http:\S+\/api\/v1\b/);
  const { stdout } = await bash(`curl -s ${base}/key -H "Authorization: Bearer ${key}"`);
  const { data } = JSON.parse(stdout);
  expect(data.usage).toBeGreaterThan(0);
  expect(data.limit_remaining).toBeLessThan(data.limit);
});

it('a later start prints no key, but the command that makes one, and that works', async () => {
  expect((await harness.run(['stop'])).code).toBe(0);
  await first.ended;
  first = harness.start(['serve', '--port', '0']);
  const line = await printed(/callgate\S* .*keys create --name my-program/);
  expect(first.stdout).not.toMatch(/sk-cg-/);
  expect(first.stdout).not.toContain('curl');
  const created = await harness.run([...line.slice(line.indexOf('keys create')).split(' '), '--json']);
  expect(created.code).toBe(0);
  expect(created.stdout).toMatch(/sk-cg-v1-[0-9a-f]{64}/);
});
