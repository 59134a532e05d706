import type { Fields } from '../surfaces/responses/fields.ts';

/** Characters of JSON that are kept in all. */
const MOST = 16 * 1024 * 1024;
/** Milliseconds for which an item is kept: a client names one within the run of its agent, or not at all. */
const LIFETIME_MS = 60 * 60 * 1000;

type Kept = { readonly item: Fields; readonly size: number; readonly until: number };

/**
 * The items of late answers, for clients that name one by its id where they could send it: some do so unless they were told
 * `store: false`. In memory alone, each for the key that was given it; the oldest go first.
 */
export class ItemBook {
  readonly #kept = new Map<string, Kept>();
  readonly #most: number;
  #size = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** `now`: milliseconds of any one clock. */
  keep(keyId: string, items: readonly Fields[], now: number): void {
    for (const item of items) {
      const size = JSON.stringify(item).length;
      const name = nameOf(keyId, item['id']);
      if (size > this.#most) continue;
      this.#forget(name);
      this.#kept.set(name, { item, size, until: now + LIFETIME_MS });
      this.#size += size;
    }
    for (const [name, { until }] of this.#kept) {
      if (this.#size <= this.#most && until > now) break;
      this.#forget(name);
    }
  }

  /** Null: it was never given to this key, or too long ago. */
  find(keyId: string, id: string, now: number): Fields | null {
    const kept = this.#kept.get(nameOf(keyId, id));
    return kept && kept.until > now ? kept.item : null;
  }

  #forget(name: string): void {
    const kept = this.#kept.get(name);
    if (!kept) return;
    this.#kept.delete(name);
    this.#size -= kept.size;
  }
}

const nameOf = (keyId: string, id: unknown): string => `${keyId} ${String(id)}`;
