import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Counts the tokens of each text; null when it cannot be done, and the bytes have to serve. */
export type CountTokens = (texts: readonly string[]) => Promise<readonly number[] | null>;

export type CountQuestion = { readonly id: number; readonly texts: readonly string[] };
export type CountReply = { readonly id: number; readonly tokens: readonly number[] };

/** A worker that keeps dying (its file is missing, no memory) without ever answering is not started for ever. */
const MOST_DEATHS = 5;

/** Asks a thread of its own, which the first question starts and which a death ends: whoever waits for it is told null. */
export class Tokenizer {
  readonly #file: string;
  readonly #waiting = new Map<number, (tokens: readonly number[] | null) => void>();
  #worker: Worker | null = null;
  #lastId = 0;
  #deaths = 0;

  constructor(file: string) {
    this.#file = file;
  }

  readonly count: CountTokens = (texts) => {
    if (texts.length === 0) return Promise.resolve([]);
    const worker = this.#running();
    if (worker === null) return Promise.resolve(null);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      worker.postMessage({ id, texts } satisfies CountQuestion);
    });
  };

  #running(): Worker | null {
    if (this.#worker !== null || this.#deaths > MOST_DEATHS) return this.#worker;
    // Its output would stand among the daemon's own.
    const worker = new Worker(this.#file, { stdout: true, stderr: true });
    // The daemon's life is decided by its sockets, not by this helper.
    worker.unref();
    worker.on('message', ({ id, tokens }: CountReply) => {
      this.#deaths = 0;
      this.#waiting.get(id)?.(tokens);
      this.#waiting.delete(id);
    });
    worker.on('error', () => this.#lost(worker));
    worker.on('exit', () => this.#lost(worker));
    this.#worker = worker;
    return worker;
  }

  #lost(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    this.#deaths += 1;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(null);
  }

  /** Ends the thread; the next question starts another. */
  async dispose(): Promise<void> {
    await this.#worker?.terminate();
  }
}

let shared: Tokenizer | undefined;

/** The daemon's one tokenizer. Its thread takes tens of megabytes, which most daemons never need. */
export const countTokens: CountTokens = (texts) => {
  shared ??= new Tokenizer(workerFile());
  return shared.count(texts);
};

/** Beside the daemon's bundle lies the worker's; a daemon that runs from its source runs the worker's source. */
function workerFile(): string {
  const bundled = join(__dirname, 'assets', 'tokenizer-worker.js');
  return existsSync(bundled) ? bundled : join(__dirname, 'tokenizer-worker.ts');
}
