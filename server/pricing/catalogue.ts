import { calcPrice, findProvider, type ModelInfo } from '@pydantic/genai-prices';
import { priceOfLibrary, willChange } from './library-price.ts';
import type { ListedModel } from './listing.ts';
import type { Price } from './price.ts';
import { listedModel, listedModels, priceEpoch } from './price-book.ts';

/** A model as one provider serves it. `id` is OpenRouter's `vendor/model`, `native` the provider's own name for it. */
export type CatalogueModel = {
  readonly id: string;
  readonly native: string;
  readonly name: string;
  readonly description: string;
  readonly contextLength: number | null;
  readonly maxCompletionTokens: number | null;
  /** Null: unknown, which is never the same as free. */
  readonly price: Price | null;
  readonly supportedParameters: readonly string[];
  /** One of OpenRouter's names (`fp8`, …); absent: unknown. */
  readonly quantization?: string | undefined;
  /** Whether other models may be trained on its text; absent: nobody has said so. */
  readonly isDistillable?: boolean | undefined;
  /** What OpenRouter's listing says of it, where one has been fetched. */
  readonly listed?: ListedModel | null;
};

/** What an OpenAI-compatible endpoint is taken to support when nothing better is known. */
export const USUAL_PARAMETERS: readonly string[] = [
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'response_format',
  'structured_outputs',
  'tools',
  'tool_choice',
];

/** The router whose listing this is: what it says of prices is the truth there. */
const LISTING_PROVIDER = 'openrouter';

/**
 * The chat models known for a provider (the price library's ids: `openai`, `openrouter`, …), in OpenRouter's spelling: `prefix` +
 * the native name. Models priced by anything but tokens are left out.
 */
export function knownModels(priceProvider: string, prefix: string): readonly CatalogueModel[] {
  const models = findProvider({ providerId: priceProvider })?.models ?? [];
  const known = models.flatMap((model) => {
    if (model.deprecated) return [];
    const now = pricedNow(model);
    return now() ? [catalogueModel(model, `${prefix}${model.id}`, now)] : [];
  });
  if (priceProvider !== LISTING_PROVIDER) return known;
  const ids = new Set(known.map(({ id }) => id));
  return [
    ...known.map((model) => asListed(model)),
    ...listedModels()
      .filter(({ id }) => !ids.has(id))
      .map(fromListing),
  ];
}

function catalogueModel(model: ModelInfo, id: string, now: () => Price | null): CatalogueModel {
  const listed = listedModel(id);
  return {
    id,
    native: model.id,
    name: model.name ?? listed?.name ?? model.id,
    description: model.description ?? listed?.description ?? '',
    contextLength: model.context_window ?? listed?.contextLength ?? null,
    maxCompletionTokens: listed?.maxCompletionTokens ?? null,
    get price() {
      return now();
    },
    supportedParameters: USUAL_PARAMETERS,
    listed,
  };
}

/** At the router itself its own listing wins over the library. */
function asListed(model: CatalogueModel): CatalogueModel {
  return model.listed ? fromListing(model.listed) : model;
}

function fromListing(listed: ListedModel): CatalogueModel {
  return {
    id: listed.id,
    native: listed.id,
    name: listed.name,
    description: listed.description,
    contextLength: listed.contextLength,
    maxCompletionTokens: listed.maxCompletionTokens,
    price: listed.price,
    supportedParameters: listed.supportedParameters.length > 0 ? listed.supportedParameters : USUAL_PARAMETERS,
    listed,
  };
}

/** The price of one model now (dated aliases included), exactly; null when none is known. */
export function knownPrice(priceProvider: string, native: string, now: Date = new Date()): Price | null {
  const listed = priceProvider === LISTING_PROVIDER ? listedModel(native) : null;
  if (listed) return listed.price;
  const model = libraryModel(priceProvider, native);
  return model ? priceOfLibrary(model, now) : null;
}

/** The library tries every model's patterns, one by one: worth remembering. */
function libraryModel(priceProvider: string, native: string): ModelInfo | null {
  return calcPrice({}, native, { providerId: priceProvider })?.model ?? null;
}

/** The library's own name for a model that a provider knows by this one, a dated one too; null when it knows none. */
export const libraryName = (priceProvider: string, native: string): string | null =>
  libraryModel(priceProvider, native)?.id ?? null;

/** The price of one model whenever it is asked for: some change at a date, and all may when they are refreshed. */
export function currentPrice(
  priceProvider: string,
  native: string,
  clock: () => number = Date.now,
): () => Price | null {
  let epoch = -1;
  let now: () => Price | null = () => null;
  return () => {
    if (epoch !== priceEpoch()) {
      epoch = priceEpoch();
      now = pricedByName(priceProvider, native, clock);
    }
    return now();
  };
}

function pricedByName(priceProvider: string, native: string, clock: () => number): () => Price | null {
  const listed = priceProvider === LISTING_PROVIDER ? listedModel(native) : null;
  if (listed) return () => listed.price;
  const model = libraryModel(priceProvider, native);
  return model ? pricedNow(model, clock) : () => null;
}

const MINUTE_MS = 60_000;

/** Worked out once, and once a minute where a date is still to come that changes it. */
function pricedNow(model: ModelInfo, clock: () => number = Date.now): () => Price | null {
  let minute = Math.floor(clock() / MINUTE_MS);
  let price = priceOfLibrary(model, new Date(clock()));
  if (!willChange(model, new Date(clock()))) return () => price;
  return () => {
    const now = clock();
    if (Math.floor(now / MINUTE_MS) !== minute) {
      minute = Math.floor(now / MINUTE_MS);
      price = priceOfLibrary(model, new Date(now));
    }
    return price;
  };
}
