import { type Provider, updatePrices, waitForUpdate } from '@pydantic/genai-prices';
import type { ListedModel } from './listing.ts';

/** Everything prices come from: the library's data, as it came or fetched later, and OpenRouter's listing if it was fetched. */
export type PriceData = { readonly library: readonly Provider[]; readonly listing: readonly ListedModel[] };

/**
 * The data in use. It belongs to the process because the library keeps its own so; whoever lists models must list them anew after
 * `usePriceData`.
 */
let listing: ReadonlyMap<string, ListedModel> = new Map();
let library: readonly Provider[] | undefined;
let epoch = 0;
let bundled: Promise<readonly Provider[]> | undefined;

/** The data that the library brought along. */
export function bundledData(): Promise<readonly Provider[]> {
  bundled ??= waitForUpdate().then((providers) => providers ?? []);
  return bundled;
}

/** Puts data in place for whoever asks from now on, all of it or, when the library cannot read it, nothing: it throws then. */
export async function usePriceData(data: PriceData): Promise<void> {
  // What came along can be had from the library only before it is replaced.
  await bundledData();
  updatePrices(({ setProviderData }) => setProviderData([...data.library]));
  library = data.library;
  listing = new Map(data.listing.map((model) => [model.id, model]));
  epoch += 1;
}

/** Another number each time the data was replaced. */
export function priceEpoch(): number {
  return epoch;
}

export async function priceData(): Promise<PriceData> {
  return { library: library ?? (await bundledData()), listing: [...listing.values()] };
}

export function listedModel(id: string): ListedModel | null {
  return listing.get(id) ?? null;
}

export function listedModels(): readonly ListedModel[] {
  return [...listing.values()];
}
