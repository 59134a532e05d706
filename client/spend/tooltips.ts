import { l10n } from 'vscode';
import type { SpendBudget, SpendKey, SpendTree } from '../../server/protocol.ts';
import { timeSince, timeUntil } from '../duration.ts';
import { escapeMarkdown, table } from '../markdown.ts';
import { formatUsd } from '../money.ts';
import { limitText, spentOfLimit, stateText } from './key-text.ts';

type Workspace = SpendTree['workspaces'][number];
type Row = readonly [string, string];

/** Markdown, as the others; each says first at which of the five layers the row stands. */
export function organizationTooltip({ name, usage, usage_monthly, budgets = [] }: SpendTree['organization']): string {
  const credits = budgets.map(({ limit, spent }): Row => [l10n.t('Credits'), spentOf(spent, formatUsd(limit))]);
  return [
    `**${escapeMarkdown(name)}**`,
    `**${l10n.t('Organization')}**`,
    table([
      [l10n.t('This month'), formatUsd(usage_monthly)],
      [l10n.t('In all'), formatUsd(usage)],
      ...(credits.length > 0 ? credits : [[l10n.t('Credits'), l10n.t('no limit')] as const]),
    ]),
  ].join('\n\n');
}

export function workspaceTooltip(workspace: Workspace, now: number): string {
  return [
    `**${escapeMarkdown(workspace.name)}**`,
    layers(l10n.t('Organization'), `**${l10n.t('Workspace')}**`),
    table([
      [l10n.t('This month'), formatUsd(workspace.usage_monthly)],
      [l10n.t('In all'), formatUsd(workspace.usage)],
      ...(workspace.budgets ?? []).map((budget): Row => [l10n.t('Budget'), budgetText(budget, now)]),
      [l10n.t('API keys'), String(workspace.keys.length)],
    ]),
  ].join('\n\n');
}

export function keyTooltip(key: SpendKey, workspace: Workspace, now: number): string {
  const rows: Row[] = [[l10n.t('State'), escapeMarkdown(stateText(key))]];
  if (key.suspended) rows.push([l10n.t('Suspended for'), escapeMarkdown(key.suspended)]);
  if (key.behavior) {
    const { name, tier } = key.behavior;
    rows.push([l10n.t('Behavior'), `${escapeMarkdown(name)}, ${tierText(tier)}`]);
  }
  rows.push(...limitRows(key, now));
  if (key.in_flight > 0) rows.push([l10n.t('Held by calls in flight'), formatUsd(key.in_flight)]);
  if (key.expires_at) rows.push([l10n.t('Expires'), instant(key.expires_at, now)]);
  rows.push([
    l10n.t('Today / week / month'),
    `${formatUsd(key.usage_daily)} / ${formatUsd(key.usage_weekly)} / ${formatUsd(key.usage_monthly)}`,
  ]);
  rows.push([
    l10n.t('In all'),
    `${formatUsd(key.usage)}, ${key.requests === 1 ? l10n.t('1 call') : l10n.t('{0} calls', key.requests)}`,
  ]);
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

/** Its own limit, then the budgets of the layers over it in the order in which a call is asked at them. */
function limitRows(key: SpendKey, now: number): readonly Row[] {
  const spent = spentOfLimit(key);
  const own: Row = [
    l10n.t('Own limit'),
    key.limit === null
      ? l10n.t('no limit')
      : budgetText({ spent, limit: key.limit, reset: key.limit_reset, resets_at: key.resets_at }, now),
  ];
  const others = (key.budgets ?? []).filter(({ scope }) => scope !== 'key_limit');
  return [own, ...others.map((budget): Row => [scopeText(budget), budgetText(budget, now)])];
}

/** Whose budget it is: `guardrail "Staging", for each member`. */
function scopeText({ scope, name }: SpendBudget): string {
  const shown = escapeMarkdown(name.charAt(0).toUpperCase() + name.slice(1));
  return scope === 'member' || scope === 'workspace_default_member' ? l10n.t('{0}, the member’s', shown) : shown;
}

function budgetText(
  { spent, limit, reset, resets_at }: Pick<SpendBudget, 'spent' | 'limit' | 'reset' | 'resets_at'>,
  now: number,
): string {
  const parts = [spentOf(spent, limitText({ limit, limit_reset: reset }))];
  if (spent >= limit) parts.push(`**${l10n.t('spent')}**`);
  if (resets_at) parts.push(l10n.t('resets {0}', instant(resets_at, now)));
  return parts.join(', ');
}

const spentOf = (spent: number, limit: string) => l10n.t('{0} of {1}', formatUsd(spent), limit);

function tierText(tier: 'A' | 'B' | 'C'): string {
  switch (tier) {
    case 'A':
      return l10n.t('tier A: only proposes');
    case 'B':
      return l10n.t('tier B: needs a permit for each task');
    case 'C':
      return l10n.t('tier C: runs alone');
  }
}

function layers(...names: readonly string[]): string {
  return names.join(' → ');
}

function instant(iso: string, now: number): string {
  const left = timeUntil(iso, now);
  return `${iso.slice(0, 16).replace('T', ' ')} UTC (${Date.parse(iso) > now ? l10n.t('in {0}', left) : left})`;
}
