import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { audit } from '../admin/audit.ts';
import { callableModels, modelSummary } from '../admin/models.ts';
import { providerSummaries } from '../admin/providers.ts';
import { prepareRun } from '../admin/run.ts';
import { spendTree } from '../admin/spend.ts';
import { storedKeyEntry } from '../admin/stored-key.ts';
import { usageBy, usageQuery } from '../admin/usage.ts';
import { CALLGATE_API, type DaemonStatus, runRequest } from '../protocol.ts';
import { answerCall } from './answer-call.ts';
import { chatRequest } from './chat.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { isRefusal, read, sendData, sendRefusal } from './reply.ts';

export type DaemonOperations = {
  readonly status: () => Promise<DaemonStatus>;
  readonly stop: () => void;
  readonly setProviderKey: (slug: string, key: string) => void;
  readonly deleteProviderKey: (slug: string) => boolean;
};

type BySlug = { Params: { slug: string } };
const scoped = { config: { access: 'management', scoped: true } } as const;
const owner = { config: { access: 'daemon' } } as const;
const keyName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be small letters, digits and single hyphens')
  .max(64);
const providerKey = z.object({
  key: z.string().trim().min(1, 'must not be empty').max(20_000),
  /** Of several keys, which one: `stored:name` in config.yaml. */
  name: keyName.optional(),
});

/** What the editor and the command line ask of their daemon, beyond OpenRouter's API. */
export function callgateRoutes(app: FastifyInstance, context: HttpContext, daemon: DaemonOperations): void {
  const { admin } = context;

  app.get(`${CALLGATE_API}/status`, owner, async (_request, reply) => reply.send(await daemon.status()));

  app.post(`${CALLGATE_API}/stop`, owner, async (_request, reply) => {
    daemon.stop();
    return reply.code(202).send({ stopping: true });
  });

  app.get(`${CALLGATE_API}/spend`, scoped, async (request, reply) =>
    reply.send(await spendTree(admin, organizationOf(admin, request))),
  );

  app.get(`${CALLGATE_API}/usage`, owner, async (request, reply) => {
    const query = read(usageQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const rows = await usageBy(admin, query.value);
    return isRefusal(rows) ? sendRefusal(reply, rows) : sendData(reply, rows);
  });

  app.get(`${CALLGATE_API}/models`, scoped, async (_request, reply) =>
    sendData(reply, callableModels(admin.providers).map(modelSummary)),
  );

  app.get(`${CALLGATE_API}/providers`, scoped, async (_request, reply) =>
    sendData(reply, providerSummaries(admin.providers)),
  );

  app.put<BySlug>(`${CALLGATE_API}/providers/:slug/key`, owner, async (request, reply) => {
    const body = read(providerKey, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { slug } = request.params;
    const target = storedKeyEntry(admin.providers, slug, body.value.name);
    if (target.kind === 'refused') return sendRefusal(reply, target);
    daemon.setProviderKey(target.entry, body.value.key);
    const { name = null } = body.value;
    await audit(admin, { action: 'provider-key.set', target: `provider:${slug}`, after: { provider: slug, name } });
    admin.events.emit({ kind: 'changed', changed: { what: 'providers' } });
    return sendData(
      reply,
      providerSummaries(admin.providers).find((summary) => summary.slug === slug),
    );
  });

  app.delete<BySlug>(`${CALLGATE_API}/providers/:slug/key`, owner, async (request, reply) => {
    const query = read(z.object({ name: keyName.optional() }), request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const { slug } = request.params;
    const { name } = query.value;
    // An entry may be left from what config.yaml said before: it goes, whether or not it could be set now.
    const deleted = daemon.deleteProviderKey(name === undefined ? slug : `${slug}#${name}`);
    if (deleted) {
      const before = { provider: slug, name: name ?? null };
      await audit(admin, { action: 'provider-key.delete', target: `provider:${slug}`, before });
      admin.events.emit({ kind: 'changed', changed: { what: 'providers' } });
    }
    return reply.send({ deleted });
  });

  app.post(`${CALLGATE_API}/run`, owner, async (request, reply) => {
    const body = read(runRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const run = await prepareRun(admin, body.value);
    if (run.kind === 'refused') return sendRefusal(reply, run);
    const chat = read(chatRequest, run.body);
    if (chat.kind === 'refused') return sendRefusal(reply, chat);
    return answerCall(context, request, reply, { key: run.key, body: chat.value, draft: run.draft });
  });
}
