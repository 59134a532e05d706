import { windowStart } from '../ledger/windows.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { SpendTree } from '../protocol.ts';
import type { AdminContext } from './context.ts';
import { spendKeyView } from './key-view.ts';
import { organizationSpendBudgets, workspaceSpendBudgets } from './spend-budgets.ts';
import { homeOrganization } from './workspace-scope.ts';
import { listWorkspaces } from './workspaces.ts';

/** Who has spent what: organization, workspaces, keys; keys by what they spent, dearest first. */
export async function spendTree(
  admin: AdminContext,
  organizationId: string = homeOrganization(admin),
): Promise<SpendTree> {
  const { usage, workspaces, organizations, keys } = admin.store;
  const since = windowStart('monthly', admin.now()) ?? '';
  const spent = async (filter: { readonly workspaceId: string }) => ({
    usage: usdOfNano((await usage.sums(filter)).nano),
    usage_monthly: usdOfNano((await usage.sums({ ...filter, since })).nano),
  });
  const rows = await keys.list();
  const ofAll = async (from?: string) =>
    (await usage.by('workspace_id', from === undefined ? {} : { since: from }))
      .filter((row) => workspaces.organizationOf(row.name) === organizationId)
      .reduce((sum, row) => sum + row.nano, 0);
  const organization = organizations.get(organizationId);
  return {
    organization: {
      name: organization?.name ?? '',
      usage: usdOfNano(await ofAll()),
      usage_monthly: usdOfNano(await ofAll(since)),
      budgets: await organizationSpendBudgets(admin, organization),
    },
    workspaces: await Promise.all(
      listWorkspaces(admin, organizationId).map(async (workspace) => {
        const { id, slug, name } = workspace;
        const own = await Promise.all(
          rows.filter((key) => key.workspaceId === id).map((key) => spendKeyView(admin, key)),
        );
        own.sort((a, b) => b.usage - a.usage || a.name.localeCompare(b.name));
        const budgets = await workspaceSpendBudgets(admin, workspace);
        return { id, slug, name, ...(await spent({ workspaceId: id })), budgets, keys: own };
      }),
    ),
  };
}
