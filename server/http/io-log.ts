import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { changeIoLog, generationContent, ioLogStanding, purgeIoLog } from '../admin/io-log.ts';
import { refuse } from '../errors.ts';
import { API, CALLGATE_API, ioLogPatch, ioLogPurge } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { identityOf, isRefusal, read, sendData, sendRefusal } from './reply.ts';

const PATH = `${CALLGATE_API}/io-log`;
const management = { config: { access: 'management', scoped: true } } as const;
const whichWorkspace = z.object({ workspace: z.string().optional() });

/** What is kept of prompts and answers, for whom, and how it is looked up and deleted. */
export function ioLogRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get(PATH, management, async (request, reply) => {
    const query = read(whichWorkspace, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const standing = await ioLogStanding(admin, query.value.workspace, organizationOf(admin, request));
    return isRefusal(standing) ? sendRefusal(reply, standing) : sendData(reply, standing);
  });

  app.patch(PATH, management, async (request, reply) => {
    const patch = read(ioLogPatch, request.body);
    if (patch.kind === 'refused') return sendRefusal(reply, patch);
    const standing = await changeIoLog(admin, patch.value, organizationOf(admin, request));
    return isRefusal(standing) ? sendRefusal(reply, standing) : sendData(reply, standing);
  });

  app.post(`${PATH}/purge`, management, async (request, reply) => {
    const purge = read(ioLogPurge, request.body);
    if (purge.kind === 'refused') return sendRefusal(reply, purge);
    const purged = await purgeIoLog(admin, purge.value, organizationOf(admin, request));
    return isRefusal(purged) ? sendRefusal(reply, purged) : sendData(reply, purged);
  });

  app.get<{ Querystring: { id?: string | string[] } }>(
    `${API}/generation/content`,
    { config: { access: 'any', scoped: true } },
    async (request, reply) => {
      const { id } = request.query;
      if (typeof id !== 'string' || id === '')
        return sendRefusal(reply, refuse('invalid_request', { message: 'id: the generation to look up is missing' }));
      const identity = identityOf(request);
      const asker = identity.kind === 'key' ? identity.key : null;
      const content = await generationContent(admin, id, asker, organizationOf(admin, request));
      return isRefusal(content) ? sendRefusal(reply, content) : sendData(reply, content);
    },
  );
}
