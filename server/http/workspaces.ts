import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { pageOf, pageQuery } from '../admin/pages.ts';
import {
  budgetBody,
  budgetInterval,
  budgetView,
  deleteBudget,
  findBudget,
  setBudget,
} from '../admin/workspace-budgets.ts';
import {
  addWorkspaceMembers,
  membersOfWorkspace,
  removeWorkspaceMembers,
  workspaceMembersBody,
  workspaceMemberView,
} from '../admin/workspace-members.ts';
import { findWorkspace } from '../admin/workspace-scope.ts';
import {
  createWorkspace,
  createWorkspaceBody,
  deleteWorkspace,
  listWorkspaces,
  updateWorkspace,
  updateWorkspaceBody,
  workspaceView,
} from '../admin/workspaces.ts';
import { API } from '../protocol.ts';
import type { BudgetInterval, WorkspaceRow } from '../store/workspace-store.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

type ByReference = { Params: { reference: string } };
type ByInterval = { Params: { reference: string; interval: string } };
const scoped = { config: { access: 'management', scoped: true } } as const;
const PATH = `${API}/workspaces`;
const deletion = z.object({ confirm_default_workspace_deletion: z.enum(['true', 'false']).optional() });

/** `/workspaces*`: workspaces by id or slug, their budgets and members. */
export function workspaceRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  const workspaceIn = (request: FastifyRequest<ByReference>) =>
    findWorkspace(admin, organizationOf(admin, request), request.params.reference);

  app.get(PATH, scoped, async (request, reply) => {
    const query = read(pageQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const { rows, total } = pageOf(listWorkspaces(admin, organizationOf(admin, request)), query.value);
    return reply.send({ data: rows.map((row) => workspaceView(admin, row)), total_count: total });
  });

  app.post(PATH, scoped, async (request, reply) => {
    const body = read(createWorkspaceBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const made = await createWorkspace(admin, organizationOf(admin, request), body.value);
    return made.kind === 'refused' ? sendRefusal(reply, made) : sendData(reply, workspaceView(admin, made.row), 201);
  });

  app.get<ByReference>(`${PATH}/:reference`, scoped, async (request, reply) => {
    const found = workspaceIn(request);
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, workspaceView(admin, found.row));
  });

  app.patch<ByReference>(`${PATH}/:reference`, scoped, async (request, reply) => {
    const body = read(updateWorkspaceBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const found = await updateWorkspace(admin, organizationOf(admin, request), request.params.reference, body.value);
    return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, workspaceView(admin, found.row));
  });

  app.delete<ByReference>(`${PATH}/:reference`, scoped, async (request, reply) => {
    const query = read(deletion, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const confirmed = query.value.confirm_default_workspace_deletion === 'true';
    const { reference } = request.params;
    const deleted = await deleteWorkspace(admin, organizationOf(admin, request), reference, confirmed);
    return deleted.kind === 'refused' ? sendRefusal(reply, deleted) : reply.send({ deleted: true });
  });

  const budgetOf = async (
    request: FastifyRequest<ByInterval>,
    reply: FastifyReply,
    work: (workspace: WorkspaceRow, interval: BudgetInterval) => Promise<FastifyReply>,
  ) => {
    const interval = read(budgetInterval, request.params.interval);
    if (interval.kind === 'refused') return sendRefusal(reply, interval);
    const found = workspaceIn(request);
    return found.kind === 'refused' ? sendRefusal(reply, found) : work(found.row, interval.value);
  };

  app.get<ByReference>(`${PATH}/:reference/budgets`, scoped, async (request, reply) => {
    const found = workspaceIn(request);
    if (found.kind === 'refused') return sendRefusal(reply, found);
    return reply.send({
      data: admin.store.workspaceBudgets.of(found.row.id).map(budgetView),
      include_byok_in_budgets: found.row.includeByokInBudgets,
    });
  });

  app.get<ByInterval>(`${PATH}/:reference/budgets/:interval`, scoped, (request, reply) =>
    budgetOf(request, reply, async (workspace, interval) => {
      const found = findBudget(admin, workspace, interval);
      return found.kind === 'refused' ? sendRefusal(reply, found) : sendData(reply, budgetView(found.row));
    }),
  );

  app.put<ByInterval>(`${PATH}/:reference/budgets/:interval`, scoped, (request, reply) =>
    budgetOf(request, reply, async (workspace, interval) => {
      const body = read(budgetBody, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      const set = await setBudget(admin, workspace, interval, body.value);
      if (set.kind === 'refused') return sendRefusal(reply, set);
      const { includeByokInBudgets } = admin.store.workspaces.get(workspace.id) ?? workspace;
      return reply.send({ data: budgetView(set.row), include_byok_in_budgets: includeByokInBudgets });
    }),
  );

  app.delete<ByInterval>(`${PATH}/:reference/budgets/:interval`, scoped, (request, reply) =>
    budgetOf(request, reply, async (workspace, interval) => {
      await deleteBudget(admin, workspace, interval);
      return reply.send({ deleted: true });
    }),
  );

  app.get<ByReference>(`${PATH}/:reference/members`, scoped, async (request, reply) => {
    const query = read(pageQuery, request.query);
    if (query.kind === 'refused') return sendRefusal(reply, query);
    const found = workspaceIn(request);
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const { rows, total } = pageOf(membersOfWorkspace(admin, found.row), query.value);
    return reply.send({ data: rows.map(workspaceMemberView), total_count: total });
  });

  app.post<ByReference>(`${PATH}/:reference/members/add`, scoped, async (request, reply) => {
    const body = read(workspaceMembersBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const found = workspaceIn(request);
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const added = await addWorkspaceMembers(admin, found.row, body.value.user_ids);
    if (added.kind === 'refused') return sendRefusal(reply, added);
    return reply.send({ data: added.rows.map(workspaceMemberView), added_count: added.rows.length });
  });

  app.post<ByReference>(`${PATH}/:reference/members/remove`, scoped, async (request, reply) => {
    const body = read(workspaceMembersBody, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const found = workspaceIn(request);
    if (found.kind === 'refused') return sendRefusal(reply, found);
    const removed = await removeWorkspaceMembers(admin, found.row, body.value.user_ids);
    return removed.kind === 'refused' ? sendRefusal(reply, removed) : reply.send({ removed_count: removed.count });
  });
}
