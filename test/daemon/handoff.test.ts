import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readManagementKey } from '../../server/daemon/discovery.ts';
import { readText } from '../../server/daemon/loopback-request.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { isNewer } from '../../server/daemon/version-order.ts';
import { type DaemonHandle, ensureDaemon, findDaemon } from '../../server/ensure-daemon.ts';
import { LSP_PATH, LSP_SUBPROTOCOL } from '../../server/protocol.ts';
import { answer, FakeProvider, stream, usageOf } from '../support/fake-provider.ts';
import { providerYaml } from '../support/test-daemon.ts';
import { bundle, Harness } from './support/harness.ts';

const OLD = '1.0.0';
const NEW = '1.1.0';

let provider: FakeProvider;
let old: Awaited<ReturnType<typeof bundle>>;
let next: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;

beforeAll(async () => {
  provider = await FakeProvider.start();
  [old, next] = await Promise.all([bundle('server/main.ts', OLD), bundle('server/main.ts', NEW)]);
});
afterAll(async () => {
  await provider.stop();
  old.remove();
  next.remove();
});
beforeEach(() => {
  harness = new Harness(old.script);
  mkdirSync(harness.state, { mode: 0o700 });
  writeFileSync(paths(harness.state).config, config());
  provider.on('plain', answer({}));
});
afterEach(async () => {
  const last = await findDaemon(harness.state);
  if (last) await harness.run(['stop']);
  await harness.dispose();
});

const config = () => `providers:\n${providerYaml('fake', provider.baseUrl, ['plain', 'long'])}`;

