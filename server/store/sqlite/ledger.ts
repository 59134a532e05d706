import type { Checkpoint, GenerationEnd, Layer, LayerStanding, LedgerStore, Reservation } from '../store.ts';
import type { Database } from './database.ts';
import { applied, byokOf, type EndedCall, LIFETIME, markApplied, spendOf, writeEnded } from './ended-calls.ts';
import { Journal } from './journal.ts';
import { checkpointLine, type Entry, endLine, openLine, releaseLine } from './journal-entry.ts';
import { OpenReservations } from './open-reservations.ts';
import { endText, recordText, startText } from './record.ts';

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
/** Windows of one spend that are remembered: a day, a week, a month, a lifetime, and the ones before them. */
const MOST_WINDOWS = 8;

type Spent = { readonly since: string | null; nano: number };
const NOTHING: readonly Spent[] = [];

/**
 * The ledger of the one process that writes it: decided in memory, kept in the journal before anyone is told, and in the tables soon
 * after. What the tables lack after a kill is read from the journal.
 */
export class SqliteLedger implements LedgerStore {
  readonly #database: Database;
  readonly #journal: Journal;
  readonly #open = new OpenReservations();
  readonly #spent = new Map<string, Spent[]>();
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
    if (reservation) await this.#hold(reservation);
    return verdict;
  }

  async checkpoint(id: string, checkpoint: Checkpoint): Promise<void> {
    if (!this.#open.has(id)) return;
    await this.#journal.append(checkpointLine(id, checkpoint), () => this.#open.checkpoint(id, checkpoint));
  }

  async settle(id: string, end: GenerationEnd): Promise<boolean> {
    if (!this.#open.has(id)) return false;
    const text = endText(end);
    let isFirst = false;
    await this.#journal.append(endLine(id, text), () => {
      isFirst = this.#end(id, end, text);
    });
    if (this.#ended.length >= MOST_LAGGING && this.#trouble === null) this.#catchUpLater();
    else this.#timer ??= setTimeout(() => this.#catchUpLater(), LAG_MS).unref();
    return isFirst;
  }

  async release(id: string): Promise<void> {
    if (!this.#open.has(id)) return;
    await this.#journal.append(releaseLine(id), () => void this.#open.take(id));
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
      this.#journal.flush();
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
    this.#journal.turnOver(() =>
      this.#open.all().flatMap(({ checkpoint, ...reservation }) => {
        const open = openLine(reservation, startText(reservation.generation));
        return checkpoint ? [open, checkpointLine(reservation.id, checkpoint)] : [open];
      }),
    );
    this.#database.transact(() => markApplied(this.#database, this.#journal.position));
    // The last file stays one turn longer: after a loss of power the tables may be older than they were.
    this.#journal.forget(epoch);
  }

  /** Counted at once, so that who is decided about next sees it; taken back when it cannot be kept. */
  async #hold(reservation: Reservation): Promise<void> {
    const start = startText(reservation.generation);
    this.#open.add(reservation, start);
    try {
      await this.#journal.append(openLine(reservation, start), () => {});
    } catch (error) {
      this.#open.take(reservation.id);
      throw error;
    }
  }

  #replay(entry: Entry, isNew: boolean): void {
    if (entry.kind === 'open') this.#open.add(entry.reservation, startText(entry.reservation.generation));
    else if (entry.kind === 'checkpoint') this.#open.checkpoint(entry.id, entry.checkpoint);
    else if (entry.kind === 'end' && isNew) this.#end(entry.id, entry.end, endText(entry.end));
    else this.#open.take(entry.id);
  }

  #end(id: string, end: GenerationEnd, text: string): boolean {
    const open = this.#open.take(id);
    if (!open) return false;
    const { reservation, start } = open;
    for (const layer of reservation.layers) {
      for (const spent of this.#spent.get(spendOf(layer, end)) ?? NOTHING)
        if (spent.since === null || reservation.day >= spent.since) spent.nano += end.nano;
    }
    this.#ended.push({ reservation, end, record: recordText(start, text) });
    return true;
  }

  /** A layer without a limit refuses nothing, whatever it has spent. */
  #standingToDecide(layer: Layer): LayerStanding {
    return layer.limit === null ? { ...layer, spent: 0, reserved: 0 } : this.#standing(layer);
  }

  #standing(layer: Layer): LayerStanding {
    const { id, since } = layer;
    const spent = this.#spentOn(id, since) + (layer.includeByok ? this.#spentOn(byokOf(id), since) : 0);
    return { ...layer, spent, reserved: this.#open.reserved(id) };
  }

  #spentOn(account: string, since: string | null): number {
    let windows = this.#spent.get(account);
    if (!windows) {
      windows = [];
      if (this.#spent.size >= MOST_LAYERS) this.#spent.clear();
      this.#spent.set(account, windows);
    }
    for (const spent of windows) if (spent.since === since) return spent.nano;
    const nano = this.#spentSince(account, since) + this.#spentLately(account, since);
    if (windows.length >= MOST_WINDOWS) windows.length = 0;
    windows.push({ since, nano });
    return nano;
  }

  /** What the tables do not have yet. */
  #spentLately(account: string, since: string | null): number {
    let nano = 0;
    for (const { reservation, end } of this.#ended) {
      if (since !== null && reservation.day < since) continue;
      if (reservation.layers.some((layer) => spendOf(layer, end) === account)) nano += end.nano;
    }
    return nano;
  }

  #spentSince(account: string, since: string | null): number {
    const row =
      since === null
        ? this.#database.get('SELECT nano FROM layer_spent WHERE layer = ? AND day = ?', account, LIFETIME)
        : this.#database.get('SELECT sum(nano) AS nano FROM layer_spent WHERE layer = ? AND day >= ?', account, since);
    return Number(row?.['nano'] ?? 0);
  }
}
