import {
  closeSync,
  copyFileSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint, GenerationEnd, Reservation } from '../store.ts';

/** What happens to a reservation, one line each. */
export type Entry =
  | readonly ['open', Reservation]
  | readonly ['checkpoint', string, Checkpoint]
  | readonly ['end', string, GenerationEnd]
  | readonly ['release', string];

/** A place in the journal: everything before it. `epoch` numbers the files. */
export type Position = { readonly epoch: number; readonly bytes: number };

const NAME = /^ledger-(\d+)\.journal$/;
const nameOf = (epoch: number) => `ledger-${epoch}.journal`;

/** Nothing of the entry counts; the same entry may be written once there is room again. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'ERR_JOURNAL';
}

/**
 * The ledger's journal: each entry is with the operating system, safe from a kill, when `append` returns; the tables are brought up
 * to it later, many entries at once. A commit of the database costs ten times as much as such a write.
 */
export class Journal {
  readonly #folder: string | null;
  #epoch: number;
  #fd: number | null = null;
  /** Bytes that were written whole. */
  #bytes = 0;
  /** Whether a failed write may have left half a line behind them. */
  #torn = false;
  #damaged = 0;

  /** `folder`: null keeps nothing, for a store in memory. */
  constructor(folder: string | null, epoch: number) {
    this.#folder = folder;
    this.#epoch = Math.max(epoch, ...this.#files());
    this.#open();
  }

  get position(): Position {
    return { epoch: this.#epoch, bytes: this.#bytes };
  }

  /** Lines that could not be read, as a failing disk leaves them; their files are kept under another name. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Writes one line, without its end. Throws when it could not be written whole; then nothing of it counts. */
  append(line: string): void {
    if (this.#fd === null) return;
    const text = `${line}\n`;
    try {
      if (this.#torn) this.#mend();
      this.#torn = true;
      const wrote = writeSync(this.#fd, text);
      if (wrote !== Buffer.byteLength(text)) throw new Error('the disk took only a part of it');
      this.#torn = false;
      this.#bytes += wrote;
    } catch (cause) {
      throw new JournalError(`the ledger's journal could not be written: ${String(cause)}`, { cause });
    }
  }

  /** Every whole entry from the file of `epoch` on, in order, each with whether it stands after `applied` there. */
  *entries(applied: Position): Generator<{ readonly entry: Entry; readonly isNew: boolean }, void, undefined> {
    for (const epoch of this.#files().filter((found) => found >= applied.epoch)) {
      const file = join(this.#folder ?? '', nameOf(epoch));
      const bytes = readFileSync(file);
      const damagedBefore = this.#damaged;
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        const isNew = epoch > applied.epoch || start >= applied.bytes;
        const entry = entryOf(bytes.toString('utf8', start, end));
        if (entry) yield { entry, isNew };
        else this.#damaged += 1;
        start = end + 1;
      }
      if (this.#damaged > damagedBefore) copyFileSync(file, `${file}.damaged`);
    }
  }

  /** Goes on in a new file that begins with `lines`: what is still open. The old one stays until `forget`. */
  turnOver(lines: readonly string[]): void {
    const old = { fd: this.#fd, epoch: this.#epoch, bytes: this.#bytes };
    if (old.fd === null || this.#folder === null) return;
    this.#epoch += 1;
    const file = join(this.#folder, nameOf(this.#epoch));
    try {
      this.#open();
      for (const line of lines) this.append(line);
      if (this.#fd !== null) fdatasyncSync(this.#fd);
    } catch (error) {
      if (this.#fd !== null && this.#fd !== old.fd) closeSync(this.#fd);
      rmSync(file, { force: true });
      this.#fd = old.fd;
      this.#epoch = old.epoch;
      this.#bytes = old.bytes;
      throw error;
    }
    closeSync(old.fd);
  }

  /** Removes the files before `epoch`. */
  forget(epoch: number): void {
    for (const old of this.#files()) if (old < epoch) rmSync(join(this.#folder ?? '', nameOf(old)), { force: true });
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #open(): void {
    if (this.#folder === null) return;
    this.#fd = openSync(join(this.#folder, nameOf(this.#epoch)), 'a+', 0o600);
    const bytes = readFileSync(this.#fd);
    this.#bytes = bytes.lastIndexOf(10) + 1;
    // A kill in the middle of a line: its writer was never told that it had been written.
    this.#torn = fstatSync(this.#fd).size > this.#bytes;
  }

  #mend(): void {
    if (this.#fd !== null) ftruncateSync(this.#fd, this.#bytes);
    this.#torn = false;
  }

  #files(): readonly number[] {
    if (this.#folder === null) return [];
    return readdirSync(this.#folder)
      .map((name) => Number(NAME.exec(name)?.[1] ?? 0))
      .filter((epoch) => epoch > 0)
      .toSorted((a, b) => a - b);
  }
}

function entryOf(line: string): Entry | null {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return null;
  }
}
