import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import {
  type Assigned,
  assignKeys,
  assignKeysBody,
  assignMembers,
  assignMembersBody,
  listKeyAssignments,
  listMemberAssignments,
  unassignKeys,
  unassignMembers,
} from '../admin/guardrail-assignments.ts';
import { createGuardrailBody, organizationPolicyBody, updateGuardrailBody } from '../admin/guardrail-body.ts';
import { guardrailView } from '../admin/guardrail-view.ts';
import {
  createGuardrail,
  deleteGuardrail,
  findGuardrail,
  type GuardrailFound,
  listGuardrails,
  updateGuardrail,
} from '../admin/guardrails.ts';
import { changeOrganizationPolicy, organizationPolicy } from '../admin/organization-policy.ts';
import { pageOf, pageQuery } from '../admin/pages.ts';
import type { Refusal } from '../errors.ts';
import { API, CALLGATE_API } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

const GUARDRAILS = `${API}/guardrails`;
type ById = { Params: { id: string } };
const management = { config: { access: 'management', scoped: true } } as const;
const listQuery = pageQuery.extend({ workspace_id: z.uuid().optional() });

/** OpenRouter's `/guardrails*`: what they say, and whom they apply to. */
export function guardrailRoutes(app: FastifyInstance, context: HttpContext): void {
  const { admin } = context;
  const organization = (request: FastifyRequest) => organizationOf(admin, request);
  const sendOne = (reply: FastifyReply, found: GuardrailFound | Refusal, status = 200) =>
    found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, guardrailView(found.row), status);

  app.get(GUARDRAILS, management, async (request, reply) => {
    const query = read(listQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const found = listGuardrails(admin, organization(request), query.value.workspace_id);
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const { rows, total } = pageOf(found.rows, query.value);
    return reply.send({ data: rows.map(guardrailView), total_count: total });
  });

  app.post(GUARDRAILS, management, async (request, reply) => {
    const body = read(createGuardrailBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    return sendOne(reply, await createGuardrail(admin, organization(request), body.value), 201);
  });

  app.get<ById>(`${GUARDRAILS}/:id`, management, async (request, reply) =>
    sendOne(reply, findGuardrail(admin, organization(request), request.params.id)),
  );

  app.patch<ById>(`${GUARDRAILS}/:id`, management, async (request, reply) => {
    const body = read(updateGuardrailBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    return sendOne(reply, await updateGuardrail(admin, organization(request), request.params.id, body.value));
  });

  app.delete<ById>(`${GUARDRAILS}/:id`, management, async (request, reply) => {
    const deleted = await deleteGuardrail(admin, organization(request), request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  assignmentRoutes(app, context);
  organizationPolicyRoutes(app, context);
}

function assignmentRoutes(app: FastifyInstance, context: HttpContext): void {
  const { admin } = context;
  const organization = (request: FastifyRequest) => organizationOf(admin, request);
  const lists = { keys: listKeyAssignments, members: listMemberAssignments };

  for (const [what, list] of Object.entries(lists)) {
    app.get(`${GUARDRAILS}/assignments/${what}`, management, async (request, reply) => {
      const query = read(pageQuery, request.query);
      if (query.kind === 'refused') return sendRefusal(reply, query);
      const { rows, total } = pageOf(await list(admin, organization(request)), query.value);
      return reply.send({ data: rows, total_count: total });
    });

    app.get<ById>(`${GUARDRAILS}/:id/assignments/${what}`, management, async (request, reply) => {
      const query = read(pageQuery, request.query);
      if (query.kind === 'refused') return sendRefusal(reply, query);
      const found = findGuardrail(admin, organization(request), request.params.id);
      if (found.kind === 'refused') return sendRefusal(reply, found);
      const { rows, total } = pageOf(await list(admin, organization(request), found.row.id), query.value);
      return reply.send({ data: rows, total_count: total });
    });
  }

  const change = <Body>(
    path: string,
    schema: z.ZodType<Body>,
    act: (organizationId: string, id: string, body: Body) => Promise<Assigned | Refusal>,
    field: 'assigned_count' | 'unassigned_count',
  ) =>
    app.post<ById>(`${GUARDRAILS}/:id/assignments/${path}`, management, async (request, reply) => {
      const body = read(schema, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      const done = await act(organization(request), request.params.id, body.value);
      return done.kind === 'refused' ? sendRefusal(reply, done) : reply.send({ [field]: done.count });
    });
  change('keys', assignKeysBody, (of, id, body) => assignKeys(admin, of, id, body.key_hashes), 'assigned_count');
  change(
    'keys/remove',
    assignKeysBody,
    (of, id, body) => unassignKeys(admin, of, id, body.key_hashes),
    'unassigned_count',
  );
  change(
    'members',
    assignMembersBody,
    (of, id, body) => assignMembers(admin, of, id, body.member_user_ids),
    'assigned_count',
  );
  change(
    'members/remove',
    assignMembersBody,
    (of, id, body) => unassignMembers(admin, of, id, body.member_user_ids),
    'unassigned_count',
  );
}

/** Callgate's own: OpenRouter has these settings on a page, and no API for them. */
function organizationPolicyRoutes(app: FastifyInstance, context: HttpContext): void {
  const { admin } = context;
  const path = `${CALLGATE_API}/organization/policy`;
  app.get(path, management, async (request, reply) =>
    sendData(reply, organizationPolicy(admin, organizationOf(admin, request))),
  );

  app.patch(path, management, async (request, reply) => {
    const body = read(organizationPolicyBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    return sendData(reply, await changeOrganizationPolicy(admin, organizationOf(admin, request), body.value));
  });
}
