import type { Checkpoint, OpenReservation, Reservation } from '../store.ts';

/** The reservations of calls under way and what they add up to; the journal keeps them through a kill. */
export class OpenReservations {
  readonly #byId = new Map<string, OpenReservation>();
  readonly #reserved = new Map<string, number>();

  /** Oldest first. */
  all(): readonly OpenReservation[] {
    return [...this.#byId.values()];
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** What the open reservations of a layer add up to, nano-dollars. */
  reserved(layer: string): number {
    return this.#reserved.get(layer) ?? 0;
  }

  add(reservation: Reservation): void {
    if (this.#byId.has(reservation.id)) return;
    this.#byId.set(reservation.id, { ...reservation, checkpoint: null });
    this.#sum(reservation, 1);
  }

  checkpoint(id: string, checkpoint: Checkpoint): void {
    const open = this.#byId.get(id);
    if (open) this.#byId.set(id, { ...open, checkpoint });
  }

  /** Ends a reservation and gives it back; null when it is not open. */
  take(id: string): Reservation | null {
    const open = this.#byId.get(id);
    if (!open) return null;
    this.#byId.delete(id);
    this.#sum(open, -1);
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
