import { usdOfNano } from '../pricing/money.ts';
import type { AdminContext } from './context.ts';

/**
 * What `total_credits` says where nothing was prepaid, so no limit holds: the field takes neither null nor infinity, and 0 would
 * read as nothing left. More than the ledger can ever count, and `unlimited` beside it says what it means.
 */
export const UNLIMITED_CREDITS_USD = 1_000_000_000;

/** `GET /credits`: what all keys, deleted ones included, have ever spent. */
export async function creditsOf({ store }: AdminContext): Promise<Record<string, unknown>> {
  const { nano } = await store.usage.sums({});
  return { total_credits: UNLIMITED_CREDITS_USD, total_usage: usdOfNano(nano), unlimited: true };
}
