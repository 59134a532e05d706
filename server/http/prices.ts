import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Prices } from '../admin/prices.ts';
import { CALLGATE_API } from '../protocol.ts';
import { isRefusal, read, sendRefusal } from './reply.ts';

const management = { config: { access: 'daemon' } } as const;
const refreshRequest = z.object({ dry_run: z.boolean().optional(), file: z.unknown().optional() });

/** The prices in use, and their refresh on request. */
export function priceRoutes(app: FastifyInstance, prices: Prices): void {
  app.get(`${CALLGATE_API}/prices`, management, async (_request, reply) => reply.send(await prices.standing()));

  app.post(`${CALLGATE_API}/prices/refresh`, management, async (request, reply) => {
    const body = read(refreshRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const done = await prices.refresh({ dryRun: body.value.dry_run === true, file: body.value.file });
    return isRefusal(done) ? sendRefusal(reply, done) : reply.send(done);
  });

  app.post(`${CALLGATE_API}/prices/rollback`, management, async (_request, reply) => {
    const done = await prices.rollback();
    return isRefusal(done) ? sendRefusal(reply, done) : reply.send(done);
  });
}
