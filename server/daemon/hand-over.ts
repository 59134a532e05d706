/**
 * The old daemon's side of a change of version: serve on → a moment without calls → sockets to the successor → store closed, lock
 * free → the successor serves. See docs/decisions/0011-handoff-and-life.md.
 */
import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../observe/log.ts';
import { forwardTo } from './forward.ts';
import type { Listening } from './listen.ts';
import { RequestGate } from './request-gate.ts';
import type { FromSuccessor, ToSuccessor } from './succession.ts';

export type HandOverParts = {
  readonly app: FastifyInstance;
  readonly listening: Listening;
  /** Calls that the ledger still waits for. */
  readonly inFlight: () => number;
  /** Starts the successor, with a channel to it. */
  readonly spawn: () => ChildProcess;
  /** Told at the moment after which this daemon can only let go. */
  readonly commit: () => void;
  /** Sends the editors away, closes the store, frees the lock. */
  readonly letGo: () => Promise<void>;
  readonly log: Log;
};

export type HandedOver =
  | { readonly kind: 'done'; readonly successor: ChildProcess }
  /** This daemon serves as before. */
  | { readonly kind: 'kept'; readonly why: string }
  /** It has let go, and the successor did not start. */
  | { readonly kind: 'lost'; readonly why: string };

const READY_MS = 30_000;
const START_MS = 60_000;
const POLL_MS = 25;
/** How long calls are served as usual before new ones are held back, once and for a moment, so that there is a moment without any. */
const SERVE_MS = 10_000;
const SERVE_AT_MOST_MS = 600_000;
const HOLD_MS = 2_000;
/** Longer than the pools of common clients keep a connection that nobody uses. */
const LINGER_MS = 6_000;

/** Gives this daemon's place away; resolves when the successor serves, or is known not to. Aborting it before that keeps the place. */
export async function handOver(parts: HandOverParts, signal: AbortSignal): Promise<HandedOver> {
  const { app, listening, log, inFlight } = parts;
  const child = parts.spawn();
  const successor = new Channel(child);
  const keep = (why: string): HandedOver => {
    child.kill();
    return { kind: 'kept', why };
  };
  const ready = await successor.hears('ready', READY_MS, signal);
  if (ready !== 'heard') return keep(`the successor is not ready: ${ready}`);
  log.info('handing_over', { successor: child.pid });

  const gate = new RequestGate(app);
  const busy = () => Math.max(0, listening.sockets.answering - gate.waiting) + inFlight();
  const quiet = await aQuietMoment(gate, busy, () => successor.lives && !signal.aborted);
  if (!quiet) {
    gate.remove();
    return keep(successor.lives ? 'it was called off' : 'the successor ended');
  }
  // From here on nothing is served by us, and nothing is refused: who comes waits in the sockets, or is passed on.
  parts.commit();
  gate.divert(forwardTo(listening.port));
  await successor.give(listening.servers, listening.port);
  listening.stopAccepting();
  await parts.letGo();
  successor.tell({ kind: 'free' });
  const started = await successor.hears('started', START_MS);
  return started === 'heard' ? { kind: 'done', successor: child } : { kind: 'lost', why: started };
}

/** Waits until the last connection made before the change has gone; those that nobody uses are closed after a while. */
export async function lingerOut({ app, listening }: Pick<HandOverParts, 'app' | 'listening'>): Promise<void> {
  const idleSince = performance.now();
  while (listening.sockets.count > 0) {
    await sleep(100);
    if (performance.now() - idleSince < LINGER_MS) continue;
    app.server.closeIdleConnections();
    listening.sockets.destroyUpgraded();
  }
}

/**
 * True at a moment when no call is under way, which the caller must use without waiting for anything first. Under calls that never
 * pause, new ones are held back for two seconds, ever more rarely: a stream is never cut, and no call waits long for the change.
 */
async function aQuietMoment(gate: RequestGate, busy: () => number, wanted: () => boolean): Promise<boolean> {
  let serveMs = SERVE_MS;
  let turnAt = performance.now() + serveMs;
  for (let holding = false; wanted(); ) {
    if (busy() === 0) return true;
    await sleep(POLL_MS);
    if (performance.now() < turnAt) continue;
    holding = !holding;
    if (holding) gate.hold();
    else {
      gate.pass();
      serveMs = Math.min(SERVE_AT_MOST_MS, serveMs * 2);
    }
    turnAt = performance.now() + (holding ? HOLD_MS : serveMs);
  }
  return false;
}

/** The line to the successor. */
class Channel {
  readonly #child: ChildProcess;
  readonly #heard = new Set<string>();
  #ended: string | null = null;
  #wake: () => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: FromSuccessor) => {
      this.#heard.add(message.kind);
      this.#wake();
    });
    const end = (why: string) => {
      this.#ended ??= why;
      this.#wake();
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(`it ended with ${code ?? signal}`));
  }

  get lives(): boolean {
    return this.#ended === null;
  }

  tell(message: ToSuccessor): void {
    // It may have ended just now; that is told by its end.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** `heard`, or why it was not. */
  async hears(kind: FromSuccessor['kind'], patienceMs: number, signal?: AbortSignal): Promise<string> {
    const until = performance.now() + patienceMs;
    for (;;) {
      if (this.#heard.has(kind)) return 'heard';
      if (this.#ended !== null) return this.#ended;
      if (signal?.aborted) return 'it was called off';
      const left = until - performance.now();
      if (left <= 0) return `it did not say so within ${patienceMs / 1000} s`;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 200));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Shares the listening sockets; resolves when all are the successor's too. */
  async give(servers: readonly Server[], port: number): Promise<void> {
    for (const [index, server] of servers.entries()) {
      const message: ToSuccessor = { kind: 'socket', port, last: index === servers.length - 1 };
      await new Promise<void>((resolve) => {
        this.#child.send(message, server, {}, () => resolve());
      });
    }
  }
}
