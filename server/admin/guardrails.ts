import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import { faultOfPattern } from '../policy/custom-filters.ts';
import { NO_RULES } from '../policy/layer-rules.ts';
import { nanoOfUsd } from '../pricing/money.ts';
import type { GuardrailRow } from '../store/guardrail-store.ts';
import { audit } from './audit.ts';
import type { AdminContext } from './context.ts';
import type { createGuardrailBody, GuardrailBody } from './guardrail-body.ts';
import { changedRules } from './guardrail-rules.ts';
import { guardrailView } from './guardrail-view.ts';
import { isWithin, workspaceOrDefault } from './workspace-scope.ts';

/** Nobody may call the guardrail over a whole workspace otherwise: it has a name that says what it is. */
const DEFAULT_NAME = 'Default guardrail';
const SHOWN = 64;

export type GuardrailFound = { readonly kind: 'guardrail'; readonly row: GuardrailRow };

/** Of one workspace, oldest first; the default one is among them once it has been set up. */
export function listGuardrails(
  admin: AdminContext,
  organizationId: string,
  workspace: string | undefined,
): { readonly kind: 'guardrails'; readonly rows: readonly GuardrailRow[] } | Refusal {
  const found = workspaceOrDefault(admin, organizationId, workspace);
  if (found.kind === 'refused') return found;
  const rows = admin.store.guardrails.all().filter((row) => row.workspaceId === found.row.id);
  return { kind: 'guardrails', rows };
}

/** A guardrail of the organization by its id. The default one of a workspace is not there until it has been set up. */
export function findGuardrail(admin: AdminContext, organizationId: string, id: string): GuardrailFound | Refusal {
  const row = admin.store.guardrails.get(id.toLowerCase());
  if (row && isWithin(admin, row.workspaceId, organizationId)) return { kind: 'guardrail', row };
  return refuse('guardrail_not_found', { detail: id.slice(0, SHOWN), metadata: { guardrail_id: id.slice(0, SHOWN) } });
}

/** Makes a guardrail, which does nothing until it is assigned. */
export function createGuardrail(
  admin: AdminContext,
  organizationId: string,
  body: z.output<typeof createGuardrailBody>,
): Promise<GuardrailFound | Refusal> {
  return changing(admin, 'guardrail created', async () => {
    const workspace = workspaceOrDefault(admin, organizationId, body.workspace_id);
    if (workspace.kind === 'refused') return workspace;
    return insert(admin, newGuardrail(admin, randomUUID(), workspace.row.id, body.name, false), body);
  });
}

/** Changes what the body names. The id of a workspace's default guardrail sets that one up when it is first changed. */
export function updateGuardrail(
  admin: AdminContext,
  organizationId: string,
  id: string,
  body: GuardrailBody,
): Promise<GuardrailFound | Refusal> {
  return changing(admin, 'guardrail updated', async () => {
    const found = findGuardrail(admin, organizationId, id);
    if (found.kind === 'refused') {
      const owner = admin.store.workspaces.all().find((one) => one.defaultGuardrailId === id.toLowerCase());
      if (owner?.organizationId !== organizationId) return found;
      const bare = newGuardrail(admin, id.toLowerCase(), owner.id, DEFAULT_NAME, true);
      return fixedName(body) ?? insert(admin, bare, body);
    }
    const { row } = found;
    const changed = (row.isDefault ? fixedName(body) : null) ?? withBody(admin, row, body);
    if ('kind' in changed) return changed;
    const after: GuardrailRow = { ...changed, updatedAt: admin.now().toISOString() };
    const { id: same, workspaceId, isDefault, createdAt, ...patch } = after;
    await admin.store.guardrails.update(row.id, patch);
    await audit(admin, {
      action: 'guardrail.update',
      target: `guardrail:${row.id}`,
      before: guardrailView(row),
      after: guardrailView(after),
    });
    return { kind: 'guardrail', row: after };
  });
}

