import { l10n } from 'vscode';
import type { KeyState, PermitRequest, SpendBudget, SpendKey, SpendTree } from '../../server/protocol.ts';
import { timeUntil } from '../duration.ts';
import { formatUsd, spendBar } from '../money.ts';
import { spentOfLimit, standing, stateText } from './key-text.ts';
import { keyTooltip, organizationTooltip, workspaceTooltip } from './tooltips.ts';

type Organization = SpendTree['organization'];
type Workspace = SpendTree['workspaces'][number];

/** One row of the tree, before it becomes a TreeItem. `id` is stable, so that expansion and selection outlive a refresh. */
export type SpendRow = {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: { readonly name: string; readonly color: string | null };
  /** What the menus' `viewItem` conditions see. */
  readonly context: RowContext;
  readonly accessible: string;
} & (
  | { readonly kind: 'organization' }
  | { readonly kind: 'workspace'; readonly workspace: Workspace }
  | { readonly kind: 'key'; readonly key: SpendKey }
  | { readonly kind: 'permits' }
  | { readonly kind: 'permit'; readonly request: PermitRequest }
);
type RowContext =
  | 'organization'
  | 'workspace'
  | 'key.enabled'
  | 'key.disabled'
  | 'key.suspended'
  | 'permits'
  | 'permit.call'
  | 'permit.task';

const ICONS: Readonly<Record<KeyState, SpendRow['icon']>> = {
  fine: { name: 'key', color: 'charts.green' },
  near_limit: { name: 'warning', color: 'charts.yellow' },
  stopped: { name: 'error', color: 'charts.red' },
  expired: { name: 'history', color: 'disabledForeground' },
  disabled: { name: 'circle-slash', color: 'disabledForeground' },
};
const SUSPENDED: SpendRow['icon'] = { name: 'debug-pause', color: 'charts.red' };

export function organizationRow(organization: Organization): SpendRow {
  const spent = thisMonth(organization.usage_monthly);
  const [credits] = organization.budgets ?? [];
  const description = credits
    ? `${spent} · ${l10n.t('{0} left', formatUsd(Math.max(0, credits.limit - credits.spent)))}`
    : spent;
  return {
    kind: 'organization',
    id: 'organization',
    label: organization.name,
    description,
    tooltip: organizationTooltip(organization),
    icon: { name: 'organization', color: null },
    context: 'organization',
    accessible: l10n.t('Organization {0}, {1}', organization.name, description),
  };
}

export function workspaceRow(workspace: Workspace): SpendRow {
  const stopped = (workspace.budgets ?? []).some(isSpent);
  const parts = [thisMonth(workspace.usage_monthly), ...(stopped ? [l10n.t('its budget is spent')] : [])];
  return {
    kind: 'workspace',
    workspace,
    id: `workspace:${workspace.id}`,
    label: workspace.name,
    description: parts.join(' · '),
    tooltip: workspaceTooltip(workspace, Date.now()),
    icon: { name: 'folder-library', color: stopped ? 'charts.red' : null },
    context: 'workspace',
    accessible: l10n.t('Workspace {0}, {1}', workspace.name, parts.join(', ')),
  };
}

/** @param now milliseconds since the epoch, for how long until the reset */
export function keyRow(key: SpendKey, workspace: Workspace, now: number): SpendRow {
  const description = keyDescription(key, now);
  return {
    kind: 'key',
    key,
    id: `key:${key.hash}`,
    label: key.name,
    description,
    tooltip: keyTooltip(key, workspace, now),
    icon: key.suspended ? SUSPENDED : ICONS[key.state],
    context: key.suspended ? 'key.suspended' : key.state === 'disabled' ? 'key.disabled' : 'key.enabled',
    accessible: l10n.t('API key {0}, {1}, {2}', key.name, stateText(key), description.replace(/ [▰▱]+/, '')),
  };
}

/** The amount first: a narrow view cuts the end off. */
function keyDescription(key: SpendKey, now: number): string {
  const spent = spentOfLimit(key);
  const parts =
    key.limit === null
      ? [l10n.t('{0}, no limit', formatUsd(spent))]
      : [`${formatUsd(spent)} / ${formatUsd(key.limit)} ${spendBar(spent, key.limit)}`];
  if (key.behavior) parts.push(l10n.t('tier {0}', key.behavior.tier));
  const standsAt = standing(key);
  if (key.suspended) parts.push(l10n.t('suspended: {0}', key.suspended));
  else if (key.state === 'disabled' || key.state === 'expired') parts.push(stateText(key));
  else if (standsAt && standsAt.scope !== 'key_limit') parts.push(stateText(key), ...reset(standsAt.resets_at, now));
  else if (key.limit !== null) parts.push(...reset(key.resets_at, now));
  return parts.join(' · ');
}

const reset = (at: string | null, now: number) => (at ? [l10n.t('resets in {0}', timeUntil(at, now))] : []);
const isSpent = ({ spent, limit }: SpendBudget) => spent >= limit;
const thisMonth = (usd: number) => l10n.t('{0} this month', formatUsd(usd));