/** A bundle where a daemon takes its successor from. */
function install(script: string, name = NEW): string {
  const home = join(paths(harness.state).bin, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  cpSync(script, join(home, 'daemon.js'));
  return join(home, 'daemon.js');
}

const launch = { command: '/nonexistent', args: [] };
/** What an editor of the new version does when it opens. */
const editorOpens = (version = NEW, script = next.script) =>
  ensureDaemon({
    state: harness.state,
    launch,
    newcomer: { version, bundle: async () => install(script, version) },
  });

type Asked = { readonly status: number; readonly text: string; readonly id: string | undefined };

/** One request as a program without retries would make it. */
function ask(url: string, key: string, path: string, body?: unknown, agent = new Agent()): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (answer: IncomingMessage) => {
      const id = String(answer.headers['x-generation-id'] ?? '');
      readText(answer, 10_000_000).then((text) => resolve({ status: answer.statusCode ?? 0, text, id }), reject);
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const management = () => readManagementKey(harness.state) ?? '';
async function programKey(url: string): Promise<{ key: string; hash: string }> {
  const made = await ask(url, management(), '/api/v1/keys', { name: 'program', limit: 100 });
  const { key, data } = JSON.parse(made.text);
  return { key, hash: data.hash };
}
const call = (url: string, key: string, more: object = {}, agent?: Agent) =>
  ask(
    url,
    key,
    '/api/v1/chat/completions',
    { model: 'fake/plain', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50, ...more },
    agent,
  );
const running = async (): Promise<DaemonHandle> => {
  const daemon = await findDaemon(harness.state);
  if (!daemon) throw new Error('no daemon');
  return daemon;
};
const servedBy = (version: string, timeout = 25_000) =>
  expect.poll(async () => (await findDaemon(harness.state))?.version, { timeout, interval: 50 }).toBe(version);

/** Ten tokens in and `completion` out, by the prices of `providerYaml`. */
const costOf = (completion: number) => (10 * 1_000 + completion * 10_000) / 1e9;

describe('a newer version', () => {
  it('takes over without cutting a stream, refusing a call or losing a charge', async () => {
    provider.on('long', stream({ chunks: 80, every: 50, usage: usageOf(10, 80) }));
    const { running: process, info } = await harness.serve(['--on-demand']);
    const { key, hash } = await programKey(info.url);
    const long = call(info.url, key, { model: 'fake/long', stream: true });
    await expect.poll(() => provider.received.some(({ body }) => body.model === 'long')).toBe(true);

    expect(await editorOpens()).toMatchObject({ kind: 'connected', started: false, daemon: { version: OLD } });
    expect(JSON.parse((await harness.run(['status', '--json'])).stdout).handing_over_to).toBe(NEW);
    const answers: Asked[] = [];
    let over = false;
    const caller = async () => {
      while (!over) answers.push(await call(info.url, key));
    };
    // One alone leaves moments without a call; the stream leaves none before its end.
    const calling = caller();
    const found: (string | undefined)[] = [];
    const looking = (async () => {
      for (; !over; await sleep(5)) found.push((await findDaemon(harness.state))?.version);
    })();
    const { text } = await long;
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(text.match(/"w\d+ "/g)).toHaveLength(80);
    await servedBy(NEW);
    const before = answers.length;
    await expect.poll(() => answers.length).toBeGreaterThan(before + 5);
    over = true;
    await Promise.all([calling, looking]);

    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    expect([...new Set(found)]).toEqual([OLD, NEW]);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(answers.length);
    const status = JSON.parse((await harness.run(['status', '--json'])).stdout);
    expect(status).toMatchObject({ version: NEW, url: info.url, in_flight: 0 });
    expect(status.pid).not.toBe(info.pid);
    const { data } = JSON.parse((await ask(info.url, management(), `/api/v1/keys/${hash}`)).text);
    expect(data.usage).toBeCloseTo(costOf(80) + answers.length * costOf(5), 9);
    expect((await process.ended).code).toBe(0);
  });

  it('finds its moment under calls that never pause', async () => {
    provider.on('plain', answer({ delay: 120 }));
    const { info } = await harness.serve(['--on-demand']);
    const { key, hash } = await programKey(info.url);
    let over = false;
    const statuses: (number | string)[] = [];
    const callers = Array.from({ length: 6 }, async (_, index) => {
      await sleep(index * 20);
      while (!over) statuses.push(await call(info.url, key).then(({ status }) => status, String));
    });
    await editorOpens();
    await servedBy(NEW);
    over = true;
    await Promise.all(callers);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { data } = JSON.parse((await ask(info.url, management(), `/api/v1/keys/${hash}`)).text);
    expect(data.usage).toBeCloseTo(statuses.length * costOf(5), 9);
  });

  it('answers on connections that are older than itself, on both loopback addresses, and sends the editors over', async () => {
    const { info, running: process } = await harness.serve(['--on-demand']);
    const { key } = await programKey(info.url);
    const six = info.url.replace('127.0.0.1', '[::1]');
    const agents = [info.url, six].map((url) => ({ url, agent: new Agent({ keepAlive: true, maxSockets: 1 }) }));
    for (const { url, agent } of agents) expect((await call(url, key, {}, agent)).status).toBe(200);
    const socket = new WebSocket(`${info.url.replace('http', 'ws')}${LSP_PATH}`, LSP_SUBPROTOCOL, {
      headers: { authorization: `Bearer ${management()}` },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));

    await editorOpens();
    expect(await closed).toBe(1012);
    // At once: some of these wait in the sockets while the new one opens the store.
    const answers = await Promise.all([
      ...agents.map(({ url, agent }) => call(url, key, {}, agent)),
      ...[info.url, six, info.url, six].map((url) => call(url, key)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    await servedBy(NEW);
    expect((await process.ended).code).toBe(0);
    for (const { agent } of agents) agent.destroy();
  });

  it('is followed by a newer one still, and an editor of an older version uses it as it is', async () => {
    const { info } = await harness.serve(['--on-demand']);
    await editorOpens();
    await servedBy(NEW);
    const { pid } = await running();
    expect(await editorOpens(OLD, old.script)).toMatchObject({ kind: 'connected', daemon: { version: NEW, pid } });
    const newest = await bundle('server/main.ts', '2.0.0');
    await editorOpens('2.0.0', newest.script);
    await servedBy('2.0.0');
    newest.remove();
    const { key } = await programKey(info.url);
    expect((await call(info.url, key)).status).toBe(200);
    expect((await running()).pid).not.toBe(pid);
  });
});

describe('a daemon that a person or a service manager started', () => {
  it('keeps its place with them while another serves, and both end together', async () => {
    const { running: process, info } = await harness.serve();
    await editorOpens();
    await servedBy(NEW);
    expect(process.child.exitCode).toBeNull();
    expect(await harness.run(['stop'])).toMatchObject({ code: 0 });
    expect((await process.ended).code).toBe(0);
    expect(await findDaemon(harness.state)).toBeNull();
    expect(info.url).toMatch(/^http/);
  });

  it('passes on the wish to end', async () => {
    const { running: process } = await harness.serve();
    await editorOpens();
    await servedBy(NEW);
    process.child.kill('SIGTERM');
    expect((await process.ended).code).toBe(0);
    expect(await findDaemon(harness.state)).toBeNull();
    expect(existsSync(paths(harness.state).daemonJson)).toBe(false);
  });
});

describe('a daemon keeps its place', () => {
  const handOff = async (url: string, version: string, bundle: string) =>
    JSON.parse((await ask(url, management(), '/api/v1/callgate/handoff', { version, bundle })).text);

  it('before what is not newer, and what does not stand in its own folder', async () => {
    const { info } = await harness.serve(['--on-demand']);
    const inPlace = install(next.script);
    for (const version of [OLD, '0.9.9', '1.0.0-beta', '', 'x'])
      expect(await handOff(info.url, version, inPlace), version).toEqual({
        accepted: false,
        reason: expect.any(String),
      });
    for (const path of [next.script, '/etc/passwd', `${inPlace}.no`, 'daemon.js', join(inPlace, '../../../../x'), ''])
      expect(await handOff(info.url, NEW, path), path).toEqual({ accepted: false, reason: expect.any(String) });
    expect((await running()).pid).toBe(info.pid);
  });

  it.each<[string, string, (() => void) | null]>([
    ['ends at once', 'process.exit(3)', null],
    ['cannot read config.yaml', '', () => writeFileSync(paths(harness.state).config, 'servr: 1')],
  ])('when its successor %s', async (_, script, prepare) => {
    const { info } = await harness.serve(['--on-demand']);
    const { key } = await programKey(info.url);
    prepare?.();
    const path = install(next.script);
    if (script) writeFileSync(path, script);
    expect(await handOff(info.url, NEW, path)).toEqual({ accepted: true, reason: null });
    await expect
      .poll(async () => JSON.parse((await harness.run(['status', '--json'])).stdout).handing_over_to, {
        timeout: 15_000,
      })
      .toBeNull();
    expect((await running()).pid).toBe(info.pid);
    expect((await call(info.url, key)).status).toBe(200);
  });

  it('or is started anew, when the successor fails after all', async () => {
    const { info } = await harness.serve(['--on-demand', '--port', '0']);
    const { key } = await programKey(info.url);
    const path = install(next.script);
    writeFileSync(
      path,
      "process.send({ kind: 'ready' }); process.on('message', (m) => m.kind === 'free' && process.exit(1));",
    );
    await handOff(info.url, NEW, path);
    await expect
      .poll(async () => (await findDaemon(harness.state))?.pid ?? info.pid, { timeout: 20_000 })
      .not.toBe(info.pid);
    const daemon = await running();
    expect(daemon.version).toBe(OLD);
    expect((await call(daemon.url, key)).status).toBe(200);
  });

  it('and ends, when it is told to while it waits for its moment', async () => {
    provider.on('long', stream({ chunks: 30, every: 50, usage: usageOf(10, 30) }));
    const { info, running: process } = await harness.serve(['--on-demand']);
    const { key } = await programKey(info.url);
    const seen = provider.received.length;
    const long = call(info.url, key, { model: 'fake/long', stream: true });
    await expect.poll(() => provider.received.length).toBeGreaterThan(seen);
    await editorOpens();
    expect(await harness.run(['stop'])).toMatchObject({ code: 0 });
    expect((await long).text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect((await process.ended).code).toBe(0);
    expect(await findDaemon(harness.state)).toBeNull();
    const log = readFileSync(paths(harness.state).startLog, 'utf8');
    expect(log).not.toContain('Error');
  });
});

it.each([
  ['1.0.1', '1.0.0', true],
  ['1.10.0', '1.9.0', true],
  ['2.0.0', '1.99.99', true],
  ['1.0.0', '1.0.0-rc.1', true],
  ['1.0.0-rc.10', '1.0.0-rc.9', true],
  ['1.0.0', '1.0.0', false],
  ['1.0.0+b', '1.0.0+a', false],
  ['1.0.0-rc.1', '1.0.0', false],
  ['0.9.0', '1.0.0', false],
  ['', '1.0.0', false],
  ['1.0', '1.0.0', false],
  ['99999999999.0.0', '1.0.0', false],
])('isNewer(%s, %s) is %s', (version, than, is) => {
  expect(isNewer(version, than)).toBe(is);
});
