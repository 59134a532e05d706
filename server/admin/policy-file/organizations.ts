import type { Refusal } from '../../errors.ts';
import { NO_RULES } from '../../policy/layer-rules.ts';
import { isJsonObject } from '../../presets/json.ts';
import { nanoOfUsd, usdOfNano } from '../../pricing/money.ts';
import type { AdminContext } from '../context.ts';
import { organizationPolicyBody } from '../guardrail-body.ts';
import { changedRules } from '../guardrail-rules.ts';
import { organizationPolicyView } from '../guardrail-view.ts';
import { changeOrganizationPolicy, organizationPolicy } from '../organization-policy.ts';
import {
  createOrganization,
  createOrganizationBody,
  deleteOrganization,
  setCredits,
  updateOrganization,
  updateOrganizationBody,
} from '../organizations.ts';
import { DONE, type Done, done, type Item, isRefusal, type Kind, only } from './kind.ts';

const POLICY_FIELDS = Object.keys(organizationPolicyBody.shape).filter((field) => field !== 'enforce_zdr');

/** Organizations with their credits and ceilings. */
export const organizationsKind: Kind = {
  section: 'organizations',
  defaults: { credits: null },
  fixed: [],
  merged: ['policy'],
  body: createOrganizationBody.extend({ policy: organizationPolicyBody.optional() }),
  read: async (admin) =>
    admin.store.organizations.all().map((row) => ({
      id: row.id,
      item: {
        slug: row.slug,
        name: row.name,
        credits: row.credits === null ? null : usdOfNano(row.credits),
        policy: only(organizationPolicy(admin, row.id), POLICY_FIELDS),
      },
      ...(row.isDefault ? { isFixed: true } : {}),
    })),
  normal: (admin, { credits, policy, ...item }) => ({
    ...item,
    ...(credits === undefined
      ? {}
      : { credits: typeof credits === 'number' ? usdOfNano(nanoOfUsd(credits)) : credits }),
    ...(isJsonObject(policy) ? { policy: normalPolicy(admin, policy) } : {}),
  }),
  references: () => [],
  create: async (admin, item) => {
    const made = await createOrganization(admin, createOrganizationBody.parse(only(item, ['slug', 'name'])));
    return made.kind === 'refused' ? made : settle(admin, made.row.id, item);
  },
  update: async (admin, { id }, item) => {
    const named = updateOrganizationBody.parse(only(item, ['slug', 'name']));
    if (Object.keys(named).length > 0) {
      const updated = await updateOrganization(admin, id, named);
      if (updated.kind === 'refused') return updated;
    }
    return settle(admin, id, item);
  },
  remove: async (admin, { id }) => done(await deleteOrganization(admin, id)),
};

async function settle(admin: AdminContext, id: string, { credits, policy }: Item): Promise<Done | Refusal> {
  if (credits !== undefined) {
    const set = await setCredits(admin, id, typeof credits === 'number' ? credits : null);
    if (isRefusal(set)) return set;
  }
  if (isJsonObject(policy)) await changeOrganizationPolicy(admin, id, organizationPolicyBody.parse(policy));
  return DONE;
}

function normalPolicy(admin: AdminContext, policy: Item): Item {
  const body = organizationPolicyBody.parse(policy);
  const view = organizationPolicyView('', {
    organizationId: '',
    rules: changedRules(admin, NO_RULES, body),
    injectionAllowList: body.injection_allow_list ?? [],
    updatedAt: '',
  });
  return only(view, Object.keys(policy));
}
