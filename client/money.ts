import { l10n } from 'vscode';

/**
 * US dollars for the eye. From one dollar up, cents; below, four significant digits, so that an amount that is not zero never
 * reads as zero (the daemon counts in nano-dollars).
 */
export function formatUsd(usd: number): string {
  const sign = usd < 0 ? '-' : '';
  const amount = Math.abs(usd);
  if (amount === 0) return '$0.00';
  if (amount >= 1)
    return `${sign}$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  const [whole, fraction = ''] = amount.toLocaleString('en-US', { maximumSignificantDigits: 4 }).split('.');
  return `${sign}$${whole}.${fraction.padEnd(2, '0')}`;
}

/** What a person typed for a limit: dollars, or nothing for "no limit". */
export type LimitText =
  | { readonly kind: 'amount'; readonly usd: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly message: string };

/** Reads `5`, `$0.50`, `1,000.25`; empty means no limit. Exact to the nano-dollar, as the ledger is. */
export function parseLimit(text: string): LimitText {
  const trimmed = text.trim().replace(/^\$\s*/, '');
  if (trimmed === '') return { kind: 'none' };
  if (!/^(\d{1,3}(,\d{3})+|\d{1,9})?(\.\d{1,9})?$/.test(trimmed)) {
    return { kind: 'invalid', message: l10n.t('Write US dollars, such as 5 or 0.50. Empty means no limit.') };
  }
  return { kind: 'amount', usd: Number(trimmed.replaceAll(',', '')) };
}

const BAR_CELLS = 5;

/** Spent of limit as a text bar: empty only when nothing is spent, full only when nothing is left. */
export function spendBar(spent: number, limit: number): string {
  const ratio = limit > 0 ? spent / limit : 1;
  const filled =
    ratio >= 1 ? BAR_CELLS : spent > 0 ? Math.min(BAR_CELLS - 1, Math.max(1, Math.round(ratio * BAR_CELLS))) : 0;
  return '▰'.repeat(filled) + '▱'.repeat(BAR_CELLS - filled);
}
