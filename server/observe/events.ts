import type { Refusal } from '../errors.ts';
import type { CallFinished, Changed, ConfigStanding } from '../protocol.ts';

/** What happens in the daemon, for whoever shows it live. */
export type DaemonEvent =
  | { readonly kind: 'call'; readonly keyId: string; readonly call: CallFinished }
  /** A call was refused here, before it was sent or (by what was found in its answer) after. `id` is its generation's. */
  | { readonly kind: 'refused'; readonly keyId: string; readonly id: string; readonly refusal: Refusal }
  /** Something that editors are told as it is: a notification of the protocol. */
  | { readonly kind: 'told'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'changed'; readonly changed: Changed }
  | { readonly kind: 'config'; readonly standing: ConfigStanding };

/** A broadcast within the process; a listener that throws does not disturb the call it is told of. */
export class Events {
  readonly #listeners = new Set<(event: DaemonEvent) => void>();

  listen(listener: (event: DaemonEvent) => void): { [Symbol.dispose](): void } {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  emit(event: DaemonEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        this.#listeners.delete(listener);
      }
    }
  }
}
