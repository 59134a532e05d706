import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Ledger, type Reserved } from '../../server/ledger/ledger.ts';
import { decideBudget } from '../../server/policy/budget.ts';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import type { GenerationEnd, GenerationStart, Layer, Store } from '../../server/store/store.ts';

const NOW = '2026-11-22T10:00:00.000Z';
const DAY = '2026-11-22';

const start = {
  keyId: 'k',
  workspaceId: 'w',
  requestedModel: 'a/b',
  presetSlug: null,
  inputNano: 7,
  inputTokens: 3,
} as GenerationStart;
const end = (nano: number, isByok = false) =>
  ({
    model: 'a/b',
    provider: 'A',
    status: 200,
    promptTokens: 1,
    completionTokens: 1,
    reasoningTokens: 0,
    nano,
    costSource: 'computed',
    attempts: [],
    ...(isByok ? { isByok: true } : {}),
  }) as unknown as GenerationEnd;

const layer = (id: string, limit: number, more: Partial<Layer> = {}): Layer => ({ id, limit, since: null, ...more });

type Call = {
  readonly id: string;
  readonly nano: number;
  readonly layers: readonly Layer[] | (() => readonly Layer[]);
  readonly patience?: number;
  readonly signal?: AbortSignal;
};

/** Reserves exactly `nano` at every layer. */
function reserve(book: Ledger, call: Call): Promise<Reserved<string>> {
  const bound = {
    inputNano: call.nano,
    outputFemtoPerToken: 0n,
    maxTokens: 1,
    modelMaximum: 1,
    clamp: false,
    reasoningTokens: 0,
    counted: true,
  };
  return book.reserve<string>({
    layers: () => (typeof call.layers === 'function' ? call.layers() : call.layers),
    decide: (standings) => {
      const verdict = decideBudget(bound, standings);
      if (verdict.kind === 'wait') return { kind: 'wait', layer: standings[verdict.layer]!.id, claim: verdict.nano };
      if (verdict.kind !== 'reserve') return { kind: 'refuse', refused: verdict.kind };
      const layers = [...new Set(standings.map(({ id }) => id))];
      const reservation = { id: call.id, layers, nano: verdict.nano, day: DAY, createdAt: NOW, generation: start };
      return { kind: 'reserve', reservation, granted: call.id };
    },
    count: async () => {},
    patience: call.patience ?? 20_000,
    signal: call.signal ?? new AbortController().signal,
  });
}

async function within(work: (book: Ledger, store: Store) => Promise<void>): Promise<void> {
  const store = openSqliteStore(':memory:', () => new Date(NOW));
  try {
    await work(new Ledger(store), store);
  } finally {
    await store.close();
  }
}

const ticks = () => sleep(15);

