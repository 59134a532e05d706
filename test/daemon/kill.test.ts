import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acquireLock } from '../../server/daemon/lock.ts';
import { paths } from '../../server/daemon/state-folder.ts';
import { FakeProvider, stream, usageOf } from '../support/fake-provider.ts';
import { providerYaml } from '../support/test-daemon.ts';
import { bundle, Harness, type Running } from './support/harness.ts';

const KILLS = 20;
const CAP = 0.6;
const CALLERS = 12;
const CALLS_EACH = 6;
/** Chunks, 20 ms apart, after which a stream has surely been checkpointed. */
const LONG_ENOUGH = 70;

let provider: FakeProvider;
let built: Awaited<ReturnType<typeof bundle>>;
let harness: Harness;

/** The daemon of the moment: the real process, of the real bundle. */
let running: Running;
let url: string;

async function start(): Promise<void> {
  const served = await harness.serve();
  running = served.running;
  url = served.info.url;
}

async function kill(): Promise<void> {
  running.child.kill('SIGKILL');
  await running.ended;
}

const managementKey = () => readFileSync(paths(harness.state).managementKey, 'utf8').trim();

async function ask<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${managementKey()}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Each call asks for its own number of tokens, so that no call's cost can stand for another's. */
const costOf = (tokens: number) => (10 * 1_000 + tokens * 10_000) / 1e9;

type Call = {
  /** Null until the answer's head came. */
  id: string | null;
  readonly kind: 'plain' | 'brief' | 'long';
  readonly tokens: number;
  status: number;
  /** Whether its last byte came. */
  full: boolean;
  text: string;
};

