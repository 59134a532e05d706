import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { BehaviorHouse } from '../admin/behaviors.ts';
import {
  grantBody,
  grantPermit,
  permitView,
  requireBody,
  requirementView,
  requirePermit,
  revokePermit,
  unrequirePermit,
  useView,
} from '../admin/permits.ts';
import { isWithin, workspacesOf } from '../admin/workspace-scope.ts';
import { refuse } from '../errors.ts';
import { CALLGATE_API, permitDecision } from '../protocol.ts';
import { organizationOf, workspaceOf } from './organization-scope.ts';
import { isRefusal, read, sendData, sendRefusal } from './reply.ts';

type ById = { Params: { id: string } };
const scoped = { config: { access: 'management', scoped: true } } as const;
const PATH = `${CALLGATE_API}/permits`;
const query = z.object({
  workspace: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const SHOWN = 100;
const MOST = 1000;

/** `{CALLGATE_API}/permits*`: what needs one, who waits for one, and those there are. */
export function permitRoutes(app: FastifyInstance, house: BehaviorHouse): void {
  const { admin, desk } = house;
  const isOwn = (workspaceId: string | undefined, organizationId: string) =>
    workspaceId !== undefined && isWithin(admin, workspaceId, organizationId);

  app.get(PATH, scoped, async (request, reply) => {
    const asked = read(query, request.query);
    if (asked.kind === 'refused') return sendRefusal(reply, asked);
    const { workspace: named, limit = SHOWN } = asked.value;
    const only = named === undefined ? null : workspaceOf(admin, request, named);
    if (only?.kind === 'refused') return sendRefusal(reply, only);
    const workspaces = only ? [only.row.id] : workspacesOf(admin, organizationOf(admin, request));
    const rows = await admin.store.permits.list(workspaces, limit);
    return sendData(reply, await Promise.all(rows.map((row) => permitView(admin, row))));
  });

  app.post(PATH, scoped, async (request, reply) => {
    const body = read(grantBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const granted = await grantPermit(house, organizationOf(admin, request), body.value);
    return isRefusal(granted) ? sendRefusal(reply, granted) : sendData(reply, await permitView(admin, granted), 201);
  });

  app.get<ById>(`${PATH}/:id`, scoped, async (request, reply) => {
    const row = await admin.store.permits.get(request.params.id);
    if (!row || !isOwn(row.workspaceId, organizationOf(admin, request)))
      return sendRefusal(reply, refuse('not_found', { message: 'There is no such permit' }));
    const uses = (await admin.store.permits.uses(row.id, MOST)).map(useView);
    return sendData(reply, { ...(await permitView(admin, row)), used_by: uses });
  });

  app.delete<ById>(`${PATH}/:id`, scoped, async (request, reply) => {
    const revoked = await revokePermit(house, organizationOf(admin, request), request.params.id);
    return isRefusal(revoked) ? sendRefusal(reply, revoked) : sendData(reply, await permitView(admin, revoked));
  });

  app.get(`${PATH}/requests`, scoped, async (request, reply) => {
    const organization = organizationOf(admin, request);
    const own = [];
    for (const one of desk.requests()) {
      const key = await admin.store.keys.byHash(one.key_hash);
      if (isOwn(key?.workspaceId, organization)) own.push(one);
    }
    return sendData(reply, own);
  });

  app.post<ById>(`${PATH}/requests/:id`, scoped, async (request, reply) => {
    const body = read(permitDecision, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { id } = request.params;
    const waiting = desk.requests().find((one) => one.id === id);
    const key = waiting ? await admin.store.keys.byHash(waiting.key_hash) : null;
    if (waiting && !isOwn(key?.workspaceId, organizationOf(admin, request)))
      return sendRefusal(reply, refuse('not_found', { message: 'Nobody waits for this answer any more' }));
    const ended = await desk.answer(id, body.value);
    return isRefusal(ended) ? sendRefusal(reply, ended) : sendData(reply, ended);
  });

  app.get(`${PATH}/requirements`, scoped, async (request, reply) => {
    const asked = read(query, request.query);
    if (asked.kind === 'refused') return sendRefusal(reply, asked);
    const { workspace: named } = asked.value;
    const only = named === undefined ? null : workspaceOf(admin, request, named);
    if (only?.kind === 'refused') return sendRefusal(reply, only);
    const organization = organizationOf(admin, request);
    const rows = admin.store.permits
      .requirements()
      .filter((row) => isOwn(row.workspaceId, organization) && (only === null || row.workspaceId === only.row.id));
    return sendData(reply, await Promise.all(rows.map((row) => requirementView(admin, row))));
  });

  app.post(`${PATH}/requirements`, scoped, async (request, reply) => {
    const asked = read(query, request.query);
    if (asked.kind === 'refused') return sendRefusal(reply, asked);
    const body = read(requireBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const workspace = workspaceOf(admin, request, asked.value.workspace);
    if (workspace.kind === 'refused') return sendRefusal(reply, workspace);
    const row = await requirePermit(house, organizationOf(admin, request), workspace.row.id, body.value);
    return isRefusal(row) ? sendRefusal(reply, row) : sendData(reply, await requirementView(admin, row), 201);
  });

  app.delete<ById>(`${PATH}/requirements/:id`, scoped, async (request, reply) => {
    const deleted = await unrequirePermit(house, organizationOf(admin, request), request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });
}
