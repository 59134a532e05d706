import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import type { ManagementKeyRow } from '../store/organization-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';
import { hashSecret, maskSecret, newManagementSecret } from './secret.ts';

export const createManagementKeyBody = z.object({ name: z.string().min(1, 'must not be empty').max(200) });

export function managementKeyRowView(row: ManagementKeyRow): Record<string, unknown> {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    label: row.label,
    organization_id: row.organizationId,
    created_at: row.createdAt,
  };
}

/** Oldest first. */
export function listManagementKeys({ store }: AdminContext, organizationId: string): readonly ManagementKeyRow[] {
  return store.managementKeys.all().filter((row) => row.organizationId === organizationId);
}

/** Makes a key that manages this organization and calls nothing; its secret is in the answer and nowhere else. */
export async function createManagementKey(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createManagementKeyBody>,
): Promise<{ readonly row: ManagementKeyRow; readonly secret: string }> {
  const secret = newManagementSecret();
  const row: ManagementKeyRow = {
    id: randomUUID(),
    hash: hashSecret(secret),
    organizationId,
    name: body.name,
    label: maskSecret(secret),
    createdAt: admin.now().toISOString(),
  };
  const change = { action: 'management-key.create', target: `management-key:${row.id}`, after: row };
  await audited(admin, change, () => admin.store.managementKeys.insert(row));
  admin.log.info('management key created', { key_label: row.label, name: row.name });
  return { row, secret };
}

/** Ends a management key at once. */
export async function deleteManagementKey(
  admin: AdminContext,
  organizationId: string,
  id: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const row = listManagementKeys(admin, organizationId).find((one) => one.id === id || one.hash === id);
  if (!row) {
    return refuse('not_found', {
      message: 'Management key not found',
      metadata: { remedy: 'List them with `callgate management-keys list`; the state folder’s own one stays.' },
    });
  }
  const change = { action: 'management-key.delete', target: `management-key:${row.id}`, before: row };
  await audited(admin, change, () => admin.store.managementKeys.delete(row.id));
  admin.log.info('management key deleted', { key_label: row.label, name: row.name });
  return { kind: 'deleted' };
}
