import { Outcomes } from './outcomes.ts';

const SPAN_MS = 5_000;
const SPANS = 6;
/** How long an endpoint with an outage stands back before one call may try it again. */
export const OUTAGE_MS = SPAN_MS * SPANS;
/** A probe that has not ended by then no longer keeps others from probing. */
const PROBE_MS = 60_000;
/** One failure is an accident. */
const FEWEST_FAILURES = 2;
const MOST = 1_000;

type Breaker = { readonly outcomes: Outcomes; openUntil: number; probeUntil: number };

/**
 * Endpoints that had an outage: of their answers in the last 30 seconds at least two, and at least half, failed. Such an endpoint
 * stands back for 30 seconds; then one call probes it, and its end decides. In memory, bounded; `now` in epoch milliseconds.
 */
export class Breakers {
  readonly #breakers = new Map<string, Breaker>();

  /** Whether to prefer any other endpoint. Asking changes nothing. */
  hasOutage(id: string, now: number): boolean {
    const breaker = this.#breakers.get(id);
    return breaker !== undefined && breaker.openUntil > 0 && (now < breaker.openUntil || now < breaker.probeUntil);
  }

  /** A call is being sent there: after an outage it is the probe, and others wait for its end. */
  begins(id: string, now: number): void {
    const breaker = this.#breakers.get(id);
    if (breaker && breaker.openUntil > 0 && now >= breaker.openUntil) breaker.probeUntil = now + PROBE_MS;
  }

  succeeded(id: string, now: number): void {
    const breaker = this.#breaker(id);
    if (breaker.openUntil > 0) {
      // What failed before the outage ended says nothing about the time after it.
      this.#breakers.delete(id);
      this.#breaker(id).outcomes.add(true, now);
    } else breaker.outcomes.add(true, now);
  }

  failed(id: string, now: number): void {
    const breaker = this.#breaker(id);
    breaker.outcomes.add(false, now);
    breaker.probeUntil = 0;
    const { good, bad } = breaker.outcomes.last(SPANS, now);
    const wasProbed = breaker.openUntil > 0 && now >= breaker.openUntil;
    if (wasProbed || (bad >= FEWEST_FAILURES && bad >= good)) breaker.openUntil = now + OUTAGE_MS;
  }

  /** A call that says nothing about the endpoint (its caller went away): if it was the probe, another may be. */
  ended(id: string): void {
    const breaker = this.#breakers.get(id);
    if (breaker) breaker.probeUntil = 0;
  }

  #breaker(id: string): Breaker {
    let breaker = this.#breakers.get(id);
    if (!breaker) {
      const [oldest] = this.#breakers.keys();
      if (this.#breakers.size >= MOST && oldest !== undefined) this.#breakers.delete(oldest);
      breaker = { outcomes: new Outcomes(SPAN_MS, SPANS), openUntil: 0, probeUntil: 0 };
      this.#breakers.set(id, breaker);
    }
    return breaker;
  }
}
