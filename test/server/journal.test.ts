import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import type { GenerationEnd, Reservation, Store } from '../../server/store/store.ts';

const DAY = '2026-11-22';
const LAYER = { id: 'key:k', limit: 1_000_000_000, since: null };

let root: string;
let stores: Store[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'callgate-journal-'));
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close().catch(() => {});
  rmSync(root, { recursive: true });
});

function open(folder: string): Store {
  const store = openSqliteStore(join(folder, 'callgate.db'), () => new Date(`${DAY}T12:00:00Z`));
  stores.push(store);
  return store;
}

/** What a kill at this moment leaves behind: the files as they are, in another folder. */
function killed(folder: string): string {
  const next = mkdtempSync(join(root, 'killed-'));
  cpSync(folder, next, { recursive: true });
  return next;
}

const journals = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.journal'));

function reservation(id: string, nano: number): Reservation {
  return {
    id,
    layers: [LAYER.id],
    nano,
    day: DAY,
    createdAt: `${DAY}T12:00:00.000Z`,
    generation: {
      keyId: 'k',
      workspaceId: 'w',
      presetId: null,
      presetSlug: null,
      presetVersion: null,
      presetHash: null,
      requestedModel: 'a/b – “Ω”',
      streamed: false,
      sessionId: null,
      httpReferer: null,
      appTitle: 'line\nbreak',
      userAgent: null,
      inputNano: 3,
      inputTokens: 1,
    },
  };
}

function ended(nano: number): GenerationEnd {
  return {
    model: 'a/b',
    provider: 'A',
    upstreamId: null,
    status: 200,
    finishReason: 'stop',
    nativeFinishReason: 'stop',
    cancelled: false,
    promptTokens: 1,
    completionTokens: 2,
    reasoningTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    nano,
    costSource: 'computed',
    overrun: false,
    clamp: null,
    latencyMs: 1,
    generationMs: 2,
    attempts: [],
  };
}

const reserve = (store: Store, id: string, nano: number) =>
  store.ledger.reserve([LAYER], () => ({ reservation: reservation(id, nano), verdict: null }));
const stands = async (store: Store) => (await store.ledger.standings([LAYER]))[0];

describe('the journal of the ledger', () => {
  it('gives back what a kill left out of the tables, whenever it falls, and counts nothing twice', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constantFrom('open', 'end', 'release', 'checkpoint'),
        nano: fc.integer({ min: 0, max: 999 }),
      }),
      fc.constantFrom({ kind: 'kill', nano: 0 }, { kind: 'read', nano: 0 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let folder = mkdtempSync(join(root, 'state-'));
        let store = open(folder);
        const held = new Map<string, number>();
        let spent = 0;
        let requests = 0;
        let count = 0;
        for (const { kind, nano } of steps) {
          const [oldest] = held.keys();
          if (kind === 'open') {
            count += 1;
            await reserve(store, `g${count}`, nano);
            held.set(`g${count}`, nano);
          } else if (kind === 'kill') {
            folder = killed(folder);
            store = open(folder);
          } else if (kind === 'read') await store.usage.sums({});
          else if (oldest !== undefined) {
            if (kind === 'end') {
              expect(await store.ledger.settle(oldest, ended(nano))).toBe(true);
              expect(await store.ledger.settle(oldest, ended(nano))).toBe(false);
              spent += nano;
              requests += 1;
            } else if (kind === 'release') await store.ledger.release(oldest);
            else
              await store.ledger.checkpoint(oldest, {
                promptTokens: 1,
                completionTokens: 1,
                nano,
                model: 'm',
                provider: 'p',
              });
            if (kind !== 'checkpoint') held.delete(oldest);
          }
          const reserved = [...held.values()].reduce((sum, value) => sum + value, 0);
          expect(await stands(store)).toMatchObject({ spent, reserved });
        }
        expect((await store.ledger.open()).map(({ id }) => id)).toEqual([...held.keys()]);
        expect(await store.usage.sums({ keyId: 'k' })).toMatchObject({
          nano: spent,
          requests,
          completionTokens: requests * 2,
        });
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('forgets a line that a kill cut off, and goes on behind the last whole one', async () => {
    const folder = mkdtempSync(join(root, 'state-'));
    await reserve(open(folder), 'whole', 5);
    const next = killed(folder);
    const [file = ''] = journals(next);
    appendFileSync(join(next, file), '["open",{"id":"half","layers":["key:k"],"na');
    const store = open(next);
    expect((await store.ledger.open()).map(({ id }) => id)).toEqual(['whole']);
    await reserve(store, 'after', 7);
    const again = open(killed(next));
    expect((await again.ledger.open()).map(({ id }) => id)).toEqual(['whole', 'after']);
  });

  it('reads on past a line that the disk has spoilt, and keeps the file for whoever wants to look', async () => {
    const folder = mkdtempSync(join(root, 'state-'));
    const first = open(folder);
    for (const id of ['one', 'two', 'three']) await reserve(first, id, 1);
    const next = killed(folder);
    const [file = ''] = journals(next);
    const lines = readFileSync(join(next, file), 'utf8').split('\n');
    writeFileSync(join(next, file), [lines[0], '\0'.repeat(200), ...lines.slice(2)].join('\n'));
    const store = open(next);
    expect((await store.ledger.open()).map(({ id }) => id)).toEqual(['one', 'three']);
    expect(store.damagedEntries).toBe(1);
    expect(existsSync(join(next, `${file}.damaged`))).toBe(true);
  });

  it('does not grow for ever, and carries open calls over into its next file', async () => {
    const folder = mkdtempSync(join(root, 'state-'));
    const store = open(folder);
    await reserve(store, 'long', 11);
    await store.ledger.checkpoint('long', { promptTokens: 1, completionTokens: 9, nano: 4, model: 'm', provider: 'p' });
    let calls = 0;
    for (let round = 0; round < 3; round += 1) {
      for (let turn = 0; turn < 9_000; turn += 1) {
        calls += 1;
        await reserve(store, `g${calls}`, 1);
        await store.ledger.settle(`g${calls}`, ended(1));
      }
      await store.usage.sums({});
    }
    expect(journals(folder).length).toBeLessThanOrEqual(2);
    const next = open(killed(folder));
    expect(await next.ledger.open()).toMatchObject([{ id: 'long', nano: 11, checkpoint: { completionTokens: 9 } }]);
    expect(await stands(next)).toMatchObject({ spent: calls, reserved: 11 });
    expect(await next.usage.sums({})).toMatchObject({ requests: calls });
  }, 60_000);

  it('begins anew when somebody removed it', async () => {
    const folder = mkdtempSync(join(root, 'state-'));
    const store = open(folder);
    await reserve(store, 'one', 1);
    await store.ledger.settle('one', ended(1));
    await store.close();
    for (const file of journals(folder)) rmSync(join(folder, file));
    const next = open(folder);
    await reserve(next, 'two', 2);
    await next.ledger.settle('two', ended(2));
    const last = open(killed(folder));
    expect(await stands(last)).toMatchObject({ spent: 3, reserved: 0 });
  });
});
