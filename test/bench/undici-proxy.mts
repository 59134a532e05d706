/**
 * The baseline: the least that a gateway on Node can cost. node:http in front, undici's cheapest interface behind, nothing read
 * and nothing decided. Environment: UPSTREAM (origin). Prints its port when it listens.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';

const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length', 'expect']);
const upstream = process.env['UPSTREAM'];
if (!upstream) throw new Error('UPSTREAM names no origin');
const pool = new Pool(upstream, { connections: 256, pipelining: 1 });

const server = createServer({ noDelay: true }, (request, response) => {
  const headers: Record<string, string | string[]> = {};
  for (const name in request.headers) {
    const value = request.headers[name];
    if (value !== undefined && !HOP.has(name)) headers[name] = value;
  }
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    let abort: (() => void) | undefined;
    response.on('close', () => {
      if (!response.writableFinished) abort?.();
    });
    const body = parts.length > 1 ? Buffer.concat(parts) : (parts[0] ?? null);
    const method = (request.method ?? 'GET') as Dispatcher.HttpMethod;
    // These are the handlers of undici's core; the newer names are wrapped in them.
    pool.dispatch(
      { method, path: request.url ?? '/', headers, body },
      {
        onConnect: (cancel) => {
          abort = cancel;
        },
        onHeaders: (status, raw) => {
          const answer: string[] = [];
          for (let at = 0; at < raw.length; at += 2) {
            const name = String(raw[at]);
            if (!HOP.has(name.toLowerCase()) || name.toLowerCase() === 'content-length')
              answer.push(name, String(raw[at + 1]));
          }
          response.writeHead(status, answer);
          return true;
        },
        onData: (chunk) => {
          response.write(chunk);
          return true;
        },
        onComplete: () => response.end(),
        onError: (error) => {
          if (!response.headersSent) response.writeHead(502);
          response.end(String(error));
        },
      },
    );
  });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
