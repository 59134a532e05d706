import { resetsAt } from '../ledger/windows.ts';
import { creditsLayer, workspaceLayers } from '../policy/combine-budgets.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { SpendBudget } from '../protocol.ts';
import type { OrganizationRow } from '../store/organization-store.ts';
import type { WorkspaceRow } from '../store/workspace-store.ts';
import type { AdminContext } from './context.ts';
import { type Stood, standing } from './key-budgets.ts';
import { workspaceInputs } from './policy-book.ts';

/** The budgets that limit, as the spend tree shows them. Money in US dollars. */
export function spendBudgets(stood: readonly Stood[], now: Date): SpendBudget[] {
  return stood.flatMap(({ budget: { scope, name, reset }, standing: { limit, spent, reserved } }) =>
    limit === null
      ? []
      : {
          scope,
          name,
          limit: usdOfNano(limit),
          spent: usdOfNano(spent),
          in_flight: usdOfNano(reserved),
          reset,
          resets_at: resetsAt(reset, now),
        },
  );
}

export async function workspaceSpendBudgets(admin: AdminContext, workspace: WorkspaceRow): Promise<SpendBudget[]> {
  const layers = workspaceLayers(workspaceInputs(workspace, admin.store.workspaceBudgets));
  return spendBudgets(await standing(admin, layers), admin.now());
}

export async function organizationSpendBudgets(
  admin: AdminContext,
  organization: OrganizationRow | null,
): Promise<SpendBudget[]> {
  const credits = creditsLayer(organization);
  return credits ? spendBudgets(await standing(admin, [credits]), admin.now()) : [];
}
