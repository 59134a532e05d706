import type { FastifyInstance } from 'fastify';
import { queryAnalytics } from '../admin/analytics.ts';
import { analyticsMeta } from '../admin/analytics-meta.ts';
import { analyticsBody } from '../admin/analytics-query.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

const management = { config: { access: 'management', scoped: true } } as const;

/** `/analytics/*`: what was called and spent, by whatever is asked. */
export function analyticsRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get('/api/v1/analytics/meta', management, async (_request, reply) => sendData(reply, analyticsMeta()));

  app.post('/api/v1/analytics/query', management, async (request, reply) => {
    const query = read(analyticsBody, request.body);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    return sendData(reply, await queryAnalytics(admin, organizationOf(admin, request), query.value));
  });
}
