import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { expect, it } from 'vitest';
import { RequestGate } from '../../server/daemon/request-gate.ts';

it('requests wait while it holds, in order; whether this is the daemon is told at once', async () => {
  const served: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    served.push(request.url);
    response.end('served');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  try {
    const gate = new RequestGate({ server } as unknown as FastifyInstance);
    gate.hold();
    const held = get('/one');
    await expect.poll(() => gate.waiting).toBe(1);
    expect(await get('/healthz?nonce=1')).toBe('served');
    expect(served).toEqual(['/healthz?nonce=1']);
    gate.pass();
    expect(await held).toBe('served');
    gate.divert((_request, response) => response.end('elsewhere'));
    expect(await get('/healthz')).toBe('elsewhere');
    gate.remove();
    expect(await get('/two')).toBe('served');
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
