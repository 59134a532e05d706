import type { FastifyInstance } from 'fastify';
import { generationView } from '../admin/generation-view.ts';
import { callableModels, modelView } from '../admin/models.ts';
import { refuse } from '../errors.ts';
import type { HttpContext } from './context.ts';
import { identityOf, sendData, sendRefusal } from './reply.ts';

const any = { config: { access: 'any' } } as const;

/** `/models` and `/generation`, what an API key may look up. */
export function lookupRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  for (const path of ['/api/v1/models', '/v1/models']) {
    app.get<{ Querystring: { offset?: string; limit?: string } }>(path, any, async (request, reply) => {
      const all = callableModels(admin.providers);
      const { offset, limit } = request.query;
      const from = Math.max(0, Number(offset) || 0);
      const count =
        limit === undefined && offset === undefined ? all.length : Math.min(1000, Math.max(1, Number(limit) || 500));
      const page = all.slice(from, from + count);
      const next = from + count < all.length ? `${path}?offset=${from + count}&limit=${count}` : null;
      return reply.send({ data: page.map(modelView), links: { next }, total_count: all.length });
    });
  }

  app.get<{ Querystring: { id?: string | string[] } }>('/api/v1/generation', any, async (request, reply) => {
    const { id } = request.query;
    if (typeof id !== 'string' || id === '')
      return sendRefusal(reply, refuse('invalid_request', { message: 'id: the generation to look up is missing' }));
    const row = await admin.store.usage.generation(id);
    const identity = identityOf(request);
    // Another key's generation is not there for this one.
    if (!row || (identity.kind === 'key' && row.keyId !== identity.key.id)) {
      return sendRefusal(reply, refuse('not_found', { message: `Generation ${id.slice(0, 100)} not found` }));
    }
    return sendData(reply, generationView(row));
  });
}
