import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bundle, Harness } from './support/harness.ts';

// Each command is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
let url: string;
beforeAll(async () => {
  built = await bundle('server/main.ts');
  harness = new Harness(built.script);
  ({ url } = (await harness.serve()).info);
});
afterAll(async () => {
  await harness.dispose();
  built.remove();
});

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await harness.run([...args, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

async function call(secret: string, body: object) {
  const response = await fetch(`${url}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...body }),
  });
  return {
    status: response.status,
    json: (await response.json()) as { error?: { metadata: Record<string, unknown> } },
  };
}

it('a behavior proposes, a person runs it, rejects, and lets it ask', async () => {
  const { key: secret } = await json<{ key: string }>('keys', 'create', '--name', 'agent');
  const made = await json<{ tier: string; preset: string }>(
    ...['behaviors', 'create', '--name', 'greeter', '--preset', 'hello', '--key', 'agent', '--tier', 'a'],
  );
  expect(made).toMatchObject({ tier: 'A', preset: 'hello' });
  const refused = await call(secret, { model: '@preset/hello' });
  expect(refused.json.error?.metadata['reason']).toBe('proposal_only');
  const [proposal] = await json<{ id: string; behavior: string }[]>('behaviors', 'proposals');
  expect(proposal).toMatchObject({ behavior: 'greeter', status: 'pending' });
  const ran = await harness.run(['behaviors', 'run', proposal?.id ?? '']);
  expect(ran.code).toBe(0);
  expect(ran.stdout.trim()).not.toBe('');
  expect(await harness.run(['behaviors', 'run', proposal?.id ?? ''])).toMatchObject({ code: 1, stdout: '' });

  await call(secret, { model: '@preset/hello', temperature: 1 });
  const [second] = await json<{ id: string }[]>('behaviors', 'proposals', '--behavior', 'greeter');
  await json('behaviors', 'reject', second?.id ?? '', '--note', 'not now');
  expect((await harness.run(['behaviors', 'proposals'])).stderr).toContain('Nothing waits');

  expect(await json('behaviors', 'promote', 'greeter')).toMatchObject({ tier: 'B' });
  const unearned = await harness.run(['behaviors', 'promote', 'greeter']);
  expect(unearned.code).toBe(1);
  expect(unearned.stderr).toContain('50 clean calls');
  const ledger = await harness.run(['behaviors', 'ledger', 'greeter']);
  for (const said of ['promoted', 'A → B', 'rejected', 'not now']) expect(ledger.stdout).toContain(said);
  expect((await harness.run(['behaviors', 'list'])).stdout).toContain('greeter');
  expect(await json('behaviors', 'rules', 'clean_calls=5', 'loop_calls=none')).toMatchObject({
    clean_calls: 5,
    loop_calls: null,
  });
  expect((await harness.run(['behaviors', 'rules', 'nonsense'])).code).toBe(2);
  expect(
    (await harness.run(['behaviors', 'create', '--name', 'x', '--preset', 'hello', '--key', 'agent'])).stderr,
  ).toContain('greeter');
  expect(await json('behaviors', 'delete', 'greeter')).toEqual({ deleted: true });
});

it('a permit is required, granted ahead, asked for, denied and revoked', async () => {
  const { key: secret } = await json<{ key: string }>('keys', 'create', '--name', 'caller');
  await json('permits', 'require', 'key', 'caller');
  const granted = await json<{ id: string }>(
    'permits',
    'grant',
    '--key',
    'caller',
    '--task',
    'one',
    '--until',
    '1h',
    '--cap',
    '2',
  );
  expect(granted).toMatchObject({ task: 'one', cap: 2, granted_by: 'command line' });
  expect((await call(secret, { model: 'callgate/sandbox', session_id: 'one' })).status).toBe(200);

  const waiting = call(secret, { model: 'callgate/sandbox', session_id: 'two' });
  type Listed = { requests: { id: string; task: string }[]; requirements: unknown[]; permits: unknown[] };
  await expect.poll(async () => (await json<Listed>('permits', 'list')).requests.length, { timeout: 30_000 }).toBe(1);
  const [request] = (await json<Listed>('permits', 'list')).requests;
  expect(request).toMatchObject({ task: 'two' });
  expect((await harness.run(['permits', 'list'])).stdout).toContain(request?.id);
  await json('permits', 'grant', request?.id ?? '', '--once');
  expect((await waiting).status).toBe(200);

  const denied = call(secret, { model: 'callgate/sandbox', session_id: 'three' });
  await expect.poll(async () => (await json<Listed>('permits', 'list')).requests.length, { timeout: 30_000 }).toBe(1);
  await json('permits', 'deny', (await json<Listed>('permits', 'list')).requests[0]?.id ?? '');
  expect((await denied).json.error?.metadata['reason']).toBe('permit_denied');

  expect(await json('permits', 'revoke', granted.id)).toMatchObject({ state: 'revoked' });
  await json('permits', 'require', 'key', 'caller', '--remove');
  expect((await call(secret, { model: 'callgate/sandbox', session_id: 'four' })).status).toBe(200);
  for (const args of [
    ['permits', 'grant'],
    ['permits', 'require', 'colour', 'red'],
    ['permits', 'grant', 'x', '--key', 'caller'],
  ])
    expect(await harness.run(args)).toMatchObject({ code: 2, stdout: '' });
  expect((await harness.run(['keys', 'release', 'caller'])).stderr).toContain('may call again');
});
