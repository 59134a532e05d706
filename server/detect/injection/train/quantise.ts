import { CONCEPT_BUCKETS, WORD_BUCKETS } from '../features.ts';
import { InjectionModel, type ModelCard } from '../model.ts';
import type { Linear } from './fit.ts';

/** The model with a byte a weight, as it is shipped. */
export function quantised(
  linear: Linear,
  vocabulary: readonly string[],
  card: Omit<ModelCard, 'bias' | 'wordScale' | 'conceptScale'>,
): InjectionModel {
  const words = bytes(linear.words, WORD_BUCKETS);
  const concepts = bytes(linear.concepts, CONCEPT_BUCKETS);
  const whole: ModelCard = { ...card, bias: linear.bias, wordScale: words.scale, conceptScale: concepts.scale };
  return new InjectionModel(whole, vocabulary, words.values, concepts.values);
}

/** Those beyond six standard deviations are cut, so that the rest keep their fine differences. */
function bytes(weights: Float32Array, count: number): { readonly values: Int8Array; readonly scale: number } {
  let squares = 0;
  let used = 0;
  for (const weight of weights) {
    if (weight === 0) continue;
    squares += weight * weight;
    used++;
  }
  const scale = (6 * Math.sqrt(squares / Math.max(1, used))) / 127;
  const values = new Int8Array(count);
  for (let at = 0; at < count; at++) values[at] = Math.max(-127, Math.min(127, Math.round((weights[at] ?? 0) / scale)));
  return { values, scale };
}
