import * as z from 'zod/mini';
import { type Refusal, refuse } from '../errors.ts';
import { usdOfNano } from '../pricing/money.ts';
import { type UsageRow, usageDimension } from '../protocol.ts';
import type { AdminContext } from './context.ts';

export const usageQuery = z.object({
  by: usageDimension,
  since: z.optional(z.iso.date()),
  key: z.optional(z.string()),
});

const COLUMNS = { key: 'key_id', workspace: 'workspace_id', preset: 'preset', model: 'model', day: 'day' } as const;

/** What was spent, by one dimension. A call without a preset is under the empty name; keys and workspaces go by their names. */
export async function usageBy(
  admin: AdminContext,
  query: z.infer<typeof usageQuery>,
): Promise<readonly UsageRow[] | Refusal> {
  const { by, since, key: hash } = query;
  const key = hash === undefined ? null : await admin.store.keys.byHash(hash);
  if (hash !== undefined && !key) return refuse('not_found', { message: 'API key not found', metadata: { hash } });
  const rows = await admin.store.usage.by(COLUMNS[by], {
    ...(key ? { keyId: key.id } : {}),
    ...(since === undefined ? {} : { since }),
  });
  const names = await namesOf(admin, by);
  return rows.map(({ name, requests, nano, promptTokens, completionTokens }) => ({
    name: names.get(name) ?? name,
    requests,
    cost: usdOfNano(nano),
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
  }));
}

async function namesOf({ store }: AdminContext, by: keyof typeof COLUMNS): Promise<ReadonlyMap<string, string>> {
  if (by === 'key') return new Map((await store.keys.list()).map(({ id, name }) => [id, name]));
  if (by === 'workspace') return new Map((await store.workspaces.list()).map(({ id, slug }) => [id, slug]));
  return new Map();
}
