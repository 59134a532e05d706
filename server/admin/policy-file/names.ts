import { type Refusal, refuse } from '../../errors.ts';
import type { WorkspaceRow } from '../../store/workspace-store.ts';
import type { AdminContext } from '../context.ts';
import type { Item } from './kind.ts';

/** How the file names an organization: nothing for the default one. */
export function organizationField({ store }: AdminContext, organizationId: string): Item {
  const row = store.organizations.get(organizationId);
  return row === null || row.isDefault ? {} : { organization: row.slug };
}

/** How the file names a workspace: nothing for the default one of the default organization. */
export function workspaceField(admin: AdminContext, workspaceId: string): Item {
  const row = admin.store.workspaces.get(workspaceId);
  if (!row) return {};
  const { organization } = organizationField(admin, row.organizationId);
  if (organization === undefined) return row.slug === 'default' ? {} : { workspace: row.slug };
  return { workspace: `${String(organization)}/${row.slug}` };
}

/** The organization that an item names, or the default one. */
export function organizationIdOf({ store }: AdminContext, item: Item): string | Refusal {
  const { organization } = item;
  if (organization === undefined || organization === null) return store.organizations.default().id;
  const row = store.organizations.all().find(({ slug }) => slug === organization);
  return row?.id ?? refuse('organization_not_found', { detail: `"${String(organization)}"` });
}

/** The workspace that an item names, or the default one. */
export function workspaceOf(admin: AdminContext, item: Item): WorkspaceRow | Refusal {
  const [slug = 'default', organization] = String(item['workspace'] ?? 'default')
    .split('/')
    .toReversed();
  const organizationId = organizationIdOf(admin, organization === undefined ? {} : { organization });
  if (typeof organizationId !== 'string') return organizationId;
  const row = admin.store.workspaces.all().find((one) => one.organizationId === organizationId && one.slug === slug);
  return row ?? refuse('workspace_not_found', { detail: `"${String(item['workspace'] ?? 'default')}"` });
}

/**
 * How the file names one of several things in a workspace: by its name, or by its id where the name is not enough.
 *
 * @param all what there is of its kind, wherever
 */
export function nameOrId<T extends { readonly id: string; readonly name: string; readonly workspaceId: string }>(
  all: readonly T[],
  wanted: T,
  workspaceId: string,
): string {
  const same = all.filter((one) => one.name === wanted.name && one.workspaceId === workspaceId);
  return wanted.workspaceId === workspaceId && same.length === 1 ? wanted.name : wanted.id;
}

/** The other way about; null: there is none, or there are several. */
export function byNameOrId<T extends { readonly id: string; readonly name: string; readonly workspaceId: string }>(
  all: readonly T[],
  reference: string,
  workspaceId: string,
): T | null {
  const named = all.filter((one) => one.name === reference && one.workspaceId === workspaceId);
  return named.length === 1 ? (named[0] ?? null) : (all.find(({ id }) => id === reference) ?? null);
}

/** Whether a reference is one by id. */
export const isId = (reference: unknown): boolean =>
  typeof reference === 'string' && /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(reference);

/** What the file calls a thing of a workspace: the identity that `identityOf` makes. */
export const identityIn = (item: Item, name: unknown): string => {
  const workspace = String(item['workspace'] ?? 'default');
  return `${workspace.startsWith('default/') ? workspace.slice('default/'.length) : workspace}: ${String(name)}`;
};
