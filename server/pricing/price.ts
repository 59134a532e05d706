import { type Femto, formatUsd, largest, parseUsd } from './money.ts';

/** What the parts of a call cost, in femto-dollars per token or unit; null: not priced apart from its parent. */
export type Rates = {
  readonly prompt: Femto;
  readonly completion: Femto;
  readonly cacheRead: Femto | null;
  readonly cacheWrite: Femto | null;
  readonly reasoning: Femto | null;
  readonly request: Femto;
  readonly image: Femto;
};

/** Rates, and the tiers that replace them: a tier applies when the prompt has strictly more tokens. Later tiers win. */
export type Price = Rates & {
  readonly tiers: readonly { readonly minPromptTokens: number; readonly rates: Partial<Rates> }[];
};

/** OpenRouter's pricing object: decimal strings of US dollars per token or unit. */
export type PublicPricing = {
  readonly prompt: string;
  readonly completion: string;
  readonly request?: string | undefined;
  readonly image?: string | undefined;
  readonly input_cache_read?: string | undefined;
  readonly input_cache_write?: string | undefined;
  readonly internal_reasoning?: string | undefined;
};

/** Reads OpenRouter's pricing object; null when a string is not a price (config.yaml was validated before). */
export function priceOfPricing(pricing: PublicPricing): Price | null {
  const prompt = parseUsd(pricing.prompt);
  const completion = parseUsd(pricing.completion);
  if (prompt === null || completion === null) return null;
  const optional = (text: string | undefined) => (text === undefined ? null : parseUsd(text));
  return {
    prompt,
    completion,
    cacheRead: optional(pricing.input_cache_read),
    cacheWrite: optional(pricing.input_cache_write),
    reasoning: optional(pricing.internal_reasoning),
    request: optional(pricing.request) ?? 0n,
    image: optional(pricing.image) ?? 0n,
    tiers: [],
  };
}

const publicNames: readonly (readonly [keyof Rates, string])[] = [
  ['prompt', 'prompt'],
  ['completion', 'completion'],
  ['request', 'request'],
  ['image', 'image'],
  ['cacheRead', 'input_cache_read'],
  ['cacheWrite', 'input_cache_write'],
  ['reasoning', 'internal_reasoning'],
];

/** Writes a price as OpenRouter's pricing object, tiers as `overrides`. */
export function pricingOfPrice(price: Price): Record<string, unknown> {
  const strings = (rates: Partial<Rates>) =>
    Object.fromEntries(
      publicNames.flatMap(([from, to]) => {
        const rate = rates[from];
        return rate === null || rate === undefined || (rate === 0n && from !== 'prompt' && from !== 'completion')
          ? []
          : [[to, formatUsd(rate)]];
      }),
    );
  const overrides = price.tiers.map((tier) => ({ min_prompt_tokens: tier.minPromptTokens, ...strings(tier.rates) }));
  return { ...strings(price), ...(overrides.length > 0 ? { overrides } : {}) };
}

/** The rates for a prompt of that many tokens. */
export function ratesFor(price: Price, promptTokens: number): Rates {
  let rates: Rates = price;
  for (const tier of price.tiers) if (promptTokens > tier.minPromptTokens) rates = { ...rates, ...tier.rates };
  return rates;
}

/** The dearest rate per prompt token (cache writes included) and per completion token (reasoning included), over all tiers. */
export function dearest(price: Price): { readonly input: Femto; readonly output: Femto } {
  const all: readonly Partial<Rates>[] = [price, ...price.tiers.map((tier) => tier.rates)];
  return {
    input: largest(all.flatMap((rates) => [rates.prompt ?? 0n, rates.cacheWrite ?? 0n])),
    output: largest(all.flatMap((rates) => [rates.completion ?? 0n, rates.reasoning ?? 0n])),
  };
}
