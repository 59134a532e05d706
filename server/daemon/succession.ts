/** The new daemon's side of a change of version: it loads, waits for the old one's sockets and lock, and serves. */
import { Server, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Listening, listening } from './listen.ts';
import { TrackedSockets } from './tracked-sockets.ts';

export type ToSuccessor =
  /** Comes with a listening socket; the app's own first. */
  | { readonly kind: 'socket'; readonly port: number; readonly last: boolean }
  /** The store is closed and the lock is free. */
  | { readonly kind: 'free' }
  | { readonly kind: 'stop' };
export type FromSuccessor = { readonly kind: 'ready' } | { readonly kind: 'started' };

type Inherited = { readonly server: Server; readonly waiting: Socket[] };

/** What reaches this process from the daemon that it is to follow. */
export class Succession {
  readonly #sockets: Inherited[] = [];
  readonly #free = Promise.withResolvers<boolean>();
  #port = 0;
  #complete = false;
  #onStop: () => void = () => {};

  constructor() {
    process.on('message', (message: ToSuccessor, handle: unknown) => {
      if (message.kind === 'socket' && handle instanceof Server) {
        this.#sockets.push(kept(handle));
        this.#port = message.port;
        this.#complete = message.last;
      } else if (message.kind === 'free') this.#free.resolve(this.#complete);
      else if (message.kind === 'stop') this.#onStop();
    });
    // Killed in the midst of it, the old one has let go as well: of its lock, and of its store.
    process.once('disconnect', () => this.#free.resolve(this.#complete));
    // A successor that cannot start ends, and is not kept alive by being listened to.
    process.channel?.unref();
  }

  /** Tells the old daemon, and waits until it has let go; false when it keeps its place. */
  async ready(): Promise<boolean> {
    process.channel?.ref();
    this.#say({ kind: 'ready' });
    const free = await this.#free.promise;
    process.channel?.unref();
    return free;
  }

  started(): void {
    this.#say({ kind: 'started' });
  }

  /** When whoever holds the old daemon's place with its service manager or terminal wants an end. */
  onStop(listener: () => void): void {
    this.#onStop = listener;
  }

  /** Serves on the inherited sockets, first those that have waited there. */
  async listen(app: FastifyInstance, onPort: (port: number) => void): Promise<Listening> {
    await app.ready();
    onPort(this.#port);
    const sockets = new TrackedSockets(app);
    const [primary, ...others] = this.#sockets;
    if (!primary) throw new Error('no socket was inherited');
    // The app's server takes the socket itself over, and with it its own watch over slow requests.
    app.server.listen(primary.server);
    for (const { server, waiting } of [primary, ...others]) {
      server.removeAllListeners('connection');
      Object.assign(server, { pauseOnConnect: false });
      if (server !== primary.server) server.on('connection', (socket) => app.server.emit('connection', socket));
      for (const socket of waiting.splice(0)) {
        app.server.emit('connection', socket);
        socket.resume();
      }
    }
    return listening(
      app,
      others.map(({ server }) => server),
      sockets,
      this.#port,
    );
  }

  #say(message: FromSuccessor): void {
    if (process.connected) process.send?.(message);
  }
}

/** Connections that come before there is anybody to serve them wait, unread: a socket once read cannot be given to a parser. */
function kept(server: Server): Inherited {
  const waiting: Socket[] = [];
  // As `listen` makes its own; Node reads them with each connection.
  Object.assign(server, { allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  server.on('connection', (socket) => {
    socket.on('error', () => socket.destroy());
    waiting.push(socket);
  });
  return { server, waiting };
}
