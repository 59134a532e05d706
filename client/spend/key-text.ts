import { l10n } from 'vscode';
import type { SpendBudget, SpendKey } from '../../server/protocol.ts';
import { formatUsd } from '../money.ts';

/** From this share of a limit on the daemon calls a key near it. */
const NEAR = 0.8;

/** The budget, of whichever layer, that stops the key, or is nearest to it; null: none does, or an older daemon does not tell. */
export function standing({ state, budgets = [] }: Pick<SpendKey, 'state' | 'budgets'>): SpendBudget | null {
  if (state !== 'stopped' && state !== 'near_limit') return null;
  const share = state === 'stopped' ? 1 : NEAR;
  return budgets.find(({ spent, limit }) => spent >= limit * share) ?? null;
}

export function stateText(key: Pick<SpendKey, 'state' | 'suspended' | 'budgets'>): string {
  const at = standing(key);
  const other = at && at.scope !== 'key_limit' ? at.name : null;
  switch (key.state) {
    case 'fine':
      return l10n.t('fine');
    case 'near_limit':
      return other ? l10n.t('near the limit of {0}', other) : l10n.t('near its limit');
    case 'stopped':
      return other ? l10n.t('stopped by {0}', other) : l10n.t('stopped: its limit is reached');
    case 'expired':
      return l10n.t('expired');
    case 'disabled':
      return key.suspended ? l10n.t('suspended') : l10n.t('disabled');
  }
}

/** What of the key's limit is spent: in the window that resets, else ever. */
export function spentOfLimit(key: SpendKey): number {
  switch (key.limit_reset) {
    case 'daily':
      return key.usage_daily;
    case 'weekly':
      return key.usage_weekly;
    case 'monthly':
      return key.usage_monthly;
    case null:
      return key.usage;
  }
}

export function limitText(key: Pick<SpendKey, 'limit' | 'limit_reset'>): string {
  if (key.limit === null) return l10n.t('no limit');
  const limit = formatUsd(key.limit);
  switch (key.limit_reset) {
    case 'daily':
      return l10n.t('{0} a day', limit);
    case 'weekly':
      return l10n.t('{0} a week', limit);
    case 'monthly':
      return l10n.t('{0} a month', limit);
    case null:
      return l10n.t('{0} in all', limit);
  }
}
