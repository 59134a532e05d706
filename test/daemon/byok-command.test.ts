import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bundle, Harness } from './support/harness.ts';

// Each command is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
beforeAll(async () => {
  built = await bundle('server/main.ts');
  harness = new Harness(built.script);
  await harness.serve();
});
afterAll(async () => {
  await harness?.dispose();
  built?.remove();
});

type Row = Record<string, unknown> & { readonly id: string; readonly label: string };

async function json<T>(args: readonly string[], input = ''): Promise<T> {
  const { code, stdout, stderr } = await harness.run([...args, '--json'], { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

it('callgate byok keeps, changes, rotates and wipes keys, and never shows one', async () => {
  await json(['keys', 'create', '--name', 'agent']);
  await json(['workspaces', 'create', 'staging']);
  const added = await json<Row>(
    ['byok', 'add', 'openai', '--name', 'Team', '--zdr', 'yes', '--model', 'a/b', '--model', 'a/c', '--key', 'agent'],
    'sk-proj-abcdefghijklmnopqrstuvwxyz\n',
  );
  expect(added).toMatchObject({
    provider: 'openai',
    name: 'Team',
    label: 'sk-pro...wxyz',
    declared_zdr: true,
    allowed_models: ['a/b', 'a/c'],
    allowed_api_key_hashes: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    is_fallback: false,
  });
  const other = await json<Row>(
    ['byok', 'add', 'openai', '--workspace', 'staging', '--fallback', '--disabled'],
    'short',
  );
  const global = await json<Row>(['byok', 'add', 'anthropic', '--all-workspaces'], 'sk-ant-abcdefghijklmnopqrstuvwxyz');
  expect(global['workspace_id']).toBeNull();

  const ids = async (...args: string[]) => (await json<Row[]>(['byok', 'list', ...args])).map(({ id }) => id);
  expect(await ids()).toEqual([global.id, added.id]);
  expect(await ids('--workspace', 'staging')).toEqual([global.id, other.id]);
  expect(await ids('--provider', 'openai')).toEqual([added.id]);

  const changed = await json<Row>([
    'byok',
    'update',
    'Team',
    '--required',
    '--any-model',
    '--any-key',
    '--zdr',
    'unsaid',
    '--order',
    '3',
  ]);
  expect(changed).toMatchObject({
    is_required: true,
    allowed_models: null,
    allowed_api_key_hashes: null,
    declared_zdr: null,
    sort_order: 3,
  });
  expect(await json<Row>(['byok', 'update', 'Team', '--no-required'])).toMatchObject({ is_required: false });
  expect(await json<Row>(['byok', 'update', other.id.slice(0, 8), '--no-disabled'])).toMatchObject({ disabled: false });

  const rotated = await json<Row>(['byok', 'rotate', 'Team'], 'sk-proj-zyxwvutsrqponmlkjihgfedcba');
  expect(rotated).toMatchObject({ id: added.id, label: 'sk-pro...dcba' });
  const shown = await harness.run(['byok', 'list']);
  expect(shown.stdout).toContain('sk-pro...dcba');
  expect(shown.stdout).not.toContain('zyxwvuts');

  await json(['byok', 'remove', 'Team']);
  expect(await ids()).toEqual([global.id]);
});

it('callgate byok says what is wrong', async () => {
  for (const [args, input, code, said] of [
    [['byok', 'add', 'openai'], '', 2, /No key was given/],
    [['byok', 'add', 'nobody'], 'k', 1, /calls no provider "nobody"/],
    [['byok', 'add', 'openai', '--order', 'first'], 'k', 2, /whole number/],
    [['byok', 'add', 'openai', '--fallback', '--byok-only'], 'k', 1, /is_byok_only/],
    [['byok', 'add', 'openai', '--workspace', 'default', '--all-workspaces'], 'k', 2, /Either/],
    [['byok', 'update', 'nothing', '--disabled'], '', 1, /No brought key is called nothing/],
    [['byok', 'update', 'nothing'], '', 2, /Nothing to change/],
  ] as const) {
    const ended = await harness.run([...args], { input });
    expect({ args, code: ended.code, stdout: ended.stdout }).toEqual({ args, code, stdout: '' });
    expect(ended.stderr).toMatch(said);
  }
});

it('callgate destinations keeps what a file says, and shows its secrets masked', async () => {
  const file = join(harness.folder, 'hook.yaml');
  writeFileSync(file, 'url: https://example.com/hook\nheaders:\n  Authorization: Bearer a-secret-of-some-length\n');
  const added = await json<Row>([
    'destinations',
    'add',
    'webhook',
    '--name',
    'Memory',
    '--config',
    file,
    '--sample',
    '0.5',
  ]);
  expect(added).toMatchObject({
    type: 'webhook',
    name: 'Memory',
    sampling_rate: 0.5,
    config: { url: 'https://example.com/hook', method: 'POST', headers: { Authorization: '********ngth' } },
  });
  expect(await json<Row[]>(['destinations', 'list'])).toEqual([added]);
  expect(await json<Row>(['destinations', 'show', 'Memory'])).toEqual(added);
  const changed = await json<Row>(
    ['destinations', 'update', 'Memory', '--no-enabled', '--privacy', '--config', '-'],
    'method: PUT',
  );
  expect(changed).toMatchObject({
    enabled: false,
    privacy_mode: true,
    config: { method: 'PUT', url: 'https://example.com/hook' },
  });
  const people = await harness.run(['destinations', 'list']);
  expect(people.stdout).toContain('disabled');
  expect(people.stderr).toContain('sends nothing to them yet');
  await json(['destinations', 'remove', added.id]);
  expect(await json<Row[]>(['destinations', 'list'])).toEqual([]);

  const wrong = await harness.run(['destinations', 'add', 'webhook', '--config', '-'], { input: '[]' });
  expect(wrong.code).toBe(2);
  const missing = await harness.run(['destinations', 'add', 'datadog']);
  expect({ code: missing.code, stderr: missing.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('config.apiKey'),
  });
});
