import { Worker } from 'node:worker_threads';
import type { LanguageLog } from '../language-log.ts';
import type { ProviderCall, StringLiteral } from './provider-call.ts';
import type { SyntaxAssets } from './syntax-assets.ts';
import type { SyntaxAnswer, SyntaxDocument, SyntaxMessage, SyntaxQuestion, SyntaxReply } from './syntax-messages.ts';

/** Asks the syntax worker, which is started by the first question and shared by all connections. */
export type SyntaxService = {
  /** The direct provider calls of a document; none when it could not be parsed. */
  calls(document: SyntaxDocument, baseUrl: string): Promise<readonly ProviderCall[]>;
  /** The string literal at each offset, or null where an expression could not take its place. */
  literals(document: SyntaxDocument, offsets: readonly number[]): Promise<readonly (StringLiteral | null)[]>;
  /** Frees a document's tree. */
  close(key: string): void;
  dispose(): void;
};

type Waiting = { readonly resolve: (answer: SyntaxAnswer) => void };

/** A worker that keeps dying (a missing grammar file, no memory) without ever answering is not started for ever. */
const MOST_RESTARTS = 5;

export function createSyntaxService(assets: SyntaxAssets, log: LanguageLog): SyntaxService {
  return new WorkerSyntax(assets, log);
}

class WorkerSyntax implements SyntaxService {
  readonly #assets: SyntaxAssets;
  readonly #log: LanguageLog;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #lastId = 0;
  #deaths = 0;
  #disposed = false;

  constructor(assets: SyntaxAssets, log: LanguageLog) {
    this.#assets = assets;
    this.#log = log;
  }

  async calls(document: SyntaxDocument, baseUrl: string): Promise<readonly ProviderCall[]> {
    const answer = await this.#ask({ ...document, kind: 'calls', baseUrl });
    return (answer ?? []) as readonly ProviderCall[];
  }

  async literals(document: SyntaxDocument, offsets: readonly number[]): Promise<readonly (StringLiteral | null)[]> {
    const answer = await this.#ask({ ...document, kind: 'literals', offsets });
    return (answer ?? offsets.map(() => null)) as readonly (StringLiteral | null)[];
  }

  close(key: string): void {
    this.#worker?.postMessage({ kind: 'close', key } satisfies SyntaxMessage);
  }

  dispose(): void {
    this.#disposed = true;
    this.#drop();
  }

  #ask(question: SyntaxQuestion): Promise<SyntaxAnswer> {
    const worker = this.#running();
    if (worker === null) return Promise.resolve(null);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, { resolve });
      worker.postMessage({ ...question, id } satisfies SyntaxMessage);
    });
  }

  #running(): Worker | null {
    if (this.#worker !== null) return this.#worker;
    if (this.#disposed || this.#deaths > MOST_RESTARTS) return null;
    const { worker: file, ...files } = this.#assets;
    const worker = new Worker(file, { workerData: { files }, stdout: true, stderr: true });
    // What the WebAssembly runtime prints belongs into the log: the daemon's own output is its answer to a command.
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#log.debug(`syntax worker: ${text.trimEnd()}`));
    }
    // The daemon's life is decided by its sockets, not by this helper.
    worker.unref();
    worker.on('message', (reply: SyntaxReply) => this.#receive(reply));
    worker.on('error', (error) => this.#failed(worker, String(error)));
    worker.on('exit', () => this.#failed(worker, 'exited'));
    this.#worker = worker;
    return worker;
  }

  #receive(reply: SyntaxReply): void {
    if ('error' in reply) {
      if (this.#worker !== null) this.#failed(this.#worker, reply.error);
      return;
    }
    this.#deaths = 0;
    this.#waiting.get(reply.id)?.resolve(reply.answer);
    this.#waiting.delete(reply.id);
  }

  #failed(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#deaths++;
    this.#log.warn(`syntax worker failed (${this.#deaths}): ${reason}`);
    this.#drop();
  }

  /** Ends the worker; whoever waits for it is told there is nothing. The next question starts another one. */
  #drop(): void {
    const worker = this.#worker;
    this.#worker = null;
    for (const { resolve } of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
    void worker?.terminate();
  }
}