async function call(secret: string, kind: Call['kind'], tokens: number, heard: () => void): Promise<Call> {
  const made: Call = { id: null, kind, tokens, status: 0, full: false, text: '' };
  try {
    const response = await fetch(`${url}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: `one/${kind}`,
        messages: [{ role: 'user', content: 'Hi' }],
        max_tokens: kind === 'long' ? 1_000 : 50,
        seed: tokens,
        stream: kind !== 'plain',
      }),
    });
    made.id = response.headers.get('x-generation-id');
    made.status = response.status;
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      made.text += decoder.decode(chunk, { stream: true });
      heard();
    }
    made.full = true;
  } catch {
    // Killed under it. What ends a stream may have come all the same.
    made.full = made.text.endsWith('data: [DONE]\n\n');
  }
  return made;
}

beforeAll(async () => {
  provider = await FakeProvider.start();
  const tokens = (body: Record<string, unknown>) => Number(body['seed']);
  provider.on('plain', async (received, response) => {
    await new Promise((resolve) => setTimeout(resolve, 15));
    response.writeHead(200, { 'content-type': 'application/json' });
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }];
    response.end(JSON.stringify({ id: 'same', choices, usage: usageOf(10, tokens(received.body)) }));
  });
  provider.on('brief', (received, response) =>
    stream({ chunks: 5, every: 5, usage: usageOf(10, tokens(received.body)) })(received, response),
  );
  provider.on('long', stream({ chunks: 1_000, every: 20 }));
  built = await bundle('server/main.ts');
  harness = new Harness(built.script);
  mkdirSync(harness.state, { mode: 0o700 });
  const config = `providers:\n${providerYaml('one', provider.baseUrl, ['plain', 'brief', 'long'])}`;
  writeFileSync(paths(harness.state).config, config, { mode: 0o600 });
});

afterAll(async () => {
  await harness?.dispose();
  built?.remove();
  await provider?.stop();
});

type Generation = {
  readonly total_cost: number;
  readonly tokens_completion: number;
  readonly callgate: { readonly cost_source: string };
};
type Spend = {
  readonly workspaces: readonly {
    readonly keys: readonly { readonly hash: string; readonly in_flight: number; readonly usage: number }[];
  }[];
};

const generation = async (id: string | null) => (await ask<{ data: Generation }>(`/api/v1/generation?id=${id}`)).data;

it('kill -9 under load, twenty times, loses no settled spend and leaks none', { timeout: 120_000 }, async () => {
  await start();
  const made = await ask<{ key: string; data: { hash: string } }>('/api/v1/keys', { name: 'capped', limit: CAP });
  const { hash } = made.data;
  const standing = async () => {
    const tree = await ask<Spend>('/api/v1/callgate/spend');
    const found = tree.workspaces.flatMap(({ keys }) => keys).find((key) => key.hash === hash);
    if (!found) throw new Error('the key is gone');
    return found;
  };
  let received = 0;
  let fulls = 0;
  let cuts = 0;
  let checkpointed = 0;

  for (let round = 0; round < KILLS; round += 1) {
    // Every fourth kill waits until streams have run for more than a second; the others fall somewhere into the crowd.
    const patient = round % 4 === 0;
    const enough = patient ? CALLERS * CALLS_EACH : 3 + ((round * 17) % 50);
    let done = 0;
    const killed = Promise.withResolvers<void>();
    const longest = { chunks: 0 };
    const maybeKill = () => {
      if (done >= enough && (!patient || longest.chunks >= LONG_ENOUGH)) killed.resolve();
    };
    const calls: Promise<Call>[] = [];
    const caller = async (index: number) => {
      for (let turn = 0; turn < CALLS_EACH; turn += 1) {
        const tokens = 1 + ((round * 7 + index * 11 + turn * 5) % 50);
        const one = call(made.key, index % 3 === 0 ? 'brief' : 'plain', tokens, () => {});
        calls.push(one);
        if (!(await one).full) return;
        done += 1;
        maybeKill();
      }
    };
    const chunks = [0, 0];
    for (const index of [0, 1]) {
      const heard = () => {
        chunks[index] = (chunks[index] ?? 0) + 1;
        longest.chunks = Math.min(...chunks);
        maybeKill();
      };
      calls.push(call(made.key, 'long', 0, heard));
    }
    const callers = Array.from({ length: CALLERS }, (_, index) => caller(index));
    await killed.promise;
    await kill();
    await Promise.all(callers);
    const ended = await Promise.all(calls);

    await start();
    expect(running.stderr).toBe('');
    const after = await standing();
    expect(after.in_flight).toBe(0);

    for (const one of ended.filter(({ full }) => full)) {
      expect(one.status, one.text).toBe(200);
      const { total_cost, callgate } = await generation(one.id);
      expect({ total_cost, ...callgate }).toMatchObject({ total_cost: costOf(one.tokens), cost_source: 'computed' });
      received += Math.round(total_cost * 1e9);
      fulls += 1;
    }
    for (const one of ended.filter(({ full, id }) => !full && id !== null)) {
      const { total_cost, tokens_completion, callgate } = await generation(one.id);
      expect(total_cost).toBeGreaterThan(0);
      cuts += 1;
      if (one.kind !== 'long') continue;
      expect(callgate.cost_source).toBe('estimated');
      if (!patient) continue;
      // The checkpoint of its first second: more than its input, less than all it was allowed.
      expect(tokens_completion).toBeGreaterThan(20);
      expect(total_cost).toBeLessThan(costOf(1_000));
      checkpointed += 1;
    }
    expect(Math.round(after.usage * 1e9)).toBeGreaterThanOrEqual(received);
    expect(after.usage).toBeLessThanOrEqual(CAP);
  }
  // The kills fell into work, of every kind.
  expect(fulls).toBeGreaterThan(KILLS * 5);
  expect(cuts).toBeGreaterThan(KILLS);
  expect(checkpointed).toBe((KILLS / 4) * 2);

  // What is left of the cap is there to be spent, to its last call.
  const spend = async () => {
    for (;;) {
      const one = await call(made.key, 'plain', 50, () => {});
      if (one.status !== 200) return one.status;
      received += Math.round(costOf(50) * 1e9);
    }
  };
  const refused = await Promise.all(Array.from({ length: CALLERS }, spend));
  expect(refused.every((status) => status === 402 || status === 403)).toBe(true);
  const last = await standing();
  expect(last.in_flight).toBe(0);
  expect(last.usage).toBeLessThanOrEqual(CAP);
  expect(last.usage).toBeGreaterThan(CAP - 0.001);
  expect(Math.round(last.usage * 1e9)).toBeGreaterThanOrEqual(received);

  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  checkBooks(Math.round(last.usage * 1e9));
  const lock = acquireLock(harness.state);
  expect(lock).not.toBeNull();
  lock?.release();
});

/** Every sum of the store says the same of the one key that was used, of its workspace, and of its organization. */
function checkBooks(nano: number): void {
  const database = new DatabaseSync(paths(harness.state).database, { readOnly: true });
  try {
    const one = (sql: string) => database.prepare(sql).get();
    expect(one('SELECT sum(nano) AS n FROM generations')).toEqual({ n: nano });
    expect(one('SELECT sum(nano) AS n FROM usage')).toEqual({ n: nano });
    const layers = database.prepare(
      `SELECT substr(layer, 1, instr(layer, ':') - 1) AS layer, sum(iif(day = '*', nano, 0)) AS life, sum(iif(day = '*', 0, nano)) AS days
       FROM layer_spent GROUP BY 1 ORDER BY 1`,
    );
    expect(layers.all()).toEqual(['credits', 'key', 'workspace'].map((layer) => ({ layer, life: nano, days: nano })));
    expect(one('SELECT sum(requests) AS n FROM usage')).toEqual(one('SELECT count(*) AS n FROM generations'));
  } finally {
    database.close();
  }
}
