import type { Log } from '../observe/log.ts';
import type { TrackedSockets } from './tracked-sockets.ts';

export type IdleParts = {
  /** Minutes without anybody after which the daemon ends; 0: never. Asked each time, for config.yaml may change. */
  readonly minutes: () => number;
  /** Each connection is a lease: an editor's lasts as long as its window, a program's or command's as long as its call. */
  readonly sockets: Pick<TrackedSockets, 'count' | 'lastUse'>;
  readonly inFlight: () => number;
  /** When a key other than the editor's was last used or made; null: there is none. */
  readonly lastProgramUse: () => Promise<Date | null>;
  readonly exit: () => void;
  readonly log: Log;
  /** Milliseconds, of the clock that `sockets` goes by. */
  readonly now: () => number;
};

const LOOK_MS = 60_000;
/** A program whose key was used this lately will call again, and cannot start a daemon. */
const PROGRAM_MS = 7 * 24 * 3_600_000;
const MINUTE_MS = 60_000;

/** Ends a daemon that was started on demand when nobody needs it any more. */
export class IdleExit {
  readonly #parts: IdleParts;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: IdleParts) {
    this.#parts = parts;
  }

  /** Looks from time to time until `close`. */
  start(): void {
    this.#closed = false;
    const wait = this.#parts.minutes() * MINUTE_MS;
    const next = wait > 0 ? Math.min(LOOK_MS, Math.max(50, wait / 4)) : LOOK_MS;
    this.#timer = setTimeout(() => {
      this.check()
        .catch((error: unknown) => {
          this.#parts.log.warn('idle_unknown', { error: String(error) });
          return false;
        })
        .then((ends) => {
          if (!ends && !this.#closed) this.start();
        });
    }, next).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Ends the daemon if nobody needs it; whether it did. */
  async check(): Promise<boolean> {
    const { lastProgramUse, now, exit, log } = this.#parts;
    if (!this.#isAlone()) return false;
    const used = await lastProgramUse();
    if (used !== null && now() - used.getTime() < PROGRAM_MS) return false;
    // Somebody may have come while the store was asked.
    if (this.#closed || !this.#isAlone()) return false;
    log.info('idle', { minutes: this.#parts.minutes() });
    exit();
    return true;
  }

  #isAlone(): boolean {
    const { minutes, sockets, inFlight, now } = this.#parts;
    const wait = minutes() * MINUTE_MS;
    return wait > 0 && sockets.count === 0 && inFlight() === 0 && now() - sockets.lastUse >= wait;
  }
}

/**
 * Minutes after which an idle daemon ends. On Windows VS Code's updater waits for every process of its own runtime, so there it
 * is one at most: https://github.com/microsoft/vscode/issues/96169
 */
export function idleMinutes(configured: number, runtime = process): number {
  const blocksUpdates = runtime.platform === 'win32' && runtime.versions['electron'] !== undefined;
  return blocksUpdates && configured > 0 ? Math.min(1, configured) : configured;
}
