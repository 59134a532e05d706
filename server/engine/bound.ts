import type { CallBound } from '../policy/budget.ts';
import { largest, nanoOf } from '../pricing/money.ts';
import { dearest } from '../pricing/price.ts';
import { loadTokenizer } from '../pricing/tokenizer.ts';
import { boundByBytes, boundByCount, likelyTokens, weigh } from '../pricing/weigh.ts';
import type { Route } from './eligible.ts';
import type { JsonObject } from './resolve-preset.ts';

/** The most a call can cost over every endpoint that may serve it; made exact by `count` when bytes alone do not fit. */
export type Bound = {
  readonly weight: ReturnType<typeof weigh>;
  readonly current: () => CallBound;
  readonly count: () => Promise<void>;
  /** The likeliest number of input tokens, counted once: an input may be megabytes, and a stream asks every second. */
  readonly likelyInput: () => Promise<number>;
};

/** Bounds a request over its routes. `clamp`: the key's or the request's wish that an explicit maximum may be lowered. */
export function boundOf(request: JsonObject, routes: readonly Route[], clamp: boolean): Bound {
  const weight = weigh(request);
  const endpoints = routes.flatMap((route) => route.endpoints);
  const rates = endpoints.flatMap(({ model }) => (model.price ? [dearest(model.price)] : []));
  const inputRate = largest(rates.map((rate) => rate.input));
  const outputRate = largest(rates.map((rate) => rate.output));
  const perCall = largest(
    endpoints.map(({ model }) => (model.price ? model.price.request + BigInt(weight.images) * model.price.image : 0n)),
  );
  const inputNano = (tokens: number) => nanoOf(BigInt(tokens) * inputRate + perCall);

  const maxima = endpoints.map(({ model }) => model.maxCompletionTokens ?? model.contextLength);
  let bound: CallBound = {
    inputNano: inputNano(boundByBytes(weight)),
    outputFemtoPerToken: outputRate * BigInt(choicesOf(request)),
    maxTokens: maximumOf(request),
    modelMaximum: maxima.includes(null) ? null : Math.max(...maxima.map(Number)),
    clamp,
    reasoningTokens: reasoningOf(request),
    // An input that costs nothing has nothing to count.
    counted: inputRate === 0n,
  };
  let likely: Promise<number> | undefined;
  return {
    weight,
    likelyInput: () => {
      likely ??= loadTokenizer().then((countTokens) => likelyTokens(weight, countTokens));
      return likely;
    },
    current: () => bound,
    count: async () => {
      const countTokens = await loadTokenizer();
      bound = { ...bound, inputNano: inputNano(boundByCount(weight, countTokens)), counted: true };
    },
  };
}

const wholeNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : null;

/** Of two maxima the larger: which of the names a provider heeds is not known here. */
function maximumOf(request: JsonObject): number | null {
  const named = [request['max_completion_tokens'], request['max_tokens']]
    .map(wholeNumber)
    .filter((one) => one !== null);
  return named.length > 0 ? Math.max(...named) : null;
}

const choicesOf = (request: JsonObject) => Math.max(1, wholeNumber(request['n']) ?? 1);

function reasoningOf(request: JsonObject): number {
  const reasoning = request['reasoning'];
  if (typeof reasoning !== 'object' || reasoning === null || !('max_tokens' in reasoning)) return 0;
  return wholeNumber(reasoning.max_tokens) ?? 0;
}
