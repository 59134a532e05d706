import type { FastifyInstance } from 'fastify';
import { createDestinationBody, updateDestinationBody } from '../admin/destination-schema.ts';
import {
  createDestination,
  deleteDestination,
  destinationQuery,
  destinationView,
  findDestination,
  listDestinations,
  updateDestination,
} from '../admin/destinations.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

type ById = { Params: { id: string } };
const management = { config: { access: 'management', scoped: true } } as const;
const PATH = '/api/v1/observability/destinations';

/** Where calls are broadcast to, as workspaces have set it up. They are kept and validated; nothing is sent yet. */
export function observabilityRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get(PATH, management, async (request, reply) => {
    const query = read(destinationQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const page = listDestinations(admin, organizationOf(admin, request), query.value);
    if (page.kind === 'refused') return sendRefusal(reply, page);
    const data = await Promise.all(page.rows.map((row) => destinationView(admin, row)));
    return reply.send({ data, total_count: page.total });
  });

  app.post(PATH, management, async (request, reply) => {
    const body = read(createDestinationBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const made = await createDestination(admin, organizationOf(admin, request), body.value);
    return made.kind === 'refused'
      ? sendRefusal(reply, made)
      : sendData(reply, await destinationView(admin, made.row), 201);
  });

  app.get<ById>(`${PATH}/:id`, management, async (request, reply) => {
    const found = findDestination(admin, organizationOf(admin, request), request.params.id);
    return found.kind === 'refused'
      ? sendRefusal(reply, found)
      : sendData(reply, await destinationView(admin, found.row));
  });

  app.patch<ById>(`${PATH}/:id`, management, async (request, reply) => {
    const body = read(updateDestinationBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const changed = await updateDestination(admin, organizationOf(admin, request), request.params.id, body.value);
    return changed.kind === 'refused'
      ? sendRefusal(reply, changed)
      : sendData(reply, await destinationView(admin, changed.row));
  });

  app.delete<ById>(`${PATH}/:id`, management, async (request, reply) => {
    const deleted = await deleteDestination(admin, organizationOf(admin, request), request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });
}