/** Deletes a guardrail with its assignments. A workspace's default one begins anew, with nothing in it. */
export async function deleteGuardrail(
  admin: AdminContext,
  organizationId: string,
  id: string,
): Promise<{ readonly kind: 'deleted' } | Refusal> {
  const deleted = await changing(admin, 'guardrail deleted', async () => {
    const found = findGuardrail(admin, organizationId, id);
    if (found.kind === 'refused') return found;
    await admin.store.guardrails.delete(found.row.id);
    const target = `guardrail:${found.row.id}`;
    await audit(admin, { action: 'guardrail.delete', target, before: guardrailView(found.row) });
    return found;
  });
  return deleted.kind === 'refused' ? deleted : { kind: 'deleted' };
}

/** What is looked at, decided and written is one transaction: of two changes at once neither undoes the other. */
async function changing(
  admin: AdminContext,
  event: string,
  change: () => Promise<GuardrailFound | Refusal>,
): Promise<GuardrailFound | Refusal> {
  const result = await admin.store.transact(change);
  if (result.kind === 'guardrail') tell(admin, event, result.row);
  return result;
}

/** Lets everyone know that what applies to calls has changed. */
export function tell(admin: AdminContext, event: string, { id, name }: Pick<GuardrailRow, 'id' | 'name'>): void {
  admin.log.info(event, { guardrail_id: id, name });
  admin.events.emit({ kind: 'changed', changed: { what: 'guardrails' } });
  // A raised or removed budget may be what calls in the queue wait for.
  admin.ledger.pokeAll();
}

async function insert(admin: AdminContext, bare: GuardrailRow, body: GuardrailBody): Promise<GuardrailFound | Refusal> {
  const row = withBody(admin, bare, body);
  if ('kind' in row) return row;
  await admin.store.guardrails.insert(row);
  await audit(admin, { action: 'guardrail.create', target: `guardrail:${row.id}`, after: guardrailView(row) });
  return { kind: 'guardrail', row };
}

function newGuardrail(
  admin: AdminContext,
  id: string,
  workspaceId: string,
  name: string,
  isDefault: boolean,
): GuardrailRow {
  return {
    id,
    workspaceId,
    isDefault,
    name,
    description: null,
    limit: null,
    reset: null,
    includeByok: false,
    enforceZdr: null,
    rules: NO_RULES,
    createdAt: admin.now().toISOString(),
    updatedAt: null,
  };
}

/** The row with what the body names; a limit and its reset come together, and every pattern can be matched in linear time. */
function withBody(admin: AdminContext, row: GuardrailRow, body: GuardrailBody): GuardrailRow | Refusal {
  const limit = body.limit_usd === undefined ? row.limit : body.limit_usd === null ? null : nanoOfUsd(body.limit_usd);
  const reset = body.reset_interval === undefined ? row.reset : body.reset_interval;
  if ((limit === null) !== (reset === null)) {
    return refuse('guardrail_budget_incomplete', {
      detail:
        limit === null ? 'reset_interval is set and limit_usd is not' : 'limit_usd is set and reset_interval is not',
      metadata: { scope: 'guardrail', guardrail_name: row.name },
    });
  }
  for (const [index, { pattern }] of (body.content_filters ?? []).entries()) {
    const fault = faultOfPattern(pattern);
    if (fault === null) continue;
    return refuse('invalid_regex_pattern', {
      message: `content_filters.${index}.pattern: ${fault}`,
      metadata: { field: `content_filters.${index}.pattern`, pattern: pattern.slice(0, SHOWN) },
    });
  }
  return {
    ...row,
    name: body.name ?? row.name,
    description: body.description === undefined ? row.description : body.description,
    limit,
    reset,
    includeByok: body.include_byok_in_budgets ?? row.includeByok,
    enforceZdr: body.enforce_zdr === undefined ? row.enforceZdr : body.enforce_zdr,
    rules: changedRules(admin, row.rules, body),
  };
}

function fixedName({ name }: GuardrailBody): Refusal | null {
  return name === undefined || name === DEFAULT_NAME ? null : refuse('default_guardrail_name');
}
