import type { FastifyInstance } from 'fastify';
import { byokQuery, byokView, createByok, deleteByok, findByok, listByok, updateByok } from '../admin/byok.ts';
import { createByokBody, updateByokBody } from '../admin/byok-schema.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

type ById = { Params: { id: string } };
const management = { config: { access: 'management', scoped: true } } as const;

/** `/byok`: provider keys of workspaces and organizations. What is sent here as a key never comes back. */
export function byokRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get('/api/v1/byok', management, async (request, reply) => {
    const query = read(byokQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const page = listByok(admin, organizationOf(admin, request), query.value);
    if (page.kind === 'refused') return sendRefusal(reply, page);
    const data = await Promise.all(page.rows.map((row) => byokView(admin, row)));
    return reply.send({ data, total_count: page.total });
  });

  app.post('/api/v1/byok', management, async (request, reply) => {
    const body = read(createByokBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const made = await createByok(admin, organizationOf(admin, request), body.value);
    return made.kind === 'refused' ? sendRefusal(reply, made) : sendData(reply, await byokView(admin, made.row), 201);
  });

  app.get<ById>('/api/v1/byok/:id', management, async (request, reply) => {
    const found = findByok(admin, organizationOf(admin, request), request.params.id);
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, await byokView(admin, found.row));
  });

  app.patch<ById>('/api/v1/byok/:id', management, async (request, reply) => {
    const body = read(updateByokBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const changed = await updateByok(admin, organizationOf(admin, request), request.params.id, body.value);
    return changed.kind === 'refused'
      ? sendRefusal(reply, changed)
      : sendData(reply, await byokView(admin, changed.row));
  });

  app.delete<ById>('/api/v1/byok/:id', management, async (request, reply) => {
    const deleted = await deleteByok(admin, organizationOf(admin, request), request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });
}
