import type { FastifyInstance } from 'fastify';
import { activityOf, activityQuery } from '../admin/activity.ts';
import { creditsOf } from '../admin/credits.ts';
import { feedbackRequest, submitFeedback } from '../admin/feedback.ts';
import { generationView } from '../admin/generation-view.ts';
import { isWithin } from '../admin/workspace-scope.ts';
import { refuse } from '../errors.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { identityOf, isRefusal, read, sendData, sendRefusal } from './reply.ts';

const any = { config: { access: 'any', scoped: true } } as const;
const management = { config: { access: 'management', scoped: true } } as const;

/** What was spent: `/credits`, `/activity`, and one call by its id, with what was said of it. */
export function accountRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get('/api/v1/credits', management, async (request, reply) =>
    sendData(reply, await creditsOf(admin, organizationOf(admin, request))),
  );

  app.get('/api/v1/activity', management, async (request, reply) => {
    const query = read(activityQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const rows = await activityOf(admin, query.value, organizationOf(admin, request));
    return isRefusal(rows) ? sendRefusal(reply, rows) : sendData(reply, rows);
  });

  app.get<{ Querystring: { id?: string | string[] } }>('/api/v1/generation', any, async (request, reply) => {
    const { id } = request.query;
    if (typeof id !== 'string' || id === '')
      return sendRefusal(reply, refuse('invalid_request', { message: 'id: the generation to look up is missing' }));
    const row = await admin.store.usage.generation(id);
    const identity = identityOf(request);
    // Another key's generation is not there for this one, nor another organization's for whoever manages this.
    const isTheirs =
      row &&
      (identity.kind === 'key'
        ? row.keyId === identity.key.id
        : isWithin(admin, row.workspaceId, identity.organizationId));
    if (!row || !isTheirs) {
      return sendRefusal(reply, refuse('not_found', { message: `Generation ${id.slice(0, 100)} not found` }));
    }
    return sendData(reply, generationView(row, await admin.store.feedback.of(id)));
  });

  app.post('/api/v1/generation/feedback', management, async (request, reply) => {
    const body = read(feedbackRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const submitted = await submitFeedback(admin, body.value, organizationOf(admin, request));
    return isRefusal(submitted) ? sendRefusal(reply, submitted) : sendData(reply, submitted);
  });
}
