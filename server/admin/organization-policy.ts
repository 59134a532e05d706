import type * as z from 'zod';
import { NO_RULES } from '../policy/layer-rules.ts';
import type { OrganizationPolicyRow } from '../store/guardrail-store.ts';
import { audit } from './audit.ts';
import type { AdminContext } from './context.ts';
import type { organizationPolicyBody } from './guardrail-body.ts';
import { changedRules } from './guardrail-rules.ts';
import { organizationPolicyView } from './guardrail-view.ts';

/** The ceiling over all workspaces of an organization. */
export function organizationPolicy({ store }: AdminContext, organizationId: string): Record<string, unknown> {
  return organizationPolicyView(organizationId, rowOf(store, organizationId));
}

/** Changes what the body names of it; lists are replaced whole, null takes them away. */
export async function changeOrganizationPolicy(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof organizationPolicyBody>,
): Promise<Record<string, unknown>> {
  const { store } = admin;
  const after = await store.transact(async () => {
    const present = rowOf(store, organizationId);
    const row: OrganizationPolicyRow = {
      organizationId,
      rules: changedRules(admin, present?.rules ?? NO_RULES, body),
      injectionAllowList: body.injection_allow_list
        ? unique(body.injection_allow_list)
        : (present?.injectionAllowList ?? []),
      updatedAt: admin.now().toISOString(),
    };
    await store.guardrails.savePolicy(row);
    await audit(admin, {
      action: 'organization_policy.update',
      target: `organization:${organizationId}`,
      before: organizationPolicyView(organizationId, present),
      after: organizationPolicyView(organizationId, row),
    });
    return row;
  });
  admin.log.info('organization policy updated', { organization_id: organizationId });
  admin.events.emit({ kind: 'changed', changed: { what: 'guardrails' } });
  return organizationPolicyView(organizationId, after);
}

/** Case does not count among the phrases. */
function unique(phrases: readonly string[]): readonly string[] {
  return [...new Map(phrases.toReversed().map((phrase) => [phrase.toLowerCase(), phrase])).values()].toReversed();
}

function rowOf(store: AdminContext['store'], organizationId: string): OrganizationPolicyRow | null {
  return store.guardrails.policies().find((row) => row.organizationId === organizationId) ?? null;
}
