// The real command line and lifecycle around insides small enough to steer from a test.
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify from 'fastify';
import { runCommandLine } from '../../../server/cli/program.ts';
import type { Compose } from '../../../server/daemon/composition.ts';
import { proofOf } from '../../../server/daemon/discovery.ts';
import { quietSqliteWarning } from '../../../server/daemon/quiet-warning.ts';
import { bearerOf } from '../../../server/http/security.ts';
import { CALLGATE_API, type HandoffRequest, HEALTH_PATH } from '../../../server/protocol.ts';

const compose: Compose = async (options) => {
  const { state, managementKey, info, requestStop, env } = options;
  let { config } = options;
  if (env['FAKE_COMPOSE_FAILS']) throw new Error('the store is from the future');
  const trace = (line: string) => appendFileSync(join(state, 'trace.txt'), `${line}\n`);
  const app = fastify({ requestTimeout: 60_000 });
  let baseUrl = '';
  app.get<{ Querystring: { nonce?: string } }>(HEALTH_PATH, async ({ query }) => ({
    status: 'ok',
    ...(query.nonce ? { proof: proofOf(managementKey, query.nonce) } : {}),
  }));
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith(CALLGATE_API) && bearerOf(request.headers) !== managementKey) {
      await reply.code(401).send({ error: { code: 401, message: 'No', metadata: { remedy: 'Say please.' } } });
    }
  });
  app.get(`${CALLGATE_API}/status`, async () => ({
    ...info(),
    uptime_seconds: 3_700,
    in_flight: 0,
    editors: 0,
    keys: 0,
    presets: 0,
    on_demand: options.onDemand,
    config_error: options.configStanding().problems.join('\n') || null,
    config_restart: options.configStanding().restart,
  }));
  app.post(`${CALLGATE_API}/reload`, async () => options.reloadConfig());
  app.post(`${CALLGATE_API}/stop`, async () => {
    requestStop();
    return {};
  });
  app.post<{ Body: HandoffRequest }>(`${CALLGATE_API}/handoff`, async ({ body }) => options.handOff(body));
  app.get('/base', async () => ({ baseUrl, providers: Object.keys(config.providers) }));
  app.get('/slow', async (_request, reply) => {
    reply.hijack();
    reply.raw.write('begun\n');
    for (let i = 0; i < 600 && !reply.raw.destroyed; i++) {
      await sleep(50);
      if (env['FAKE_SLOW_MS'] && i * 50 >= Number(env['FAKE_SLOW_MS'])) break;
    }
    reply.raw.end('ended\n');
  });
  app.server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
  });
  return {
    app,
    setBaseUrl: (url) => {
      baseUrl = url;
    },
    reconfigure: (next) => {
      config = next;
    },
    inFlight: () => 0,
    lastProgramUse: async () => (env['FAKE_PROGRAM_USE'] ? new Date(env['FAKE_PROGRAM_USE']) : null),
    dismissEditors: () => {},
    tellConfig: ({ problems }) => trace(`config: ${problems.join('; ') || 'in force'}`),
    mintFirstKey: async () => (env['FAKE_FIRST_START'] ? `sk-cg-v1-${'0'.repeat(64)}` : null),
    close: async () => trace('store closed'),
  };
};

quietSqliteWarning();
void runCommandLine(process.argv, async () => compose).then((code) => {
  process.exitCode = code;
});
