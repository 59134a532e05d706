/** So many are kept before those that have ended are looked for. */
const MOST = 1_000;

/** Endpoints that asked to be left alone for a while (Retry-After), by id. In the process only: a restart asks again. */
export class EndpointHealth {
  readonly #until = new Map<string, number>();

  /** Keeps an endpoint out of selection for so many seconds. */
  rest(id: string, seconds: number, now: number): void {
    // The names of unlisted models are the callers' own: what has ended must not stay for good.
    if (this.#until.size >= MOST) for (const [other, until] of this.#until) if (until <= now) this.#until.delete(other);
    this.#until.set(id, Math.max(this.#until.get(id) ?? 0, now + seconds * 1000));
  }

  /** When the endpoint may be asked again, epoch milliseconds; 0: now. */
  restsUntil(id: string, now: number): number {
    const until = this.#until.get(id) ?? 0;
    if (until > now) return until;
    this.#until.delete(id);
    return 0;
  }
}
