import * as z from 'zod';
import type { Refusal } from '../errors.ts';
import type { KeyRow } from '../store/store.ts';
import type { AdminContext } from './context.ts';
import { pageQuery } from './pages.ts';
import { workspaceOrDefault } from './workspace-scope.ts';

/** What OpenRouter's list takes; `workspace_id` besides by slug, and `all`. */
export const keysQuery = z.object({
  include_disabled: z.enum(['true', 'false', '']).optional(),
  offset: pageQuery.shape.offset,
  workspace_id: z.string().max(64).optional(),
});

/** Every workspace of the organization together. */
const ALL = 'all';

/** Keys of one workspace, the default one unless another is named, oldest first. One that there is not has none. */
export async function listKeys(
  admin: AdminContext,
  organizationId: string,
  query: z.output<typeof keysQuery>,
): Promise<{ readonly kind: 'keys'; readonly rows: readonly KeyRow[] } | Refusal> {
  const { include_disabled: disabled, offset = 0, workspace_id: reference } = query;
  const within = workspacesOf(admin, organizationId, reference);
  if (within.kind === 'refused') return within;
  const rows = (await admin.store.keys.list()).filter(
    (key) => within.ids.has(key.workspaceId) && (disabled === 'true' || !key.disabled),
  );
  return { kind: 'keys', rows: rows.slice(offset) };
}

function workspacesOf(
  admin: AdminContext,
  organizationId: string,
  reference: string | undefined,
): { readonly kind: 'ids'; readonly ids: ReadonlySet<string> } | Refusal {
  if (reference === ALL) {
    const own = admin.store.workspaces.all().filter((row) => row.organizationId === organizationId);
    return { kind: 'ids', ids: new Set(own.map(({ id }) => id)) };
  }
  const found = workspaceOrDefault(admin, organizationId, reference === '' ? undefined : reference);
  if (found.kind === 'workspace') return { kind: 'ids', ids: new Set([found.row.id]) };
  return found.code === 'workspace_not_found' ? { kind: 'ids', ids: new Set() } : found;
}
