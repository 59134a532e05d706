import { randomUUID } from 'node:crypto';
import type { KeyRow } from '../store/store.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import type { AdminContext } from './context.ts';

/**
 * Deletes a workspace with all that is its own: keys, behaviors, provider keys, destinations; its budgets, guardrails and members go
 * with the row. To be called within a transaction. `refuge`: where the editor's key goes on, if it is here.
 */
export async function forgetWorkspace(
  { store, now }: AdminContext,
  { id }: WorkspaceRow,
  keys: readonly KeyRow[],
  refuge: string | null,
): Promise<void> {
  const at = now().toISOString();
  for (const behavior of store.behaviors.all().filter((one) => one.workspaceId === id)) {
    await store.behaviors.delete(behavior.id, {
      id: randomUUID(),
      behaviorId: behavior.id,
      at,
      kind: 'deleted',
      code: null,
      callId: null,
      detail: 'its workspace was deleted',
      tierBefore: behavior.tier,
      tierAfter: behavior.tier,
      window: null,
    });
  }
  for (const key of keys.filter((one) => one.workspaceId === id)) {
    if (key.kind === 'editor' && refuge !== null)
      await store.keys.update(key.id, { workspaceId: refuge, updatedAt: at });
    else await store.keys.delete(key.id);
  }
  for (const row of store.byok.all().filter((one) => one.workspaceId === id)) await store.byok.delete(row.id, at);
  for (const row of store.destinations.all().filter((one) => one.workspaceId === id))
    await store.destinations.delete(row.id, at);
  await store.workspaces.delete(id);
}
