export type Sort = 'price' | 'throughput' | 'latency' | 'exacto';
export type Cutoffs = number | { readonly [at in 'p50' | 'p75' | 'p90' | 'p99']?: number | null | undefined };

/** OpenRouter's `provider` preferences that put endpoints in order; those about what an endpoint is are decided before. */
export type Preferences = {
  readonly order?: readonly string[] | null | undefined;
  readonly only?: readonly string[] | null | undefined;
  readonly ignore?: readonly string[] | null | undefined;
  readonly allow_fallbacks?: boolean | null | undefined;
  readonly sort?:
    | Sort
    | { readonly by?: Sort | null | undefined; readonly partition?: 'model' | 'none' | null | undefined }
    | null
    | undefined;
  /** Tokens per second. */
  readonly preferred_min_throughput?: Cutoffs | null | undefined;
  /** Seconds to the first token. */
  readonly preferred_max_latency?: Cutoffs | null | undefined;
};

export const sortOf = ({ sort }: Preferences): Sort | null => (typeof sort === 'string' ? sort : (sort?.by ?? null));

/** Whether the endpoints of all models are ranked together. `route` is OpenRouter's older name for it. */
export function isUnpartitioned({ sort }: Preferences, route: unknown): boolean {
  const partition = typeof sort === 'object' ? sort?.partition : null;
  return partition ? partition === 'none' : route === 'sort';
}

const VARIANT_SORTS: Readonly<Record<string, Sort>> = { nitro: 'throughput', floor: 'price', exacto: 'exacto' };
const ROUTING_VARIANTS = /(?::(?:nitro|floor|exacto))+$/;
const CATALOGUE_VARIANT = /:(?:free|batch|thinking|extended)$/;

export type NamedModel = {
  /** Without what only chooses among endpoints. */
  readonly id: string;
  /** `:nitro` and its like as they were written; empty without. */
  readonly variants: string;
  /** What they ask for; the last one wins. */
  readonly sort: Sort | null;
};

/** Splits `vendor/model:free:nitro` into the model and how its endpoints are to be chosen. */
export function namedModel(model: string): NamedModel {
  // Most names have no colon at all.
  const variants = model.includes(':') ? (ROUTING_VARIANTS.exec(model)?.[0] ?? '') : '';
  if (variants === '') return { id: model, variants, sort: null };
  const last = variants.slice(variants.lastIndexOf(':') + 1);
  return { id: model.slice(0, -variants.length), variants, sort: VARIANT_SORTS[last] ?? null };
}

/** Whether a model is a variant with an entry of its own (`:free`): where nobody lists it, it is not the model without it. */
export const isCatalogueVariant = (id: string) => CATALOGUE_VARIANT.test(id);
