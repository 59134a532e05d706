import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Every connection of the app's server, whichever address it came by. It costs a call nothing: connections are counted when they
 * come and go, and what they are busy with is looked up only when somebody asks.
 */
export class TrackedSockets {
  readonly #all = new Set<Socket>();
  readonly #upgraded = new Set<Socket>();
  #lastUse: number;

  /** @param now milliseconds */
  constructor(app: FastifyInstance, now: () => number = Date.now) {
    this.#lastUse = now();
    app.server.on('connection', (socket) => {
      this.#all.add(socket);
      socket.once('close', () => {
        this.#all.delete(socket);
        this.#upgraded.delete(socket);
        this.#lastUse = now();
      });
    });
    // With no listener but this one, Node would leave requests to upgrade unanswered.
    if (app.server.listenerCount('upgrade') > 0) {
      app.server.prependListener('upgrade', (_request, socket) => this.#upgraded.add(socket as Socket));
    }
  }

  get count(): number {
    return this.#all.size;
  }

  /** When the last connection that is gone went, in milliseconds of the clock that was given. */
  get lastUse(): number {
    return this.#lastUse;
  }

  /** Requests that have come and whose answers have not gone out whole. */
  get answering(): number {
    let busy = 0;
    for (const socket of this.#all) if (!this.#upgraded.has(socket) && isAnswering(socket)) busy++;
    return busy;
  }

  destroyAll(): void {
    for (const socket of this.#all) socket.destroy();
  }

  /** Those that speak another protocol, such as an editor's WebSocket. */
  destroyUpgraded(): void {
    for (const socket of this.#upgraded) socket.destroy();
  }
}

/** Node's own mark of the answer that a connection is being used for; `closeIdleConnections` knows it too, and tells nobody. */
function isAnswering(socket: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean {
  return Boolean(socket._httpMessage);
}
