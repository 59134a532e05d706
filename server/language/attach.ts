import { randomUUID } from 'node:crypto';
import type { WatchDog } from 'vscode-languageserver';
import type { WebSocket } from 'ws';
import { createLanguageServer, type LanguageServer } from './server.ts';
import type { LanguageServices } from './session.ts';
import { webSocketTransport } from './web-socket-transport.ts';

/** RFC 6455 §7.4.1 */
const NORMAL_CLOSURE = 1000;

/**
 * Serves an accepted WebSocket until it closes, whichever side ends it; `exit` closes this socket alone, and the process id in
 * `initialize` is nobody's business. Disposing ends the server and leaves the socket to its owner.
 */
export function attachLanguageServer(socket: WebSocket, services: LanguageServices): LanguageServer {
  const server = createLanguageServer({
    ...webSocketTransport(socket),
    ...services,
    watchDog: closing(socket),
    id: randomUUID(),
  });
  socket.once('close', () => server.dispose());
  return server;
}

function closing(socket: WebSocket): WatchDog {
  return { shutdownReceived: false, initialize: () => {}, exit: () => socket.close(NORMAL_CLOSURE) };
}
