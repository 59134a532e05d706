/** Counts of good and bad answers in a ring of equal spans of time, the oldest forgotten as new ones begin. */
export class Outcomes {
  readonly #spanMs: number;
  readonly #good: Uint32Array;
  readonly #bad: Uint32Array;
  /** Which span of all time each place of the ring holds now. */
  readonly #held: Float64Array;

  /** @param spanMs of one span, in milliseconds @param spans that are kept */
  constructor(spanMs: number, spans: number) {
    this.#spanMs = spanMs;
    this.#good = new Uint32Array(spans);
    this.#bad = new Uint32Array(spans);
    this.#held = new Float64Array(spans).fill(-1);
  }

  add(good: boolean, now: number): void {
    const span = Math.floor(now / this.#spanMs);
    const at = span % this.#held.length;
    if (this.#held[at] !== span) {
      this.#held[at] = span;
      this.#good[at] = 0;
      this.#bad[at] = 0;
    }
    const counts = good ? this.#good : this.#bad;
    counts[at] = (counts[at] ?? 0) + 1;
  }

  /** Sums over the current span and those before it, `spans` in all. */
  last(spans: number, now: number): { readonly good: number; readonly bad: number } {
    const newest = Math.floor(now / this.#spanMs);
    let good = 0;
    let bad = 0;
    for (let span = newest; span > newest - Math.min(spans, this.#held.length); span -= 1) {
      const at = span % this.#held.length;
      if (this.#held[at] !== span) continue;
      good += this.#good[at] ?? 0;
      bad += this.#bad[at] ?? 0;
    }
    return { good, bad };
  }
}
