import type { FastifyRequest } from 'fastify';
import { homeOrganization, organizationOfWorkspace, workspaceOrDefault } from '../admin/workspace-scope.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import type { HttpContext } from './context.ts';
import { identityOf } from './reply.ts';

type Admin = HttpContext['admin'];

/** Whose business a request is: the management key's organization, or that of the API key's workspace. */
export function organizationOf(admin: Admin, request: FastifyRequest): string {
  const identity = identityOf(request);
  if (identity.kind === 'management') return identity.organizationId;
  return organizationOfWorkspace(admin, identity.key.workspaceId) ?? homeOrganization(admin);
}

/** The workspace that a management key works in where the request does not name one, by id or slug. */
export const WORKSPACE_HEADER = 'x-callgate-workspace';

/** The workspace a request works in: an API key's own; for a management key the one that it names by id or slug, else the default. */
export function workspaceOf(
  admin: Admin,
  request: FastifyRequest,
  reference?: string | readonly string[] | null | undefined,
): { readonly kind: 'workspace'; readonly row: WorkspaceRow } | Refusal {
  if (typeof reference === 'object' && reference !== null)
    return refuse('invalid_request', { message: 'workspace_id: must be named once' });
  const identity = identityOf(request);
  if (identity.kind === 'management') {
    const header = request.headers[WORKSPACE_HEADER];
    const named = reference ?? (typeof header === 'string' && header !== '' ? header : undefined);
    return workspaceOrDefault(admin, identity.organizationId, named);
  }
  const row = admin.store.workspaces.get(identity.key.workspaceId);
  if (!row) return refuse('workspace_not_found');
  if (reference !== undefined && reference !== null && reference !== row.id && reference !== row.slug)
    return refuse('workspace_not_found', { detail: `this key belongs to "${row.slug}"` });
  return { kind: 'workspace', row };
}
