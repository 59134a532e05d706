import { AsyncLocalStorage } from 'node:async_hooks';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type Row = Record<string, null | number | bigint | string | Uint8Array>;

type Write = { readonly run: () => void; readonly settle: () => void; readonly fail: (error: unknown) => void };

/**
 * node:sqlite with the two things it lacks here: statements prepared once by their text, and writes grouped per turn of the event
 * loop into one transaction, so that a commit is paid once however many calls end together. A write that throws is undone alone.
 */
export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Write[] = [];
  #closed = false;
  /** The transaction of several turns that is under way, if any. */
  #unit: { readonly committed: (() => void)[] } | null = null;
  readonly #units = new AsyncLocalStorage<object>();
  #lastUnit: Promise<unknown> = Promise.resolve();
  readonly #undone: (() => void)[] = [];

  constructor(file: string) {
    this.#sqlite = new DatabaseSync(file);
    this.#sqlite.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 3000; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;',
    );
  }

  exec(sql: string): void {
    this.#sqlite.exec(sql);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Whether a `unit` is under way; `transact` cannot run then. */
  get isBusy(): boolean {
    return this.#unit !== null;
  }

  /**
   * Runs `work`, and what it writes, as one transaction: all of it or nothing, by what `work` comes to. What others write meanwhile
   * waits; what they read may be undone yet. One at a time; one within another is part of it. Not for what waits for a network.
   */
  unit<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isInUnit()) return work();
    const done = this.#lastUnit.then(() => this.#runUnit(work));
    this.#lastUnit = done.catch(() => {});
    return done;
  }

  /** Runs `told` once what is being written now has been committed: at the end of the unit it is called in, or at once. */
  afterCommit(told: () => void): void {
    if (this.#unit && this.#isInUnit()) this.#unit.committed.push(told);
    else told();
  }

  /** Whoever remembers rows forgets them when a unit was undone. */
  onUndone(forget: () => void): void {
    this.#undone.push(forget);
  }

  /** Runs `write` in a transaction of its own, at once; throws what it throws, with nothing of it done. */
  transact(write: () => void): void {
    if (this.#unit) throw new Error('Another transaction is under way');
    this.#run('BEGIN IMMEDIATE');
    try {
      write();
      this.#run('COMMIT');
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#run('ROLLBACK');
      throw error;
    }
  }

  /** Runs `write` in the transaction of this turn; resolves once that has committed. */
  write<T>(write: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('The store is closed'));
    if (this.#isInUnit()) return this.#writeInUnit(write);
    return new Promise<T>((resolve, reject) => {
      let result: T;
      const run = () => {
        result = write();
      };
      if (this.#queue.push({ run, settle: () => resolve(result), fail: reject }) === 1)
        setImmediate(() => this.#flush());
    });
  }

  close(): void {
    if (this.#unit) {
      this.#undo();
      this.#unit = null;
    }
    this.#flush();
    this.#closed = true;
    this.#statements.clear();
    this.#sqlite.close();
  }

  #isInUnit(): boolean {
    return this.#unit !== null && this.#units.getStore() === this.#unit;
  }

  async #runUnit<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('The store is closed');
    this.#flush();
    this.#run('BEGIN IMMEDIATE');
    const unit = { committed: [] };
    this.#unit = unit;
    try {
      const result = await this.#units.run(unit, work);
      if (this.#unit !== unit) throw new Error('The store was closed');
      this.#run('COMMIT');
      this.#endUnit();
      for (const told of unit.committed as (() => void)[]) told();
      return result;
    } catch (error) {
      if (this.#unit === unit) {
        this.#undo();
        this.#endUnit();
        for (const forget of this.#undone) forget();
      }
      throw error;
    }
  }

  #endUnit(): void {
    this.#unit = null;
    // Node 22 would go on following every promise.
    this.#units.disable();
    this.#flush();
  }

  /** Under a savepoint: what throws is undone alone, as in any turn. */
  async #writeInUnit<T>(write: () => T): Promise<T> {
    this.#run('SAVEPOINT one');
    try {
      const result = write();
      this.#run('RELEASE one');
      return result;
    } catch (error) {
      this.#run('ROLLBACK TO one');
      this.#run('RELEASE one');
      throw error;
    }
  }

  #flush(): void {
    if (this.#unit) return;
    const writes = this.#queue;
    this.#queue = [];
    if (writes.length === 0) return;
    try {
      this.#run('BEGIN IMMEDIATE');
      if (!this.#together(writes)) {
        // One of them threw, which is rare: again, each under a savepoint, so that it is undone alone.
        this.#run('BEGIN IMMEDIATE');
        const done = writes.filter((write) => this.#attempt(write));
        this.#run('COMMIT');
        for (const write of done) write.settle();
        return;
      }
    } catch (error) {
      this.#undo();
      for (const write of writes) write.fail(error);
      return;
    }
    for (const write of writes) write.settle();
  }

  #together(writes: readonly Write[]): boolean {
    try {
      for (const write of writes) write.run();
      this.#run('COMMIT');
      return true;
    } catch {
      this.#undo();
      return false;
    }
  }

  #undo(): void {
    if (this.#sqlite.isTransaction) this.#run('ROLLBACK');
  }

  #attempt(write: Write): boolean {
    this.#run('SAVEPOINT one');
    try {
      write.run();
      this.#run('RELEASE one');
      return true;
    } catch (error) {
      this.#run('ROLLBACK TO one');
      this.#run('RELEASE one');
      write.fail(error);
      return false;
    }
  }

  #run(sql: string): void {
    this.#prepare(sql).run();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#sqlite.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
