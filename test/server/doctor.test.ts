import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { networkVerdict } from '../../server/doctor/network-verdict.ts';
import { type DoctorEvent, type DoctorFinding, type DoctorReport, doctorReport } from '../../server/protocol.ts';
import { quickCheck } from '../../server/store/sqlite/quick-check.ts';
import { certificate } from '../support/certificates.ts';
import { answer, FakeProvider, failure } from '../support/fake-provider.ts';
import { HttpProxy, type ProxyOptions } from '../support/http-proxy.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

const PATH = '/api/v1/callgate/doctor';
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve<T extends Server>(server: T): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ends.push(() => {
    if ('closeAllConnections' in server) (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
const answering = (handler: RequestListener) => serve(createHttp(handler));

async function daemonWith(baseUrl: string, env: NodeJS.ProcessEnv = {}, more = ''): Promise<TestDaemon> {
  const yaml = `providers:\n${providerYaml('one', baseUrl, ['m0'], '    key: env:ONE_KEY\n')}${more}`;
  const daemon = await TestDaemon.start(yaml, { env: { ONE_KEY: 'sk-one', ...env } });
  ends.push(() => daemon.stop());
  return daemon;
}

async function report(
  daemon: TestDaemon,
  body: Record<string, unknown> = { providers: ['one'] },
): Promise<DoctorReport> {
  const response = await daemon.request(PATH, { body });
  expect(response.status).toBe(200);
  return doctorReport.parse(((await response.json()) as { data: unknown }).data);
}
const about = (found: DoctorReport, name: string) => found.findings.filter((finding) => finding.name === name);
async function examined(baseUrl: string, env: NodeJS.ProcessEnv = {}): Promise<DoctorFinding> {
  const [finding] = about(await report(await daemonWith(baseUrl, env)), 'one');
  if (!finding) throw new Error('the provider was not examined');
  expect([finding.code, finding.remedy === null]).toEqual([finding.code, finding.code === 'ok']);
  return finding;
}

async function fake(): Promise<FakeProvider> {
  const provider = await FakeProvider.start();
  ends.push(() => provider.stop());
  return provider;
}

describe('a provider that works', () => {
  it('is called once, minimally, and the call is in the ledger under the key “editor”', async () => {
    const provider = await fake();
    provider.on('m0', answer({ usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } }));
    const daemon = await daemonWith(provider.baseUrl);
    const found = await report(daemon);
    const [finding] = about(found, 'one');
    expect(finding).toMatchObject({ status: 'ok', code: 'ok', remedy: null });
    // Nine tokens at a dollar and two at ten dollars a million.
    expect(finding?.tried).toMatchObject({ model: 'one/m0', http_status: 200, cost: 0.000029, proxy: null });
    expect(finding?.tried?.connect_ms).toEqual(expect.any(Number));
    expect(found).toMatchObject({ ok: true, cost: 0.000029 });
    expect(provider.received.map(({ body, headers }) => [body['max_tokens'], headers.authorization])).toEqual([
      [16, 'Bearer sk-one'],
    ]);
    const generation = await daemon.request(`/api/v1/generation?id=${finding?.tried?.generation_id}`);
    expect(await generation.json()).toMatchObject({ data: { total_cost: 0.000029, provider_name: 'one' } });
    const spend = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
      workspaces: { keys: { name: string; usage: number; in_flight: number }[] }[];
    };
    expect(spend.workspaces[0]?.keys.find(({ name }) => name === 'editor')).toMatchObject({
      usage: 0.000029,
      in_flight: 0,
    });
  });

  it('is not called beyond the limit of that key', async () => {
    const provider = await fake();
    const daemon = await daemonWith(provider.baseUrl, {}, 'defaults: { editor_key_limit: 0.0001 }\n');
    const [finding] = about(await report(daemon), 'one');
    expect(finding).toMatchObject({ status: 'skipped', code: 'no_budget', tried: { http_status: null } });
    expect(provider.received).toEqual([]);
  });

  it('is slow when its first byte takes longer than was asked', async () => {
    const provider = await fake();
    provider.on('m0', answer({ delay: 60 }));
    const daemon = await daemonWith(provider.baseUrl);
    const slow = await report(daemon, { providers: ['one'], slow_ms: 20 });
    expect(about(slow, 'one')).toMatchObject([{ status: 'warning', code: 'slow' }]);
    expect(slow.ok).toBe(true);
  });

  it('is asked for its list when no price is known, which costs nothing', async () => {
    const port = await answering((incoming, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify(
          incoming.url === '/v1/models' && incoming.headers.authorization === 'Bearer sk-one' ? { data: [] } : {},
        ),
      );
    });
    const daemon = await TestDaemon.start(
      `providers:\n  one: { base_url: "http://127.0.0.1:${port}/v1", key: env:ONE_KEY, models: [] }`,
      {
        env: { ONE_KEY: 'sk-one' },
      },
    );
    ends.push(() => daemon.stop());
    expect(about(await report(daemon), 'one')).toMatchObject([
      { code: 'not_called', tried: { http_status: 200, cost: 0 } },
    ]);
  });
});

