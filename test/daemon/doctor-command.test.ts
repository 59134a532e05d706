import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answer, FakeProvider } from '../support/fake-provider.ts';
import { bundle, Harness } from './support/harness.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
let provider: FakeProvider;
beforeAll(async () => {
  built = await bundle('server/main.ts');
  harness = new Harness(built.script);
  provider = await FakeProvider.start();
  provider.on('m0', answer({}));
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const entry = (slug: string, url: string) =>
    `  ${slug}:\n    base_url: ${url}\n    models: [{ id: ${slug}/m0, pricing: { prompt: "0.000001", completion: "0.000001" } }]\n`;
  mkdirSync(harness.state, { mode: 0o700 });
  writeFileSync(
    join(harness.state, 'config.yaml'),
    `providers:\n${entry('good', provider.baseUrl)}${entry('gone', `http://127.0.0.1:${port}/v1`)}`,
  );
  await harness.serve();
});
afterAll(async () => {
  await harness.dispose();
  await provider.stop();
  built.remove();
});

const run = (...args: readonly string[]) => harness.run(args);

describe('callgate doctor', () => {
  it('ends with 0 when all is well, and tells times and cost', async () => {
    const { code, stdout, stderr } = await run('doctor', '--provider', 'good');
    expect({ code, stderr: stderr.trim() }).toEqual({
      code: 0,
      stderr: 'The calls cost $0.000015, charged to the key “editor”.',
    });
    expect(stdout).toMatch(
      /^ok +good +answers in .* s +connect \d+, first byte \d+|^ok +good +answers in .* s +dns \d+/m,
    );
  });

  it('ends with 1 when not, with the cure; as JSON it is the report', async () => {
    const { code, stdout, stderr } = await run('doctor', '-p', 'good', '-p', 'gone', '--deep');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^PROBLEM +gone +connection_refused/m);
    expect(stdout).toMatch(/^gone: Start the server/m);
    expect(stdout).toMatch(/^ok +database +is whole/m);
    expect(stderr).toContain('callgate: A problem was found: gone');
    const asJson = await run('doctor', '-p', 'gone', '--json');
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ ok: false, cost: 0 });
  });

  it('does not know every name', async () => {
    const { code, stderr } = await run('doctor', '-p', 'nobody');
    expect([code, stderr]).toEqual([1, expect.stringContaining('No provider is called "nobody"')]);
  });
});

describe('callgate logs', () => {
  const lastId = async (prompt: string) => {
    const { code, stdout } = await run('run', 'hello', prompt, '--json');
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { id: string }).id;
  };

  it('keeps prompts and answers from the moment it is told to, shows them and deletes them', async () => {
    const before = await lastId('never kept');
    expect((await run('logs', 'show', before)).code).toBe(1);
    const on = await run('logs', 'record', 'on', '--days', '7', '--key', 'editor');
    expect(on.stdout).toMatch(/are kept\n[\s\S]*keys +editor\n[\s\S]*7 days/);
    const id = await lastId('a \u001b[31mred heron');
    const shown = await run('logs', 'show', id);
    expect(shown.stdout).toContain('red heron');
    expect(shown.stdout).not.toContain('\u001b');
    expect((await run('logs', 'purge')).code).toBe(2);
    expect(await run('logs', 'purge', id)).toMatchObject({ code: 0, stderr: 'Deleted: 1.\n' });
    expect(await run('logs', 'show', id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('callgate logs record on'),
    });
    expect((await run('logs', 'record', 'off', '--key', 'all')).stdout).toMatch(/are not kept\n[\s\S]*keys +all/);
    expect((await run('logs', 'record', 'on', '--key', 'nobody')).code).toBe(2);
    expect((await run('logs', '-n', '1')).stdout.trim().split('\n')).toHaveLength(1);
  });
});
