import type { Provider } from '@pydantic/genai-prices';
import { priceOfLibrary } from './library-price.ts';
import type { Price } from './price.ts';
import { pricingOfPrice } from './price.ts';
import type { PriceData } from './price-book.ts';

/** A price that is another now. Null: there was none, or there is none any more. */
export type PriceChange = {
  readonly provider: string;
  readonly model: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
};

/** What differs between two sets of data at one moment, of those providers (by the library's ids). */
export function priceChanges(
  before: PriceData,
  after: PriceData,
  providers: readonly string[],
  now: Date,
): readonly PriceChange[] {
  return providers.flatMap((provider) => {
    const [old, young] = [pricesOf(before, provider, now), pricesOf(after, provider, now)];
    const names = [...new Set([...old.keys(), ...young.keys()])].sort();
    return names.flatMap((model) => {
      const [was, is] = [viewOf(old.get(model)), viewOf(young.get(model))];
      return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ provider, model, before: was, after: is }];
    });
  });
}

/** Every model of a provider that has a price, by the provider's own name for it. */
function pricesOf({ library, listing }: PriceData, provider: string, now: Date): ReadonlyMap<string, Price> {
  const prices = new Map<string, Price>();
  for (const model of modelsOf(library, provider)) {
    const price = model.deprecated ? null : priceOfLibrary(model, now);
    if (price) prices.set(model.id, price);
  }
  // What the router lists itself wins there, an unknown price included.
  if (provider === 'openrouter') {
    for (const { id, price } of listing) {
      if (price) prices.set(id, price);
      else prices.delete(id);
    }
  }
  return prices;
}

const modelsOf = (library: readonly Provider[], id: string) =>
  library.find((provider) => provider.id === id)?.models ?? [];

const viewOf = (price: Price | undefined) => (price ? pricingOfPrice(price) : null);
