import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { errorBody, refuse } from '../errors.ts';
import { isLoopbackAddress } from '../http/security.ts';

/** What belongs to one connection and not to the message (RFC 9110 §7.6.1), and what Node has answered already. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect']);

/**
 * Passes requests that still come to a daemon that has handed over, on connections older than that, to the one that follows it on
 * the same port. Byte for byte, and one to a connection.
 */
export function forwardTo(port: number): (incoming: IncomingMessage, response: ServerResponse) => void {
  return (incoming, response) => {
    // From us it would come from this machine, and be let in under names that other machines may not use.
    if (!isLoopbackAddress(incoming.socket.remoteAddress)) return notNow(response);
    const outgoing = request({
      host: '127.0.0.1',
      port,
      agent: false,
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      setHost: false,
      headers: [...ofTheMessage(incoming.rawHeaders), 'connection', 'close'],
    });
    outgoing.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, [...ofTheMessage(answer.rawHeaders), 'connection', 'close']);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    outgoing.on('error', () => {
      if (response.headersSent) response.destroy();
      else notNow(response);
    });
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  };
}

function ofTheMessage(raw: readonly string[]): readonly string[] {
  return raw.filter((_, at) => !OF_THE_CONNECTION.has((raw[at - (at % 2)] ?? '').toLowerCase()));
}

function notNow(response: ServerResponse): void {
  const body = JSON.stringify(errorBody(refuse('shutting_down', { retryAfter: 1 })));
  response.writeHead(503, {
    'content-type': 'application/json; charset=utf-8',
    'retry-after': '1',
    connection: 'close',
  });
  response.end(body);
}
