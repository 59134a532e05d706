import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint, GenerationEnd, Layer, LayerStanding, Reservation, Store } from '../store/store.ts';
import { type Claimant, Claims, insertByTicket } from './claims.ts';

/** What a caller of `reserve` decides from how its layers stand; `count` asks it to look closer and be asked again. */
export type Decision<T> =
  | { readonly kind: 'reserve'; readonly reservation: Reservation; readonly granted: T }
  /** `claim`: the least that it waits for, nano-dollars. */
  | { readonly kind: 'wait'; readonly layer: string; readonly claim: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'refuse'; readonly refused: T };

export type Ask<T> = {
  /** The layers that apply now: asked anew each time, since a day may turn, or a limit change, while the call waits. */
  readonly layers: () => readonly Layer[] | Promise<readonly Layer[]>;
  readonly decide: (standings: readonly LayerStanding[]) => Decision<T>;
  /** Makes the next `decide` exact. */
  readonly count: () => Promise<void>;
  /** Milliseconds this call may stand in the queue. */
  readonly patience: number;
  readonly signal: AbortSignal;
};

export type Reserved<T> =
  | { readonly kind: 'reserved'; readonly granted: T }
  | { readonly kind: 'refused'; readonly refused: T }
  | { readonly kind: 'impatient'; readonly layer: string; readonly waiting: number }
  | { readonly kind: 'aborted' };

/** How often the ends of calls that could not be written are tried again. */
const OWED_EVERY_MS = 1_000;

/** How often who waits is asked again without anything having ended: a day may turn, a clock jump, a limit be raised. */
const AGAIN_EVERY_MS = 1_000;

/** Where a call stands in line; `retry` asks for it again once it has been told to wait. */
type Place = {
  readonly ticket: number;
  at: string | null;
  retry: (() => Promise<void>) | null;
  /** What it holds against those that came later; null: it does not wait. */
  claim: Claimant | null;
};

/**
 * Reservations and their queue. A call is admitted only with its whole bound reserved at every layer; when calls in flight hold
 * what is missing, it waits its turn, first come first served, and is asked again whenever one of them ends. It stands in the line of
 * the one layer where it lacks most, in order of arrival, and what it waits for is held against those that came later at all of its
 * layers. So whoever came first waits for nobody but calls in flight, which end: no two calls ever wait for each other.
 */
