import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { read, sendData, sendRefusal } from './reply.ts';

const auditQuery = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  about: z.string().max(200).optional(),
});

/** The record of what was changed, newest first: of every organization, so a key of one of them does not do. */
export function auditRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get(`${CALLGATE_API}/audit`, { config: { access: 'daemon' } }, async (request, reply) => {
    const query = read(auditQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const { limit = 100, since, about } = query.value;
    const rows = await admin.store.audit.list({
      limit,
      // Stored times have milliseconds and a Z; another spelling of the same moment would not compare.
      ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
      ...(about === undefined ? {} : { about }),
    });
    return sendData(reply, rows);
  });
}
