import { CONCEPT_BUCKETS, Features, WORD_BUCKETS } from '../features.ts';
import { normalise } from '../normalise.ts';
import { tokenise } from '../tokens.ts';
import { windowsOf } from '../windows.ts';
import type { WordBook } from '../word-book.ts';
import { randomOf } from './expand.ts';

/** One window of one text, as the model sees it. */
export type Row = { readonly words: Int32Array; readonly concepts: Int32Array; readonly label: 0 | 1; weight: number };

export type Linear = { bias: number; readonly words: Float32Array; readonly concepts: Float32Array };

const features = new Features();

/** The windows of a text as rows, at most so many of them. */
export function rowsOf(text: string, label: 0 | 1, book: WordBook, most: number): readonly Row[] {
  const tokens = tokenise(normalise(text).text, book);
  if (tokens.count === 0) return [];
  const windows = windowsOf(tokens.count);
  const large = windows.filter(({ small }) => !small).slice(0, most);
  const small = windows.filter((window) => window.small).slice(0, most);
  return [...large, ...small].map(({ from, to }) => {
    features.read(tokens, from, to);
    return {
      words: features.words.found.slice(0, features.words.count),
      concepts: features.concepts.found.slice(0, features.concepts.count),
      label,
      weight: 1,
    };
  });
}

export type Settings = {
  readonly epochs: number;
  readonly rate: number;
  readonly decay: number;
  readonly conceptGain: number;
};
export const SETTINGS: Settings = { epochs: 6, rate: 0.25, decay: 2e-6, conceptGain: 1 };

/** Logistic regression by AdaGrad; the same rows in the same order give the same weights. */
export function fitLinear(rows: readonly Row[], settings: Settings = SETTINGS): Linear {
  const words = new Float32Array(WORD_BUCKETS);
  const concepts = new Float32Array(CONCEPT_BUCKETS);
  const wordSquares = new Float32Array(WORD_BUCKETS).fill(1e-3);
  const conceptSquares = new Float32Array(CONCEPT_BUCKETS).fill(1e-3);
  let bias = 0;
  let biasSquares = 1e-3;
  const order = rows.map((_, index) => index);
  const random = randomOf(7);
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    for (let index = order.length - 1; index > 0; index--) {
      const other = Math.floor(random() * (index + 1));
      const kept = order[index] ?? 0;
      order[index] = order[other] ?? 0;
      order[other] = kept;
    }
    for (const at of order) {
      const row = rows[at];
      if (!row || row.weight === 0) continue;
      const wordValue = 1 / Math.sqrt(row.words.length || 1);
      const conceptValue = settings.conceptGain / Math.sqrt(row.concepts.length || 1);
      const logit = bias + wordValue * total(words, row.words) + conceptValue * total(concepts, row.concepts);
      const error = (1 / (1 + Math.exp(-logit)) - row.label) * row.weight;
      step(words, wordSquares, row.words, error * wordValue, settings);
      step(concepts, conceptSquares, row.concepts, error * conceptValue, settings);
      biasSquares += error * error;
      bias -= (settings.rate * error) / Math.sqrt(biasSquares);
    }
  }
  if (settings.conceptGain !== 1)
    for (let index = 0; index < concepts.length; index++)
      concepts[index] = (concepts[index] ?? 0) * settings.conceptGain;
  return { bias, words, concepts };
}

function total(weights: Float32Array, found: Int32Array): number {
  let sum = 0;
  for (let index = 0; index < found.length; index++) sum += weights[found[index] as number] as number;
  return sum;
}

function step(
  weights: Float32Array,
  squares: Float32Array,
  found: Int32Array,
  slope: number,
  settings: Settings,
): void {
  for (let index = 0; index < found.length; index++) {
    const at = found[index] as number;
    const weight = weights[at] as number;
    const gradient = slope + settings.decay * weight;
    const square = (squares[at] as number) + gradient * gradient;
    squares[at] = square;
    weights[at] = weight - (settings.rate * gradient) / Math.sqrt(square);
  }
}

export function logitOf(model: Linear, row: Row): number {
  return (
    model.bias +
    total(model.words, row.words) / Math.sqrt(row.words.length || 1) +
    total(model.concepts, row.concepts) / Math.sqrt(row.concepts.length || 1)
  );
}
