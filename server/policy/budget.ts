/**
 * Whether a call fits under its limits: pure, called inside the store's transaction. Money in nano-dollars, rates in femto-dollars.
 */

/** The most a call can cost. */
export type CallBound = {
  /** Input and per-request price, at the dearest rate of every endpoint that may serve the call. */
  readonly inputNano: number;
  /** One output token at the dearest rate, times the number of choices. */
  readonly outputFemtoPerToken: bigint;
  /** What the request asks for; null when it names no maximum. */
  readonly maxTokens: number | null;
  /** The model's own maximum; null when unknown. */
  readonly modelMaximum: number | null;
  /** Whether an explicit maximum may be lowered. */
  readonly clamp: boolean;
  /** Tokens set aside for reasoning, which an answer must have on top. */
  readonly reasoningTokens: number;
  /** False while the input is bounded by its bytes; a tokenizer's count may still make it fit. */
  readonly counted: boolean;
};

export type Standing = {
  readonly limit: number | null;
  readonly spent: number;
  /** Held by calls in flight, and by those that have waited longer. */
  readonly reserved: number;
};

/** Layers are told by their place in the list. */
export type BudgetVerdict =
  /** `maxTokens` is what must be sent upstream; null: nothing need be. */
  | { readonly kind: 'reserve'; readonly nano: number; readonly maxTokens: number | null }
  /** Count the input with a tokenizer and ask again. */
  | { readonly kind: 'count' }
  /** Calls in flight hold what is missing at this layer; `nano` is the least that it waits for, at every layer. */
  | { readonly kind: 'wait'; readonly layer: number; readonly nano: number }
  /** Nothing is left at these layers, one or more. */
  | { readonly kind: 'exhausted'; readonly layers: readonly number[] }
  /** This call is too dear for what is left at these layers, one or more; `affordable` output tokens would fit at all. */
  | {
      readonly kind: 'too_dear';
      readonly layers: readonly number[];
      readonly nano: number;
      readonly requested: number;
      readonly affordable: number;
    };

/** An answer shorter than this is of no use to anyone: no clamp goes below it. */
export const LEAST_ANSWER = 256;
/** A call is not cut to less than this only because others are in flight: it waits for them instead. */
export const LEAST_BESIDE_OTHERS = 4096;
/** What a model whose maximum nobody knows is taken to write at most, under a limit. */
export const ASSUMED_MAXIMUM = 32_768;

/** Held, in nano-dollars, for a call that no limit applies to, at most: a maximum of any size must not overflow the sums. */
const MOST_HELD = 1e12;

const NANO = 1_000_000n;
const ceilNano = (femto: bigint) => Number((femto + NANO - 1n) / NANO);

/** Decides about one call. Layers without a limit never refuse. */
export function decideBudget(bound: CallBound, standings: readonly Standing[]): BudgetVerdict {
  const wanted = bound.maxTokens ?? bound.modelMaximum ?? ASSUMED_MAXIMUM;
  const amount = amountFor(bound, wanted);
  // Upstream need be told nothing that it does not know, unless the maximum is only assumed.
  const isAssumed = bound.maxTokens === null && bound.modelMaximum === null;

  const now = tightest(standings, (layer) => layer.reserved);
  if (now.layer < 0) return { kind: 'reserve', nano: Math.min(amount, MOST_HELD), maxTokens: null };
  if (amount <= now.room) return { kind: 'reserve', nano: amount, maxTokens: isAssumed ? wanted : null };
  if (!bound.counted) return { kind: 'count' };

  const settled = tightest(standings, () => 0);
  let least = amount;
  if (bound.maxTokens === null || bound.clamp) {
    const answer = Math.min(wanted, bound.reasoningTokens + LEAST_ANSWER);
    least = amountFor(bound, answer);
    const beside = Math.min(wanted, affordableTokens(bound, now.room));
    const alone = Math.min(wanted, affordableTokens(bound, settled.room));
    const othersInFlight = standings.some((layer) => layer.limit !== null && layer.reserved > 0);
    const enough = Math.max(answer, othersInFlight ? Math.min(alone, LEAST_BESIDE_OTHERS) : 0);
    if (beside >= enough) return { kind: 'reserve', nano: amountFor(bound, beside), maxTokens: beside };
    if (alone >= answer) return { kind: 'wait', layer: now.layer, nano: amountFor(bound, enough) };
  } else if (amount <= settled.room) return { kind: 'wait', layer: now.layer, nano: amount };

  const empty = placesOf(standings, (left) => left <= 0);
  if (empty.length > 0) return { kind: 'exhausted', layers: empty };
  return {
    kind: 'too_dear',
    layers: placesOf(standings, (left) => left < least),
    nano: least,
    requested: wanted,
    affordable: Math.max(0, affordableTokens(bound, settled.room)),
  };
}

/** The least that is left over all layers with a limit, and where (-1: none has one); `held` says how much is taken besides what was spent. */
function tightest(layers: readonly Standing[], held: (layer: Standing) => number): { room: number; layer: number } {
  const found = { room: Number.POSITIVE_INFINITY, layer: -1 };
  for (const [at, layer] of layers.entries()) {
    if (layer.limit === null) continue;
    const room = layer.limit - layer.spent - held(layer);
    if (room >= found.room) continue;
    found.room = room;
    found.layer = at;
  }
  return found;
}

/** The layers of whose limit so much is left. */
function placesOf(layers: readonly Standing[], test: (left: number) => boolean): readonly number[] {
  return layers.flatMap(({ limit, spent }, at) => (limit !== null && test(limit - spent) ? [at] : []));
}

function amountFor(bound: CallBound, tokens: number): number {
  return bound.inputNano + ceilNano(bound.outputFemtoPerToken * BigInt(tokens));
}

function affordableTokens(bound: CallBound, room: number): number {
  const left = room - bound.inputNano;
  if (left < 0) return -1;
  if (left === Number.POSITIVE_INFINITY || bound.outputFemtoPerToken === 0n) return Number.MAX_SAFE_INTEGER;
  return Number((BigInt(left) * NANO) / bound.outputFemtoPerToken);
}
