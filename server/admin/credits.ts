import * as z from 'zod';
import { usdOfNano } from '../pricing/money.ts';
import type { AdminContext } from './context.ts';

/**
 * What `total_credits` says where nothing was prepaid, so no limit holds: the field takes neither null nor infinity, and 0 would
 * read as nothing left. More than the ledger can ever count, and `unlimited` beside it says what it means.
 */
export const UNLIMITED_CREDITS_USD = 1_000_000_000;

/** More is a mistyped amount, and the ledger counts what a double holds exactly. */
export const MOST_CREDITS_USD = 1_000_000;

const usd = z.number().max(MOST_CREDITS_USD);

/** `PUT …/organization/credits` names the total, null for none; `POST` adds to it. */
export const setCreditsBody = z.object({ total_credits: usd.min(0).nullable() });
export const addCreditsBody = z.object({ amount: usd.min(1e-9, 'must be more than 0') });

/** `GET /credits`: what was prepaid, and what all keys of the organization, deleted ones included, have ever spent of it. */
export async function creditsOf({ store }: AdminContext, organizationId: string): Promise<Record<string, unknown>> {
  const credits = store.organizations.get(organizationId)?.credits ?? null;
  // As the limit counts it: what brought keys served costs no credits.
  const [standing] = await store.ledger.standings([{ id: `credits:${organizationId}`, limit: credits, since: null }]);
  return {
    total_credits: credits === null ? UNLIMITED_CREDITS_USD : usdOfNano(credits),
    total_usage: usdOfNano(standing?.spent ?? 0),
    unlimited: credits === null,
  };
}
