import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { proofOf, readDaemonJson, readOrCreateManagementKey, writeDaemonJson } from '../../server/daemon/discovery.ts';
import { loopbackRequest, readText } from '../../server/daemon/loopback-request.ts';
import { isNodeSupported } from '../../server/daemon/node-version.ts';
import { paths, prepareStateFolder } from '../../server/daemon/state-folder.ts';
import { ensureDaemon, findDaemon, nodeRuntime } from '../../server/ensure-daemon.ts';
import { PROTOCOL_VERSION } from '../../server/protocol.ts';
import { bundle, Harness } from './support/harness.ts';

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
const pids = new Set<number>();
beforeAll(async () => {
  built = await bundle('test/daemon/support/fake-main.ts');
});
afterAll(() => built.remove());
beforeEach(() => {
  harness = new Harness(built.script);
});
afterEach(async () => {
  for (const pid of pids) await gone(pid);
  pids.clear();
  await harness.dispose();
});

/** Ends a daemon that this test started detached. */
async function gone(pid: number): Promise<void> {
  const alive = () => {
    try {
      process.kill(pid, 'SIGKILL');
      return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  await expect.poll(alive).toBe(false);
}

const launch = (env: Record<string, string> = {}) => ({
  command: process.execPath,
  args: [built.script, 'serve', '--state', harness.state, '--port', '0'],
  env,
});

/** Something on a port that answers /healthz in its own way. */
async function answering(proof: (nonce: string) => unknown) {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    const nonce = new URL(request.url ?? '/', 'http://x').searchParams.get('nonce') ?? '';
    response.end(JSON.stringify(proof(nonce)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, seen, close: () => new Promise((resolve) => server.close(resolve)) };
}

function pretend(url: string, protocol = PROTOCOL_VERSION): string {
  prepareStateFolder(harness.state);
  const key = readOrCreateManagementKey(harness.state);
  writeDaemonJson({ url, pid: 1, state: harness.state, version: '1', protocol, started_at: '2026-01-01T00:00:00Z' });
  return key;
}

describe('findDaemon', () => {
  it.each<[string, (nonce: string, key: string) => unknown]>([
    ['no proof', () => ({ status: 'ok' })],
    ['a wrong proof', (nonce) => ({ status: 'ok', proof: proofOf('another key', nonce) })],
    ['the proof of another nonce', (_, key) => ({ status: 'ok', proof: proofOf(key, 'another') })],
    ['a proof cut short', (nonce, key) => ({ status: 'ok', proof: proofOf(key, nonce).slice(0, 32) })],
    ['an empty proof', () => ({ status: 'ok', proof: '' })],
    ['no JSON object', () => 'ok'],
    ['an endless answer', () => 'x'.repeat(100_000)],
  ])('does not trust %s, nor show it the token', async (_, proof) => {
    let key = '';
    const other = await answering((nonce) => proof(nonce, key));
    key = pretend(other.url);
    expect(await findDaemon(harness.state)).toBeNull();
    expect(other.seen).toEqual([undefined]);
    await other.close();
  });

  it('trusts who proves to hold the management key', async () => {
    let key = '';
    const other = await answering((nonce) => ({ status: 'ok', proof: proofOf(key, nonce) }));
    key = pretend(other.url);
    expect(await findDaemon(harness.state)).toEqual({
      url: other.url,
      token: key,
      pid: 1,
      version: '1',
      protocol: PROTOCOL_VERSION,
      protocolMin: PROTOCOL_VERSION,
      state: harness.state,
    });
    expect(other.seen).toEqual([undefined]);
    await other.close();
  });

  it('does not believe a folder behind a link', async () => {
    let key = '';
    const other = await answering((nonce) => ({ status: 'ok', proof: proofOf(key, nonce) }));
    key = pretend(other.url);
    symlinkSync(harness.state, join(harness.folder, 'link'));
    expect(await findDaemon(join(harness.folder, 'link'))).toBeNull();
    await other.close();
  });

  it.each(['', '{', '[]', '{"url":1}', 'null'])('answers null for daemon.json %j', async (text) => {
    prepareStateFolder(harness.state);
    readOrCreateManagementKey(harness.state);
    writeFileSync(paths(harness.state).daemonJson, text);
    expect(readDaemonJson(harness.state)).toBeNull();
    expect(await findDaemon(harness.state)).toBeNull();
  });

  it('answers null where there is nothing', async () => {
    expect(await findDaemon(join(harness.folder, 'nowhere'))).toBeNull();
  });
});

describe('ensureDaemon', () => {
  it('starts one for ten callers, and finds it from then on', async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () =>
        ensureDaemon({
          state: harness.state,
          launch: launch(),
          timeoutMs: 25_000,
          onSpawn: (pid) => pid && pids.add(pid),
        }),
      ),
    );
    const daemons = results.map((result) => (result.kind === 'connected' ? result.daemon : result));
    expect(new Set(daemons.map((daemon) => JSON.stringify(daemon))).size).toBe(1);
    expect(results.filter((result) => result.kind === 'connected' && result.started)).toHaveLength(1);
    const again = await ensureDaemon({ state: harness.state, launch: { command: '/nonexistent', args: [] } });
    expect(again).toEqual({ kind: 'connected', daemon: daemons[0], started: false });
  });

  it('keeps what a first start prints, which may be a key, out of every file', async () => {
    const result = await ensureDaemon({
      state: harness.state,
      launch: launch({ FAKE_FIRST_START: '1' }),
      onSpawn: (pid) => pid && pids.add(pid),
    });
    expect(result.kind).toBe('connected');
    expect(readFileSync(paths(harness.state).startLog, 'utf8')).toBe('');
  });

  it('is not taken in by a squatter on the port that daemon.json names', async () => {
    const squatter = await answering(() => ({ status: 'ok', proof: '0'.repeat(64) }));
    pretend(squatter.url);
    const result = await ensureDaemon({
      state: harness.state,
      launch: launch(),
      onSpawn: (pid) => pid && pids.add(pid),
    });
    expect(result).toMatchObject({ kind: 'connected', started: true });
    if (result.kind === 'connected') expect(result.daemon.url).not.toBe(squatter.url);
    await squatter.close();
  });

  it('tells why the daemon did not start, in its own words', async () => {
    mkdirSync(harness.state, { mode: 0o700 });
    writeFileSync(paths(harness.state).config, 'server: { prt: 1 }\n');
    expect(await ensureDaemon({ state: harness.state, launch: launch() })).toEqual({
      kind: 'failed',
      exitCode: 2,
      message: 'config.yaml:1:11: unknown key "prt" in server. Did you mean "port"?',
      remedy: expect.any(String),
      log: paths(harness.state).startLog,
    });
  });

  it('tells when there is nothing to run', async () => {
    expect(
      await ensureDaemon({ state: harness.state, launch: { command: '/nonexistent/node', args: [] } }),
    ).toMatchObject({
      kind: 'failed',
      exitCode: null,
      message: expect.stringContaining('/nonexistent/node'),
    });
  });

  it('refuses an unsafe folder before it starts anything', async () => {
    mkdirSync(join(harness.folder, 'real'));
    symlinkSync(join(harness.folder, 'real'), harness.state);
    expect(await ensureDaemon({ state: harness.state, launch: launch() })).toMatchObject({
      kind: 'failed',
      exitCode: 2,
      message: expect.stringContaining('symbolic link'),
    });
  });

  it('gives up in time on a process that never answers', async () => {
    const silent = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] };
    const result = await ensureDaemon({
      state: harness.state,
      launch: silent,
      timeoutMs: 300,
      onSpawn: (pid) => pid && pids.add(pid),
    });
    expect(result).toMatchObject({ kind: 'timeout', log: paths(harness.state).startLog });
  });

  it('waits as long as another one drains, and then starts one', async () => {
    const { running, info } = await harness.serve([], { FAKE_SLOW_MS: '11000' });
    const slow = await loopbackRequest(`${info.url}/slow`);
    running.child.kill('SIGTERM');
    await running.until(() => (running.stderr.includes('Stopping') ? true : null));
    const result = await ensureDaemon({
      state: harness.state,
      launch: launch(),
      onSpawn: (pid) => pid && pids.add(pid),
    });
    expect(result).toMatchObject({ kind: 'connected', started: true });
    expect(await readText(slow, 1_000)).toBe('begun\nended\n');
  });

  it('stops waiting when it is told to', async () => {
    const stop = new AbortController();
    const silent = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] };
    const result = await ensureDaemon({
      state: harness.state,
      launch: silent,
      signal: stop.signal,
      onSpawn: (pid) => {
        if (pid) pids.add(pid);
        stop.abort();
      },
    });
    expect(result).toEqual({ kind: 'aborted' });
  });

  it.each([
    [PROTOCOL_VERSION + 1, /reload the window/],
    [PROTOCOL_VERSION - 1, /callgate stop/],
  ])('tells what to do about a daemon of protocol %s', async (protocol, remedy) => {
    let key = '';
    const other = await answering((nonce) => ({ status: 'ok', proof: proofOf(key, nonce) }));
    key = pretend(other.url, protocol);
    expect(await ensureDaemon({ state: harness.state, launch: launch() })).toMatchObject({
      kind: 'mismatch',
      daemon: { protocol },
      remedy: expect.stringMatching(remedy),
    });
    await other.close();
  });
});

describe('nodeRuntime', () => {
  it('takes the first candidate that is new enough', async () => {
    const old = join(harness.folder, 'old-node');
    writeFileSync(old, '#!/bin/sh\necho v20.1.0\n', { mode: 0o755 });
    const fine = join(harness.folder, 'new-node');
    writeFileSync(fine, '#!/bin/sh\necho v22.13.0\n', { mode: 0o755 });
    expect(await nodeRuntime(['/nonexistent', old, fine])).toEqual({
      kind: 'found',
      command: fine,
      env: {},
      version: '22.13.0',
    });
  });

  it('runs on our own runtime otherwise', async () => {
    expect(await nodeRuntime([])).toEqual({
      kind: 'found',
      command: process.execPath,
      env: { ELECTRON_RUN_AS_NODE: '1' },
      version: process.versions.node,
    });
  });

  it.each([
    ['v22.13.0', true],
    ['22.13.1', true],
    ['v24.0.0-nightly20250101', true],
    ['v100.0.0', true],
    ['v22.12.9', false],
    ['v20.20.2', false],
    ['v9.99.0', false],
    ['', false],
    ['node', false],
  ])('supports %s: %s', (version, is) => {
    expect(isNodeSupported(version)).toBe(is);
  });
});
