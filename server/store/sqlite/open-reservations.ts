import type { Checkpoint, GenerationStart, OpenReservation, Reservation } from '../store.ts';
import type { Database, Row } from './database.ts';

/**
 * The open reservations, in the table and mirrored in memory: only this process writes them, and every call asks what they add up
 * to. Whenever a write is undone the mirror is dropped and read anew.
 */
export class OpenReservations {
  readonly #database: Database;
  #byId: Map<string, Reservation> | null = null;
  #reserved = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
    database.onUndone(() => {
      this.#byId = null;
    });
  }

  all(): readonly OpenReservation[] {
    return this.#database.all('SELECT * FROM reservations ORDER BY created_at').map(reservationOf);
  }

  /** What the open reservations of a layer add up to, nano-dollars. */
  reserved(layer: string): number {
    this.#mirror();
    return this.#reserved.get(layer) ?? 0;
  }

  add(reservation: Reservation): void {
    const mirror = this.#mirror();
    this.#database.run(
      'INSERT INTO reservations (id, layers, nano, day, created_at, generation) VALUES (?, ?, ?, ?, ?, ?)',
      reservation.id,
      JSON.stringify(reservation.layers),
      reservation.nano,
      reservation.day,
      reservation.createdAt,
      JSON.stringify(reservation.generation),
    );
    mirror.set(reservation.id, reservation);
    this.#sum(reservation, 1);
  }

  checkpoint(id: string, checkpoint: Checkpoint): void {
    this.#database.run('UPDATE reservations SET checkpoint = ? WHERE id = ?', JSON.stringify(checkpoint), id);
  }

  /** Ends a reservation and gives it back; null when it is not open. */
  take(id: string): Reservation | null {
    const mirror = this.#mirror();
    const reservation = mirror.get(id);
    if (!reservation) return null;
    this.#database.run('DELETE FROM reservations WHERE id = ?', id);
    mirror.delete(id);
    this.#sum(reservation, -1);
    return reservation;
  }

  #mirror(): Map<string, Reservation> {
    if (!this.#byId) {
      const open = this.all();
      this.#byId = new Map(open.map((reservation) => [reservation.id, reservation]));
      this.#reserved = new Map();
      for (const reservation of open) this.#sum(reservation, 1);
    }
    return this.#byId;
  }

  #sum({ layers, nano }: Reservation, sign: 1 | -1): void {
    for (const layer of layers) {
      const left = (this.#reserved.get(layer) ?? 0) + sign * nano;
      if (left === 0) this.#reserved.delete(layer);
      else this.#reserved.set(layer, left);
    }
  }
}

function reservationOf(row: Row): OpenReservation {
  return {
    id: String(row['id']),
    layers: JSON.parse(String(row['layers'])) as string[],
    nano: Number(row['nano']),
    day: String(row['day']),
    createdAt: String(row['created_at']),
    generation: JSON.parse(String(row['generation'])) as GenerationStart,
    checkpoint: row['checkpoint'] === null ? null : (JSON.parse(String(row['checkpoint'])) as Checkpoint),
  };
}
