import type { Price } from './price.ts';
import { serviceTierOf } from './rates.ts';
import type { ServerWork } from './server-work.ts';

/**
 * Why nobody can say what a request costs at most at this price, in words; null: one can. A tier asked for by name has to have a
 * price, except `flex`, which is never dearer than none; and what a router does on its own has to end somewhere.
 */
export function unboundedBy(price: Price | null, serviceTier: unknown, work: ServerWork): string | null {
  if (price === null) return 'no price is known';
  if (serviceTierOf(serviceTier) === 'priority' && !price.serviceTiers?.priority)
    return 'no price is known for service_tier priority';
  return work.unbounded === null ? null : `nothing bounds what ${work.unbounded} costs`;
}
