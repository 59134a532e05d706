import { CONCEPT_BUCKETS, type FeatureSet, type Features, WORD_BUCKETS } from './features.ts';

/** What the model file says of itself. */
export type ModelCard = {
  readonly name: string;
  readonly trained: string;
  readonly trainedOn: readonly { readonly source: string; readonly rows: number; readonly licence: string }[];
  readonly scores: Readonly<Record<string, unknown>>;
  readonly bias: number;
  readonly wordScale: number;
  readonly conceptScale: number;
  /** The logits at which the score is 0.5 (`flag`) and 0.9 (`block`). */
  readonly flagAt: number;
  readonly blockAt: number;
};

const MAGIC = 'callgate-injection-model 1\n';

/** A linear model over hashed words and over concepts, its weights in a byte each. */
export class InjectionModel {
  readonly card: ModelCard;
  /** Frequent words, most frequent first: what a shuffled or spaced word is read as. */
  readonly vocabulary: readonly string[];
  readonly #words: Int8Array;
  readonly #concepts: Int8Array;
  readonly #steepness: number;

  constructor(card: ModelCard, vocabulary: readonly string[], words: Int8Array, concepts: Int8Array) {
    this.card = card;
    this.vocabulary = vocabulary;
    this.#words = words;
    this.#concepts = concepts;
    this.#steepness = Math.log(9) / (card.blockAt - card.flagAt);
  }

  /** Reads a model file: magic line, card as one line of JSON, vocabulary as one line, then the weights. Throws when it is not one. */
  static read(bytes: Uint8Array): InjectionModel {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.subarray(0, MAGIC.length).toString('utf8') !== MAGIC) throw new Error('This is no injection model');
    const cardEnd = buffer.indexOf(10, MAGIC.length);
    const wordsEnd = buffer.indexOf(10, cardEnd + 1);
    if (cardEnd < 0 || wordsEnd < 0 || buffer.length !== wordsEnd + 1 + WORD_BUCKETS + CONCEPT_BUCKETS) {
      throw new Error('The injection model is damaged: its length is not what it should be');
    }
    const card = JSON.parse(buffer.subarray(MAGIC.length, cardEnd).toString('utf8')) as ModelCard;
    const vocabulary = buffer
      .subarray(cardEnd + 1, wordsEnd)
      .toString('utf8')
      .split(' ');
    const weights = new Int8Array(buffer.subarray(wordsEnd + 1));
    return new InjectionModel(card, vocabulary, weights.subarray(0, WORD_BUCKETS), weights.subarray(WORD_BUCKETS));
  }

  /** The file that `read` reads. */
  write(): Buffer {
    const text = `${MAGIC}${JSON.stringify(this.card)}\n${this.vocabulary.join(' ')}\n`;
    return Buffer.concat([Buffer.from(text), Buffer.from(this.#words), Buffer.from(this.#concepts)]);
  }

  /** Of a window that was read into `features`. */
  logit(features: Features): number {
    const { bias, wordScale, conceptScale } = this.card;
    return (
      bias + wordScale * weigh(features.words, this.#words) + conceptScale * weigh(features.concepts, this.#concepts)
    );
  }

  /** 0 to 1: 0.5 where a text is worth a flag, 0.9 where it may be blocked. */
  score(logit: number): number {
    return 1 / (1 + Math.exp(-this.#steepness * (logit - this.card.flagAt)));
  }
}

function weigh(set: FeatureSet, weights: Int8Array): number {
  if (set.count === 0) return 0;
  let sum = 0;
  for (let index = 0; index < set.count; index++) sum += weights[set.found[index] ?? 0] ?? 0;
  return sum / Math.sqrt(set.count);
}
