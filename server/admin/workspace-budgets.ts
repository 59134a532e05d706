import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { nanoOfUsd, usdOfNano } from '../pricing/money.ts';
import type { BudgetInterval, WorkspaceBudgetRow, WorkspaceRow } from '../store/workspace-store.ts';
import { audited } from './audit.ts';
import type { AdminContext } from './context.ts';

/** From the broadest to the narrowest. */
const INTERVALS = ['lifetime', 'monthly', 'weekly', 'daily'] as const satisfies readonly BudgetInterval[];

export const budgetInterval = z.enum(INTERVALS);

/** `PUT /workspaces/{ref}/budgets/{interval}`; `include_byok_in_budgets` is the workspace's, for all its budgets. */
export const budgetBody = z.object({
  limit_usd: z.number().min(1e-9, 'must be more than 0').max(1_000_000),
  include_byok_in_budgets: z.boolean().optional(),
});

/** OpenRouter's budget object: a lifetime budget has no interval in which it would begin anew. */
export function budgetView(row: WorkspaceBudgetRow): Record<string, unknown> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    limit_usd: usdOfNano(row.limit),
    reset_interval: row.interval === 'lifetime' ? null : row.interval,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

export type BudgetFound = { readonly kind: 'budget'; readonly row: WorkspaceBudgetRow };

export function findBudget(
  { store }: AdminContext,
  workspace: WorkspaceRow,
  interval: BudgetInterval,
): BudgetFound | Refusal {
  const row = store.workspaceBudgets.of(workspace.id).find((one) => one.interval === interval);
  return row
    ? { kind: 'budget', row }
    : refuse('not_found', {
        message: `Workspace "${workspace.slug}" has no ${interval} budget`,
        metadata: {
          scope: 'workspace',
          workspace_id: workspace.id,
          remedy: `Set one with \`callgate workspaces budget ${workspace.slug} ${interval} USD\`.`,
        },
      });
}

/** Sets one, new or in the place of the one of its interval, whose id it keeps. */
export async function setBudget(
  admin: AdminContext,
  workspace: WorkspaceRow,
  interval: BudgetInterval,
  body: z.output<typeof budgetBody>,
): Promise<BudgetFound | Refusal> {
  // One at a time, so that what was checked still stands when it is written.
  const outcome = await admin.store.transact(() => setBudgetWithin(admin, workspace, interval, body));
  if (outcome.kind === 'budget') changed(admin, 'workspace budget set', workspace, interval);
  return outcome;
}

async function setBudgetWithin(
  admin: AdminContext,
  workspace: WorkspaceRow,
  interval: BudgetInterval,
  body: z.output<typeof budgetBody>,
): Promise<BudgetFound | Refusal> {
  const { store, now } = admin;
  const limit = nanoOfUsd(body.limit_usd);
  const all = store.workspaceBudgets.of(workspace.id);
  const clash = all.find((other) => other.interval !== interval && !isOrdered(interval, limit, other));
  if (clash) {
    const mine = `${interval} ${money(limit)}`;
    const theirs = `${clash.interval} ${money(clash.limit)}`;
    return refuse('budget_order', {
      detail: isBroader(interval, clash.interval)
        ? `${mine} must be more than ${theirs}`
        : `${mine} must be less than ${theirs}`,
      metadata: {
        scope: 'workspace',
        workspace_id: workspace.id,
        budget_id: clash.id,
        limit_usd: usdOfNano(clash.limit),
      },
    });
  }
  const before = all.find((one) => one.interval === interval);
  const at = now().toISOString();
  const row: WorkspaceBudgetRow = {
    id: before?.id ?? randomUUID(),
    workspaceId: workspace.id,
    interval,
    limit,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
  };
  const byok = body.include_byok_in_budgets;
  const change = {
    action: 'workspace-budget.set',
    target: `workspace:${workspace.id}`,
    ...(before ? { before: { interval, ...budgetView(before) } } : {}),
    after: { interval, ...budgetView(row), ...(byok === undefined ? {} : { include_byok_in_budgets: byok }) },
  };
  await audited(admin, change, async () => {
    await store.workspaceBudgets.put(row);
    if (byok !== undefined) await store.workspaces.update(workspace.id, { includeByokInBudgets: byok, updatedAt: at });
  });
  return { kind: 'budget', row };
}

/** Whether or not there was one. */
export async function deleteBudget(
  admin: AdminContext,
  workspace: WorkspaceRow,
  interval: BudgetInterval,
): Promise<void> {
  const { store } = admin;
  const before = store.workspaceBudgets.of(workspace.id).find((one) => one.interval === interval);
  if (!before) return;
  const change = {
    action: 'workspace-budget.delete',
    target: `workspace:${workspace.id}`,
    before: { interval, ...budgetView(before) },
  };
  await audited(admin, change, () => store.workspaceBudgets.delete(workspace.id, interval));
  changed(admin, 'workspace budget deleted', workspace, interval);
}

const isBroader = (one: BudgetInterval, other: BudgetInterval) => INTERVALS.indexOf(one) < INTERVALS.indexOf(other);

function isOrdered(interval: BudgetInterval, limit: number, other: WorkspaceBudgetRow): boolean {
  return isBroader(interval, other.interval) ? limit > other.limit : limit < other.limit;
}

const money = (nano: number) => `$${usdOfNano(nano)}`;

function changed(admin: AdminContext, event: string, { id, slug }: WorkspaceRow, interval: BudgetInterval): void {
  admin.log.info(event, { workspace: slug, interval });
  admin.events.emit({ kind: 'changed', changed: { what: 'workspaces' } });
  // Another budget may be what calls in the queue wait for.
  admin.ledger.poke(`workspace:${id}`);
}
