import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loopbackRequest, readText } from '../../server/daemon/loopback-request.ts';
import { nodesOnPath } from '../../server/daemon/node-runtime.ts';
import { isNodeSupported, nodeTooOld } from '../../server/daemon/node-version.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { bundle, Harness } from './support/harness.ts';

// Each command is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const HELLO = '---\nmodel: callgate/sandbox\n---\nYou are brief.\n';

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

const run = (args: readonly string[], input?: string) => harness.run(args, input === undefined ? {} : { input });

/** Runs a command that must succeed, and reads its JSON. */
async function json<T>(args: readonly string[], input?: string): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json'], input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

function presetFile(name: string, text: string): string {
  const folder = join(harness.folder, 'work', '.callgate', 'presets');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('callgate', () => {
  it('explains itself, every command and its exit codes', async () => {
    const commands = [
      [],
      ['serve'],
      ['status'],
      ['stop'],
      ['logs'],
      ['run'],
      ['route'],
      ['keys'],
      ['presets'],
      ['providers'],
      ['behaviors'],
      ['permits'],
      ...['create', 'list', 'update', 'disable', 'enable', 'rotate', 'delete'].map((name) => ['keys', name]),
      ...['list', 'show', 'publish', 'versions', 'rollback', 'diff'].map((name) => ['presets', name]),
      ...['list', 'set-key'].map((name) => ['providers', name]),
      ...['list', 'create', 'promote', 'proposals', 'run', 'rules'].map((name) => ['behaviors', name]),
      ...['list', 'grant', 'deny', 'revoke', 'require'].map((name) => ['permits', name]),
    ];
    const helped = await Promise.all(
      commands.map(async (command) => ({ command, ...(await run([...command, '--help'])) })),
    );
    for (const { command, code, stdout, stderr } of helped) {
      expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
      expect(stdout).toContain(`Usage: ${['callgate', ...command].join(' ')}`);
      for (const said of ['--state <dir>', '--json', 'Exit codes:']) expect(stdout, command.join(' ')).toContain(said);
    }
  });

  it.each([
    [['fly']],
    [['--fly']],
    [['keys', 'create']],
    [['keys', 'create', '--name', 'x', '--limit', 'lots']],
    [['keys', 'create', '--name', 'x', '--reset', 'hourly']],
    [['keys', 'update', 'editor']],
    [['serve', '--port', '70000']],
    [['presets', 'rollback', 'hello', 'first']],
    [['presets', 'publish', '/nonexistent/a.preset.md']],
    [['presets', 'publish', '/nonexistent/Not A Slug.md']],
    [['run', 'hello']],
  ])('%j is wrong usage: exit 2, and nothing on stdout', async (args) => {
    const { code, stdout, stderr } = await run(args, '');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('takes --state and --json before or after the command', async () => {
    const elsewhere = join(harness.folder, 'elsewhere');
    for (const args of [
      ['--state', elsewhere, '--json', 'status'],
      ['status', '--state', elsewhere, '--json'],
      ['--state', '/nonexistent', 'status', '--json', '--state', elsewhere],
    ]) {
      const { code, stdout } = await run(args);
      expect(code).toBe(4);
      expect(JSON.parse(stdout)).toEqual({ running: false, state: elsewhere });
    }
    expect((await run(['keys', '--json', 'list'])).stdout).toMatch(/^\[/);
  });

  it('writes no colour where nobody sees it', async () => {
    for (const args of [['keys', 'list'], ['status'], ['fly'], ['presets', 'show', 'hello']]) {
      const { stdout, stderr } = await run(args);
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });

  it('tells how the daemon is', async () => {
    expect(await json(['status'])).toMatchObject({
      running: true,
      url,
      state: harness.state,
      version: '9.9.9',
      in_flight: 0,
    });
    expect((await run(['status'])).stdout).toContain(`${url}/api/v1`);
    const { code, stdout } = await run(['serve']);
    expect({ code, stdout: stdout.includes(url) }).toEqual({ code: 0, stdout: true });
  });
});

type Key = { hash: string; name: string; limit: number | null; limit_reset: string | null; disabled: boolean };
describe('callgate keys', () => {
  const works = async (key: string) => {
    const answer = await loopbackRequest(`${url}/api/v1/key`, { headers: { authorization: `Bearer ${key}` } });
    await readText(answer, 100_000);
    return answer.statusCode;
  };

  it('makes, lists, changes, disables, rotates and deletes', async () => {
    const options = ['--limit', '0.0005', '--reset', 'daily', '--expires', '30d', '--no-write-presets', '--clamp'];
    const made = await json<{ key: string; data: Key }>(['keys', 'create', '--name', 'worker', ...options]);
    expect(made.key).toMatch(/^sk-cg-v1-[0-9a-f]{64}$/);
    expect(made.data).toMatchObject({
      limit: 0.0005,
      limit_reset: 'daily',
      can_write_presets: false,
      clamp: true,
      allow_unpriced: false,
    });
    expect(await works(made.key)).toBe(200);

    const listed = (await run(['keys', 'list'])).stdout;
    expect(listed).toMatch(/^worker +fine +\$0\.0005 +daily +\$0\.0005 +\$0\.00 /m);
    expect(listed).not.toContain(made.key);

    const changed = await json<Key>([
      'keys',
      'update',
      'worker',
      '--limit',
      'none',
      '--reset',
      'never',
      '--write-presets',
      '--no-clamp',
    ]);
    expect(changed).toMatchObject({ limit: null, limit_reset: null, can_write_presets: true, clamp: false });
    const { hash } = made.data;
    expect(await json(['keys', 'disable', hash.slice(0, 6)])).toMatchObject({ disabled: true });
    expect(await works(made.key)).toBe(401);
    expect(await json(['keys', 'enable', hash])).toMatchObject({ disabled: false });
    expect(await works(made.key)).toBe(200);

    const rotated = await run(['keys', 'rotate', 'worker']);
    expect(rotated.stdout).toMatch(/^sk-cg-v1-[0-9a-f]{64}\n$/);
    expect(await works(made.key)).toBe(401);
    expect(await works(rotated.stdout.trim())).toBe(200);

    expect((await run(['keys', 'delete', 'worker'])).code).toBe(0);
    expect(await works(rotated.stdout.trim())).toBe(401);
    expect(await run(['keys', 'delete', 'worker'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('lists more keys than a page holds, and refuses a name that means several', async () => {
    const management = readFileSync(paths(harness.state).managementKey, 'utf8').trim();
    for (let i = 0; i < 120; i++) {
      const answer = await loopbackRequest(`${url}/api/v1/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${management}` },
        body: JSON.stringify({ name: `many ${i % 60}` }),
      });
      expect(answer.statusCode).toBe(201);
      answer.resume();
    }
    const names = (await json<Key[]>(['keys', 'list'])).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('many '))).toHaveLength(120);
    const { code, stderr } = await run(['keys', 'disable', 'many 7']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/several keys: many 7 \([0-9a-f]{12}\), many 7 \([0-9a-f]{12}\)/);
  });

  it('starts the daemon when none runs', async () => {
    const state = join(harness.folder, 'fresh');
    writeFileSync(join(harness.folder, 'config.yaml'), '');
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(join(state, 'config.yaml'), 'server: { port: 0 }\n');
    const { code, stdout } = await run(['keys', 'create', '--name', 'first', '--state', state]);
    expect({ code, isKey: /^sk-cg-v1-[0-9a-f]{64}\n$/.test(stdout) }).toEqual({ code: 0, isKey: true });
    expect((await run(['stop', '--state', state])).code).toBe(0);
    expect((await run(['status', '--state', state])).code).toBe(4);
    expect(await run(['stop', '--state', state])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('No daemon'),
    });
  });

  it('tells why the daemon does not start', async () => {
    const state = join(harness.folder, 'broken');
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(join(state, 'config.yaml'), 'prot: 1\n');
    const { code, stdout, stderr } = await run(['keys', 'list', '--state', state]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('config.yaml:1:1: unknown key "prot"');
  });
});

describe('callgate presets and run', () => {
  it('publishes, lists, compares and rolls back', async () => {
    const file = presetFile('note.preset.md', HELLO);
    expect(await run(['presets', 'publish', file, '--message', 'the first'])).toMatchObject({
      code: 0,
      stdout: '@preset/note@1\n',
    });
    expect(await json(['presets', 'publish', file])).toMatchObject({ created: false, version: { version: 1 } });
    writeFileSync(file, `${HELLO}Very.\n`);
    expect(await json(['presets', 'publish', file])).toMatchObject({ created: true, version: { version: 2 } });
    expect((await run(['presets', 'diff', 'note'])).stdout).toContain('\n+Very.\n');
    expect(await run(['presets', 'rollback', 'note', '1'])).toMatchObject({ code: 0, stdout: '@preset/note@1\n' });
    const versions = (await run(['presets', 'versions', 'note'])).stdout;
    expect(versions).toMatch(/^\* +1 +[0-9a-f]{7,} .* file +the first$/m);
    expect((await run(['presets', 'show', 'note', '2'])).stdout).toMatch(/You are brief\.\nVery\.\n$/);
    expect((await run(['presets', 'list'])).stdout).toMatch(/^@preset\/note +active +1 .*callgate\/sandbox .*\/work$/m);
    expect(await run(['presets', 'show', 'nope'])).toMatchObject({ code: 1, stdout: '' });
    expect(await run(['presets', 'rollback', 'note', '9'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('tells what is wrong in a file as file:line:column', async () => {
    const file = presetFile('bad.preset.md', '---\nmodel: callgate/sandbox\ntemperatur: 1\n---\n');
    const { code, stdout, stderr } = await run(['presets', 'publish', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${file}:3:1: .*temperatur`));
  });

  it('does not take a preset from the folder that owns it, unless told to', async () => {
    await run(['presets', 'publish', presetFile('owned.preset.md', HELLO)]);
    const other = join(harness.folder, 'owned.preset.md');
    writeFileSync(other, `${HELLO}Other.\n`);
    expect(await run(['presets', 'publish', other])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--take-over'),
    });
    expect(await run(['presets', 'publish', other, '--take-over'])).toMatchObject({ code: 0 });
  });

  it('streams an answer, and says on stderr which way it went and what it cost', async () => {
    for (const [args, input] of [
      [['run', 'hello', 'two', 'words'], undefined],
      [['run', 'hello'], 'two words\n'],
      [['run', '@preset/hello@1', '-'], 'two words'],
    ] as const) {
      const { code, stdout, stderr } = await run(args, input);
      expect(code).toBe(0);
      expect(stdout).toContain('“two words”');
      expect(stderr).toMatch(/callgate\/sandbox — \d+ in, \d+ out — \$0\.000\d+ — \d+ ms\n$/);
    }
    const answer = await json<{ choices: { message: { content: string } }[] }>(['run', 'hello', 'hi']);
    expect(answer.choices[0]?.message.content).toContain('“hi”');
  });

  it('runs a file as the draft it is', async () => {
    const { code, stdout } = await run(['run', presetFile('draft.preset.md', HELLO), 'hi']);
    expect(code).toBe(0);
    expect(stdout).toContain('You are brief.');
  });

  it('passes on the daemon’s refusal and remedy', async () => {
    const { code, stdout, stderr } = await run(['run', 'nope', 'hi']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('callgate presets list');
  });

  it('tells where a call would go without making it, and what it would be refused for', async () => {
    const { code, stdout, stderr } = await run(['route', '@preset/hello', 'two', 'words', '--max-tokens', '50']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1\s+callgate\s+callgate\/sandbox\s+100 %\s+fine\s+1 \/ 4/);
    expect(stderr).toMatch(/^Chosen by only; at most \$0\.000\d+ of key "editor", preset hello@\d+\.\n$/);
    const whole = JSON.stringify({ model: 'callgate/sandbox', messages: [{ role: 'user', content: 'x' }] });
    const shown = await json<{ decision: string }>(['route', '--body', '-'], whole);
    expect(shown.decision).toBe('send');
    const nowhere = await run(['route', 'callgate/sandbox', '--provider', '{"ignore":["callgate"]}']);
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toContain('left out: callgate for callgate/sandbox: provider.ignore');
    expect((await run(['route'], '')).code).toBe(2);
    expect((await run(['route', 'x/y', '--provider', 'price'])).code).toBe(2);
    expect((await run(['route', 'x/y', '--key', 'nobody'])).stderr).toContain('No key is called "nobody"');
  });

  it('aborts the call at Ctrl-C', async () => {
    const running = harness.start(['run', 'hello', 'hi']);
    await running.until(() => (running.stdout === '' ? null : true));
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    await expect.poll(async () => (await json<{ in_flight: number }>(['status'])).in_flight).toBe(0);
  });
});

describe('callgate providers and logs', () => {
  it('keeps a key that is piped in, and shows it nowhere', async () => {
    const secret = 'sk-provider-0123456789abcdef';
    expect(await run(['providers', 'set-key', 'openai'], `${secret}\n`)).toMatchObject({ code: 0, stdout: '' });
    const listed = (await run(['providers', 'list'])).stdout;
    expect(listed).toMatch(/^openai +OpenAI +stored /m);
    expect(listed).not.toContain(secret);
    expect(readFileSync(paths(harness.state).providerKeys, 'utf8')).not.toContain(secret);
    expect((await run(['providers', 'delete-key', 'openai'])).code).toBe(0);
    const without = await run(['providers', 'list']);
    expect(without.stdout).not.toMatch(/^(openai|vllm) /m);
    expect(without.stderr).toMatch(/set-key.*: openai, anthropic, /);
    expect((await run(['providers', 'list', '--all'])).stdout).toMatch(/^openai +OpenAI +missing /m);
    expect(await run(['providers', 'set-key', 'openai'], '\n')).toMatchObject({ code: 2 });
    expect(await run(['providers', 'set-key', 'nope'], 'k')).toMatchObject({ code: 1 });
  });

  it('shows the last lines of the log, and none of a prompt', async () => {
    await run(['run', 'hello', 'a-prompt-to-be-found']);
    const lines = (await run(['logs', '--json', '-n', '1000'])).stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toContain('started');
    expect(lines.join('\n')).not.toContain('a-prompt-to-be-found');
    expect((await run(['logs', '-n', '1'])).stdout.trim().split('\n')).toHaveLength(1);
  });

  it('follows the log', async () => {
    const following = harness.start(['logs', '-f', '-n', '0', '--json']);
    const seen = following.until(() => (following.stdout.includes('"preset published"') ? true : null));
    // Until it is known to follow, there must be something to be seen.
    let i = 0;
    const writing = setInterval(() => {
      i += 1;
      void run(['presets', 'publish', presetFile('followed.preset.md', `${HELLO}${i}\n`)]);
    }, 700);
    await seen.finally(() => clearInterval(writing));
    following.child.kill('SIGTERM');
  });
});

describe('the bundle', () => {
  it('says one sentence on a Node that is too old', async () => {
    const old = [];
    for (const node of nodesOnPath()) {
      const { stdout } = await promisify(execFile)(node, ['--version']);
      if (!isNodeSupported(stdout.trim())) old.push({ node, version: stdout.trim() });
    }
    // Machines without one still check the sentence.
    expect(nodeTooOld('v20.1.0')).toBe('Callgate needs Node 22.13.0 or newer, and this is Node 20.1.0.');
    for (const { node, version } of old) {
      const failed = await promisify(execFile)(node, [built.script, 'status']).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: 3, stdout: '', stderr: `${nodeTooOld(version)}\n` });
    }
  });

  it('keeps the part that the editor carries light', async () => {
    const { metafile } = await build({
      entryPoints: ['server/ensure-daemon.ts'],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
    const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    expect(imported).toContain('node:http');
    expect(imported.filter((path) => /sqlite|fastify|undici|commander|yaml/.test(path))).toEqual([]);
    expect(
      Object.keys(metafile.inputs).filter((path) => path.includes('node_modules') && !path.includes('/zod/')),
    ).toEqual([]);
  });
});