describe('the way to a provider', () => {
  it('fails at a name that does not exist, at a closed port, at a server that hangs up', async () => {
    expect((await examined('http://nowhere.invalid/v1')).code).toMatch(/^dns_/);
    const port = await answering(() => undefined);
    await ends.pop()?.();
    expect(await examined(`http://127.0.0.1:${port}/v1`)).toMatchObject({
      code: 'connection_refused',
      tried: { http_status: null, cost: 0 },
    });
    const rude = await serve(createTcp((socket) => void socket.destroy()));
    expect(await examined(`http://127.0.0.1:${rude}/v1`)).toMatchObject({ code: 'no_answer' });
  });

  it('tells every kind of bad certificate apart', async () => {
    const authority = await certificate({ name: 'Test Authority', isAuthority: true });
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, authority.cert]);
    ends.push(() => setDefaultCACertificates(before));
    const codeOf = async (own: { key: string; cert: string }) => {
      const port = await serve(createHttps(own, (_incoming, response) => void response.end('{}')));
      return (await examined(`https://localhost:${port}/v1`)).code;
    };
    expect(await codeOf(await certificate({ name: 'localhost' }))).toBe('tls_unknown_authority');
    expect(await codeOf(await certificate({ name: 'localhost', issuer: authority, days: [-9, -2] }))).toBe(
      'tls_expired',
    );
    expect(await codeOf(await certificate({ name: 'localhost', issuer: authority, days: [2, 9] }))).toBe(
      'tls_not_yet_valid',
    );
    expect(await codeOf(await certificate({ name: 'other.test', issuer: authority }))).toBe('tls_hostname');
    expect(await codeOf(await certificate({ name: 'localhost', issuer: authority }))).toBe('wrong_dialect');
    const plain = await answering((_incoming, response) => void response.end('{}'));
    expect(await examined(`https://localhost:${plain}/v1`)).toMatchObject({ code: 'tls_not_spoken' });
  });

  it('names who signed what is not trusted', async () => {
    const port = await serve(createHttps(await certificate({ name: 'localhost' }), () => undefined));
    const { message, remedy } = await examined(`https://localhost:${port}/v1`);
    expect([message, remedy]).toEqual([
      expect.stringContaining('localhost'),
      expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    ]);
  });

  it('goes through the proxy, and says what is wrong with that', async () => {
    const provider = await fake();
    const through = async (options: ProxyOptions, target: string, credentials?: string) => {
      const proxy = await HttpProxy.start(Number(new URL(provider.baseUrl).port), options);
      ends.push(() => proxy.stop());
      const url = proxy.url(credentials);
      return examined(target, { HTTP_PROXY: url, HTTPS_PROXY: url });
    };
    const auth = 'me:secret';
    expect(await through({ auth }, 'http://one.test/v1', auth)).toMatchObject({
      code: 'ok',
      tried: { proxy: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    });
    expect(await through({ auth }, 'http://one.test/v1')).toMatchObject({ code: 'proxy_authentication' });
    const refused = await through({ auth }, 'https://one.test/v1', 'me:wrong');
    expect(refused.code).toBe('proxy_authentication');
    expect(JSON.stringify(refused)).not.toContain('wrong@');
    expect(await through({ refuse: 403 }, 'https://one.test/v1')).toMatchObject({ code: 'proxy_refused' });
    const closed = await answering(() => undefined);
    await ends.pop()?.();
    const env = { HTTPS_PROXY: `http://127.0.0.1:${closed}` };
    expect(await examined('https://one.test/v1', env)).toMatchObject({ code: 'proxy_unreachable' });
    expect(await examined('https://one.test/v1', { HTTPS_PROXY: 'ftp://x' })).toMatchObject({ code: 'proxy_setting' });
  });

  it.each([
    ['dns', 'ENOTFOUND', 'dns_unknown_name'],
    ['dns', 'EAI_AGAIN', 'dns_failed'],
    ['connect', 'TIMEOUT', 'connect_timeout'],
    ['connect', 'ENETUNREACH', 'unreachable'],
    ['proxy_dns', 'ENOTFOUND', 'proxy_unreachable'],
    ['tls', 'SELF_SIGNED_CERT_IN_CHAIN', 'tls_unknown_authority'],
    ['tls', 'ECONNRESET', 'tls_failed'],
  ] as const)('%s %s is %s', (step, code, expected) => {
    const timings = { dns: null, connect: null, proxy: null, tls: null };
    const failed = { kind: 'failed' as const, step, code, detail: 'why', issuer: null, timings };
    const verdict = networkVerdict(failed, 'api.example.com', null);
    expect([verdict.code, verdict.status]).toEqual([expected, 'problem']);
  });
});

