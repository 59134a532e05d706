import { type Femto, type Nano, nanoOf } from './money.ts';
import { type Price, ratesFor } from './price.ts';
import type { Usage } from './usage.ts';

/** `reported`: the provider said it; `computed`: from its token counts; `estimated`: from our own counts; `unknown`: no price. */
export type CostSource = 'reported' | 'computed' | 'estimated' | 'unknown';

export type Cost = {
  readonly nano: Nano;
  readonly source: CostSource;
  /** The computed parts, where a price is known. */
  readonly promptNano: Nano;
  readonly completionNano: Nano;
};

/**
 * What a call cost. A reported cost wins over the computed one. Cached and cache-written tokens are parts of the prompt and are
 * charged once, at their own rate where there is one; reasoning is part of the completion unless priced apart.
 */
export function costOf(price: Price | null, usage: Usage, images: number, estimated: boolean): Cost {
  const parts = price ? partsOf(price, usage, images) : null;
  const promptNano = parts ? nanoOf(parts.prompt) : 0;
  const completionNano = parts ? nanoOf(parts.completion) : 0;
  if (usage.reportedCost !== null) return { nano: usage.reportedCost, source: 'reported', promptNano, completionNano };
  if (!parts) return { nano: 0, source: 'unknown', promptNano, completionNano };
  const nano = nanoOf(parts.prompt + parts.completion + parts.other);
  return { nano, source: estimated ? 'estimated' : 'computed', promptNano, completionNano };
}

function partsOf(price: Price, usage: Usage, images: number): Record<'prompt' | 'completion' | 'other', Femto> {
  const rates = ratesFor(price, usage.prompt);
  const cached = Math.min(usage.cached, usage.prompt);
  const written = Math.min(usage.cacheWrite, usage.prompt - cached);
  const reasoning = rates.reasoning === null ? 0 : Math.min(usage.reasoning, usage.completion);
  return {
    prompt:
      BigInt(usage.prompt - cached - written) * rates.prompt +
      BigInt(cached) * (rates.cacheRead ?? rates.prompt) +
      BigInt(written) * (rates.cacheWrite ?? rates.prompt),
    completion:
      BigInt(usage.completion - reasoning) * rates.completion +
      BigInt(reasoning) * (rates.reasoning ?? rates.completion),
    other: rates.request + BigInt(images) * rates.image,
  };
}