export class Ledger {
  readonly #store: Store;
  readonly #queues = new Map<string, Place[]>();
  readonly #claims = new Claims();
  #tickets = 0;
  #again: NodeJS.Timeout | undefined;
  readonly #pumping = new Map<string, boolean>();
  readonly #inFlight = new Map<string, readonly string[]>();
  /** Ends of calls that the store could not write: until then what they hold stays held. */
  readonly #owed = new Map<string, () => Promise<unknown>>();
  #later: NodeJS.Timeout | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Resolves once every call has ended and is written, or after so many milliseconds. */
  async idle(patienceMs: number): Promise<void> {
    const until = performance.now() + patienceMs;
    while (this.#inFlight.size > 0 && performance.now() < until) await sleep(10);
  }

  async reserve<T>(ask: Ask<T>): Promise<Reserved<T>> {
    this.#tickets += 1;
    const place: Place = { ticket: this.#tickets, at: null, retry: null, claim: null };
    try {
      const decision = await this.#try(ask, place);
      if (decision.kind === 'wait') return await this.#wait(ask, place);
      return outcomeOf(decision);
    } finally {
      // A store that failed after the decision must not leave behind, at the head of the line, a call that nobody waits for.
      this.#leave(place);
    }
  }

  async checkpoint(id: string, checkpoint: Checkpoint): Promise<void> {
    await this.#store.ledger.checkpoint(id, checkpoint);
  }

  /** Charges the truth and frees the rest; resolves once that has committed. What the store fails to write is written later. */
  async settle(id: string, end: GenerationEnd): Promise<void> {
    await this.#finish(id, () => this.#store.ledger.settle(id, end));
  }

  /** Frees a reservation whose call was never sent; later, when the store fails. */
  async release(id: string): Promise<void> {
    await this.#finish(id, () => this.#store.ledger.release(id));
  }

  /**
   * Something else may have made room at this layer: a raised limit, a new window. Within a transaction it is asked once that has been
   * committed, for a limit that is taken back must have let nobody in.
   */
  poke(layer: string): void {
    this.#store.afterCommit(() => void this.#pump(layer));
  }

  /** As `poke`, at every layer: budgets were raised, or there are fewer of them. */
  pokeAll(): void {
    this.#store.afterCommit(() => {
      for (const layer of [...this.#queues.keys()]) void this.#pump(layer);
    });
  }

  /**
   * Ends what a killed daemon left open. A reservation is made the moment before its call is sent, so each is charged its last
   * checkpoint, or its input, and says that it is an estimate. Returns how many there were.
   */
  async recover(): Promise<number> {
    const open = await this.#store.ledger.open();
    for (const { id, generation, checkpoint } of open) {
      await this.#store.ledger.settle(id, {
        model: checkpoint?.model ?? null,
        provider: checkpoint?.provider ?? null,
        upstreamId: null,
        status: 0,
        finishReason: 'error',
        nativeFinishReason: null,
        cancelled: true,
        promptTokens: checkpoint?.promptTokens ?? generation.inputTokens,
        completionTokens: checkpoint?.completionTokens ?? 0,
        reasoningTokens: 0,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        nano: checkpoint?.nano ?? generation.inputNano,
        costSource: 'estimated',
        overrun: false,
        clamp: null,
        latencyMs: null,
        generationMs: null,
        attempts: [],
      });
    }
    return open.length;
  }