describe('waiting at several layers', () => {
  it('a call that came first at one layer is not behind one that came later at another', () =>
    within(async (book) => {
      const a = layer('a', 100);
      const b = layer('b', 100);
      await reserve(book, { id: 'holds a', nano: 90, layers: [a] });
      await reserve(book, { id: 'holds b', nano: 90, layers: [b] });
      const order: string[] = [];
      const asks = [
        // Waits at a, and needs b as well.
        reserve(book, { id: 'first', nano: 60, layers: [a, b] }).then(() => order.push('first')),
        // Waits at b, and needs a as well.
        reserve(book, { id: 'second', nano: 60, layers: [b, a] }).then(() => order.push('second')),
      ];
      await ticks();
      await book.settle('holds b', end(0));
      await ticks();
      // The first one's turn at b was not taken while it waited at a.
      expect(order).toEqual([]);
      await book.settle('holds a', end(0));
      await ticks();
      expect(order).toEqual(['first']);
      await book.settle('first', end(0));
      await Promise.all(asks);
      expect(order).toEqual(['first', 'second']);
    }));

  it('nobody waits for a call that lacks something elsewhere, where there is enough for both', () =>
    within(async (book) => {
      const workspace = layer('workspace', 1_000);
      await reserve(book, { id: 'holds', nano: 90, layers: [workspace, layer('key:1', 100)] });
      const stuck = reserve(book, { id: 'stuck', nano: 50, layers: [workspace, layer('key:1', 100)] });
      await ticks();
      const other = reserve(book, { id: 'other', nano: 50, layers: [workspace, layer('key:2', 100)], patience: 50 });
      expect(await other).toEqual({ kind: 'reserved', granted: 'other' });
      await book.release('holds');
      expect(await stuck).toEqual({ kind: 'reserved', granted: 'stuck' });
    }));

  it('a limit that is raised within a transaction lets nobody in before that is committed, and never when it is undone', () =>
    within(async (book, store) => {
      let limit = 100;
      const layers = () => [layer('key:1', limit)];
      await reserve(book, { id: 'holds', nano: 90, layers });
      const stuck = reserve(book, { id: 'stuck', nano: 50, layers });
      await ticks();
      const raised = (outcome: () => void) =>
        store.transact(async () => {
          limit = 1_000;
          book.poke('key:1');
          book.pokeAll();
          await ticks();
          limit = 100;
          outcome();
        });
      await expect(
        raised(() => {
          throw new Error('undone');
        }),
      ).rejects.toThrow('undone');
      await raised(() => {});
      expect((await store.ledger.open()).map(({ id }) => id)).toEqual(['holds']);
      await store.transact(async () => {
        limit = 1_000;
        book.poke('key:1');
      });
      expect(await stuck).toEqual({ kind: 'reserved', granted: 'stuck' });
    }));

  it('what a waiting call needs is not taken by those that came later, at any of its layers', () =>
    within(async (book) => {
      const workspace = layer('workspace', 160);
      await reserve(book, { id: 'holds', nano: 90, layers: [workspace, layer('key:1', 100)] });
      const stuck = reserve(book, { id: 'stuck', nano: 50, layers: [workspace, layer('key:1', 100)] });
      await ticks();
      // 160 - 90 - 50: twenty are free for others.
      expect(await reserve(book, { id: 'small', nano: 20, layers: [workspace], patience: 50 })).toMatchObject({
        kind: 'reserved',
      });
      expect(await reserve(book, { id: 'big', nano: 1, layers: [workspace], patience: 30 })).toMatchObject({
        kind: 'impatient',
      });
      await book.release('holds');
      expect(await stuck).toEqual({ kind: 'reserved', granted: 'stuck' });
    }));

  it('a call that leaves sets free what it held against others, wherever they wait', () =>
    within(async (book) => {
      const workspace = layer('workspace', 100);
      await reserve(book, { id: 'holds', nano: 40, layers: [workspace, layer('key:1', 50)] });
      const gone = new AbortController();
      const stuck = reserve(book, {
        id: 'stuck',
        nano: 50,
        layers: [workspace, layer('key:1', 50)],
        signal: gone.signal,
      });
      await ticks();
      const behind = reserve(book, { id: 'behind', nano: 30, layers: [workspace] });
      await ticks();
      gone.abort();
      expect(await stuck).toEqual({ kind: 'aborted' });
      expect(await behind).toEqual({ kind: 'reserved', granted: 'behind' });
    }));

  it('several windows of one spend are charged once', () =>
    within(async (book, store) => {
      const windows = [layer('w', 1_000), layer('w', 100, { since: '2026-11-01' }), layer('w', 60, { since: DAY })];
      await reserve(book, { id: 'one', nano: 50, layers: windows });
      expect((await store.ledger.standings(windows)).map(({ reserved }) => reserved)).toEqual([50, 50, 50]);
      await book.settle('one', end(40));
      expect((await store.ledger.standings(windows)).map(({ spent }) => spent)).toEqual([40, 40, 40]);
      expect(await reserve(book, { id: 'two', nano: 30, layers: windows })).toEqual({
        kind: 'refused',
        refused: 'too_dear',
      });
    }));

  it('is asked again when layers change, a guardrail is deleted or a day turns, though nothing ends', async () => {
    vi.useFakeTimers();
    try {
      await within(async (book) => {
        let layers = [layer('key', 100), layer('guardrail', 50)];
        await reserve(book, { id: 'holds', nano: 40, layers });
        const waiting = reserve(book, { id: 'waits', nano: 30, layers: () => layers });
        const alsoWaiting = reserve(book, { id: 'waits too', nano: 30, layers: () => layers });
        layers = [layer('key', 100)];
        await vi.advanceTimersByTimeAsync(1_100);
        expect(await waiting).toEqual({ kind: 'reserved', granted: 'waits' });
        expect(await alsoWaiting).toEqual({ kind: 'reserved', granted: 'waits too' });
      });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('what a brought key served', () => {
  it('is held at every layer, and charged only to those that include it', () =>
    within(async (book, store) => {
      const layers = [layer('key', 100), layer('workspace', 100, { includeByok: true })];
      await reserve(book, { id: 'brought', nano: 60, layers });
      expect((await store.ledger.standings(layers)).map(({ reserved }) => reserved)).toEqual([60, 60]);
      await book.settle('brought', end(55, true));
      expect((await store.ledger.standings(layers)).map(({ spent }) => spent)).toEqual([0, 55]);
      await reserve(book, { id: 'own', nano: 20, layers });
      await book.settle('own', end(20));
      expect((await store.ledger.standings(layers)).map(({ spent }) => spent)).toEqual([20, 75]);
      // The tables say the same as what is remembered.
      expect(await store.usage.sums({})).toMatchObject({ nano: 75 });
      const asked = [layer('key', 1, { since: DAY }), layer('workspace', 1, { since: DAY, includeByok: true })];
      expect((await store.ledger.standings(asked)).map(({ spent }) => spent)).toEqual([20, 75]);
    }));
});

describe('after a crash', () => {
  it('what was open is charged to every account, once', () =>
    within(async (book, store) => {
      const layers = [layer('key', 100), layer('member', 100), layer('workspace', 100, { since: DAY })];
      await reserve(book, { id: 'open', nano: 60, layers });
      const next = new Ledger(store);
      expect(await next.recover()).toBe(1);
      for (const { spent, reserved } of await store.ledger.standings(layers)) expect([spent, reserved]).toEqual([7, 0]);
      expect(await next.recover()).toBe(0);
    }));
});

const ACCOUNTS = ['key', 'member', 'workspace', 'guardrail', 'credits', 'permit'];

describe('many calls over many layers', () => {
  it('overspend none, refuse none that would fit, and never wait for each other, whatever layers and costs they have', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 20, max: 400 }), { minLength: ACCOUNTS.length, maxLength: ACCOUNTS.length }),
        fc.array(
          fc.record({
            over: fc.subarray(ACCOUNTS, { minLength: 1 }),
            nano: fc.integer({ min: 1, max: 80 }),
            share: fc.double({ min: 0, max: 1, noNaN: true }),
            takes: fc.integer({ min: 0, max: 3 }),
            fate: fc.constantFrom('settle', 'settle', 'settle', 'release', 'byok', 'leave'),
          }),
          { minLength: 2, maxLength: 40 },
        ),
        (limits, calls) =>
          within(async (book, store) => {
            const all = ACCOUNTS.map((id, at) => layer(id, limits[at]!));
            const check = async () => {
              for (const { id, limit, spent, reserved } of await store.ledger.standings(all))
                expect(spent + reserved, id).toBeLessThanOrEqual(limit!);
            };
            const outcomes = await Promise.all(
              calls.map(async ({ over, nano, share, takes, fate }, index) => {
                const id = `call-${index}`;
                const gone = new AbortController();
                if (fate === 'leave') setTimeout(() => gone.abort(), takes);
                const layers = all.filter((one) => over.includes(one.id));
                const outcome = await reserve(book, { id, nano, layers, signal: gone.signal });
                await check();
                if (outcome.kind !== 'reserved') {
                  if (outcome.kind !== 'refused') return outcome.kind;
                  // Refused for good: what is left without anybody in flight is too little at one layer at the least.
                  const standings = await store.ledger.standings(layers);
                  expect(standings.some(({ limit, spent }) => limit! - spent < nano)).toBe(true);
                  return outcome.kind;
                }
                await sleep(takes);
                if (fate === 'release') await book.release(id);
                else await book.settle(id, end(Math.floor(nano * share), fate === 'byok'));
                return outcome.kind;
              }),
            );
            // Nobody lost patience: whoever came first waited for calls in flight alone.
            expect(outcomes).not.toContain('impatient');
            await book.idle(1_000);
            for (const { reserved } of await store.ledger.standings(all)) expect(reserved).toBe(0);
          }),
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('a thousand at once over five layers spend at least 95 % of what the tightest allow, and not a nano-dollar more', () =>
    within(async (book, store) => {
      const COST = 37;
      // Ten keys of four members in two workspaces of one organization, whose own limits bind here and there.
      const keys = Array.from({ length: 10 }, (_, at) => layer(`key:${at}`, at % 3 === 0 ? 900 : 5_000));
      const members = Array.from({ length: 4 }, (_, at) => layer(`member:${at}`, 6_000));
      const workspaces = [
        layer('workspace:0', 8_000),
        layer('workspace:0', 7_000, { since: DAY }),
        layer('workspace:1', 9_000),
      ];
      const credits = layer('credits', 14_000);
      const layersOf = (at: number) => [
        members[at % 4]!,
        ...workspaces.filter(({ id }) => id === `workspace:${at % 2}`),
        keys[at % 10]!,
        credits,
      ];
      const outcomes = await Promise.all(
        Array.from({ length: 1_000 }, async (_, index) => {
          const id = `call-${index}`;
          const outcome = await reserve(book, { id, nano: 40, layers: layersOf(index) });
          if (outcome.kind !== 'reserved') return outcome.kind;
          await sleep(index % 5);
          await book.settle(id, end(COST));
          return outcome.kind;
        }),
      );
      expect(new Set(outcomes)).toEqual(new Set(['reserved', 'refused']));
      const all = [...keys, ...members, ...workspaces, credits];
      const stood = await store.ledger.standings(all);
      for (const { id, limit, spent, reserved } of stood) {
        expect(reserved, id).toBe(0);
        expect(spent, id).toBeLessThanOrEqual(limit!);
      }
      const total = stood.at(-1)!.spent;
      expect(total).toBe(outcomes.filter((one) => one === 'reserved').length * COST);
      expect(total).toBeGreaterThanOrEqual(14_000 * 0.95);
      // Every call that was refused would break a limit now that all have ended.
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome !== 'refused') continue;
        const standings = await store.ledger.standings(layersOf(index));
        expect(standings.some(({ limit, spent }) => limit! - spent < 40)).toBe(true);
      }
    }));
});
