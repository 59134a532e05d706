import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { ActivityFilter } from '../store/store.ts';
import type { AdminContext } from './context.ts';
import { findWorkspace, homeOrganization, isWithin } from './workspace-scope.ts';

const DAYS = 30;
const DAY_MS = 86_400_000;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

export const activityQuery = z.object({
  date: z.iso.date({ error: 'must be a date, such as 2026-01-31' }).optional(),
  api_key_hash: z.string().max(64).optional(),
  user_id: z.string().max(256).optional(),
  workspace_id: z.string().max(64).optional(),
  group_by: z.literal('workspace', { error: 'must be workspace' }).optional(),
});

/**
 * `GET /activity`: what was used in the last 30 completed days (UTC), by day, model and endpoint. Beyond OpenRouter's, `date` may be
 * today: a daemon's own operator need not wait for midnight.
 */
export async function activityOf(
  admin: AdminContext,
  query: z.output<typeof activityQuery>,
  organizationId?: string | undefined,
): Promise<readonly Record<string, unknown>[] | Refusal> {
  const { store, now, providers } = admin;
  const today = now().getTime();
  const [first, last] = [dayOf(today - DAYS * DAY_MS), dayOf(today - DAY_MS)];
  const { date, api_key_hash: hash, user_id: user, workspace_id: reference } = query;
  if (date !== undefined && (date < first || date > dayOf(today))) {
    return refuse('invalid_request', { message: `date: ${date} is not within the last ${DAYS} days (UTC)` });
  }
  const workspace =
    reference === undefined ? null : findWorkspace(admin, organizationId ?? homeOrganization(admin), reference);
  if (workspace?.kind === 'refused') return workspace;
  const key = hash === undefined ? null : await store.keys.byHash(hash);
  if (hash !== undefined && !(key && isWithin(admin, key.workspaceId, organizationId)))
    return refuse('not_found', { message: 'API key not found' });
  let keyIds = key ? [key.id] : null;
  if (user !== undefined) {
    const own = (await store.keys.list()).filter(({ creatorUserId }) => creatorUserId === user).map(({ id }) => id);
    keyIds = keyIds ? keyIds.filter((id) => own.includes(id)) : own;
  }
  const filter: ActivityFilter = {
    from: date ?? first,
    to: date ?? last,
    ...(keyIds ? { keyIds } : {}),
    ...(workspace ? { workspaceId: workspace.row.id } : {}),
    ...(organizationId === undefined ? {} : { organizationId }),
  };
  const slugs = new Map(providers.list().map(({ name, slug }) => [name, slug]));
  const byWorkspace = query.group_by === 'workspace';
  const rows = await store.usage.activity(filter, byWorkspace);
  const brought = await byokOf(admin, filter, byWorkspace);
  return rows.map((row) => {
    const byok = Math.min(row.nano, brought.get(nameOf(row, byWorkspace)) ?? 0);
    return {
      date: row.day,
      model: row.model,
      model_permaslug: row.model,
      endpoint_id: `${slugs.get(row.provider) ?? row.provider}:${row.model}`,
      provider_name: row.provider,
      requests: row.requests,
      prompt_tokens: row.promptTokens,
      completion_tokens: row.completionTokens,
      reasoning_tokens: row.reasoningTokens,
      usage: usdOfNano(row.nano - byok),
      // What was charged to brought keys is told here alone: clients add the two.
      byok_usage_inference: usdOfNano(byok),
      ...(row.workspaceId === null ? {} : { workspace_id: row.workspaceId }),
    };
  });
}

type Named = {
  readonly day: string;
  readonly model: string;
  readonly provider: string;
  readonly workspaceId: string | null;
};
const nameOf = ({ day, model, provider, workspaceId }: Named, byWorkspace: boolean) =>
  JSON.stringify([day, model, provider, byWorkspace ? workspaceId : null]);

/** Nano-dollars that were charged to brought keys, by row of the answer. */
async function byokOf(
  { store }: AdminContext,
  { from, to, keyIds, workspaceId }: ActivityFilter,
  byWorkspace: boolean,
): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  const rows = await store.byok.usage({
    since: from,
    until: to,
    ...(workspaceId === undefined ? {} : { workspaceId }),
  });
  for (const row of rows) {
    if (keyIds && !keyIds.includes(row.keyId)) continue;
    const name = nameOf(row, byWorkspace);
    sums.set(name, (sums.get(name) ?? 0) + row.nano);
  }
  return sums;
}
