import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf } from '../../server/observe/io-content.ts';
import { IoLog } from '../../server/observe/io-log.ts';
import { shorten } from '../../server/observe/io-shorten.ts';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import { answer, FakeProvider, failure, stream } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

const PATH = '/api/v1/callgate/io-log';
/** What every compressed text begins with. */
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const MARK = 'the heron stands in the reeds';
type Content = {
  input: { messages: { content: string }[] };
  output: { completion: string | null; reasoning: string | null };
  error: { message: string; status: number; provider_name: string; previous_errors: unknown[] } | null;
  callgate: Record<string, unknown>;
};

let provider: FakeProvider;
let daemon: TestDaemon;
beforeEach(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m0', 'bad', 'long'])}`);
});
afterEach(async () => {
  await daemon.stop();
  await provider.stop();
});

const change = (body: Record<string, unknown>) => daemon.request(PATH, { method: 'PATCH', body });
const standing = async () => ((await (await daemon.request(PATH)).json()) as { data: Record<string, unknown> }).data;
const switchOn = (more = {}) => change({ is_observability_io_logging_enabled: true, ...more });
const say = (key: string, more: Record<string, unknown> = {}, options = {}) =>
  daemon.chat(key, { model: 'one/m0', messages: [{ role: 'user', content: MARK }], ...more }, options);
