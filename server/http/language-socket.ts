import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorBody, type Refusal, refuse } from '../errors.ts';
import { LSP_PATH, LSP_SUBPROTOCOL } from '../protocol.ts';
import { authenticate } from './authenticate.ts';
import type { HttpContext } from './context.ts';
import { type AccessPolicy, checkRequest, headOf } from './security.ts';

/** A frame larger than this closes the connection: no editor sends one. */
const MAX_FRAME = 16 * 1024 * 1024;

/** Upgrades `/lsp` for the management key, by the same rules as any request. Returns how to close every connection. */
export function languageSocket(
  app: FastifyInstance,
  context: HttpContext,
  policy: () => AccessPolicy,
  connected: (socket: WebSocket) => void,
): { readonly close: (code?: number, reason?: string) => void } {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME,
    handleProtocols: (offered) => (offered.has(LSP_SUBPROTOCOL) ? LSP_SUBPROTOCOL : false),
  });
  app.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    admit(request, context, policy())
      .then((refusal) => {
        if (refusal) reject(socket, refusal);
        else sockets.handleUpgrade(request, socket, head, connected);
      })
      .catch(() => socket.destroy());
  });
  return {
    close: (code = 1001, reason = 'the daemon is stopping') => {
      for (const client of sockets.clients) client.close(code, reason);
      sockets.close();
    },
  };
}

async function admit(request: IncomingMessage, context: HttpContext, policy: AccessPolicy): Promise<Refusal | null> {
  const { url = '/', headers } = request;
  const checked = checkRequest(headOf(request), policy);
  if (checked.kind === 'refused') return checked;
  const identity = await authenticate(headers, { access: 'daemon', scoped: false }, context);
  if (identity.kind === 'refused') return identity;
  if (new URL(url, 'http://daemon').pathname !== LSP_PATH)
    return refuse('not_found', { detail: url.split('?')[0] ?? '' });
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  if (!offered.includes(LSP_SUBPROTOCOL))
    return refuse('invalid_request', { message: `Name the WebSocket subprotocol ${LSP_SUBPROTOCOL}` });
  return null;
}

function reject(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify(errorBody(refusal));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
