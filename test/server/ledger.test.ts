import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ask, Ledger } from '../../server/ledger/ledger.ts';
import { resetsAt, windowStart } from '../../server/ledger/windows.ts';
import { NewerStoreError } from '../../server/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import type { GenerationEnd, GenerationStart, Layer, Store } from '../../server/store/store.ts';

const NOW = '2026-11-22T10:00:00.000Z';
const DAY = '2026-11-22';

const start: GenerationStart = {
  keyId: 'k',
  workspaceId: 'w',
  presetId: null,
  presetSlug: null,
  presetVersion: null,
  presetHash: null,
  requestedModel: 'a/b',
  streamed: true,
  sessionId: null,
  httpReferer: null,
  appTitle: null,
  userAgent: null,
  inputNano: 7,
  inputTokens: 3,
};

const end = (nano: number): GenerationEnd => ({
  model: 'a/b',
  provider: 'A',
  upstreamId: 'same',
  status: 200,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  cancelled: false,
  promptTokens: 1,
  completionTokens: 1,
  reasoningTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  nano,
  costSource: 'computed',
  overrun: false,
  clamp: null,
  latencyMs: 1,
  generationMs: 1,
  attempts: [],
});

let store: Store;
let ledger: Ledger;
beforeEach(() => {
  store = openSqliteStore(':memory:', () => new Date(NOW));
  ledger = new Ledger(store);
});
afterEach(async () => store.close());

const layer = (limit: number): Layer => ({ id: 'key:k', limit, since: null });

/** Asks for `nano` under one layer; waits where others in flight hold it. */
function ask(id: string, nano: number, limit: number, more: Partial<Ask<string>> = {}): Ask<string> {
  return {
    layers: () => [layer(limit)],
    decide: ([standing]) => {
      if (!standing) throw new Error('no layer');
      const room = limit - standing.spent;
      if (nano <= room - standing.reserved) {
        const reservation = { id, layers: [standing.id], nano, day: DAY, createdAt: NOW, generation: start };
        return { kind: 'reserve', reservation, granted: id };
      }
      return nano <= room ? { kind: 'wait', layer: standing.id, claim: nano } : { kind: 'refuse', refused: 'too dear' };
    },
    count: async () => {},
    patience: 5_000,
    signal: new AbortController().signal,
    ...more,
  };
}

const standing = async () => (await store.ledger.standings([layer(0)]))[0];

