/** An answer that others may be given. */
export type Kept = {
  /** A JSON document, or all events of a stream. */
  readonly body: Buffer;
  readonly streamed: boolean;
  /** The generation that was charged for it. */
  readonly sourceId: string;
  readonly model: string | null;
  readonly provider: string | null;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
};

/** What an entry takes beside its body. */
const OVERHEAD_BYTES = 512;

/**
 * Answers by share key, the least recently used going first when they take more than `maxBytes`. In memory only: answers are not
 * written to disk unless somebody has switched that on (I/O logging), and a restart costs no more than one more call each.
 */
export class ResponseCache {
  readonly #maxBytes: () => number;
  /** In order of use. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** `maxBytes` is asked each time: it may be changed while answers are kept. */
  constructor(maxBytes: () => number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The largest answer that is worth keeping: one alone must not push out all others. */
  get mostBytes(): number {
    return Math.floor(this.#maxBytes() / 4);
  }

  get(key: string, nowMs: number): Kept | null {
    const kept = this.#kept.get(key);
    if (!kept) return null;
    this.delete(key);
    // A clock that was put back must not keep an answer longer than it was promised.
    if (nowMs >= kept.expiresAtMs || nowMs < kept.storedAtMs) return null;
    this.#add(key, kept);
    return kept;
  }

  put(key: string, kept: Kept): void {
    if (kept.body.length > this.mostBytes) return;
    this.delete(key);
    this.#add(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes()) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    this.#bytes -= kept.body.length + OVERHEAD_BYTES;
  }

  #add(key: string, kept: Kept): void {
    this.#kept.set(key, kept);
    this.#bytes += kept.body.length + OVERHEAD_BYTES;
  }
}
