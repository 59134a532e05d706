import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Api } from '../../client/api.ts';
import { Unreachable } from '../../client/failure.ts';
import { errorBody, refuse } from '../../server/errors.ts';

type Asked = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

let server: Server;
let api: Api;
let answer: { status: number; body: string };
let asked: Asked[];

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = new Api(async () => ({
    url,
    token: 'sk-cg-mgmt-v1-x',
    pid: 1,
    version: '1',
    protocol: 1,
    protocolMin: 1,
    state: '/s',
  }));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('the calls to the daemon', () => {
  it('carry the management key, and JSON where there is a body', async () => {
    answer = { status: 201, body: JSON.stringify({ data: { hash: 'h', name: 'n', more: 1 }, key: 'sk-cg-v1-x' }) };
    const made = await api.createKey({ name: 'n', limit: 0.5, limit_reset: 'daily' });
    expect(made).toEqual({ kind: 'ok', value: { data: { hash: 'h', name: 'n' }, key: 'sk-cg-v1-x' } });
    const [call] = asked;
    expect(call).toMatchObject({ method: 'POST', url: '/api/v1/keys' });
    expect(call?.headers).toMatchObject({
      authorization: 'Bearer sk-cg-mgmt-v1-x',
      'content-type': 'application/json',
    });
    expect(JSON.parse(call?.body ?? '')).toEqual({ name: 'n', limit: 0.5, limit_reset: 'daily' });
  });

  it('give a refusal in the daemon’s own words', async () => {
    const refusal = refuse('preset_owned', { detail: '/other' });
    answer = { status: 409, body: JSON.stringify(errorBody(refusal)) };
    expect(await api.publish('a', { text: '' })).toMatchObject({
      kind: 'refused',
      status: 409,
      reason: 'preset_owned',
      message: refusal.message,
      remedy: 'Publish from that folder, or take the preset over (--take-over).',
    });
  });

  it.each(['', '<html>no</html>', '{"error":"text"}', 'null'])(
    'give a refusal for an error body like %j too',
    async (body) => {
      answer = { status: 502, body };
      expect(await api.spend()).toMatchObject({
        kind: 'refused',
        status: 502,
        reason: null,
        message: expect.stringContaining('502'),
      });
    },
  );

  it('never take an answer of another shape for a good one', async () => {
    answer = { status: 200, body: '{"organization": {}}' };
    await expect(api.spend()).rejects.toThrow();
  });

  it('keep a slug within its place in the path', async () => {
    answer = { status: 404, body: '{}' };
    await api.deleteKey('../presets/x?y');
    expect(asked[0]?.url).toBe('/api/v1/keys/..%2Fpresets%2Fx%3Fy');
  });

  it('say that the daemon is out of reach', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(api.presets()).rejects.toThrow(Unreachable);
  });
});
