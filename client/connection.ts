import type { DaemonHandle } from '../server/ensure-daemon.ts';
import { type Failure, Unreachable } from './failure.ts';

export type ConnectionState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly handle: DaemonHandle }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How a session ended. `deliberate`: the daemon said goodbye, so bringing it back would undo somebody's wish. */
export type SessionEnd = { readonly deliberate: boolean; readonly reason: string };

/** One language connection to one daemon. */
export type Session = { readonly ended: Promise<SessionEnd>; dispose(): Promise<void> };

/** What the supervisor needs of the world; all of it may be slow, and `attach` may throw. */
export type ConnectionParts = {
  readonly ensure: (signal: AbortSignal) => Promise<DaemonHandle | Failure>;
  readonly find: (signal: AbortSignal) => Promise<DaemonHandle | null>;
  readonly attach: (handle: DaemonHandle, signal: AbortSignal) => Promise<Session>;
  /** Asks the daemon to end; resolves when it has. */
  readonly end: (handle: DaemonHandle) => Promise<void>;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
};

type Held =
  | ({ readonly kind: 'ended'; readonly pid: number } & SessionEnd)
  | { readonly kind: 'failed'; readonly failure: Failure; readonly pid: number | null };

const ABORTED: SessionEnd = { deliberate: true, reason: 'aborted' };
const MAX_LOSSES = 5;
const LOSS_WINDOW = 3 * 60_000;
const FIRST_DELAY = 250;
const LAST_DELAY = 8000;
/** How often an idle window looks whether somebody else started the daemon again. */
const RETURN_INTERVAL = 2000;