describe('an answer', () => {
  const say = (message: string) => JSON.stringify({ error: { message } });
  const page = (title: string) => `<!DOCTYPE html><html><title>${title}</title></html>`;
  it.each([
    [401, say('Incorrect API key provided'), 'key_rejected'],
    [400, say('API key not valid. Please pass a valid API key.'), 'key_rejected'],
    [402, say('Insufficient credits'), 'no_credit'],
    [400, say('Your credit balance is too low'), 'no_credit'],
    [403, say('Country, region, or territory not supported'), 'region_refused'],
    [400, say('User location is not supported for the API use.'), 'region_refused'],
    [403, page('Attention Required! | Cloudflare'), 'egress_blocked'],
    [503, page('Just a moment...'), 'egress_blocked'],
    [403, say('You may not use this project'), 'key_forbidden'],
    [404, page('404 Not Found'), 'wrong_path'],
    [404, say('Not Found'), 'wrong_path'],
    [404, say('The model `m0` does not exist'), 'model_unknown'],
    [429, say('You exceeded your current quota, please check your plan'), 'quota_exhausted'],
    [429, say('Too many requests'), 'rate_limited'],
    [500, say('oops'), 'provider_down'],
    [529, say('overloaded'), 'provider_down'],
    [307, '', 'redirected'],
    [422, say('temperature is odd'), 'request_refused'],
    [200, page('Welcome'), 'wrong_dialect'],
    [200, '{"hello":1}', 'wrong_dialect'],
    [200, JSON.stringify({ error: { code: 402, message: 'no credits' } }), 'no_credit'],
    [200, '', 'wrong_dialect'],
  ])('%s %s is %s', async (status, body, code) => {
    const port = await answering((_incoming, response) => {
      const type = body.startsWith('<') ? 'text/html' : 'application/json';
      response.writeHead(status, { 'content-type': type, ...(status === 307 ? { location: '/v2' } : {}) }).end(body);
    });
    const finding = await examined(`http://127.0.0.1:${port}/v1`);
    expect(finding.code).toBe(code);
    // None of them is a call that was answered: nothing is charged for it.
    expect(finding.tried).toMatchObject({ cost: 0, generation_id: null });
    expect(finding.tried?.http_status).toBe(code === 'no_credit' && status === 200 ? 402 : status);
  });

  it('of a base URL without a version says so', async () => {
    const port = await answering((_incoming, response) => void response.writeHead(404).end('nothing here'));
    expect((await examined(`http://127.0.0.1:${port}`)).remedy).toContain('lacks its version segment');
    expect((await examined(`http://127.0.0.1:${port}/v1`)).remedy).toBe('Correct base_url in config.yaml.');
  });

  it('never shows the key that was sent', async () => {
    const provider = await fake();
    provider.on('m0', failure(401, 'Incorrect API key provided: sk-one'));
    expect(JSON.stringify(await examined(provider.baseUrl))).not.toContain('sk-one');
  });

  it('dates itself: a clock that is far off is noticed', async () => {
    const provider = await fake();
    const daemon = await daemonWith(provider.baseUrl);
    daemon.setNow(new Date(Date.now() + 3_600_000));
    expect(about(await report(daemon), 'clock')).toMatchObject([{ status: 'warning', code: 'clock_skew' }]);
    daemon.setNow(null);
    expect(about(await report(daemon), 'clock')).toMatchObject([{ status: 'ok' }]);
  });
});

