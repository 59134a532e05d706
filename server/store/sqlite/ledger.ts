import type { Checkpoint, GenerationEnd, Layer, LayerStanding, LedgerStore, Reservation } from '../store.ts';
import type { Database } from './database.ts';
import { applied, type EndedCall, LIFETIME, markApplied, writeEnded } from './ended-calls.ts';
import { type Entry, Journal } from './journal.ts';
import { OpenReservations } from './open-reservations.ts';

/** How long the tables may lag behind the journal; whoever reads them brings them up to date first. */
const LAG_MS = 50;
/** Calls that are written at once without waiting that long. */
const MOST_LAGGING = 1_000;
const RETRY_MS = 1_000;
/** With this many calls that the tables could not take, no further one is let in: memory is finite too. */
const MOST_WAITING = 50_000;
/** Past this many bytes the journal goes on in a new file. */
const JOURNAL_BYTES = 8 * 1024 * 1024;
/** Layers whose spend is remembered. */
const MOST_LAYERS = 50_000;

type Spent = { readonly since: string | null; nano: number };

/**
 * The ledger of the one process that writes it: decided in memory, kept in the journal before anyone is told, and in the tables soon
 * after. What the tables lack after a kill is read from the journal.
 */
export class SqliteLedger implements LedgerStore {
  readonly #database: Database;
  readonly #journal: Journal;
  readonly #open = new OpenReservations();
  readonly #spent = new Map<string, Spent>();
  #ended: EndedCall[] = [];
  #timer: NodeJS.Timeout | undefined;
  #trouble: unknown = null;

  /** `folder` holds the journal; null: it is kept nowhere, for a store in memory. */
  constructor(database: Database, folder: string | null) {
    this.#database = database;
    const last = applied(database);
    this.#journal = new Journal(folder, last.epoch);
    for (const { entry, isNew } of this.#journal.entries(last)) this.#replay(entry, isNew);
    this.catchUp();
    const { epoch, bytes } = this.#journal.position;
    // A journal that somebody removed begins anew, and so does the count of what the tables have of it.
    if (epoch !== last.epoch || bytes < last.bytes) markApplied(database, { epoch, bytes });
  }

  get damaged(): number {
    return this.#journal.damaged;
  }

  async reserve<T>(
    layers: readonly Layer[],
    decide: (standings: readonly LayerStanding[]) => { readonly reservation: Reservation | null; readonly verdict: T },
  ): Promise<T> {
    if (this.#ended.length > MOST_WAITING) throw this.#trouble;
    const { reservation, verdict } = decide(layers.map((layer) => this.#standingToDecide(layer)));
    if (reservation) {
      this.#journal.append(JSON.stringify(['open', reservation] satisfies Entry));
      this.#open.add(reservation);
    }
    return verdict;
  }

  async checkpoint(id: string, checkpoint: Checkpoint): Promise<void> {
    if (!this.#open.has(id)) return;
    this.#journal.append(JSON.stringify(['checkpoint', id, checkpoint] satisfies Entry));
    this.#open.checkpoint(id, checkpoint);
  }

  async settle(id: string, end: GenerationEnd): Promise<boolean> {
    if (!this.#open.has(id)) return false;
    const endText = JSON.stringify(end);
    this.#journal.append(`["end",${JSON.stringify(id)},${endText}]`);
    this.#end(id, end, endText);
    if (this.#ended.length >= MOST_LAGGING && this.#trouble === null) this.#catchUpLater();
    else this.#timer ??= setTimeout(() => this.#catchUpLater(), LAG_MS).unref();
    return true;
  }

  async release(id: string): Promise<void> {
    if (!this.#open.has(id)) return;
    this.#journal.append(JSON.stringify(['release', id] satisfies Entry));
    this.#open.take(id);
  }

  async open() {
    return this.#open.all();
  }

  async standings(layers: readonly Layer[]): Promise<readonly LayerStanding[]> {
    return layers.map((layer) => this.#standing(layer));
  }

  /** Writes to the tables what only the journal holds. Throws when they cannot be written; nothing is lost then. */
  catchUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ended.length === 0) return;
    const ended = this.#ended;
    writeEnded(this.#database, ended, this.#journal.position);
    this.#ended = [];
    this.#trouble = null;
    if (this.#journal.position.bytes <= JOURNAL_BYTES) return;
    try {
      this.#turnOver();
    } catch {
      // It goes on in the same file, which does no harm, and this is tried again the next time.
    }
  }

  close(): void {
    try {
      this.catchUp();
    } finally {
      this.#journal.close();
    }
  }

  #catchUpLater(): void {
    try {
      this.catchUp();
    } catch (error) {
      this.#trouble = error;
      this.#timer ??= setTimeout(() => this.#catchUpLater(), RETRY_MS).unref();
    }
  }

  #turnOver(): void {
    const { epoch } = this.#journal.position;
    const lines = this.#open.all().flatMap(({ checkpoint, ...reservation }) => {
      const entries: Entry[] = [['open', reservation]];
      if (checkpoint) entries.push(['checkpoint', reservation.id, checkpoint]);
      return entries.map((entry) => JSON.stringify(entry));
    });
    this.#journal.turnOver(lines);
    this.#database.transact(() => markApplied(this.#database, this.#journal.position));
    // The last file stays one turn longer: after a loss of power the tables may be older than they were.
    this.#journal.forget(epoch);
  }

  #replay(entry: Entry, isNew: boolean): void {
    if (entry[0] === 'open') this.#open.add(entry[1]);
    else if (entry[0] === 'checkpoint') this.#open.checkpoint(entry[1], entry[2]);
    else if (entry[0] === 'end' && isNew) this.#end(entry[1], entry[2], JSON.stringify(entry[2]));
    else this.#open.take(entry[1]);
  }

  #end(id: string, end: GenerationEnd, endText: string): void {
    const reservation = this.#open.take(id);
    if (!reservation) return;
    for (const layer of reservation.layers) {
      const spent = this.#spent.get(layer);
      if (spent && (spent.since === null || reservation.day >= spent.since)) spent.nano += end.nano;
    }
    this.#ended.push({ reservation, end, endText });
  }

  /** A layer without a limit refuses nothing, whatever it has spent. */
  #standingToDecide(layer: Layer): LayerStanding {
    return layer.limit === null ? { ...layer, spent: 0, reserved: 0 } : this.#standing(layer);
  }

  #standing(layer: Layer): LayerStanding {
    let spent = this.#spent.get(layer.id);
    if (!spent || spent.since !== layer.since) {
      spent = { since: layer.since, nano: this.#spentSince(layer) + this.#spentLately(layer) };
      if (this.#spent.size >= MOST_LAYERS) this.#spent.clear();
      this.#spent.set(layer.id, spent);
    }
    return { ...layer, spent: spent.nano, reserved: this.#open.reserved(layer.id) };
  }

  /** What the tables do not have yet. */
  #spentLately({ id, since }: Layer): number {
    let nano = 0;
    for (const { reservation, end } of this.#ended)
      if (reservation.layers.includes(id) && (since === null || reservation.day >= since)) nano += end.nano;
    return nano;
  }

  #spentSince({ id, since }: Layer): number {
    const row =
      since === null
        ? this.#database.get('SELECT nano FROM layer_spent WHERE layer = ? AND day = ?', id, LIFETIME)
        : this.#database.get('SELECT sum(nano) AS nano FROM layer_spent WHERE layer = ? AND day >= ?', id, since);
    return Number(row?.['nano'] ?? 0);
  }
}
