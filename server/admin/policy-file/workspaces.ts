import type { Refusal } from '../../errors.ts';
import { isJsonObject } from '../../presets/json.ts';
import { nanoOfUsd, usdOfNano } from '../../pricing/money.ts';
import type { BudgetInterval, WorkspaceRow } from '../../store/workspace-store.ts';
import { behaviorRulesPatch, DEFAULT_BEHAVIOR_RULES, rulesOver } from '../behavior-rules.ts';
import { type BehaviorHouse, setBehaviorRules } from '../behaviors.ts';
import type { AdminContext } from '../context.ts';
import { deleteBudget, setBudget } from '../workspace-budgets.ts';
import { addWorkspaceMembers, removeWorkspaceMembers } from '../workspace-members.ts';
import {
  createWorkspace,
  createWorkspaceBody,
  deleteWorkspace,
  updateWorkspace,
  updateWorkspaceBody,
  workspaceView,
} from '../workspaces.ts';
import { DONE, type Done, done, type Item, isRefusal, type Kind, only } from './kind.ts';
import { organizationField, organizationIdOf } from './names.ts';

const INTERVALS = ['daily', 'weekly', 'monthly', 'lifetime'] as const satisfies readonly BudgetInterval[];
const FIELDS = [
  'slug',
  'name',
  'description',
  'default_text_model',
  'default_image_model',
  'default_provider_sort',
  'disabled_server_tools',
  'include_byok_in_budgets',
  'is_observability_broadcast_enabled',
  'is_data_discount_logging_enabled',
] as const;

/** Workspaces with their budgets and members. */
export function workspacesKind(house: BehaviorHouse): Kind {
  return {
    section: 'workspaces',
    defaults: {
      description: null,
      default_text_model: null,
      default_image_model: null,
      default_provider_sort: null,
      disabled_server_tools: null,
      include_byok_in_budgets: false,
      is_observability_broadcast_enabled: true,
      is_data_discount_logging_enabled: false,
      budgets: { daily: null, weekly: null, monthly: null, lifetime: null },
      behavior_rules: DEFAULT_BEHAVIOR_RULES as unknown as Item,
      members: [],
    },
    fixed: [],
    merged: ['budgets', 'behavior_rules'],
    body: updateWorkspaceBody.extend({ behavior_rules: behaviorRulesPatch.optional() }),
    read: async (admin) =>
      admin.store.workspaces.all().map((row) => ({
        id: row.id,
        item: itemOf(admin, row),
        ...(row.isDefault ? { isFixed: true } : {}),
      })),
    normal: (_, { budgets, ...item }) => ({
      ...item,
      ...(isJsonObject(budgets)
        ? {
            budgets: Object.fromEntries(
              Object.entries(budgets).map(([interval, limit]) => [
                interval,
                typeof limit === 'number' ? usdOfNano(nanoOfUsd(limit)) : null,
              ]),
            ),
          }
        : {}),
    }),
    references: ({ organization, members }) => [
      ...(typeof organization === 'string'
        ? [{ field: 'organization', section: 'organizations' as const, identity: organization }]
        : []),
      ...(Array.isArray(members) ? members : []).map((member) => ({
        field: 'members',
        section: 'members' as const,
        identity: `${typeof organization === 'string' ? organization : 'default'}/${String(member)}`,
      })),
    ],
    create: async (admin, item) => {
      const organizationId = organizationIdOf(admin, item);
      if (typeof organizationId !== 'string') return organizationId;
      // A new organization comes with its default workspace.
      const present = admin.store.workspaces
        .all()
        .find((row) => row.organizationId === organizationId && row.slug === item['slug']);
      const fields = only(item, FIELDS);
      const made = present
        ? await updateWorkspace(admin, organizationId, present.id, updateWorkspaceBody.parse(fields))
        : await createWorkspace(admin, organizationId, createWorkspaceBody.parse({ name: item['slug'], ...fields }));
      return made.kind === 'refused' ? made : settle(house, made.row, item);
    },
    update: async (admin, { id }, item) => {
      const row = admin.store.workspaces.get(id);
      if (!row) return DONE;
      const body = updateWorkspaceBody.parse(only(item, FIELDS));
      if (Object.keys(body).length > 0) {
        const updated = await updateWorkspace(admin, row.organizationId, id, body);
        if (updated.kind === 'refused') return updated;
      }
      return settle(house, row, item);
    },
    remove: async (admin, { id }) => {
      const row = admin.store.workspaces.get(id);
      return row ? done(await deleteWorkspace(admin, row.organizationId, id, false)) : DONE;
    },
  };
}

async function settle(
  house: BehaviorHouse,
  row: WorkspaceRow,
  { budgets, members, behavior_rules: rules }: Item,
): Promise<Done | Refusal> {
  const { admin } = house;
  if (isJsonObject(rules)) await setBehaviorRules(house, row.id, behaviorRulesPatch.parse(rules));
  const set = isJsonObject(budgets) ? await setBudgets(admin, row, budgets) : DONE;
  if (isRefusal(set) || !Array.isArray(members)) return set;
  const wanted = members.map(String);
  const present = membersOf(admin, row);
  const fresh = wanted.filter((member) => !present.includes(member));
  const gone = present.filter((member) => !wanted.includes(member));
  if (fresh.length > 0) {
    const added = await addWorkspaceMembers(admin, row, fresh);
    if (isRefusal(added)) return added;
  }
  return gone.length > 0 ? done(await removeWorkspaceMembers(admin, row, gone)) : DONE;
}

/** One after the other in an order in which each fits those that are there: raised ones from the broadest, lowered ones from the narrowest. */
async function setBudgets(admin: AdminContext, row: WorkspaceRow, budgets: Item): Promise<Done | Refusal> {
  for (const interval of INTERVALS) if (budgets[interval] === null) await deleteBudget(admin, row, interval);
  let waiting = INTERVALS.filter((interval) => typeof budgets[interval] === 'number');
  for (;;) {
    const refused: BudgetInterval[] = [];
    let last: Refusal | null = null;
    for (const interval of waiting) {
      const set = await setBudget(admin, row, interval, { limit_usd: Number(budgets[interval]) });
      if (set.kind !== 'refused') continue;
      refused.push(interval);
      last = set;
    }
    if (last === null) return DONE;
    if (refused.length === waiting.length) return last;
    waiting = INTERVALS.filter((interval) => refused.includes(interval));
  }
}

/** Who was added: in a default workspace all are members anyway. */
function membersOf({ store }: AdminContext, { id, isDefault }: WorkspaceRow): readonly string[] {
  return isDefault ? [] : store.workspaceMembers.of(id).map(({ userId }) => userId);
}

function itemOf(admin: AdminContext, row: WorkspaceRow): Item {
  const limits = new Map(admin.store.workspaceBudgets.of(row.id).map(({ interval, limit }) => [interval, limit]));
  const stored = admin.store.behaviors.rules().find(({ workspaceId }) => workspaceId === row.id)?.rules ?? {};
  return {
    ...only(workspaceView(admin, row), FIELDS),
    ...organizationField(admin, row.organizationId),
    budgets: Object.fromEntries(
      INTERVALS.map((interval) => {
        const limit = limits.get(interval);
        return [interval, limit === undefined ? null : usdOfNano(limit)];
      }),
    ),
    members: [...membersOf(admin, row)],
    behavior_rules: rulesOver(stored) as unknown as Item,
  };
}
