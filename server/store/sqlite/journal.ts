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
import { type Entry, entryOf } from './journal-entry.ts';

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
 * The ledger's journal: each entry is with the operating system, safe from a kill, when `append` resolves; the tables are brought up
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
  /** What was appended in this step, who is to be told, and the outcome. */
  #lines = '';
  #told: (() => void)[] = [];
  #flushed: Promise<void> | null = null;

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

  /**
   * Writes a line, without its end, together with those of all who append in the same step of the event loop: a write costs more than
   * what is in it. Once it is written, and before anything else is done, `written` is called. Throws, as for all of them, when they
   * could not be written whole; then nothing of any of them counts.
   */
  append(line: string, written: () => void): Promise<void> {
    this.#lines += `${line}\n`;
    this.#told.push(written);
    this.#flushed ??= Promise.resolve().then(() => this.flush());
    return this.#flushed;
  }

  /** Writes what was appended in this step at once. */
  flush(): void {
    const told = this.#told;
    const lines = this.#lines;
    this.#told = [];
    this.#lines = '';
    this.#flushed = null;
    this.#write(lines);
    for (const written of told) written();
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

  /** Goes on in a new file that begins with what is still open: `linesOfOpen`. The old one stays until `forget`. */
  turnOver(linesOfOpen: () => readonly string[]): void {
    this.flush();
    const old = { fd: this.#fd, epoch: this.#epoch, bytes: this.#bytes };
    if (old.fd === null || this.#folder === null) return;
    this.#epoch += 1;
    const file = join(this.#folder, nameOf(this.#epoch));
    try {
      this.#open();
      this.#write(
        linesOfOpen()
          .map((line) => `${line}\n`)
          .join(''),
      );
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

  /** Whole lines. */
  #write(text: string): void {
    if (this.#fd === null || text === '') return;
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