describe('the house', () => {
  it('is looked at with every report', async () => {
    const daemon = await daemonWith((await fake()).baseUrl);
    const { ok, findings } = await report(daemon, { providers: [], deep: true });
    expect(ok).toBe(true);
    expect(findings.map(({ name }) => name)).toEqual([
      'state folder',
      'disk',
      'config.yaml',
      'address',
      'keys',
      'database',
    ]);
    expect(findings.find(({ name }) => name === 'database')).toMatchObject({ status: 'ok', message: 'is whole' });
  });

  it('is open to others, or has a preset nobody can serve', async () => {
    const daemon = await daemonWith((await fake()).baseUrl);
    chmodSync(join(daemon.state, 'callgate.db'), 0o644);
    writeFileSync(join(daemon.state, 'config.yaml'), 'providers:\n  x:\n    headers: { x-secret: abc }\n', {
      mode: 0o644,
    });
    const text = '---\nmodel: openai/gpt-5-mini\n---\nHi';
    await daemon.request('/api/v1/callgate/presets/lonely/publish', { body: { text } });
    const found = await report(daemon, { providers: [] });
    expect(about(found, 'state folder')).toMatchObject([
      { code: 'open_to_others', message: expect.stringContaining('callgate.db') },
    ]);
    expect(about(found, 'config.yaml')).toMatchObject([{ code: 'config_open_to_others' }]);
    expect(about(found, 'keys')).toMatchObject([
      { code: 'key_missing', message: expect.stringContaining('@preset/lonely') },
    ]);
    expect(found.ok).toBe(false);
    expect(JSON.stringify(found)).not.toContain('abc');
  });

  it('notices a database that is damaged', async () => {
    const file = join(tmpdir(), `callgate-damaged-${process.pid}.db`);
    ends.push(() => rmSync(file, { force: true }));
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a); BEGIN');
    for (let index = 0; index < 2_000; index += 1) database.prepare('INSERT INTO t VALUES (?)').run(`value ${index}`);
    database.exec('COMMIT');
    database.close();
    expect(await quickCheck(file)).toEqual([]);
    const { open } = await import('node:fs/promises');
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(4_096, 7), 0, 4_096, 3 * 4_096);
    await handle.close();
    expect((await quickCheck(file)).length).toBeGreaterThan(0);
  });
});

describe('the doctor', () => {
  it('examines what has a key or needs none, and what is named; a name nobody has is refused', async () => {
    const daemon = await daemonWith((await fake()).baseUrl);
    const all = await report(daemon, {});
    expect(all.findings.filter((finding) => finding.about === 'provider').map(({ name }) => name)).toContain('one');
    expect(about(all, 'openai')).toEqual([]);
    expect(about(await report(daemon, { providers: ['openai'] }), 'openai')).toMatchObject([
      { status: 'problem', code: 'key_missing' },
    ]);
    const unknown = await daemon.request(PATH, { body: { providers: ['nobody'] } });
    expect(unknown.status).toBe(404);
    expect((await daemon.request(PATH, { body: { provider: 'one' } })).status).toBe(400);
    expect((await daemon.request(PATH, { body: {}, key: (await daemon.key()).secret })).status).toBe(403);
  });

  it('tells as it goes, and stops its calls when whoever asked has left', async () => {
    const provider = await fake();
    const daemon = await daemonWith(provider.baseUrl);
    const headers = { accept: 'application/x-ndjson' };
    const told = await daemon.request(PATH, { body: { providers: ['one'] }, headers });
    const events = (await told.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as DoctorEvent);
    expect(events.at(-1)).toMatchObject({ kind: 'report', report: { ok: true } });
    const checking = events.findIndex((event) => event.kind === 'checking' && event.name === 'one');
    const found = events.findIndex((event) => event.kind === 'found' && event.finding.name === 'one');
    expect(checking).toBeGreaterThanOrEqual(0);
    expect(found).toBeGreaterThan(checking);

    provider.on('m0', () => new Promise(() => undefined));
    const leave = new AbortController();
    const asked = daemon.request(PATH, { body: { providers: ['one'] }, signal: leave.signal }).catch(() => null);
    await expect.poll(() => provider.received.length).toBe(2);
    leave.abort();
    await asked;
    await expect.poll(() => provider.received[1]?.aborted).toBe(true);
    const inFlight = async () =>
      ((await (await daemon.request('/api/v1/callgate/status')).json()) as { in_flight: number }).in_flight;
    await expect.poll(inFlight).toBe(0);
  });
});
