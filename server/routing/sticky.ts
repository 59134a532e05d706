/** OpenRouter's: a conversation keeps its endpoint until ten minutes after its last success. */
export const STICKY_MS = 10 * 60_000;
const MOST = 10_000;

/** Which endpoint a conversation was last served by, so that the next call finds its prompt cache. In memory, bounded. */
export class StickySessions {
  readonly #kept = new Map<string, { readonly endpoint: string; readonly until: number }>();

  /** The endpoint's id, null when there is none any more. `now` in epoch milliseconds. Asking does not renew. */
  endpointOf(conversation: string, now: number): string | null {
    const kept = this.#kept.get(conversation);
    return kept && now < kept.until ? kept.endpoint : null;
  }

  /** Keeps, or renews, after a success. */
  keep(conversation: string, endpoint: string, now: number): void {
    // The least recently renewed is the first of a Map whose entries are set anew.
    this.#kept.delete(conversation);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MOST && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(conversation, { endpoint, until: now + STICKY_MS });
  }

  get size(): number {
    return this.#kept.size;
  }
}
