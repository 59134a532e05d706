import { type Refusal, refuse } from '../errors.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import type { AdminContext } from './context.ts';

/** Longer ones name nothing, and are not repeated. */
const SHOWN = 64;

/** The organization that work which names none is done in: that of the person's own tools. */
export function homeOrganization({ store }: AdminContext): string {
  return store.organizations.default().id;
}

/** A workspace of an organization by its id or slug; an id goes before a slug that looks like one. */
export function findWorkspace(
  { store }: AdminContext,
  organizationId: string,
  reference: string,
): { readonly kind: 'workspace'; readonly row: WorkspaceRow } | Refusal {
  const own = store.workspaces.all().filter((row) => row.organizationId === organizationId);
  const row = own.find(({ id }) => id === reference.toLowerCase()) ?? own.find(({ slug }) => slug === reference);
  if (row) return { kind: 'workspace', row };
  return refuse('workspace_not_found', {
    detail: `"${reference.slice(0, SHOWN)}". Known: ${own.map(({ slug }) => slug).join(', ')}`,
    metadata: { scope: 'workspace' },
  });
}

/** Ids of an organization's workspaces. */
export function workspacesOf({ store }: AdminContext, organizationId: string): readonly string[] {
  return store.workspaces.all().flatMap((row) => (row.organizationId === organizationId ? [row.id] : []));
}

/** The workspace that is named, else the organization's default one, which may have been deleted. */
export function workspaceOrDefault(
  admin: AdminContext,
  organizationId: string,
  reference: string | null | undefined,
): { readonly kind: 'workspace'; readonly row: WorkspaceRow } | Refusal {
  if (reference !== undefined && reference !== null) return findWorkspace(admin, organizationId, reference);
  const row = admin.store.workspaces.all().find((one) => one.isDefault && one.organizationId === organizationId);
  return row ? { kind: 'workspace', row } : refuse('default_workspace_missing', { metadata: { scope: 'workspace' } });
}

/** Which organization a workspace belongs to, one that was deleted too; null: none ever. */
export function organizationOfWorkspace({ store }: AdminContext, workspaceId: string): string | null {
  return store.workspaces.organizationOf(workspaceId);
}

/** Whether what lives in this workspace is of this organization; without one, of any. */
export function isWithin(admin: AdminContext, workspaceId: string, organizationId: string | undefined): boolean {
  return organizationId === undefined || organizationOfWorkspace(admin, workspaceId) === organizationId;
}
