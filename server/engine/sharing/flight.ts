import type { CallAnswer } from '../call.ts';

/** Characters of a stream kept for those who read slower, or join later. */
const MOST_KEPT = 16 * 1024 * 1024;

/** Somebody who waits for a flight's answer. */
type Passenger = { at: number; wake: () => void };

/**
 * One call upstream that several wait for. It goes on as long as one of them does; the stream is read as fast as the fastest of them
 * reads, the others have theirs from what is kept, and one that lags behind by more than can be kept is cut off.
 */
export class Flight {
  readonly #landing = new AbortController();
  readonly #aboard = new Set<Passenger>();
  readonly #answer: Promise<CallAnswer>;
  readonly #onEnd: () => void;
  #events: AsyncIterator<string> | null = null;
  #texts: string[] = [];
  /** Texts let go from the front. */
  #dropped = 0;
  #size = 0;
  #reading: Promise<void> | null = null;
  #over = false;
  #failure: unknown = null;

  /** `lead` makes the call; its signal is aborted when nobody waits any more. `onEnd`: nobody may board any more. */
  constructor(lead: (signal: AbortSignal) => Promise<CallAnswer>, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#answer = lead(this.#landing.signal).then(
      (answer) => {
        if (answer.kind === 'stream') this.#events = answer.events[Symbol.asyncIterator]();
        else this.#end();
        if (this.#aboard.size === 0) this.#drain();
        return answer;
      },
      (error: unknown) => {
        this.#end();
        throw error;
      },
    );
    this.#answer.catch(() => {});
  }

  /** Waits for the answer on behalf of a caller; null when that caller went away first. Whoever gets a stream must read it. */
  async board(caller: AbortSignal): Promise<CallAnswer | null> {
    const passenger: Passenger = { at: 0, wake: () => {} };
    this.#aboard.add(passenger);
    const gone = aborted(caller);
    const answer = await Promise.race([this.#answer, gone.promise]).finally(() => {
      gone.forget();
      if (!this.#events || caller.aborted) this.#leave(passenger);
    });
    if (answer === null || caller.aborted) {
      this.#leave(passenger);
      return null;
    }
    return answer.kind === 'stream' ? { ...answer, events: this.#read(passenger, caller) } : answer;
  }

  async *#read(passenger: Passenger, caller: AbortSignal): AsyncGenerator<string, void, undefined> {
    const wake = () => passenger.wake();
    caller.addEventListener('abort', wake, { once: true });
    try {
      while (!caller.aborted) {
        if (!this.#aboard.has(passenger)) throw new Error('it read too slowly to share a stream with others');
        const text = this.#texts[passenger.at - this.#dropped];
        if (text !== undefined) {
          passenger.at += 1;
          yield text;
        } else if (this.#failure !== null) throw this.#failure;
        else if (this.#over) return;
        else {
          const woken = new Promise<void>((resolve) => {
            passenger.wake = resolve;
          });
          void this.#readMore();
          await woken;
        }
      }
    } finally {
      caller.removeEventListener('abort', wake);
      this.#leave(passenger);
    }
  }

  /** Reads one text on, once for all who want it. */
  #readMore(): Promise<void> {
    this.#reading ??= this.#readOn();
    return this.#reading;
  }

  async #readOn(): Promise<void> {
    try {
      const next = await this.#events?.next();
      if (!next || next.done) this.#end();
      else this.#keep(next.value);
    } catch (error) {
      this.#failure = error;
      this.#end();
    }
    this.#reading = null;
    for (const passenger of this.#aboard) passenger.wake();
  }

  #keep(text: string): void {
    this.#texts.push(text);
    this.#size += text.length;
    if (this.#size <= MOST_KEPT) return;
    // Whoever boarded now would lack the beginning.
    this.#onEnd();
    while (this.#size > MOST_KEPT && this.#texts.length > 1) {
      for (const passenger of this.#aboard) if (passenger.at <= this.#dropped) this.#cutOff(passenger);
      this.#size -= this.#texts.shift()?.length ?? 0;
      this.#dropped += 1;
    }
  }

  #cutOff(passenger: Passenger): void {
    this.#aboard.delete(passenger);
    passenger.wake();
  }

  #leave(passenger: Passenger): void {
    if (!this.#aboard.delete(passenger) || this.#aboard.size > 0 || this.#over) return;
    this.#onEnd();
    this.#landing.abort();
    this.#drain();
  }

  /** Nobody listens: the call still comes to its end, where it is settled. */
  #drain(): void {
    if (!this.#events || this.#over) return;
    this.#texts = [];
    void (async () => {
      while (!this.#over) await this.#readMore();
    })();
  }

  #end(): void {
    this.#over = true;
    this.#onEnd();
  }
}

/** Resolves to null when the signal aborts. */
function aborted(signal: AbortSignal): { readonly promise: Promise<null>; readonly forget: () => void } {
  let forget = () => {};
  const promise = new Promise<null>((resolve) => {
    const tell = () => resolve(null);
    signal.addEventListener('abort', tell, { once: true });
    if (signal.aborted) tell();
    forget = () => signal.removeEventListener('abort', tell);
  });
  return { promise, forget };
}
