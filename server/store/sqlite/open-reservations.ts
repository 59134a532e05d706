import type { Checkpoint, OpenReservation, Reservation } from '../store.ts';

/** With the text that the journal and the table keep of its generation; see `record.ts`. */
type Kept = { readonly reservation: Reservation; readonly start: string; checkpoint: Checkpoint | null };

/** The reservations of calls under way and what they add up to; the journal keeps them through a kill. */
export class OpenReservations {
  readonly #byId = new Map<string, Kept>();
  readonly #reserved = new Map<string, number>();

  /** Oldest first. */
  all(): readonly OpenReservation[] {
    return Array.from(this.#byId.values(), ({ reservation, checkpoint }) => ({ ...reservation, checkpoint }));
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** What the open reservations of a layer add up to, nano-dollars. */
  reserved(layer: string): number {
    return this.#reserved.get(layer) ?? 0;
  }

  add(reservation: Reservation, start: string): void {
    if (this.#byId.has(reservation.id)) return;
    this.#byId.set(reservation.id, { reservation, start, checkpoint: null });
    this.#sum(reservation, 1);
  }

  checkpoint(id: string, checkpoint: Checkpoint): void {
    const open = this.#byId.get(id);
    if (open) open.checkpoint = checkpoint;
  }

  /** Ends a reservation and gives it back; null when it is not open. */
  take(id: string): Omit<Kept, 'checkpoint'> | null {
    const open = this.#byId.get(id);
    if (!open) return null;
    this.#byId.delete(id);
    this.#sum(open.reservation, -1);
    return open;
  }

  #sum({ layers, nano }: Reservation, sign: 1 | -1): void {
    for (const layer of layers) {
      const left = this.reserved(layer) + sign * nano;
      if (left === 0) this.#reserved.delete(layer);
      else this.#reserved.set(layer, left);
    }
  }
}