/**
 * Keeps one session to the daemon alive: finds or starts the daemon, attaches, and does so again (with back-off) when the
 * session is lost. A daemon that was stopped on purpose, in whichever window or terminal, stays stopped; when it comes back by
 * itself, so does the session.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #onChange: (state: ConnectionState) => void;
  #state: ConnectionState = { kind: 'stopped' };
  #run: { readonly abort: AbortController; readonly done: Promise<void> } | null = null;
  #restarting: Promise<void> | null = null;
  readonly #waiting = new Set<() => void>();
  #disposed = false;

  constructor(parts: ConnectionParts, onChange: (state: ConnectionState) => void) {
    this.#parts = parts;
    this.#onChange = onChange;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Starts unless it runs or is starting. Returns at once; see `ready`. */
  start(): void {
    if (this.#disposed || this.#state.kind === 'starting' || this.#state.kind === 'running') return;
    this.#launch(false);
  }

  /** Ends the daemon and starts it anew. Calls made while a restart is under way join it. */
  restart(): Promise<void> {
    this.#restarting ??= this.#endAnd(() => this.#launch(false)).finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  /** Leaves the daemon, which runs on, and finds or starts the one that is wanted now. */
  async reconnect(): Promise<void> {
    this.#set({ kind: 'starting' });
    await this.#halt();
    this.#launch(false);
  }

  /** Ends the daemon, for every window. */
  stop(): Promise<void> {
    return this.#endAnd(() => this.#launch(true));
  }

  /** The running daemon; throws `Unreachable` when there is none and none is being started. */
  async ready(signal?: AbortSignal): Promise<DaemonHandle> {
    for (;;) {
      signal?.throwIfAborted();
      const state = this.#state;
      if (state.kind === 'running') return state.handle;
      if (state.kind === 'failed') throw new Unreachable(state.failure);
      if (state.kind === 'stopped' && this.#restarting === null) {
        throw new Unreachable({ message: 'The Callgate daemon is not running', remedy: 'Start it.', detail: null });
      }
      await this.#changed(signal);
    }
  }

  /** Leaves the daemon running; it belongs to every window. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#halt();
    this.#set({ kind: 'stopped' });
  }

  #launch(waitForReturn: boolean): void {
    if (this.#disposed) return;
    // One that waits for the daemon's return would attach a second time.
    this.#run?.abort.abort();
    this.#set({ kind: waitForReturn ? 'stopped' : 'starting' });
    const abort = new AbortController();
    this.#run = { abort, done: this.#supervise(abort.signal, waitForReturn) };
  }

  async #halt(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    run?.abort.abort();
    await run?.done;
  }

  async #endAnd(next: () => void): Promise<void> {
    const { state } = this;
    const handle = state.kind === 'running' ? state.handle : null;
    this.#set({ kind: 'starting' });
    await this.#halt();
    try {
      const daemon = handle ?? (await this.#parts.find(new AbortController().signal));
      if (daemon) await this.#parts.end(daemon);
    } finally {
      next();
    }
  }

  async #supervise(signal: AbortSignal, waitForReturn: boolean): Promise<void> {
    let losses: readonly number[] = [];
    if (waitForReturn) await this.#awaitReturn(signal, null);
    while (!signal.aborted) {
      this.#set({ kind: 'starting' });
      const end = await this.#hold(signal);
      if (signal.aborted) return;
      if (end.kind === 'failed' || end.deliberate) {
        this.#set(end.kind === 'failed' ? { kind: 'failed', failure: end.failure } : { kind: 'stopped' });
        await this.#awaitReturn(signal, end.pid);
        continue;
      }
      const now = this.#parts.now();
      losses = [...losses.filter((time) => now - time < LOSS_WINDOW), now];
      if (losses.length >= MAX_LOSSES) {
        this.#set({ kind: 'failed', failure: lostTooOften(end.reason) });
        losses = [];
        await this.#awaitReturn(signal, end.pid);
        continue;
      }
      this.#set({ kind: 'starting' });
      await this.#parts.sleep(Math.min(LAST_DELAY, FIRST_DELAY * 2 ** (losses.length - 1)), signal);
    }
  }

  /** One session, from finding the daemon to losing it. */
  async #hold(signal: AbortSignal): Promise<Held> {
    const found = await this.#parts.ensure(signal).catch(asFailure);
    if ('message' in found) {
      const present = await this.#parts.find(signal).catch(() => null);
      return { kind: 'failed', failure: found, pid: present?.pid ?? null };
    }
    const { pid } = found;
    if (signal.aborted) return { kind: 'ended', ...ABORTED, pid };
    try {
      const session = await this.#parts.attach(found, signal);
      try {
        if (!signal.aborted) this.#set({ kind: 'running', handle: found });
        return { kind: 'ended', ...(await Promise.race([session.ended, aborted(signal)])), pid };
      } finally {
        await session.dispose();
      }
    } catch (error) {
      return { kind: 'ended', deliberate: false, reason: error instanceof Error ? error.message : String(error), pid };
    }
  }

  /** Waits until a daemon answers that is not `except`, the one we could not stay with (it may still be draining). */
  async #awaitReturn(signal: AbortSignal, except: number | null): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.sleep(RETURN_INTERVAL, signal);
      if (signal.aborted) return;
      const found = await this.#parts.find(signal).catch(() => null);
      if (found && found.pid !== except) return;
    }
  }

  #set(state: ConnectionState): void {
    const same = state.kind === this.#state.kind && (state.kind === 'starting' || state.kind === 'stopped');
    this.#state = state;
    if (same) return;
    this.#onChange(state);
    for (const wake of [...this.#waiting]) wake();
  }

  #changed(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}

function aborted(signal: AbortSignal): Promise<SessionEnd> {
  return new Promise((resolve) => {
    const end = () => resolve(ABORTED);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function asFailure(error: unknown): Failure {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: error instanceof Error ? error.message : String(error), remedy: 'See the log.', detail };
}

function lostTooOften(reason: string): Failure {
  return {
    message: `The connection to the daemon was lost ${MAX_LOSSES} times within three minutes`,
    remedy: 'See the log, then restart the daemon.',
    detail: reason,
  };
}
