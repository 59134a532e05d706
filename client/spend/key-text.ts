import { l10n } from 'vscode';
import type { KeyState, SpendKey } from '../../server/protocol.ts';
import { formatUsd } from '../money.ts';

export function stateText(state: KeyState): string {
  switch (state) {
    case 'fine':
      return l10n.t('fine');
    case 'near_limit':
      return l10n.t('near its limit');
    case 'stopped':
      return l10n.t('stopped: its limit is reached');
    case 'expired':
      return l10n.t('expired');
    case 'disabled':
      return l10n.t('disabled');
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
