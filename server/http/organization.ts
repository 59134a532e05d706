import type { FastifyInstance } from 'fastify';
import { addCreditsBody, creditsOf, setCreditsBody } from '../admin/credits.ts';
import {
  createManagementKey,
  createManagementKeyBody,
  deleteManagementKey,
  listManagementKeys,
  managementKeyRowView,
} from '../admin/management-keys.ts';
import {
  createMember,
  createMemberBody,
  deleteMember,
  listMembers,
  memberView,
  updateMember,
  updateMemberBody,
} from '../admin/members.ts';
import {
  addCredits,
  createOrganization,
  createOrganizationBody,
  deleteOrganization,
  organizationView,
  setCredits,
  updateOrganization,
  updateOrganizationBody,
} from '../admin/organizations.ts';
import { pageOf, pageQuery } from '../admin/pages.ts';
import { API, CALLGATE_API } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

type ById = { Params: { id: string } };
const scoped = { config: { access: 'management', scoped: true } } as const;
const daemon = { config: { access: 'daemon' } } as const;

/** `/organization/members`, as OpenRouter's; and what it has no endpoint for: organizations, members, credits, management keys. */
export function organizationRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.get(`${API}/organization/members`, scoped, async (request, reply) => {
    const query = read(pageQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const { rows, total } = pageOf(listMembers(admin, organizationOf(admin, request)), query.value);
    return reply.send({ data: rows.map(memberView), total_count: total });
  });

  app.post(`${CALLGATE_API}/organization/members`, scoped, async (request, reply) => {
    const body = read(createMemberBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const made = await createMember(admin, organizationOf(admin, request), body.value);
    return made.kind === 'refused' ? sendRefusal(reply, made) : sendData(reply, memberView(made.row), 201);
  });

  app.patch<ById>(`${CALLGATE_API}/organization/members/:id`, scoped, async (request, reply) => {
    const body = read(updateMemberBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const found = await updateMember(admin, organizationOf(admin, request), request.params.id, body.value);
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, memberView(found.row));
  });

  app.delete<ById>(`${CALLGATE_API}/organization/members/:id`, scoped, async (request, reply) => {
    const deleted = await deleteMember(admin, organizationOf(admin, request), request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  // Credits are money from outside the organization: whoever manages one cannot give it more.
  app.put(`${CALLGATE_API}/organization/credits`, daemon, async (request, reply) => {
    const body = read(setCreditsBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const id = organizationOf(admin, request);
    const set = await setCredits(admin, id, body.value.total_credits);
    return set.kind === 'refused' ? sendRefusal(reply, set) : sendData(reply, await creditsOf(admin, id));
  });

  app.post(`${CALLGATE_API}/organization/credits`, daemon, async (request, reply) => {
    const body = read(addCreditsBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const id = organizationOf(admin, request);
    const set = await addCredits(admin, id, body.value.amount);
    return set.kind === 'refused' ? sendRefusal(reply, set) : sendData(reply, await creditsOf(admin, id));
  });

  const organizations = `${CALLGATE_API}/organizations`;
  app.get(organizations, daemon, async (request, reply) => {
    const query = read(pageQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const { rows, total } = pageOf(admin.store.organizations.all(), query.value);
    return reply.send({ data: rows.map((row) => organizationView(admin, row)), total_count: total });
  });

  app.post(organizations, daemon, async (request, reply) => {
    const body = read(createOrganizationBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const made = await createOrganization(admin, body.value);
    return made.kind === 'refused' ? sendRefusal(reply, made) : sendData(reply, organizationView(admin, made.row), 201);
  });

  app.patch<ById>(`${organizations}/:id`, daemon, async (request, reply) => {
    const body = read(updateOrganizationBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const found = await updateOrganization(admin, request.params.id, body.value);
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, organizationView(admin, found.row));
  });

  app.delete<ById>(`${organizations}/:id`, daemon, async (request, reply) => {
    const deleted = await deleteOrganization(admin, request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  const managementKeys = `${CALLGATE_API}/management-keys`;
  app.get(managementKeys, daemon, async (request, reply) =>
    sendData(reply, listManagementKeys(admin, organizationOf(admin, request)).map(managementKeyRowView)),
  );

  app.post(managementKeys, daemon, async (request, reply) => {
    const body = read(createManagementKeyBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { row, secret } = await createManagementKey(admin, organizationOf(admin, request), body.value);
    return reply.code(201).send({ data: managementKeyRowView(row), key: secret });
  });

  app.delete<ById>(`${managementKeys}/:id`, daemon, async (request, reply) => {
    const deleted = await deleteManagementKey(admin, organizationOf(admin, request), request.params.id);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });
}