describe('the queue at a limit', () => {
  it('serves first come first served, and lets nobody pass who would fit', async () => {
    const order: string[] = [];
    await ledger.reserve(ask('first', 90, 100));
    const big = ledger.reserve(ask('big', 80, 100)).then(() => order.push('big'));
    const small = ledger.reserve(ask('small', 5, 100)).then(() => order.push('small'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(order).toEqual([]);
    await ledger.settle('first', end(0));
    await Promise.all([big, small]);
    expect(order).toEqual(['big', 'small']);
  });

  it('refuses who waits, once what it waited for has been spent for good', async () => {
    await ledger.reserve(ask('first', 90, 100));
    const waiting = ledger.reserve(ask('second', 50, 100));
    await ledger.settle('first', end(90));
    expect(await waiting).toEqual({ kind: 'refused', refused: 'too dear' });
  });

  it('forgets who lost patience or left, and serves the next', async () => {
    await ledger.reserve(ask('first', 100, 100));
    const gone = new AbortController();
    const impatient = ledger.reserve(ask('impatient', 60, 100, { patience: 20 }));
    const aborted = ledger.reserve(ask('aborted', 60, 100, { signal: gone.signal }));
    const last = ledger.reserve(ask('last', 60, 100));
    gone.abort();
    expect(await aborted).toEqual({ kind: 'aborted' });
    expect(await impatient).toMatchObject({ kind: 'impatient', layer: 'key:k' });
    await ledger.release('first');
    expect(await last).toEqual({ kind: 'reserved', granted: 'last' });
    expect((await standing())?.reserved).toBe(60);
  });

  it('asks again after counting, under the same place in the queue', async () => {
    let counted = false;
    const asking = ask('counted', 40, 100, {
      count: async () => {
        counted = true;
      },
    });
    const decide = asking.decide;
    const outcome = await ledger.reserve({
      ...asking,
      decide: (standings) => (counted ? decide(standings) : { kind: 'count' }),
    });
    expect(outcome).toEqual({ kind: 'reserved', granted: 'counted' });
  });

  it('holds no place for a call whose decision the store could not write', async () => {
    let fails = false;
    const failing = {
      ...store.ledger,
      reserve: async <T>(...args: Parameters<typeof store.ledger.reserve<T>>) => {
        const verdict = await store.ledger.reserve<T>(...args);
        if (fails) throw new Error('disk full');
        return verdict;
      },
    };
    const book = new Ledger({ ...store, ledger: failing });
    await book.reserve(ask('first', 90, 100));
    fails = true;
    await expect(book.reserve(ask('second', 50, 100))).rejects.toThrow('disk full');
    fails = false;
    await book.release('first');
    expect(await book.reserve(ask('third', 50, 100, { patience: 200 }))).toEqual({
      kind: 'reserved',
      granted: 'third',
    });
  });

  it('never holds more than the limit and leaks nothing, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            nano: fc.integer({ min: 1, max: 60 }),
            spends: fc.integer({ min: 0, max: 60 }),
            fate: fc.constantFrom('settle', 'release', 'leave'),
            after: fc.integer({ min: 0, max: 4 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (calls) => {
          const own = openSqliteStore(':memory:', () => new Date(NOW));
          const book = new Ledger(own);
          let most = 0;
          await Promise.all(
            calls.map(async ({ nano, spends, fate, after }, index) => {
              const id = `call-${index}`;
              const gone = new AbortController();
              if (fate === 'leave') setTimeout(() => gone.abort(), after);
              const outcome = await book.reserve(ask(id, nano, 100, { signal: gone.signal, patience: 200 }));
              const now = (await own.ledger.standings([layer(100)]))[0];
              most = Math.max(most, (now?.spent ?? 0) + (now?.reserved ?? 0));
              if (outcome.kind !== 'reserved') return;
              await new Promise((resolve) => setTimeout(resolve, after));
              if (fate === 'settle') await book.settle(id, end(Math.min(nano, spends)));
              else await book.release(id);
            }),
          );
          // What was granted to a call that had just left is given back a moment later.
          await book.idle(1_000);
          const last = (await own.ledger.standings([layer(100)]))[0];
          const sums = await own.usage.sums({ keyId: 'k' });
          await own.close();
          expect(most).toBeLessThanOrEqual(100);
          expect(last?.reserved).toBe(0);
          expect(last?.spent).toBe(sums.nano);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('settling', () => {
  it('twice changes nothing, and equal upstream ids lose no record', async () => {
    for (const id of ['one', 'two']) {
      await ledger.reserve(ask(id, 10, 100));
      await ledger.settle(id, end(4));
      await ledger.settle(id, end(4));
    }
    expect(await standing()).toMatchObject({ spent: 8, reserved: 0 });
    expect(await store.usage.generation('one')).toMatchObject({ upstreamId: 'same', nano: 4 });
    expect(await store.usage.generation('two')).not.toBeNull();
  });

  it('a write that fails is undone alone', async () => {
    const bad = store.ledger.reserve([layer(1)], () => {
      throw new Error('bug');
    });
    const good = ledger.reserve(ask('good', 10, 100));
    await expect(bad).rejects.toThrow('bug');
    expect(await good).toEqual({ kind: 'reserved', granted: 'good' });
    // The turn's writes ran twice, and count once.
    expect((await standing())?.reserved).toBe(10);
    expect(await store.ledger.open()).toHaveLength(1);
  });
});

describe('a store that fails for a while', () => {
  it('gets what it could not write once it works again, and nothing else in its place', async () => {
    let fails = true;
    const failing =
      <T extends unknown[], R>(write: (...args: T) => Promise<R>) =>
      async (...args: T) => {
        if (fails) throw new Error('disk full');
        return write(...args);
      };
    const { settle, release } = store.ledger;
    const book = new Ledger({
      ...store,
      ledger: { ...store.ledger, settle: failing(settle), release: failing(release) },
    });
    await book.reserve(ask('answered', 60, 100));
    await book.reserve(ask('unsent', 30, 100));
    await expect(book.settle('answered', end(40))).rejects.toThrow('disk full');
    await expect(book.settle('answered', end(1))).rejects.toThrow('disk full');
    await expect(book.release('unsent')).rejects.toThrow('disk full');
    expect([await standing(), book.inFlight]).toMatchObject([{ spent: 0, reserved: 90 }, 2]);
    fails = false;
    // Who waits for what they held is served then.
    expect(await book.reserve(ask('next', 60, 100))).toEqual({ kind: 'reserved', granted: 'next' });
    expect(await standing()).toMatchObject({ spent: 40, reserved: 60 });
  });
});

describe('after a crash', () => {
  it('what was open is charged its checkpoint or its input, as an estimate, and once', async () => {
    for (const id of ['unanswered', 'streaming']) await ledger.reserve(ask(id, 30, 100));
    await ledger.checkpoint('streaming', {
      promptTokens: 5,
      completionTokens: 9,
      nano: 21,
      model: 'a/b',
      provider: 'A',
    });
    const next = new Ledger(store);
    expect(await next.recover()).toBe(2);
    expect(await standing()).toMatchObject({ spent: 28, reserved: 0 });
    expect(await store.usage.generation('unanswered')).toMatchObject({
      nano: 7,
      promptTokens: 3,
      costSource: 'estimated',
      cancelled: true,
    });
    expect(await store.usage.generation('streaming')).toMatchObject({
      nano: 21,
      completionTokens: 9,
      costSource: 'estimated',
    });
    expect(await next.recover()).toBe(0);
  });
});

describe('windows', () => {
  it.each([
    ['daily', '2026-11-22T23:59:59Z', '2026-11-22', '2026-11-23T00:00:00.000Z'],
    ['weekly', '2026-11-22T23:59:59Z', '2026-11-16', '2026-11-23T00:00:00.000Z'],
    ['weekly', '2026-11-23T00:00:00Z', '2026-11-23', '2026-11-30T00:00:00.000Z'],
    ['monthly', '2026-12-31T12:00:00Z', '2026-12-01', '2027-01-01T00:00:00.000Z'],
  ] as const)('%s at %s', (reset, now, from, until) => {
    expect(windowStart(reset, new Date(now))).toBe(from);
    expect(resetsAt(reset, new Date(now))).toBe(until);
  });

  it('hold the moment they are asked for', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom('daily', 'weekly', 'monthly'),
        (now, reset) => {
          expect(Date.parse(windowStart(reset, now) ?? '')).toBeLessThanOrEqual(now.getTime());
          expect(Date.parse(resetsAt(reset, now) ?? '')).toBeGreaterThan(now.getTime());
        },
      ),
    );
  });
});

describe('the file', () => {
  it('is private, and one that a newer Callgate wrote is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'callgate-store-'));
    const file = join(folder, 'callgate.db');
    await openSqliteStore(file, () => new Date()).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const raw = new DatabaseSync(file);
    raw.exec('PRAGMA user_version = 999');
    raw.close();
    expect(() => openSqliteStore(file, () => new Date())).toThrow(NewerStoreError);
    rmSync(folder, { recursive: true });
  });
});
