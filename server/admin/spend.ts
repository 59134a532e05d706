import { windowStart } from '../ledger/windows.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { SpendTree } from '../protocol.ts';
import type { AdminContext } from './context.ts';
import { spendKeyView } from './key-view.ts';

/** Who has spent what: organization, workspaces, keys; keys by what they spent, dearest first. */
export async function spendTree(admin: AdminContext): Promise<SpendTree> {
  const { usage, workspaces, keys } = admin.store;
  const since = windowStart('monthly', admin.now()) ?? '';
  const spent = async (filter: { readonly workspaceId?: string }) => ({
    usage: usdOfNano((await usage.sums(filter)).nano),
    usage_monthly: usdOfNano((await usage.sums({ ...filter, since })).nano),
  });
  const rows = await keys.list();
  return {
    organization: { name: 'Callgate', ...(await spent({})) },
    workspaces: await Promise.all(
      (await workspaces.list()).map(async ({ id, slug, name }) => {
        const own = await Promise.all(
          rows.filter((key) => key.workspaceId === id).map((key) => spendKeyView(admin, key)),
        );
        own.sort((a, b) => b.usage - a.usage || a.name.localeCompare(b.name));
        return { id, slug, name, ...(await spent({ workspaceId: id })), keys: own };
      }),
    ),
  };
}
