import * as z from 'zod';
import { readListing } from '../pricing/listing.ts';
import type { PriceData } from '../pricing/price-book.ts';
import { readLibrary } from '../pricing/read-library.ts';

/** Where refreshed prices are kept, as texts; null: nothing is kept. */
export type PriceFiles = {
  readonly read: (which: 'current' | 'previous') => string | null;
  /** Null removes it. */
  readonly write: (which: 'current' | 'previous', text: string | null) => void;
};

/** What is kept: the two files as they were published. Null: that one was never fetched, and what came along is used. */
export type KeptPrices = {
  readonly fetched_at: string;
  readonly source: string;
  readonly library: unknown;
  readonly listing: unknown;
};

const kept = z.object({
  fetched_at: z.string(),
  source: z.string(),
  library: z.unknown(),
  listing: z.unknown(),
});

/** Reads what was kept; null when it is not understood, and it is as if it were not there. */
export function readKept(text: string): KeptPrices | null {
  try {
    const read = kept.safeParse(JSON.parse(text));
    return read.success
      ? { ...read.data, library: read.data.library ?? null, listing: read.data.listing ?? null }
      : null;
  } catch {
    return null;
  }
}

/** The data of what was kept or has come; in words what is wrong with it otherwise. */
export function dataOf({ library, listing }: KeptPrices, bundled: PriceData['library']): PriceData | string {
  const providers = library === null ? bundled : readLibrary(library);
  if (typeof providers === 'string') return `the price library's file: ${providers}`;
  const models = listing === null ? [] : readListing(listing);
  if (models === null) return "OpenRouter's list of models is not one";
  return { library: providers, listing: models };
}