async function contentOfCall(response: Response, key?: string) {
  const id = response.headers.get('x-generation-id');
  const found = await daemon.request(`/api/v1/generation/content?id=${id}`, key ? { key } : {});
  return { status: found.status, data: ((await found.json()) as { data: Content }).data };
}
/** Everything the daemon has on disk. */
const onDisk = () =>
  Buffer.concat(
    readdirSync(daemon.state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );

describe('prompts and answers', () => {
  it('are nowhere while it is off', async () => {
    const { secret } = await daemon.key();
    const response = await say(secret);
    await response.text();
    expect((await contentOfCall(response, secret)).status).toBe(404);
    expect(await standing()).toMatchObject({ is_observability_io_logging_enabled: false, stored: 0 });
    await daemon.stop({ keep: true });
    const bytes = onDisk();
    expect(bytes.includes(MARK)).toBe(false);
    expect(bytes.includes('Hello there.')).toBe(false);
    // Nor in the shape it would have.
    expect(bytes.includes(GZIP)).toBe(false);
    daemon = await TestDaemon.start('', { state: daemon.state });
    expect(await standing()).toMatchObject({ stored: 0, stored_bytes: 0 });
  });

  it('are kept once it is on, and found by the key they belong to alone', async () => {
    const { secret } = await daemon.key();
    const other = await daemon.key();
    await switchOn();
    const response = await say(secret, { temperature: 0.5 });
    await response.text();
    const { status, data } = await contentOfCall(response, secret);
    expect(status).toBe(200);
    expect(data).toMatchObject({
      input: { messages: [{ role: 'user', content: MARK }] },
      output: { completion: 'Hello there.', reasoning: null },
      error: null,
      callgate: { parameters: { model: 'one/m0', temperature: 0.5 }, finish_reason: 'stop', shortened: false },
    });
    expect((await contentOfCall(response, other.secret)).status).toBe(404);
    expect((await contentOfCall(response)).status).toBe(200);
  });

  it('of a stream are joined, also of one that its caller left', async () => {
    const { secret } = await daemon.key();
    await switchOn();
    const whole = await say(secret, { stream: true });
    await eventsOf(whole);
    expect((await contentOfCall(whole)).data).toMatchObject({
      output: { completion: 'w0 w1 w2 w3 w4 ' },
      callgate: { finish_reason: 'stop', shortened: false },
    });

    provider.on('long', stream({ chunks: 1_000, every: 5 }));
    const leave = new AbortController();
    const left = await say(secret, { model: 'one/long', stream: true }, { signal: leave.signal });
    await left.body?.getReader().read();
    leave.abort();
    await expect.poll(async () => (await contentOfCall(left)).data?.output.completion).toMatch(/^w0 /);
    expect((await contentOfCall(left)).data.callgate).toMatchObject({ shortened: true });
  });

  it('of a call that failed say why', async () => {
    provider.on('bad', failure(500, 'it broke'));
    const { secret } = await daemon.key();
    await switchOn();
    const response = await say(secret, { model: 'one/bad' });
    await response.text();
    expect((await contentOfCall(response)).data).toMatchObject({
      input: { messages: [{ content: MARK }] },
      output: { completion: null },
      error: { status: 502, provider_name: 'one', message: expect.stringContaining('it broke'), previous_errors: [] },
    });
  });

  it('never hold a key, and are deleted so that nothing is left in the file', async () => {
    const { secret } = await daemon.key();
    await switchOn();
    provider.on('long', answer({ content: Array.from({ length: 3_000 }, (_, index) => `${index * 7919}`).join(' ') }));
    const response = await say(secret, { model: 'one/long' });
    await response.text();
    const kept = JSON.stringify((await contentOfCall(response)).data);
    expect(kept).toContain(MARK);
    expect(kept).not.toContain(secret);
    const stored = Buffer.from(await rawBody(response)).toString('latin1');
    expect(onDisk().toString('latin1').includes(stored.slice(0, 40))).toBe(true);

    expect(onDisk().includes(GZIP)).toBe(true);

    const purged = await daemon.request(`${PATH}/purge`, { body: {} });
    expect(await purged.json()).toEqual({ data: { purged: 1 } });
    expect((await contentOfCall(response)).status).toBe(404);
    const left = onDisk().toString('latin1');
    // Page by page, for a long body lies over several.
    for (let from = 0; from + 200 < stored.length; from += 500)
      expect(left.includes(stored.slice(from, from + 200))).toBe(false);
  });

  it('go by key, by preset and by share, which are checked', async () => {
    const one = await daemon.key();
    const two = await daemon.key();
    await switchOn({ io_logging_api_key_hashes: [one.hash] });
    const first = await say(one.secret);
    const second = await say(two.secret);
    expect([(await contentOfCall(first)).status, (await contentOfCall(second)).status]).toEqual([200, 404]);

    await change({ io_logging_api_key_hashes: null, io_logging_presets: ['hello'] });
    const plain = await say(one.secret);
    const preset = await daemon.chat(one.secret, {
      model: '@preset/hello',
      messages: [{ role: 'user', content: MARK }],
    });
    expect([(await contentOfCall(plain)).status, (await contentOfCall(preset)).status]).toEqual([404, 200]);
    expect(await standing()).toMatchObject({ io_logging_presets: ['hello'], io_logging_api_key_hashes: null });

    for (const [body, status] of [
      [{ io_logging_sampling_rate: 0 }, 400],
      [{ io_logging_sampling_rate: 1.1 }, 400],
      [{ io_logging_retention_days: 0 }, 400],
      [{ io_logging_api_key_hashes: ['nobody'] }, 404],
      [{ io_logging_presets: ['nothing'] }, 404],
      [{ io_loging_presets: ['hello'] }, 400],
      [{ workspace: 'nowhere' }, 404],
    ] as const)
      expect([body, (await change(body)).status]).toEqual([body, status]);
    expect((await daemon.request(`${PATH}/purge`, { body: { before: 'yesterday' } })).status).toBe(400);
  });

  it('end with their retention, at the next start at the latest', async () => {
    const { secret } = await daemon.key();
    daemon.setNow(new Date('2026-01-01T00:00:00Z'));
    await switchOn({ io_logging_retention_days: 30 });
    const old = await say(secret);
    await old.text();
    expect((await contentOfCall(old)).status).toBe(200);
    daemon.setNow(new Date('2026-01-20T00:00:00Z'));
    const young = await say(secret);
    await young.text();
    await change({ io_logging_retention_days: 10 });
    expect([(await contentOfCall(old)).status, (await contentOfCall(young)).status]).toEqual([404, 200]);
    await daemon.stop({ keep: true });
    // This clock runs: it is later than the rest of the test knows, and so than any retention.
    daemon = await TestDaemon.start('', { state: daemon.state });
    expect(await standing()).toMatchObject({ stored: 0, io_logging_retention_days: 10 });
  });
});

async function rawBody(response: Response): Promise<Uint8Array> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(daemon.state, 'callgate.db'), { readOnly: true });
  try {
    const row = database
      .prepare('SELECT body FROM io_log WHERE id = ?')
      .get(response.headers.get('x-generation-id') ?? '');
    return row?.['body'] as Uint8Array;
  } finally {
    database.close();
  }
}

