import { type Refusal, refuse } from '../../errors.ts';
import { NO_RULES } from '../../policy/layer-rules.ts';
import { nanoOfUsd, usdOfNano } from '../../pricing/money.ts';
import type { GuardrailRow } from '../../store/guardrail-store.ts';
import type { AdminContext } from '../context.ts';
import { assignMembers, unassignMembers } from '../guardrail-assignments.ts';
import { createGuardrailBody, updateGuardrailBody } from '../guardrail-body.ts';
import { changedRules } from '../guardrail-rules.ts';
import { guardrailView } from '../guardrail-view.ts';
import { createGuardrail, deleteGuardrail, updateGuardrail } from '../guardrails.ts';
import { DONE, type Done, done, type Item, isRefusal, type Kind, only, without } from './kind.ts';
import { workspaceField, workspaceOf } from './names.ts';

const FIELDS = Object.keys(updateGuardrailBody.shape).filter((field) => field !== 'enforce_zdr');
/** Those that the rules hold, which may be read back in other words. */
const RULES = FIELDS.filter(
  (field) => !['name', 'description', 'limit_usd', 'reset_interval', 'include_byok_in_budgets'].includes(field),
);
const NO_ROW: GuardrailRow = {
  id: '',
  workspaceId: '',
  isDefault: false,
  name: '',
  description: null,
  limit: null,
  reset: null,
  includeByok: false,
  enforceZdr: null,
  rules: NO_RULES,
  createdAt: '',
  updatedAt: null,
};

/** The labels of built-in filters are their own, and said by nobody. */
function viewOf(row: GuardrailRow): Readonly<Record<string, unknown>> {
  const view = guardrailView(row);
  const builtins = view['content_filter_builtins'];
  if (!Array.isArray(builtins)) return view;
  return {
    ...view,
    content_filter_builtins: builtins.map(({ label: _, ...filter }: Record<string, unknown>) => filter),
  };
}

/** Guardrails, and the members they are assigned to. Keys name theirs. */
export const guardrailsKind: Kind = {
  section: 'guardrails',
  defaults: { ...without(only(guardrailView(NO_ROW), FIELDS), 'name'), default: false, members: [] },
  fixed: ['default'],
  merged: [],
  body: createGuardrailBody,
  read: async (admin) => admin.store.guardrails.all().map((row) => ({ id: row.id, item: itemOf(admin, row) })),
  normal: (admin, item) => {
    const body = updateGuardrailBody.parse(only(item, FIELDS));
    const view = viewOf({ ...NO_ROW, rules: changedRules(admin, NO_RULES, body) });
    const limit = item['limit_usd'];
    return {
      ...item,
      ...only(
        view,
        Object.keys(item).filter((field) => RULES.includes(field)),
      ),
      ...(typeof limit === 'number' ? { limit_usd: usdOfNano(nanoOfUsd(limit)) } : {}),
    };
  },
  references: (item) => {
    const workspace = String(item['workspace'] ?? '');
    const organization = workspace.includes('/') ? workspace.split('/')[0] : 'default';
    const members = Array.isArray(item['members']) ? item['members'] : [];
    return members.map((member) => ({
      field: 'members',
      section: 'members' as const,
      identity: `${organization}/${String(member)}`,
    }));
  },
  create: async (admin, item) => {
    const workspace = workspaceOf(admin, item);
    if ('kind' in workspace) return workspace;
    const { organizationId, id, defaultGuardrailId } = workspace;
    const fields = without(item, 'workspace', 'default', 'members');
    const made =
      item['default'] === true
        ? await updateGuardrail(admin, organizationId, defaultGuardrailId, updateGuardrailBody.parse(fields))
        : await createGuardrail(admin, organizationId, createGuardrailBody.parse({ ...fields, workspace_id: id }));
    return made.kind === 'refused' ? made : assign(admin, organizationId, made.row, item);
  },
  update: async (admin, { id }, item) => {
    const row = admin.store.guardrails.get(id);
    const workspace = row && admin.store.workspaces.get(row.workspaceId);
    if (!row || !workspace) return refuse('guardrail_not_found', { detail: id });
    const body = updateGuardrailBody.parse(only(item, FIELDS));
    if (Object.keys(body).length > 0) {
      const updated = await updateGuardrail(admin, workspace.organizationId, id, body);
      if (updated.kind === 'refused') return updated;
    }
    return assign(admin, workspace.organizationId, row, item);
  },
  remove: async (admin, { id }) => {
    const row = admin.store.guardrails.get(id);
    const workspace = row && admin.store.workspaces.get(row.workspaceId);
    return workspace ? done(await deleteGuardrail(admin, workspace.organizationId, id)) : DONE;
  },
};

async function assign(
  admin: AdminContext,
  organizationId: string,
  row: GuardrailRow,
  { members }: Item,
): Promise<Done | Refusal> {
  if (!Array.isArray(members)) return DONE;
  const wanted = members.map(String);
  const present = membersOf(admin, row);
  const fresh = wanted.filter((member) => !present.includes(member));
  const gone = present.filter((member) => !wanted.includes(member));
  if (fresh.length > 0) {
    const assigned = await assignMembers(admin, organizationId, row.id, fresh);
    if (isRefusal(assigned)) return assigned;
  }
  return gone.length > 0 ? done(await unassignMembers(admin, organizationId, row.id, gone)) : DONE;
}

function membersOf({ store }: AdminContext, { id }: GuardrailRow): readonly string[] {
  return store.guardrails.memberAssignments().flatMap((row) => (row.guardrailId === id ? [row.userId] : []));
}

function itemOf(admin: AdminContext, row: GuardrailRow): Item {
  return {
    ...only(viewOf(row), FIELDS),
    ...workspaceField(admin, row.workspaceId),
    default: row.isDefault,
    members: [...membersOf(admin, row)],
  };
}
