import type { Event } from 'vscode';

/** Only so that a test which waits in vain says for what. */
const LIMIT_MS = 30_000;

/** What `probe` gives as soon as it is truthy: it is asked at once, and again after every `event`. Rejects, naming `what`, in the end. */
export function eventually<T>(what: string, event: Event<unknown>, probe: () => T): Promise<NonNullable<T>> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void) => {
      clearTimeout(timer);
      listener.dispose();
      end();
    };
    const ask = () => {
      try {
        const answer = probe();
        if (answer) finish(() => resolve(answer));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`${what}: not within ${LIMIT_MS / 1000} s`))),
      LIMIT_MS,
    );
    const listener = event(ask);
    ask();
  });
}