describe('the log of prompts and answers', () => {
  const lines: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const at = (event: string, fields: Readonly<Record<string, unknown>> = {}) => void lines.push({ event, fields });
  const log = { debug: at, info: at, warn: at, error: at };
  const settings = { enabled: true, samplingRate: 1, retentionDays: 30, keyIds: null, presets: null, updatedAt: '' };
  const record = (id: string, workspaceId: string, text = 'hi') => ({
    id,
    workspaceId,
    keyId: 'k',
    request: { messages: [{ role: 'user', content: text }] },
    answer: { kind: 'gone' as const },
  });
  const candidate = { workspaceId: 'w', keyId: 'k', sessionId: null, preset: () => null };
  beforeEach(() => lines.splice(0));

  async function open(mostStored?: number) {
    const store = openSqliteStore(':memory:', () => new Date());
    const { id } = await store.workspaces.default();
    const ioLog = await IoLog.open(store.ioLog, log, () => new Date(), mostStored);
    await ioLog.configure({ workspaceId: id, ...settings });
    return { store, ioLog, id };
  }

  it('keeps whole sessions, the share of them that is asked for', async () => {
    const { store, ioLog, id: workspaceId } = await open();
    await ioLog.configure({ workspaceId, ...settings, samplingRate: 0.25 });
    const sessions = Array.from({ length: 4_000 }, (_, index) => `session ${index}`);
    const wants = (sessionId: string, id: string) => ioLog.wants({ ...candidate, workspaceId, sessionId, id });
    const kept = sessions.filter((session) => wants(session, 'gen-1'));
    expect(kept.length / sessions.length).toBeCloseTo(0.25, 1);
    expect(kept.every((session) => wants(session, 'gen-2'))).toBe(true);
    expect(ioLog.wants({ ...candidate, id: 'gen-1', workspaceId: 'another' })).toBe(false);
    await ioLog.close();
    await store.close();
  });

  it('drops what it cannot hold or write, counts it and says so; no call hears of it', async () => {
    const { store, ioLog, id } = await open();
    for (let index = 0; index < 600; index += 1) ioLog.put(record(`gen-${index}`, id));
    await ioLog.flush();
    expect(ioLog.standing).toEqual({ waiting: 0, dropped: 600 - 512 });
    expect(await ioLog.sums(id)).toMatchObject({ entries: 512 });
    ioLog.put(record('gen-huge', id, 'x'.repeat(70 * 1_048_576)));
    expect(ioLog.standing.dropped).toBe(600 - 512 + 1);
    await store.close();
    ioLog.put(record('gen-late', id));
    await ioLog.flush();
    expect(ioLog.standing.dropped).toBe(600 - 512 + 2);
    expect(lines.filter(({ event }) => event === 'prompts and answers were not kept').length).toBe(90);
    await ioLog.close();
  });

  it('gives up the oldest when there is too much', async () => {
    const { store, ioLog, id } = await open(40_000);
    for (let index = 0; index < 400; index += 1) {
      ioLog.put(record(`gen-${index}`, id, `${index} ${Math.sin(index)}`.repeat(20)));
      if (index % 50 === 0) await ioLog.flush();
    }
    await ioLog.flush();
    await ioLog.purgeOld();
    const { bytes, entries } = await ioLog.sums(id);
    expect(bytes).toBeLessThanOrEqual(40_000);
    expect(entries).toBeGreaterThan(0);
    expect(await ioLog.content('gen-399')).not.toBeNull();
    await ioLog.close();
    await store.close();
  });

  it('is what was sent and came, whatever a provider writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const body = `data: ${JSON.stringify({ choices: value })}\n\ndata: ${text}\n\n`;
        for (const came of [
          { kind: 'json' as const, text: JSON.stringify({ choices: value }) },
          { kind: 'json' as const, text },
          { kind: 'events' as const, texts: [body], whole: true },
        ]) {
          const { request, output } = contentOf({ messages: [value] }, came);
          expect(JSON.stringify(request)).toBe(JSON.stringify({ messages: [value] }));
          expect(output).toHaveProperty('completion');
        }
      }),
    );
  });

  it('joins the pieces of tool calls', () => {
    const piece = (call: object) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [call] } }] })}\n\n`;
    const { output } = contentOf(
      {},
      {
        kind: 'events',
        whole: true,
        texts: [
          piece({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } }),
          piece({ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '' } }),
          piece({ index: 0, function: { arguments: ':1}' } }),
        ],
      },
    );
    expect(output.tool_calls).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
    ]);
  });

  it('shortens to what was allowed, and leaves what fits as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 200, max: 2_000 }), (value, most) => {
        const { value: short, shortened } = shorten(value, most);
        expect(JSON.stringify(short).length).toBeLessThanOrEqual(most);
        if (!shortened) expect(short).toBe(value);
      }),
    );
    const image = {
      role: 'user',
      content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(3e6)}` } }],
    };
    const messages = [{ role: 'system', content: 'rules' }, image, { role: 'user', content: 'and now?' }];
    const { value } = shorten({ messages }, 1_048_576);
    expect(value).toMatchObject({ messages: [messages[0], { role: 'user' }, messages[2]] });
    expect(JSON.stringify(value)).toMatch(/data:image\/png;base64,A+… \[\d+ characters left out\]/);
  });
});
