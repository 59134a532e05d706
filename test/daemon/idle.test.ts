import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdleExit, idleMinutes } from '../../server/daemon/idle-exit.ts';
import { lastProgramUse } from '../../server/daemon/last-program-use.ts';
import { loopbackRequest } from '../../server/daemon/loopback-request.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { bundle, Harness } from './support/harness.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A daemon with nobody about, whose circumstances a test can change. */
function room() {
  const at = {
    now: Date.parse('2026-05-01T12:00:00Z'),
    minutes: 15,
    count: 0,
    lastUse: Date.parse('2026-05-01T12:00:00Z'),
    inFlight: 0,
    program: null as Date | null,
    exits: 0,
    /** Happens while the store is asked. */
    meanwhile: () => {},
  };
  const idle = new IdleExit({
    minutes: () => at.minutes,
    sockets: {
      get count() {
        return at.count;
      },
      get lastUse() {
        return at.lastUse;
      },
    },
    inFlight: () => at.inFlight,
    lastProgramUse: async () => {
      at.meanwhile();
      return at.program;
    },
    exit: () => {
      at.exits++;
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    now: () => at.now,
  });
  return { at, idle };
}

describe('a daemon on demand', () => {
  it('ends so many minutes after the last connection went, not before', async () => {
    const { at, idle } = room();
    at.now += 15 * MINUTE - 1;
    expect(await idle.check()).toBe(false);
    at.now += 1;
    expect(await idle.check()).toBe(true);
    expect(at.exits).toBe(1);
  });

  it.each<[string, (at: ReturnType<typeof room>['at']) => void]>([
    ['an editor or a program is connected', (at) => (at.count = 1)],
    ['a call has not been settled', (at) => (at.inFlight = 1)],
    ['somebody was there lately', (at) => (at.lastUse = at.now - 14 * MINUTE)],
    ['a program’s key was used within seven days', (at) => (at.program = new Date(at.now - 7 * DAY + 1))],
    ['a key was made for a program that has not called yet', (at) => (at.program = new Date(at.now - MINUTE))],
    ['it is told never to', (at) => (at.minutes = 0)],
    ['somebody comes while the store is asked', (at) => (at.meanwhile = () => (at.count = 1))],
    ['config.yaml comes to say more', (at) => (at.meanwhile = () => (at.minutes = 10_000))],
  ])('stays while %s', async (_, arrange) => {
    const { at, idle } = room();
    at.now += 3 * DAY;
    arrange(at);
    expect(await idle.check()).toBe(false);
    expect(at.exits).toBe(0);
  });

  it('ends when the last program’s call is seven days old', async () => {
    const { at, idle } = room();
    at.now += DAY;
    at.program = new Date(at.now - 7 * DAY);
    expect(await idle.check()).toBe(true);
  });

  it('makes room for updates of VS Code on Windows, whose runtime it runs on', () => {
    const runtime = (platform: string, electron?: string) =>
      ({ platform, versions: electron ? { electron } : {} }) as unknown as typeof process;
    expect(idleMinutes(15, runtime('win32', '39.0.0'))).toBe(1);
    expect(idleMinutes(0, runtime('win32', '39.0.0'))).toBe(0);
    expect(idleMinutes(15, runtime('win32'))).toBe(15);
    expect(idleMinutes(15, runtime('linux', '39.0.0'))).toBe(15);
  });
});

it('the editor’s own runs are no program’s use; a program’s calls are, and so is its key being made', async () => {
  const provider = await FakeProvider.start();
  const daemon = await TestDaemon.start(`providers:\n  one:\n    base_url: ${provider.baseUrl}\n`);
  try {
    const keys = await daemon.request('/api/v1/keys');
    const { data } = (await keys.json()) as { data: { hash: string; name: string }[] };
    for (const { hash, name } of data.filter((key) => key.name !== 'editor'))
      expect((await daemon.request(`/api/v1/keys/${hash}`, { method: 'DELETE' })).status, name).toBe(200);
    await daemon.request('/api/v1/callgate/run', {
      body: { preset: 'hello', messages: [{ role: 'user', content: 'Hi' }] },
    });
    expect(await daemon.lastProgramUse()).toBeNull();
    daemon.setNow(new Date('2030-01-01T00:00:00Z'));
    const { secret } = await daemon.key();
    expect((await daemon.lastProgramUse())?.toISOString()).toBe('2030-01-01T00:00:00.000Z');
    daemon.setNow(new Date('2030-02-01T00:00:00Z'));
    expect((await daemon.chat(secret, { model: 'callgate/sandbox' })).status).toBe(200);
    expect((await daemon.lastProgramUse())?.toISOString().slice(0, 10)).toBe('2030-02-01');
  } finally {
    await daemon.stop();
    await provider.stop();
  }
  expect(await lastProgramUse({ keys: { list: async () => [] }, usage: {} } as never)).toBeNull();
});

describe('the process', () => {
  let built: Awaited<ReturnType<typeof bundle>>;
  let harness: Harness;
  beforeAll(async () => {
    built = await bundle('test/daemon/support/fake-main.ts');
  });
  afterAll(() => built.remove());
  beforeEach(() => {
    harness = new Harness(built.script);
    mkdirSync(harness.state, { mode: 0o700 });
    writeFileSync(paths(harness.state).config, 'server:\n  idle_exit: 0.01\n');
  });
  afterEach(() => harness.dispose());

  it('ends by itself when it was started on demand, after the last connection', async () => {
    const { running, info } = await harness.serve(['--on-demand']);
    const slow = await loopbackRequest(`${info.url}/slow`);
    await sleep(1_500);
    expect(running.child.exitCode).toBeNull();
    slow.destroy();
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  it.each([
    ['a person or a service manager started it', [], {}],
    ['a program has called lately', ['--on-demand'], { FAKE_PROGRAM_USE: new Date().toISOString() }],
  ])('stays when %s', async (_, args, env) => {
    const { running } = await harness.serve(args, env as Record<string, string>);
    await sleep(2_000);
    expect(running.child.exitCode).toBeNull();
  });
});
