import { l10n } from 'vscode';
import type { SpendKey, SpendTree } from '../../server/protocol.ts';
import { timeSince, timeUntil } from '../duration.ts';
import { escapeMarkdown, table } from '../markdown.ts';
import { formatUsd } from '../money.ts';
import { limitText, spentOfLimit, stateText } from './key-text.ts';

type Workspace = SpendTree['workspaces'][number];

/** Markdown; says first at which of the five layers the row stands. */
export function workspaceTooltip(workspace: Workspace): string {
  return [
    `**${escapeMarkdown(workspace.name)}**`,
    layers(l10n.t('Organization'), `**${l10n.t('Workspace')}**`),
    table([
      [l10n.t('This month'), formatUsd(workspace.usage_monthly)],
      [l10n.t('In all'), formatUsd(workspace.usage)],
      [l10n.t('API keys'), String(workspace.keys.length)],
    ]),
  ].join('\n\n');
}

export function keyTooltip(key: SpendKey, workspace: Workspace, now: number): string {
  const rows: (readonly [string, string])[] = [[l10n.t('State'), stateText(key.state)]];
  rows.push([l10n.t('Limit'), limitText(key)]);
  if (key.limit !== null) rows.push([l10n.t('Spent of it'), formatUsd(spentOfLimit(key))]);
  if (key.limit_remaining !== null) rows.push([l10n.t('Left'), formatUsd(key.limit_remaining)]);
  if (key.in_flight > 0) rows.push([l10n.t('Held by calls in flight'), formatUsd(key.in_flight)]);
  if (key.resets_at) rows.push([l10n.t('Resets'), instant(key.resets_at, now)]);
  if (key.expires_at) rows.push([l10n.t('Expires'), instant(key.expires_at, now)]);
  rows.push([
    l10n.t('Today / week / month'),
    `${formatUsd(key.usage_daily)} / ${formatUsd(key.usage_weekly)} / ${formatUsd(key.usage_monthly)}`,
  ]);
  rows.push([l10n.t('In all'), `${formatUsd(key.usage)}, ${l10n.t('{0} calls', key.requests)}`]);
  rows.push([l10n.t('Last used'), key.last_used_at ? timeSince(key.last_used_at, now) : l10n.t('never')]);
  rows.push([l10n.t('Secret'), escapeMarkdown(key.label)]);
  return [
    `**${escapeMarkdown(key.name)}**`,
    layers(
      l10n.t('Organization'),
      `${l10n.t('Workspace')} ${escapeMarkdown(workspace.name)}`,
      `**${l10n.t('API key')}**`,
    ),
    table(rows),
  ].join('\n\n');
}

function layers(...names: readonly string[]): string {
  return names.join(' → ');
}

function instant(iso: string, now: number): string {
  const left = timeUntil(iso, now);
  return `${iso.slice(0, 16).replace('T', ' ')} UTC (${Date.parse(iso) > now ? l10n.t('in {0}', left) : left})`;
}
