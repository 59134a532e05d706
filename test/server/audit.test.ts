import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { sealAudit, verifyAudit } from '../../server/admin/audit-chain.ts';
import type { AuditRow } from '../../server/store/audit-store.ts';
import { readAudit } from '../../server/store/sqlite/audit.ts';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).toReversed()) await end();
});
async function start() {
  const daemon = await TestDaemon.start();
  cleanUp.push(() => daemon.stop());
  return daemon;
}
function folder() {
  const made = mkdtempSync(join(tmpdir(), 'callgate-audit-'));
  cleanUp.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const entry = (n: number) => ({
  at: '2026-11-22T00:00:00.000Z',
  actor: 'command line',
  action: 'key.update',
  target: `key:${n}`,
  before: { name: `n${n}` },
  after: { name: `m${n}`, limit: n },
});

function chain(length: number): readonly AuditRow[] {
  const rows: AuditRow[] = [];
  for (let n = 0; n < length; n++) rows.push(sealAudit(entry(n), rows.at(-1) ?? null));
  return rows;
}
const stored = (rows: readonly AuditRow[]) => rows.map((row) => ({ seq: row.seq, row }));

describe('the chain', () => {
  test('stands when nothing was done to it, however keys are ordered', () => {
    const rows = chain(5).map((row) => ({ ...row, after: { limit: row.seq - 1, name: `m${row.seq - 1}` } }));
    expect(verifyAudit(stored(rows))).toEqual({ ok: true, records: 5, head: rows[4]?.hash });
    expect(verifyAudit([])).toEqual({ ok: true, records: 0, head: null });
  });

  test('breaks at a record that was altered in any field', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom('at', 'actor', 'action', 'target', 'before', 'after', 'previous', 'hash'),
        fc.string({ minLength: 1 }),
        (index, field, value) => {
          const rows = chain(10);
          const changed = rows.map((row, at) => (at === index ? { ...row, [field]: value } : row)) as AuditRow[];
          expect(verifyAudit(stored(changed))).toMatchObject({ ok: false, seq: index + 1 });
        },
      ),
    );
  });

  test('breaks where records are missing, moved or put in between, also when they were numbered anew', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.boolean(), (index, renumber) => {
        const anew = (rows: readonly AuditRow[]) =>
          renumber ? rows.map((row, at) => ({ ...row, seq: at + 1 })) : rows;
        const rows = chain(10);
        const [a, b] = [rows[index], rows[index + 1]];
        if (!a || !b) throw new Error('no such rows');
        expect(verifyAudit(stored(anew(rows.toSpliced(index, 1)))).ok).toBe(false);
        expect(verifyAudit(stored(anew(rows.toSpliced(index, 2, b, a)))).ok).toBe(false);
        expect(verifyAudit(stored(anew(rows.toSpliced(index, 0, a)))).ok).toBe(false);
      }),
    );
  });

  test('a chain forged from a record on, and one cut off, are found by what the log knows', () => {
    const rows = chain(6);
    const forged = rows.slice(0, 3);
    for (let n = 10; n < 13; n++) forged.push(sealAudit(entry(n), forged.at(-1) ?? null));
    expect(verifyAudit(stored(forged)).ok).toBe(true);
    const heads = [{ seq: 4, hash: rows[3]?.hash ?? '' }];
    expect(verifyAudit(stored(forged), heads)).toMatchObject({ ok: false, seq: 4 });
    expect(verifyAudit(stored(rows.slice(0, 3)), heads)).toMatchObject({ ok: false, seq: 4 });
    expect(verifyAudit(stored(rows), heads)).toMatchObject({ ok: true });
  });
});

describe('a transaction of several turns', () => {
  const open = (file = ':memory:') => {
    const store = openSqliteStore(file, () => new Date());
    cleanUp.push(() => store.close());
    return store;
  };
  const append = (store: ReturnType<typeof open>, n: number) =>
    store.audit.append(
      (last) => sealAudit(entry(n), last),
      () => {},
    );

  test('is all or nothing, and tells of nothing that was undone', async () => {
    const store = open();
    const told: number[] = [];
    const work = store.transact(async () => {
      for (const n of [1, 2]) {
        const row = await store.audit.append(
          (last) => sealAudit(entry(n), last),
          ({ seq }) => told.push(seq),
        );
        expect(row.seq).toBe(n);
        expect(told).toEqual([]);
      }
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await store.audit.last()).toBeNull();
    expect(told).toEqual([]);
  });

  test('what others write meanwhile waits, and is not undone with it', async () => {
    const store = open();
    let other: Promise<unknown> = Promise.resolve();
    const outside = () => {
      other = append(store, 7);
    };
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const work = store.transact(async () => {
      await append(store, 1);
      begin();
      // Turns go by, as they would if it waited for a file.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect((await store.audit.list({})).length).toBe(1);
      throw new Error('no');
    });
    await begun;
    outside();
    await expect(work).rejects.toThrow('no');
    await other;
    expect((await store.audit.list({})).map(({ target }) => target)).toEqual(['key:7']);
  });

  test('a key that was undone is nobody’s, also where it had been looked up', async () => {
    const store = open();
    const workspace = await store.workspaces.default();
    const key = {
      id: 'a',
      hash: 'h',
      kind: 'program',
      workspaceId: workspace.id,
      name: 'n',
      label: 'l',
      limit: null,
      limitReset: null,
      includeByokInLimit: false,
      disabled: false,
      allowUnpriced: false,
      canWritePresets: true,
      clamp: false,
      creatorUserId: null,
      expiresAt: null,
      createdAt: '2026-11-22T00:00:00.000Z',
      updatedAt: null,
      runaway: null,
      suspendedAt: null,
      suspendedFor: null,
    } as const;
    const work = store.transact(async () => {
      await store.keys.insert(key);
      expect(await store.keys.byHash('h')).not.toBeNull();
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await store.keys.byHash('h')).toBeNull();
  });

  test('two that were begun at once come one after the other; one within another is part of it', async () => {
    const store = open();
    const order: string[] = [];
    const one = (name: string) =>
      store.transact(async () => {
        order.push(`${name} begins`);
        await store.transact(() => append(store, 1));
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name} ends`);
      });
    await Promise.all([one('a'), one('b')]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect((await store.audit.list({})).map(({ seq }) => seq)).toEqual([2, 1]);
  });

  test('a write that fails within it is undone alone', async () => {
    const store = open();
    await store.transact(async () => {
      await append(store, 1);
      await expect(
        store.audit.append(
          () => sealAudit(entry(2), null),
          () => {},
        ),
      ).rejects.toThrow();
      await append(store, 3);
    });
    expect((await store.audit.list({})).map(({ seq }) => seq)).toEqual([2, 1]);
  });

  test('the file itself refuses to change a record', async () => {
    const file = join(folder(), 'callgate.db');
    const store = open(file);
    await append(store, 1);
    const raw = new DatabaseSync(file);
    expect(() => raw.exec("UPDATE audit SET actor = 'nobody'")).toThrow('append-only');
    expect(() => raw.exec('DELETE FROM audit')).toThrow('append-only');
    raw.exec("DROP TRIGGER audit_stands; UPDATE audit SET actor = 'nobody'");
    raw.close();
    expect(verifyAudit(readAudit(file))).toMatchObject({ ok: false, seq: 1, problem: 'record 1 was altered' });
  });
});

describe('what is recorded', () => {
  test('placeholder', async () => {
    const daemon = await start();
    await daemon.key();
    expect(daemon.state).toBeTruthy();
  });
});
