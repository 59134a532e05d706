import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readDaemonJson } from '../../server/daemon/discovery.ts';
import { acquireLock } from '../../server/daemon/lock.ts';
import { loopbackRequest, readText } from '../../server/daemon/loopback-request.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { findDaemon } from '../../server/ensure-daemon.ts';
import { bundle, Harness, portOf, squat } from './support/harness.ts';

let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;
beforeAll(async () => {
  built = await bundle('test/daemon/support/fake-main.ts');
});
afterAll(() => built.remove());
beforeEach(() => {
  harness = new Harness(built.script);
});
afterEach(() => harness.dispose());

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

async function fetchText(url: string): Promise<string> {
  return readText(await loopbackRequest(url), 100_000);
}

function until(holds: () => boolean): Promise<void> {
  return expect.poll(holds, { timeout: 20_000, interval: 20 }).toBe(true) as unknown as Promise<void>;
}

describe('a daemon', () => {
  it('says one line when it is ready, and leaves a folder nobody else can look into', async () => {
    const { running, info } = await harness.serve();
    expect(Object.keys(info).sort()).toEqual(['pid', 'state', 'url', 'version']);
    expect(info).toMatchObject({ pid: running.child.pid, state: harness.state, version: '9.9.9' });
    expect(info.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);

    const all = paths(harness.state);
    expect(mode(harness.state)).toBe('700');
    expect(mode(all.logs)).toBe('700');
    for (const file of [all.lock, all.daemonJson, all.managementKey, all.masterKey])
      expect(mode(file), file).toBe('600');
    expect(readFileSync(all.managementKey, 'utf8')).toMatch(/^sk-cg-mgmt-v1-[0-9a-f]{64}\n$/);
    expect(readDaemonJson(harness.state)).toMatchObject({ url: info.url, pid: info.pid });

    expect(await harness.run(['stop'])).toMatchObject({ code: 0, stdout: '' });
    const ended = await running.ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).toBe('');
    expect(existsSync(all.daemonJson)).toBe(false);
    expect(readFileSync(join(harness.state, 'trace.txt'), 'utf8')).toBe('store closed\n');
  });

  it('answers on both loopback addresses, upgrades included, and knows its own address', async () => {
    const { info } = await harness.serve();
    const port = Number(new URL(info.url).port);
    for (const host of ['127.0.0.1', '[::1]']) {
      expect(JSON.parse(await fetchText(`http://${host}:${port}/base`))).toEqual({ baseUrl: info.url, providers: [] });
      const upgraded = await new Promise<number>((resolve, reject) => {
        const request = get({
          host: host.replace(/[[\]]/g, ''),
          port,
          path: '/lsp',
          headers: {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-key': 'x',
            'sec-websocket-version': '13',
          },
        });
        request.once('upgrade', (answer, socket) => {
          socket.destroy();
          resolve(answer.statusCode ?? 0);
        });
        request.once('error', reject);
      });
      expect(upgraded).toBe(101);
    }
  });

  it('is one: of ten that start at once one stays, and nine say that it runs', async () => {
    const starters = Array.from({ length: 10 }, () => harness.start(['serve', '--json', '--port', '0']));
    const lines = (await Promise.all(starters.map((one) => one.line()))).map((line) => JSON.parse(line));
    const [winner, ...more] = lines.filter((line) => !line.already_running);
    expect(more).toEqual([]);
    const losers = lines.filter((line) => line.already_running);
    expect(losers).toHaveLength(9);
    for (const loser of losers) expect(loser).toMatchObject({ url: winner.url, pid: winner.pid });
    const codes = await Promise.all(
      starters.filter((one) => one.child.pid !== winner.pid).map(async (one) => (await one.ended).code),
    );
    expect(codes).toEqual(Array(9).fill(0));
    expect(await findDaemon(harness.state)).toMatchObject({ pid: winner.pid, url: winner.url });
  });

  it('leaves no stale lock when it is killed, and its stale daemon.json is not believed', async () => {
    for (let round = 0; round < 3; round++) {
      const { running, info } = await harness.serve();
      expect(acquireLock(harness.state)).toBeNull();
      running.child.kill('SIGKILL');
      await running.ended;
      expect(readDaemonJson(harness.state)?.pid).toBe(info.pid);
      expect(await findDaemon(harness.state)).toBeNull();
    }
    const lock = acquireLock(harness.state);
    expect(lock).not.toBeNull();
    lock?.release();
    const { info } = await harness.serve();
    expect(await findDaemon(harness.state)).toMatchObject({ url: info.url });
  });

  it('lets calls in flight end before it does, on either address', async () => {
    const { running, info } = await harness.serve([], { FAKE_SLOW_MS: '1500' });
    const port = new URL(info.url).port;
    const slow = await Promise.all(
      ['127.0.0.1', '[::1]'].map((host) => loopbackRequest(`http://${host}:${port}/slow`)),
    );
    running.child.kill('SIGTERM');
    await running.until(() => (running.stderr.includes('Stopping') ? true : null));
    await expect
      .poll(() =>
        fetchText(`${info.url}/base`).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed');
    const trace = join(harness.state, 'trace.txt');
    expect(existsSync(trace)).toBe(false);
    expect(await Promise.all(slow.map((answer) => readText(answer, 1_000)))).toEqual([
      'begun\nended\n',
      'begun\nended\n',
    ]);
    expect((await running.ended).code).toBe(0);
    expect(readFileSync(trace, 'utf8')).toBe('store closed\n');
  });

  it('ends at once when told twice', async () => {
    const { running, info } = await harness.serve();
    const slow = await loopbackRequest(`${info.url}/slow`);
    running.child.kill('SIGINT');
    await running.until(() => (running.stderr.includes('Stopping') ? true : null));
    // A second signal in the same breath would be the same Ctrl-C, passed on by npm.
    const again = setInterval(() => running.child.kill('SIGINT'), 400);
    try {
      await expect(readText(slow, 100_000)).rejects.toThrow(/aborted/);
      expect((await running.ended).code).toBe(0);
    } finally {
      clearInterval(again);
    }
    expect(existsSync(paths(harness.state).daemonJson)).toBe(false);
  });

  it('does not wait for an editor’s socket', async () => {
    const { running, info } = await harness.serve();
    const socket = connect(Number(new URL(info.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'GET /lsp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n',
    );
    await new Promise((resolve) => socket.once('data', resolve));
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  it('gives its place to one that was started while it drains', async () => {
    const first = await harness.serve([], { FAKE_SLOW_MS: '1500' });
    const slow = await loopbackRequest(`${first.info.url}/slow`);
    first.running.child.kill('SIGTERM');
    await first.running.until(() => (first.running.stderr.includes('Stopping') ? true : null));
    const second = await harness.serve();
    expect(second.info.pid).not.toBe(first.info.pid);
    expect(await readText(slow, 1_000)).toBe('begun\nended\n');
    expect(second.running.stderr).toContain(`pid ${first.info.pid}`);
  });
});

describe('a daemon does not start', () => {
  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('when somebody holds its port on %s, and names them', async (host) => {
    const squatter = await squat(host, 0);
    try {
      const port = portOf(squatter);
      const { code, stdout, stderr } = await harness.run(['serve', '--json', '--port', String(port)]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(new RegExp(`Port ${port} on \\S+ is taken by node \\(pid ${process.pid}\\)`));
      expect(existsSync(paths(harness.state).daemonJson)).toBe(false);
    } finally {
      squatter.close();
    }
    const { info } = await harness.serve();
    expect(info.url).toContain('127.0.0.1');
  });

  it('with an invalid config.yaml, and tells every place', async () => {
    mkdirSync(harness.state, { mode: 0o700 });
    writeFileSync(paths(harness.state).config, 'server:\n  prt: 1\n  port: -1\n');
    const { code, stdout, stderr } = await harness.run(['serve']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      'config.yaml:2:3: unknown key "prt" in server. Did you mean "port"?',
      expect.stringMatching(/^config\.yaml:3:9: server\.port /),
    ]);
    expect(acquireLock(harness.state)).not.toBeNull();
  });

  it('with a config file that is not there', async () => {
    const { code, stderr } = await harness.run(['serve', '--config', '/nonexistent.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('/nonexistent.yaml');
  });

  it('for other machines before their names are listed', async () => {
    expect(await harness.run(['serve', '--host', '0.0.0.0', '--port', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('server.allowed_hosts'),
    });
    writeFileSync(paths(harness.state).config, 'server:\n  allowed_hosts: [gate.example]\n');
    const { info } = await harness.serve(['--host', '0.0.0.0']);
    expect(info.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(await findDaemon(harness.state)).not.toBeNull();
  });

  it('in a folder that is a link, a file, or plainly another thing', async () => {
    mkdirSync(join(harness.folder, 'shared'), { mode: 0o755 });
    chmodSync(join(harness.folder, 'shared'), 0o755);
    writeFileSync(join(harness.folder, 'shared', 'photo.jpg'), '');
    const { code, stderr } = await harness.run(['serve', '--state', join(harness.folder, 'shared')]);
    expect(code).toBe(2);
    expect(stderr).toContain('open to other users');
    expect(mode(join(harness.folder, 'shared'))).toBe('755');
  });

  it('when its insides fail, and frees the lock', async () => {
    const { code, stderr } = await harness.run(['serve', '--port', '0'], { env: { FAKE_COMPOSE_FAILS: '1' } });
    expect(code).toBe(1);
    expect(stderr).toContain('the store is from the future');
    await until(() => {
      const lock = acquireLock(harness.state);
      lock?.release();
      return lock !== null;
    });
  });
});
