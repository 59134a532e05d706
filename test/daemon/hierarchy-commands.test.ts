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

const run = (...args: readonly string[]) => harness.run(args);
async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args, '--json');
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}
type Named = { id: string; slug: string; name: string };

describe('callgate', () => {
  it('explains every command of the hierarchy, and what is wrong with one', async () => {
    const commands = [
      ...['list', 'create', 'update', 'delete'].map((name) => ['orgs', name]),
      ...['list', 'add', 'update', 'remove'].map((name) => ['members', name]),
      ...['list', 'create', 'update', 'delete', 'budget', 'members', 'add-members', 'remove-members'].map((name) => [
        'workspaces',
        name,
      ]),
      ...['show', 'add', 'set', 'unset'].map((name) => ['credits', name]),
      ...['list', 'create', 'revoke'].map((name) => ['management-keys', name]),
    ];
    const helped = await Promise.all(
      commands.map(async (command) => ({ command, ...(await run(...command, '--help')) })),
    );
    for (const { command, code, stdout } of helped) {
      expect({ command, code }).toEqual({ command, code: 0 });
      for (const said of [`Usage: callgate ${command.join(' ')}`, '--org <org>', '--json', 'Exit codes:'])
        expect(stdout, command.join(' ')).toContain(said);
    }
    for (const wrong of [
      ['workspaces', 'create'],
      ['workspaces', 'budget', 'default', 'hourly', '1'],
      ['workspaces', 'budget', 'default', 'daily'],
      ['workspaces', 'budget', 'default', 'daily', 'lots'],
      ['workspaces', 'update', 'default'],
      ['members', 'add', 'a@b.example', '--role', 'owner'],
      ['members', 'update', 'user_local'],
      ['credits', 'add', 'none'],
      ['credits', 'fly'],
      ['orgs', 'update', 'default'],
    ]) {
      const { code, stdout } = await run(...wrong);
      expect({ wrong, code, stdout }).toEqual({ wrong, code: 2, stdout: '' });
    }
  });

  it('makes workspaces with budgets, members and keys, and takes them away', async () => {
    const lab = await json<Named>(
      'workspaces',
      'create',
      'lab',
      '--name',
      'The Lab',
      '--text-model',
      'callgate/sandbox',
    );
    expect(lab).toMatchObject({ slug: 'lab', name: 'The Lab', default_text_model: 'callgate/sandbox' });
    expect((await json<Named[]>('workspaces', 'list')).map(({ slug }) => slug)).toEqual(['default', 'lab']);

    await json('workspaces', 'budget', 'lab', 'monthly', '100', '--include-byok');
    const daily = await json<{ data: object[] }>('workspaces', 'budget', 'lab', 'daily', '$5');
    expect(daily.data).toMatchObject([{ limit_usd: 100 }, { limit_usd: 5, reset_interval: 'daily' }]);
    const refused = await run('workspaces', 'budget', 'lab', 'weekly', '200');
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('strictly decrease') });
    expect((await json<{ data: object[] }>('workspaces', 'budget', 'lab', 'daily', 'none')).data).toHaveLength(1);
    expect((await run('workspaces', 'list')).stdout).toMatch(/lab +The Lab +\$100\.00 monthly/);

    const ann = await json<{ id: string; role: string }>(
      'members',
      'add',
      'ann@example.org',
      '--id',
      'user_ann',
      '--role',
      'admin',
    );
    expect(ann).toMatchObject({ id: 'user_ann', role: 'org:admin' });
    await json('members', 'update', 'ann@example.org', '--first-name', 'Ann');
    expect((await run('members', 'list')).stdout).toMatch(/user_ann +ann@example\.org +Ann +admin/);
    expect(await json('workspaces', 'add-members', 'lab', 'user_ann')).toMatchObject({ added_count: 1 });
    expect(await json('workspaces', 'members', 'lab')).toMatchObject([{ user_id: 'user_ann', role: 'admin' }]);

    const made = await json<{ data: { hash: string } }>(
      ...['keys', 'create', '--name', 'in lab', '--workspace', 'lab', '--creator', 'user_ann'],
    );
    expect(made.data).toMatchObject({ workspace_id: lab.id, creator_user_id: 'user_ann' });
    expect(await json('keys', 'list', '--workspace', 'lab')).toMatchObject([{ name: 'in lab' }]);
    expect((await json<Named[]>('keys', 'list')).map(({ name }) => name)).toContain('in lab');
    expect((await run('workspaces', 'remove-members', 'lab', 'user_ann')).code).toBe(1);
    const busy = await run('workspaces', 'delete', 'lab');
    expect(busy.stderr).toMatch(/in lab[\s\S]*Delete or disable its keys first/);
    expect((await run('keys', 'delete', 'in lab')).code).toBe(0);
    expect(await json('workspaces', 'remove-members', 'lab', 'user_ann')).toMatchObject({ removed_count: 1 });
    expect((await run('workspaces', 'delete', 'lab')).code).toBe(0);
    expect((await run('members', 'remove', 'user_ann')).code).toBe(0);
    expect((await run('workspaces', 'delete', 'default')).stderr).toContain('--confirm-default');
  });

  it('keeps credits and organizations apart', async () => {
    expect((await run('credits')).stdout).toContain('no limit');
    expect(await json('credits', 'set', '20')).toMatchObject({ total_credits: 20, unlimited: false });
    expect(await json('credits', 'add', '0.5')).toMatchObject({ total_credits: 20.5 });
    expect((await run('credits', 'show')).stdout).toMatch(/prepaid +\$20\.50/);

    await json('orgs', 'create', 'acme', '--name', 'Acme');
    expect(await json('credits', '--org', 'acme')).toMatchObject({ unlimited: true });
    await json('workspaces', 'create', 'lab', '--org', 'acme');
    expect((await json<Named[]>('workspaces', 'list', '--org', 'acme')).map(({ slug }) => slug)).toEqual([
      'default',
      'lab',
    ]);
    expect((await json<Named[]>('workspaces', 'list')).map(({ slug }) => slug)).toEqual(['default']);
    expect((await run('workspaces', 'list', '--org', 'nobody')).stderr).toContain('callgate orgs list');

    const key = await json<{ key: string }>('management-keys', 'create', '--name', 'bot', '--org', 'acme');
    expect(key.key).toMatch(/^sk-cg-mgmt-v1-[0-9a-f]{64}$/);
    expect((await run('management-keys', 'list', '--org', 'acme')).stdout).toContain('bot');
    expect((await run('management-keys', 'revoke', 'bot')).code).toBe(2);
    expect((await run('management-keys', 'revoke', 'bot', '--org', 'acme')).code).toBe(0);
    expect(await json('management-keys', 'list', '--org', 'acme')).toEqual([]);

    await json('orgs', 'update', 'acme', '--slug', 'acme-two');
    expect((await run('orgs', 'list')).stdout).toContain('acme-two');
    expect((await run('orgs', 'delete', 'default')).code).toBe(1);
    expect((await run('orgs', 'delete', 'acme-two')).code).toBe(0);
    expect(await json('credits', 'unset')).toMatchObject({ unlimited: true });
  });

  it('publishes and lists presets of a workspace', async () => {
    await json('workspaces', 'create', 'apart');
    const { writeFileSync } = await import('node:fs');
    const file = `${harness.folder}/apart.preset.md`;
    writeFileSync(file, '---\nmodel: callgate/sandbox\n---\nYou are apart.\n');
    await json('presets', 'publish', file, '--workspace', 'apart');
    expect(await json('presets', 'list', '--workspace', 'apart')).toMatchObject([{ slug: 'apart' }]);
    expect((await json<Named[]>('presets', 'list')).map(({ slug }) => slug)).not.toContain('apart');
    expect((await run('presets', 'show', 'apart')).code).toBe(1);
    expect(await json('presets', 'show', 'apart', '--workspace', 'apart')).toMatchObject({ slug: 'apart' });
  });
});