  async #try<T>(ask: Ask<T>, place: Place): Promise<Exclude<Decision<T>, { kind: 'count' }>> {
    for (;;) {
      const decision = await this.#store.ledger.reserve<Decision<T>>(await ask.layers(), (standings) => {
        const verdict = ask.decide(this.#beside(standings, place));
        // Joined here, not when the answer arrives: who is decided about next must already see who waits.
        if (verdict.kind === 'wait') this.#join(verdict.layer, verdict.claim, standings, place);
        return { reservation: verdict.kind === 'reserve' ? verdict.reservation : null, verdict };
      });
      if (decision.kind === 'reserve') this.#inFlight.set(decision.reservation.id, decision.reservation.layers);
      if (decision.kind !== 'count') return decision;
      await ask.count();
    }
  }

  #wait<T>(ask: Ask<T>, place: Place): Promise<Reserved<T>> {
    return new Promise((resolve, reject) => {
      let over = false;
      const end = (outcome: Reserved<T>) => {
        over = true;
        clearTimeout(timer);
        ask.signal.removeEventListener('abort', leave);
        this.#leave(place);
        resolve(outcome);
      };
      const leave = () => end({ kind: 'aborted' });
      const timer = setTimeout(() => {
        const layer = place.at ?? '';
        end({ kind: 'impatient', layer, waiting: this.#queues.get(layer)?.length ?? 0 });
      }, ask.patience);
      ask.signal.addEventListener('abort', leave, { once: true });
      place.retry = async () => {
        try {
          const decision = await this.#try(ask, place);
          if (!over && decision.kind !== 'wait') end(outcomeOf(decision));
          // It gave up while the store was deciding: what was granted is nobody's, and it stands in no line.
          else if (over && decision.kind === 'reserve') await this.release(decision.reservation.id);
          else if (over) this.#leave(place);
        } catch (error) {
          reject(error);
          leave();
        }
      };
      if (ask.signal.aborted) leave();
      // What it waits for may have ended since it was told to wait.
      else if (place.at !== null) void this.#pump(place.at);
    });
  }

  /** The layers as they stand for this call: what those that came before wait for is not its to take. */
  #beside(standings: readonly LayerStanding[], { ticket }: Place): readonly LayerStanding[] {
    if (this.#claims.isEmpty) return standings;
    return standings.map((standing) => {
      const claimed = this.#claims.before(standing.id, ticket);
      return claimed === 0 ? standing : { ...standing, reserved: standing.reserved + claimed };
    });
  }

  #join(layer: string, claim: number, standings: readonly LayerStanding[], place: Place): void {
    if (place.claim) this.#claims.remove(place.claim);
    // Several windows of one spend are one line.
    place.claim = { ticket: place.ticket, claim, layers: [...new Set(standings.map(({ id }) => id))] };
    this.#claims.add(place.claim);
    if (place.at === layer) return;
    const last = place.at;
    this.#quit(place);
    place.at = layer;
    const queue = this.#queues.get(layer);
    if (queue) insertByTicket(queue, place);
    else this.#queues.set(layer, [place]);
    this.#again ??= setInterval(() => this.#askAgain(), AGAIN_EVERY_MS).unref();
    if (last !== null && this.#queues.has(last)) void this.#pump(last);
  }

  #leave(place: Place): void {
    const { claim } = place;
    this.#quit(place);
    if (!claim) return;
    place.claim = null;
    this.#claims.remove(claim);
    // What it held against those behind it is free, wherever they wait.
    for (const layer of claim.layers) if (this.#queues.has(layer)) void this.#pump(layer);
  }

  /** Leaves the line, but not what it claims. */
  #quit(place: Place): void {
    const { at } = place;
    if (at === null) return;
    place.at = null;
    const queue = this.#queues.get(at);
    const index = queue?.indexOf(place) ?? -1;
    if (!queue || index < 0) return;
    queue.splice(index, 1);
    if (queue.length === 0) this.#queues.delete(at);
  }

  #askAgain(): void {
    this.pokeAll();
    if (this.#queues.size > 0) return;
    clearInterval(this.#again);
    this.#again = undefined;
  }

  /** Asks the head of a layer's line again, and on, until one must go on waiting. One pump at a time per layer. */
  async #pump(layer: string): Promise<void> {
    if (this.#pumping.has(layer)) {
      this.#pumping.set(layer, true);
      return;
    }
    for (let again = true; again; again = this.#pumping.get(layer) === true) {
      this.#pumping.set(layer, false);
      const head = this.#queues.get(layer)?.[0];
      // Without `retry` it has only just joined, and pumps for itself when it is ready.
      if (!head?.retry) break;
      await head.retry();
      if (this.#queues.get(layer)?.[0] !== head) this.#pumping.set(layer, true);
    }
    this.#pumping.delete(layer);
  }

  async #finish(id: string, write: () => Promise<unknown>): Promise<void> {
    // What was to be written first is the truth of this call; nothing that is made up after the store has failed replaces it.
    const truth = this.#owed.get(id) ?? write;
    try {
      await truth();
    } catch (error) {
      this.#owed.set(id, truth);
      this.#later ??= setTimeout(() => void this.#writeOwed(), OWED_EVERY_MS).unref();
      throw error;
    }
    this.#owed.delete(id);
    this.#ended(id);
  }

  async #writeOwed(): Promise<void> {
    this.#later = undefined;
    for (const [id, write] of [...this.#owed]) await this.#finish(id, write).catch(() => {});
  }

  #ended(id: string): void {
    const layers = this.#inFlight.get(id) ?? [];
    this.#inFlight.delete(id);
    for (const layer of layers) if (this.#queues.has(layer)) void this.#pump(layer);
  }
}

function outcomeOf<T>(decision: Exclude<Decision<T>, { kind: 'count' | 'wait' }>): Reserved<T> {
  return decision.kind === 'reserve'
    ? { kind: 'reserved', granted: decision.granted }
    : { kind: 'refused', refused: decision.refused };
}
