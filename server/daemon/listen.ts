import { createServer, Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { portHolder } from './port-holder.ts';
import { isErrno } from './private-file.ts';
import { TrackedSockets } from './tracked-sockets.ts';

export type Listening = {
  readonly kind: 'listening';
  readonly port: number;
  readonly sockets: TrackedSockets;
  /** The app's own server first; each listens on one address. */
  readonly servers: readonly Server[];
  /** Leaves the addresses to whoever else holds them, and every connection as it is. */
  readonly stopAccepting: () => void;
  /** Stops accepting, lets requests in flight end, and resolves when the last connection is gone. */
  readonly drain: () => Promise<void>;
  /** Cuts every connection now. */
  readonly cut: () => void;
};

export type ListenResult = Listening | { readonly kind: 'refused'; readonly message: string; readonly remedy: string };

/** How long sockets that speak another protocol (an editor's WebSocket) have to say goodbye when a drain begins. */
const GOODBYE_MS = 1_000;
const SWEEP_MS = 100;

/**
 * Lets `app` listen on 127.0.0.1 and ::1 and, beyond them, on `host`. All or none: an address that another process holds
 * refuses the start, for whoever sits on half of `localhost` would be sent half of its callers. A machine without IPv6 is fine.
 * @param onPort told the port before anybody can know it and call
 */
export async function listen(
  app: FastifyInstance,
  host: string | undefined,
  port: number,
  onPort: (port: number) => void,
): Promise<ListenResult> {
  await app.ready();
  if (port !== 0) onPort(port);
  const sockets = new TrackedSockets(app);
  const { primary, others } = addresses(host);
  // With port 0 the first address picks, and the others may find that port taken: then all pick again.
  for (let attempt = 1; ; attempt++) {
    const siblings: Server[] = [];
    const close = () => Promise.all(siblings.map(stopListening));
    try {
      let chosen = port;
      for (const address of others) {
        const sibling = await openSibling(app, address, chosen);
        if (!sibling) continue;
        siblings.push(sibling.server);
        chosen = sibling.port;
      }
      await app.listen({ host: primary, port: chosen });
      const bound = app.server.address();
      if (bound === null || typeof bound === 'string') throw new Error('The server has no port');
      if (port === 0) onPort(bound.port);
      return listening(app, siblings, sockets, bound.port);
    } catch (error) {
      await close();
      if (port === 0 && attempt < 10 && isErrno(error, 'EADDRINUSE')) continue;
      return refused(error, port);
    }
  }
}

/** Whether listening on `host` lets other machines in. */
export function isBeyondLoopback(host: string | undefined): boolean {
  return host !== undefined && !LOOPBACK.has(host);
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

function addresses(host: string | undefined): { readonly primary: string; readonly others: readonly string[] } {
  if (host === undefined || LOOPBACK.has(host)) return { primary: '127.0.0.1', others: ['::1'] };
  if (host === '::') return { primary: '::', others: [] };
  if (host === '0.0.0.0') return { primary: '0.0.0.0', others: ['::1'] };
  return { primary: '127.0.0.1', others: ['::1', host] };
}

/**
 * Listens on one more address for the app's own server. Its connections are given to that server, which then treats them as
 * its own, timeouts and WebSocket upgrades included (https://nodejs.org/api/http.html#event-connection). Fastify's own
 * `localhost` would swallow a port that is taken. Null when the machine has no such loopback.
 */
async function openSibling(app: FastifyInstance, address: string, port: number) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    app.server.emit('connection', socket),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port }, resolve);
    });
  } catch (error) {
    const missing = isErrno(error, 'EADDRNOTAVAIL') || isErrno(error, 'EAFNOSUPPORT');
    if (address === '::1' && missing) return null;
    throw error;
  }
  const bound = server.address();
  return { server, port: bound === null || typeof bound === 'string' ? port : bound.port };
}

/** What `listen` answers, for an app whose server and `siblings` listen already. */
export function listening(
  app: FastifyInstance,
  siblings: readonly Server[],
  sockets: TrackedSockets,
  port: number,
): Listening {
  const servers = [app.server, ...siblings];
  return {
    kind: 'listening',
    port,
    sockets,
    servers,
    // Not the HTTP server's own `close`, which would end idle connections too.
    stopAccepting: () => {
      for (const server of servers) Server.prototype.close.call(server);
    },
    cut: () => sockets.destroyAll(),
    drain: async () => {
      // A connection kept alive turns idle when its last answer ends, which may be long after the close began.
      const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
      const goodbye = setTimeout(() => sockets.destroyUpgraded(), GOODBYE_MS);
      try {
        await Promise.all([...siblings.map(stopListening), app.close()]);
      } finally {
        clearInterval(sweep);
        clearTimeout(goodbye);
      }
    },
  };
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function refused(error: unknown, port: number): Promise<ListenResult> {
  const text = error instanceof Error ? error.message : String(error);
  if (!isErrno(error, 'EADDRINUSE')) {
    return { kind: 'refused', message: `Cannot listen: ${text}`, remedy: 'Name another --host or --port.' };
  }
  const where = error instanceof Error && 'address' in error ? `${String(error.address)} ` : '';
  const holder = await portHolder(port);
  return {
    kind: 'refused',
    message: `Port ${port} on ${where}is taken${holder ? ` by ${holder}` : ' by another process'}`,
    remedy: 'Stop that process, or choose another port with --port (or server.port in config.yaml).',
  };
}
