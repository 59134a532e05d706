import type { Database } from './database.ts';

/**
 * The rows of a small table, kept in memory: policy asks for them at every call. Only this process writes them, through `change`; the
 * array is another one after each change and the same until then.
 */
export class Mirror<T> {
  readonly #database: Database;
  readonly #read: () => readonly T[];
  #rows: readonly T[];

  constructor(database: Database, read: () => readonly T[]) {
    this.#database = database;
    this.#read = read;
    this.#rows = read();
    database.onUndone(() => this.reload());
  }

  get rows(): readonly T[] {
    return this.#rows;
  }

  /** Writes, and reads again what then stands: also when it failed, and what it was grouped with is undone. */
  change(write: () => void): Promise<void> {
    return this.#database.write(write).finally(() => this.reload());
  }

  reload(): void {
    this.#rows = this.#read();
  }
}
