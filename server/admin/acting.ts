import { AsyncLocalStorage } from 'node:async_hooks';

/** Who is at work when nobody asked for it. */
const DAEMON = 'daemon';

/**
 * In whose name the management operation that runs now is done. It follows the operation without being handed on, and is switched off
 * while there is none: on Node 22 it would otherwise slow every promise of every call.
 */
export class Acting {
  readonly #storage = new AsyncLocalStorage<string>();
  #begun = 0;

  get actor(): string {
    return this.#storage.getStore() ?? DAEMON;
  }

  /** Runs `work`, and what it goes on to, in the name of `actor`; `end` is to be called once, when all of it is over. */
  begin(actor: string, work: () => void): { readonly end: () => void } {
    this.#begun += 1;
    this.#storage.run(actor, work);
    let ended = false;
    return {
      end: () => {
        if (ended) return;
        ended = true;
        this.#begun -= 1;
        if (this.#begun === 0) this.#storage.disable();
      },
    };
  }
}
