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
  readonly id: string;
  readonly limit: number | null;
  readonly spent: number;
  readonly reserved: number;
};

export type BudgetVerdict =
  /** `maxTokens` is what must be sent upstream; null: nothing need be. */
  | { readonly kind: 'reserve'; readonly nano: number; readonly maxTokens: number | null }
  /** Count the input with a tokenizer and ask again. */
  | { readonly kind: 'count' }
  /** Calls in flight hold what is missing at this layer. */
  | { readonly kind: 'wait'; readonly layer: string }
  /** Nothing is left at this layer. */
  | { readonly kind: 'exhausted'; readonly layer: string }
  /** This call is too dear for what is left; `affordable` output tokens would fit. */
  | { readonly kind: 'too_dear'; readonly layer: string; readonly requested: number; readonly affordable: number };

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
  const limited = standings.filter((standing) => standing.limit !== null);
  const wanted = bound.maxTokens ?? bound.modelMaximum ?? ASSUMED_MAXIMUM;
  const amount = amountFor(bound, wanted);
  // Upstream need be told nothing that it does not know, unless the maximum is only assumed.
  const isAssumed = bound.maxTokens === null && bound.modelMaximum === null;

  const now = tightest(limited, (layer) => layer.reserved);
  if (limited.length === 0) return { kind: 'reserve', nano: Math.min(amount, MOST_HELD), maxTokens: null };
  if (amount <= now.room) return { kind: 'reserve', nano: amount, maxTokens: isAssumed ? wanted : null };
  if (!bound.counted) return { kind: 'count' };

  const settled = tightest(limited, () => 0);
  if (bound.maxTokens === null || bound.clamp) {
    const least = Math.min(wanted, bound.reasoningTokens + LEAST_ANSWER);
    const beside = Math.min(wanted, affordableTokens(bound, now.room));
    const alone = Math.min(wanted, affordableTokens(bound, settled.room));
    const othersInFlight = limited.some((layer) => layer.reserved > 0);
    if (beside >= Math.max(least, othersInFlight ? Math.min(alone, LEAST_BESIDE_OTHERS) : 0)) {
      return { kind: 'reserve', nano: amountFor(bound, beside), maxTokens: beside };
    }
    if (alone >= least) return { kind: 'wait', layer: now.layer };
  } else if (amount <= settled.room) return { kind: 'wait', layer: now.layer };

  const empty = limited.find((layer) => layer.spent >= (layer.limit ?? 0));
  if (empty) return { kind: 'exhausted', layer: empty.id };
  return {
    kind: 'too_dear',
    layer: settled.layer,
    requested: wanted,
    affordable: Math.max(0, affordableTokens(bound, settled.room)),
  };
}

/** The least that is left over all layers, and where; `held` says how much of a layer is taken besides what was spent. */
function tightest(layers: readonly Standing[], held: (layer: Standing) => number): { room: number; layer: string } {
  let found = { room: Number.POSITIVE_INFINITY, layer: '' };
  for (const layer of layers) {
    const room = (layer.limit ?? 0) - layer.spent - held(layer);
    if (room < found.room) found = { room, layer: layer.id };
  }
  return found;
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
