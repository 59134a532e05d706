import type { CallBound } from '../policy/budget.ts';
import { nanoOf } from '../pricing/money.ts';
import { dearest, type Needs, serviceTierOf, TEXT_ALONE } from '../pricing/rates.ts';
import { SEARCH_ALLOWANCE, serverWorkOf } from '../pricing/server-work.ts';
import { countTokens } from '../pricing/tokenizer.ts';
import { ALLOWANCE, boundByBytes, boundByCount, boundElsewhere, likelyTokens, weigh } from '../pricing/weigh.ts';
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
  const work = serverWorkOf(request);
  const needs = needsOf(request, weight);
  const choices = BigInt(choicesOf(request));
  let inputRate = 0n;
  let outputRate = 0n;
  let perCall = 0n;
  let context: number | null = 0;
  let modelMaximum: number | null = 0;
  for (const { endpoints } of routes) {
    for (const { model } of endpoints) {
      const { price, contextLength } = model;
      const maximum = model.maxCompletionTokens ?? contextLength;
      modelMaximum = modelMaximum === null || maximum === null ? null : Math.max(modelMaximum, maximum);
      context = context === null || contextLength === null ? null : Math.max(context, contextLength);
      if (!price) continue;
      const rates = dearest(price, needs);
      if (rates.input > inputRate) inputRate = rates.input;
      if (rates.output > outputRate) outputRate = rates.output;
      const fixed =
        rates.request +
        BigInt(weight.images) * rates.image +
        (work.searches === 0 ? 0n : BigInt(work.searches) * (rates.webSearch ?? SEARCH_ALLOWANCE));
      if (fixed > perCall) perCall = fixed;
    }
  }
  const turns = BigInt(work.turns);
  const beside = boundElsewhere(weight, context) + work.searches * ALLOWANCE.search;
  // What a router may spend on its own, where the request says how much, stands for its tools; the last turn is like any call.
  const inputNano = (tokens: number) =>
    work.atMost === null
      ? nanoOf((BigInt(tokens + beside) * inputRate + perCall) * turns)
      : nanoOf(BigInt(tokens + beside) * inputRate + perCall + work.atMost);

  let bound: CallBound = {
    inputNano: inputNano(boundByBytes(weight)),
    outputFemtoPerToken: outputRate * choices * (work.atMost === null ? turns : 1n),
    maxTokens: maximumOf(request),
    modelMaximum,
    clamp,
    reasoningTokens: reasoningOf(request),
    // An input that costs nothing has nothing to count.
    counted: inputRate === 0n,
  };
  let likely: Promise<number> | undefined;
  return {
    weight,
    likelyInput: () => {
      likely ??= likelyTokens(weight, countTokens);
      return likely;
    },
    current: () => bound,
    count: async () => {
      bound = { ...bound, inputNano: inputNano(await boundByCount(weight, countTokens)), counted: true };
    },
  };
}

/** What the request may be charged for beyond text. */
function needsOf(request: JsonObject, weight: Bound['weight']): Needs {
  const { modalities } = request;
  const audioOut = Array.isArray(modalities) && modalities.includes('audio');
  const serviceTier = serviceTierOf(request['service_tier']);
  const { hourCache, audios, images } = weight;
  if (!audioOut && serviceTier === null && !hourCache && audios === 0 && images === 0) return TEXT_ALONE;
  return { hourCache, audioIn: audios > 0, imageIn: images > 0, audioOut, serviceTier };
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
