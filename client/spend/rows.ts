import { l10n } from 'vscode';
import type { KeyState, SpendKey, SpendTree } from '../../server/protocol.ts';
import { timeUntil } from '../duration.ts';
import { formatUsd, spendBar } from '../money.ts';
import { spentOfLimit, stateText } from './key-text.ts';
import { keyTooltip, workspaceTooltip } from './tooltips.ts';

type Workspace = SpendTree['workspaces'][number];

/** One row of the tree, before it becomes a TreeItem. `id` is stable, so that expansion and selection outlive a refresh. */
export type SpendRow = {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: { readonly name: string; readonly color: string | null };
  /** What the menus' `viewItem` conditions see. */
  readonly context: 'workspace' | 'key.enabled' | 'key.disabled';
  readonly accessible: string;
} & ({ readonly kind: 'workspace'; readonly workspace: Workspace } | { readonly kind: 'key'; readonly key: SpendKey });

const ICONS: Readonly<Record<KeyState, { readonly name: string; readonly color: string | null }>> = {
  fine: { name: 'key', color: 'charts.green' },
  near_limit: { name: 'warning', color: 'charts.yellow' },
  stopped: { name: 'error', color: 'charts.red' },
  expired: { name: 'history', color: 'disabledForeground' },
  disabled: { name: 'circle-slash', color: 'disabledForeground' },
};

export function workspaceRow(workspace: Workspace): SpendRow {
  const month = l10n.t('{0} this month', formatUsd(workspace.usage_monthly));
  return {
    kind: 'workspace',
    workspace,
    id: `workspace:${workspace.id}`,
    label: workspace.name,
    description: month,
    tooltip: workspaceTooltip(workspace),
    icon: { name: 'folder-library', color: null },
    context: 'workspace',
    accessible: l10n.t('Workspace {0}, {1}', workspace.name, month),
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
    icon: ICONS[key.state],
    context: key.state === 'disabled' ? 'key.disabled' : 'key.enabled',
    accessible: l10n.t('API key {0}, {1}, {2}', key.name, stateText(key.state), description.replace(/ [▰▱]+/, '')),
  };
}

/** The amount first: a narrow view cuts the end off. */
function keyDescription(key: SpendKey, now: number): string {
  const spent = spentOfLimit(key);
  const parts =
    key.limit === null
      ? [l10n.t('{0}, no limit', formatUsd(spent))]
      : [`${formatUsd(spent)} / ${formatUsd(key.limit)} ${spendBar(spent, key.limit)}`];
  if (key.suspended) parts.push(l10n.t('suspended: {0}', key.suspended));
  else if (key.state === 'disabled' || key.state === 'expired') parts.push(stateText(key.state));
  else if (key.limit !== null && key.resets_at) parts.push(l10n.t('resets in {0}', timeUntil(key.resets_at, now)));
  return parts.join(' · ');
}
