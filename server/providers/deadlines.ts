/** Something that is due at a moment, in monotonic milliseconds. */
export type Deadline = { readonly dueMs: number; readonly onDue: () => void };

/**
 * Deadlines that are nearly always met, under one timer: each call has one of a minute, and is over in a second. A timer of its own
 * would cost every call more than its reservation. None comes early; one may come late by the time the loop is busy.
 */
export class Deadlines {
  readonly #pending = new Set<Deadline>();
  #timer: NodeJS.Timeout | undefined;
  #wakesMs = Number.POSITIVE_INFINITY;

  add(deadline: Deadline): void {
    this.#pending.add(deadline);
    if (deadline.dueMs < this.#wakesMs) this.#wake(deadline.dueMs);
  }

  delete(deadline: Deadline): void {
    this.#pending.delete(deadline);
  }

  #wake(dueMs: number): void {
    clearTimeout(this.#timer);
    this.#wakesMs = dueMs;
    // A timer may fire a little before its time by this clock.
    this.#timer = setTimeout(this.#look, Math.max(1, Math.ceil(dueMs - performance.now()) + 1));
    this.#timer.unref();
  }

  readonly #look = (): void => {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const deadline of this.#pending) {
      if (deadline.dueMs > now) next = Math.min(next, deadline.dueMs);
      else {
        this.#pending.delete(deadline);
        deadline.onDue();
      }
    }
    this.#wakesMs = Number.POSITIVE_INFINITY;
    if (next < Number.POSITIVE_INFINITY) this.#wake(next);
  };
}
