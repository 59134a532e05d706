import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { modelWithEndpoints, zdrEndpoints } from '../admin/endpoint-view.ts';
import { modelFeed } from '../admin/model-feed.ts';
import { filterModels } from '../admin/model-filter.ts';
import { modelQuery, pageQuery, serversOf } from '../admin/model-query.ts';
import { callableModels, endpointsOf, modelsOfKey, modelView } from '../admin/models.ts';
import { providerViews } from '../admin/providers.ts';
import { callableBy } from '../engine/callable.ts';
import { refuse } from '../errors.ts';
import type { HttpContext } from './context.ts';
import { identityOf, read, sendData, sendRefusal } from './reply.ts';

const any = { config: { access: 'any', scoped: true } } as const;

/** How many models a page has when only where it begins is said. */
const PAGE = 500;
/** Suffixes that choose among endpoints and are no part of the model's name. */
const ROUTING_VARIANT = /(?::(?:nitro|floor|exacto))+$/;

type Models = ReturnType<typeof callableModels>;
type ByName = { Params: { author: string; slug: string; rest?: string } };

/** `/models` and what belongs to it, for keys of either kind. */
export function modelRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  const { providers } = admin;
  const standing = (id: string) => admin.standing(id);
  const facts = () => ({ servers: serversOf(providers), standing, now: admin.now() });

  for (const path of ['/api/v1/models', '/v1/models']) {
    app.get(path, any, async (request, reply) => {
      const query = read(modelQuery, request.query);
      if (query.kind === 'refused') return sendRefusal(reply, query);
      const models = filterModels(callableModels(providers), query.value, facts());
      if (query.value.use_rss === 'true' || query.value.use_rss === '1') {
        reply.type('application/rss+xml; charset=utf-8');
        return reply.send(modelFeed(models, `${request.protocol}://${request.host}`));
      }
      return sendPage(request, reply, models, query.value);
    });
  }

  app.get('/api/v1/models/count', any, async (request, reply) => {
    const query = read(modelQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    return sendData(reply, { count: filterModels(callableModels(providers), query.value, facts()).length });
  });

  app.get('/api/v1/models/user', any, async (request, reply) => {
    const query = read(pageQuery.extend({ output_modalities: modelQuery.shape.output_modalities }), request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const identity = identityOf(request);
    const own =
      identity.kind === 'key'
        ? modelsOfKey(providers, callableBy(identity.key, admin.policyOf(identity.key), providers))
        : callableModels(providers);
    const asked = modelQuery.parse({ output_modalities: query.value.output_modalities });
    return sendPage(request, reply, filterModels(own, asked, facts()), query.value);
  });

  for (const name of ['/:author/:slug', '/:author/:slug/:rest']) {
    app.get<ByName>(`/api/v1/model${name}`, any, async (request, reply) => {
      const model = nameIn(request);
      const found = endpointsOf(providers, model);
      return found ? sendData(reply, modelView(found.known)) : sendRefusal(reply, unknownModel(model));
    });

    app.get<ByName>(`/api/v1/models${name}/endpoints`, any, async (request, reply) => {
      const model = nameIn(request);
      const found = endpointsOf(providers, model);
      if (!found) return sendRefusal(reply, unknownModel(model));
      return sendData(reply, modelWithEndpoints(found.known, found.endpoints, standing));
    });
  }

  app.get('/api/v1/endpoints/zdr', any, async (_request, reply) => sendData(reply, zdrEndpoints(providers, standing)));

  app.get('/api/v1/providers', any, async (_request, reply) => sendData(reply, providerViews(providers)));
}

/** The name of a host's model may have three parts; clients that escape its slashes send two. */
function nameIn({ params: { author, slug, rest } }: FastifyRequest<ByName>): string {
  return [author, slug, rest]
    .filter((part) => part !== undefined)
    .join('/')
    .replace(ROUTING_VARIANT, '');
}

const unknownModel = (name: string) =>
  refuse('not_found', {
    message: `Model ${name.slice(0, 200)} not found`,
    metadata: { remedy: 'List the models that can be called with GET /api/v1/models, or `callgate models`.' },
  });

/** Without `offset` and `limit` all of them; a page says where the next begins, with the filters of this one. */
function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  models: Models,
  { offset, limit }: { readonly offset?: number | undefined; readonly limit?: number | undefined },
): FastifyReply {
  const from = offset ?? 0;
  const size = limit ?? (offset === undefined ? models.length : PAGE);
  const [path, search] = request.url.split('?');
  const next = new URLSearchParams(search);
  next.set('offset', String(from + size));
  next.set('limit', String(size));
  return reply.send({
    data: models.slice(from, from + size).map(modelView),
    links: { next: from + size < models.length ? `${path}?${next}` : null },
    total_count: models.length,
  });
}
