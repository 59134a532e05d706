import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { callableModels, modelSummary } from '../admin/models.ts';
import { providerSummaries } from '../admin/providers.ts';
import { prepareRun } from '../admin/run.ts';
import { spendTree } from '../admin/spend.ts';
import { usageBy, usageQuery } from '../admin/usage.ts';
import { refuse } from '../errors.ts';
import { CALLGATE_API, type DaemonStatus, runRequest } from '../protocol.ts';
import { answerCall, chatRequest } from './chat.ts';
import type { HttpContext } from './context.ts';
import { isRefusal, read, sendData, sendRefusal } from './reply.ts';

export type DaemonOperations = {
  readonly status: () => Promise<DaemonStatus>;
  readonly stop: () => void;
  readonly setProviderKey: (slug: string, key: string) => void;
  readonly deleteProviderKey: (slug: string) => boolean;
};

type BySlug = { Params: { slug: string } };
const management = { config: { access: 'management' } } as const;
const providerKey = z.object({ key: z.string().trim().min(1, 'must not be empty').max(20_000) });

/** What the editor and the command line ask of their daemon, beyond OpenRouter's API. */
export function callgateRoutes(app: FastifyInstance, context: HttpContext, daemon: DaemonOperations): void {
  const { admin } = context;

  app.get(`${CALLGATE_API}/status`, management, async (_request, reply) => reply.send(await daemon.status()));

  app.post(`${CALLGATE_API}/stop`, management, async (_request, reply) => {
    daemon.stop();
    return reply.code(202).send({ stopping: true });
  });

  app.get(`${CALLGATE_API}/spend`, management, async (_request, reply) => reply.send(await spendTree(admin)));

  app.get(`${CALLGATE_API}/usage`, management, async (request, reply) => {
    const query = read(usageQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const rows = await usageBy(admin, query.value);
    return isRefusal(rows) ? sendRefusal(reply, rows) : sendData(reply, rows);
  });

  app.get(`${CALLGATE_API}/models`, management, async (_request, reply) =>
    sendData(reply, callableModels(admin.providers).map(modelSummary)),
  );

  app.get(`${CALLGATE_API}/providers`, management, async (_request, reply) =>
    sendData(reply, providerSummaries(admin.providers)),
  );

  app.put<BySlug>(`${CALLGATE_API}/providers/:slug/key`, management, async (request, reply) => {
    const body = read(providerKey, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { slug } = request.params;
    const provider = admin.providers.find(slug);
    if (!provider) return sendRefusal(reply, unknownProvider(slug, admin.providers));
    if (provider.key.kind === 'none' || provider.key.kind === 'internal') {
      return sendRefusal(reply, refuse('invalid_request', { message: `${provider.name} needs no key` }));
    }
    if (provider.key.kind === 'env') {
      const { name } = provider.key;
      return sendRefusal(
        reply,
        refuse('invalid_request', {
          message: `config.yaml takes the key of ${slug} from env:${name}; say "key: stored" there to store one`,
        }),
      );
    }
    daemon.setProviderKey(slug, body.value.key);
    admin.events.emit({ kind: 'changed', changed: { what: 'providers' } });
    return sendData(
      reply,
      providerSummaries(admin.providers).find((summary) => summary.slug === slug),
    );
  });

  app.delete<BySlug>(`${CALLGATE_API}/providers/:slug/key`, management, async (request, reply) => {
    const deleted = daemon.deleteProviderKey(request.params.slug);
    if (deleted) admin.events.emit({ kind: 'changed', changed: { what: 'providers' } });
    return reply.send({ deleted });
  });

  app.post(`${CALLGATE_API}/run`, management, async (request, reply) => {
    const body = read(runRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const run = await prepareRun(admin, body.value);
    if (run.kind === 'refused') return sendRefusal(reply, run);
    const chat = read(chatRequest, run.body);
    if (chat.kind === 'refused') return sendRefusal(reply, chat);
    return answerCall(context, request, reply, run.key, chat.value, run.draft);
  });
}

function unknownProvider(slug: string, providers: HttpContext['admin']['providers']) {
  const known = providers.list().map((provider) => provider.slug);
  return refuse('unknown_provider', {
    message: `No provider is called "${slug.slice(0, 64)}". Known: ${known.join(', ')}`,
  });
}
