import { type Femto, type Nano, nanoOf } from './money.ts';
import type { Price, Rates } from './price.ts';
import { ratesFor } from './rates.ts';
import type { Usage } from './usage.ts';

/** `reported`: the provider said it; `computed`: from its token counts; `estimated`: from our own counts; `unknown`: no price. */
export type CostSource = 'reported' | 'computed' | 'estimated' | 'unknown';

export type Cost = {
  readonly nano: Nano;
  readonly source: CostSource;
  /** The computed parts, where a price is known. */
  readonly promptNano: Nano;
  readonly completionNano: Nano;
  /** Searches, and what each call and each image costs by itself. */
  readonly otherNano?: Nano;
};

/** How much more `priority` is taken to cost where nobody says: OpenAI charges 1.7 to 2.5 times its standard price. */
const PRIORITY_MARGIN = { numerator: 5n, denominator: 2n };

/**
 * What a call cost. A reported cost wins over the computed one. Cached and cache-written tokens are parts of the prompt and are
 * charged once, at their own rate where there is one; reasoning is part of the completion unless priced apart. `at` is when it was
 * answered: some prices change with the hour. The sum is rounded once, up.
 */
export function costOf(
  price: Price | null,
  usage: Usage,
  images: number,
  estimated: boolean,
  at: Date = new Date(),
): Cost {
  const parts = price ? partsOf(price, usage, images, at) : null;
  const promptNano = parts ? nanoOf(parts.prompt) : 0;
  const completionNano = parts ? nanoOf(parts.completion) : 0;
  const otherNano = parts ? nanoOf(parts.other) : 0;
  const told = { promptNano, completionNano, otherNano };
  if (usage.reportedCost !== null) return { nano: usage.reportedCost, source: 'reported', ...told };
  if (!parts) return { nano: 0, source: 'unknown', ...told };
  const nano = nanoOf(parts.prompt + parts.completion + parts.other);
  return { nano, source: estimated || parts.guessed ? 'estimated' : 'computed', ...told };
}

type Parts = {
  readonly prompt: Femto;
  readonly completion: Femto;
  readonly other: Femto;
  /** Whether a rate had to be guessed. */
  readonly guessed: boolean;
};

function partsOf(price: Price, usage: Usage, images: number, at: Date): Parts {
  const { serviceTier, webSearches } = usage;
  const rates = ratesFor(price, usage.prompt, at, serviceTier);
  const unpricedTier = serviceTier !== null && price.serviceTiers?.[serviceTier] === undefined;
  const dearer = (femto: Femto) =>
    unpricedTier && serviceTier === 'priority'
      ? (femto * PRIORITY_MARGIN.numerator + PRIORITY_MARGIN.denominator - 1n) / PRIORITY_MARGIN.denominator
      : femto;
  return {
    prompt: dearer(promptOf(rates, usage)),
    completion: dearer(completionOf(rates, usage)),
    other: rates.request + times(images, rates.image) + times(webSearches, rates.webSearch ?? 0n),
    guessed: unpricedTier || (webSearches > 0 && (rates.webSearch ?? null) === null),
  };
}

/** Each token once: cached, then written, then what was heard or seen, and the rest is text. */
function promptOf(rates: Rates, usage: Usage): Femto {
  const take = taker(usage.prompt);
  const cached = take(usage.cached);
  const cachedAudio = Math.min(cached, usage.cachedAudio);
  const written = take(usage.cacheWrite);
  const hourly = Math.min(written, usage.cacheWrite1h);
  const audio = take(usage.audioInput - cachedAudio);
  const image = take(usage.imageInput);
  const readRate = rates.cacheRead ?? rates.prompt;
  const writeRate = rates.cacheWrite ?? rates.prompt;
  return (
    times(cached - cachedAudio, readRate) +
    times(cachedAudio, rates.audioCache ?? readRate) +
    times(written - hourly, writeRate) +
    times(hourly, rates.cacheWrite1h ?? writeRate) +
    times(audio, rates.audio ?? rates.prompt) +
    times(image, rates.imageToken ?? rates.prompt) +
    times(take(usage.prompt), rates.prompt)
  );
}

function completionOf(rates: Rates, usage: Usage): Femto {
  const take = taker(usage.completion);
  return (
    times(take(usage.reasoning), rates.reasoning ?? rates.completion) +
    times(take(usage.audioOutput), rates.audioOutput ?? rates.completion) +
    times(take(usage.imageOutput), rates.imageOutput ?? rates.completion) +
    times(take(usage.completion), rates.completion)
  );
}

/** Most counts are zero, and big integers are dear to make. */
const times = (count: number, rate: Femto): Femto => (count === 0 ? 0n : BigInt(count) * rate);

/** Takes parts of a whole until nothing is left, so that no token is charged twice whatever a provider says of its parts. */
function taker(whole: number): (part: number) => number {
  let left = whole;
  return (part) => {
    const taken = Math.max(0, Math.min(part, left));
    left -= taken;
    return taken;
  };
}
