import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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
  await harness.dispose();
  built.remove();
});

const run = (args: readonly string[], input?: string) =>
  harness.run(['guardrails', ...args], input === undefined ? {} : { input });

async function json<T = Record<string, unknown>>(args: readonly string[], input?: string): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json'], input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

describe('callgate guardrails', () => {
  it('makes one from a file and options, the options winning, and changes it', async () => {
    const file = 'name: From a file\nallowed_providers: [openai]\nlimit_usd: 1\nreset_interval: weekly\n';
    const made = await json(
      [
        'create',
        ...['--file', '-', '--limit', '2.5', '--reset', 'daily'],
        ...['--filter', 'email=redact', '--filter', 'secrets=block:input,output'],
        ...['--pattern', 'flag=AKIA[0-9A-Z]{16}=?', '--image', 'pin:google-vertex', '--video', 'deny'],
        ...['--zdr', 'openai', '--no-training', '--reversible'],
      ],
      file,
    );
    expect(made).toMatchObject({
      name: 'From a file',
      allowed_providers: ['openai'],
      limit_usd: 2.5,
      reset_interval: 'daily',
      content_filter_builtins: [
        { slug: 'email', action: 'redact', directions: ['input'] },
        { slug: 'secrets', action: 'block', directions: ['input', 'output'] },
      ],
      content_filters: [{ pattern: 'AKIA[0-9A-Z]{16}=?', action: 'flag' }],
      modalities: { image: { rule: 'pin', provider: 'google-vertex' }, video: { rule: 'deny' } },
      enforce_zdr_openai: true,
      enforce_zdr_anthropic: null,
      enable_paid_model_training: false,
      reversible: true,
    });
    // For people, too: a permission that is false forbids something.
    expect((await run(['show', 'From a file'])).stdout).toMatch(/enable_paid_model_training +false/);
    expect(
      await json(['update', 'From a file', '--limit', 'none', '--allow-provider', 'none', '--training']),
    ).toMatchObject({
      limit_usd: null,
      reset_interval: null,
      allowed_providers: null,
      enable_paid_model_training: null,
      reversible: true,
    });
    const shown = await run(['show', String(made['id']).slice(0, 8)]);
    expect(shown.stdout).toMatch(/content_filter_builtins +redact email, block secrets \(input, output\)/);
    expect(shown.stdout).toMatch(/modalities +image pin google-vertex, video deny/);
    expect(shown.stdout).toMatch(/keys +none/);
  });

  it('assigns and unassigns keys and members by what people call them', async () => {
    await json(['create', '--name', 'Assigned']);
    const key = await harness.run(['keys', 'create', '--name', 'nightly']);
    expect(key.code).toBe(0);
    expect(await json(['assign', 'Assigned', '--key', 'nightly', '--member', 'user_local'])).toEqual({
      keys: 1,
      members: 1,
    });
    const { stdout } = await run(['show', 'Assigned']);
    expect(stdout).toMatch(/keys +nightly\nmembers +user_local/);
    expect(await json(['unassign', 'Assigned', '--key', 'nightly'])).toEqual({ keys: 1 });
    expect(await json(['delete', 'Assigned'])).toEqual({ deleted: true });
    const names = (await json<{ name: string }[]>(['list'])).map(({ name }) => name);
    expect(names).not.toContain('Assigned');
  });

  it('sets up the workspace’s own, and the organization’s ceiling', async () => {
    const own = await json(['update', 'default', '--ignore-provider', 'deepinfra']);
    expect(own).toMatchObject({ is_default: true, ignored_providers: ['deepinfra'] });
    expect((await run(['list'])).stdout).toMatch(/\(all keys\) .*ignored_providers/);
    expect((await run(['show', 'default'])).stdout).toMatch(/keys +all of the workspace/);
    expect(await json(['ceiling', '--zdr', 'all', '--allow-phrase', 'act as'])).toMatchObject({
      enforce_zdr_xai: true,
      injection_allow_list: ['act as'],
    });
    expect(await json(['ceiling'])).toMatchObject({ enforce_zdr_xai: true, injection_allow_list: ['act as'] });
  });

  it.each([
    [['create', '--name', 'x', '--filter', 'email'], 2, 'slug=action'],
    [['create', '--name', 'x', '--image', 'pin:'], 2, 'pin:<provider>'],
    [['create', '--name', 'x', '--zdr', 'mistral'], 2, 'anthropic'],
    [['create', '--name', 'x', '--pattern', 'AKIA'], 2, 'action=regex'],
    [['create', '--name', 'x', '--file', '/nowhere.yaml'], 2, '/nowhere.yaml'],
    [['create', '--name', 'x', '--limit', '5'], 1, 'reset_interval'],
    [['create', '--name', 'x', '--pattern', 'block=(a+)+'], 1, 'content_filters.0.pattern'],
    [['create', '--name', 'x', '--filter', 'emails=block'], 1, 'email, phone'],
    [['update', 'nobody', '--limit', 'none'], 1, 'No guardrail is called nobody'],
    [['update', 'default'], 2, 'Nothing to change'],
    [['assign', 'default'], 2, 'Nobody is named'],
  ])('says what is wrong with %j', async (args, code, told) => {
    const answer = await run(args);
    expect([answer.code, answer.stdout]).toEqual([code, '']);
    expect(answer.stderr).toContain(told);
  });

  it.each(['- a\n- b\n', 'a: [', 'text', ''])('takes no file that holds no fields: %j', async (text) => {
    const { code, stderr } = await run(['create', '--name', 'x', '--file', '-'], text);
    expect([code, stderr.startsWith('callgate: -: ')]).toEqual([2, true]);
  });
});
