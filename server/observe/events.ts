import type { CallFinished, Changed, ConfigStanding } from '../protocol.ts';

/** What happens in the daemon, for whoever shows it live. */
export type DaemonEvent =
  | { readonly kind: 'call'; readonly call: CallFinished }
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
