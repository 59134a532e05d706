import { windowStart } from '../ledger/windows.ts';
import type { ByokUsageRow } from '../store/byok-store.ts';
import type { KeyRow } from '../store/store.ts';
import type { AdminContext } from './context.ts';

/** Nano-dollars: lifetime, and in the windows that hold this moment. */
export type SpendWindows = {
  readonly total: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
};

/** What a key's calls were charged to brought keys: OpenRouter's `byok_usage*`, and no part of its `usage*`. */
export async function byokSpendOf({ store, now }: AdminContext, key: KeyRow): Promise<SpendWindows> {
  const rows = await store.byok.usage({ keyId: key.id });
  const since = (reset: 'daily' | 'weekly' | 'monthly') => sum(rows, windowStart(reset, now()) ?? '');
  return { total: sum(rows, ''), daily: since('daily'), weekly: since('weekly'), monthly: since('monthly') };
}

const sum = (rows: readonly ByokUsageRow[], since: string) =>
  rows.reduce((nano, row) => (row.day >= since ? nano + row.nano : nano), 0);

/** Spend without what was charged to brought keys. Around midnight a call may count on the one day here and on the other there. */
export const withoutByok = (all: SpendWindows, byok: SpendWindows): SpendWindows => ({
  total: Math.max(0, all.total - byok.total),
  daily: Math.max(0, all.daily - byok.daily),
  weekly: Math.max(0, all.weekly - byok.weekly),
  monthly: Math.max(0, all.monthly - byok.monthly),
});
