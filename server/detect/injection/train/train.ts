// Trains the injection model: `npm run train:injection [-- --data DIR]`. The same data gives the same file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CONCEPT_BUCKETS, WORD_BUCKETS } from '../features.ts';
import { InjectionModel, type ModelCard } from '../model.ts';
import { WordBook } from '../word-book.ts';
import { type Corpus, crossValidate, OWN_REPOSITORY, trainingRows } from './cross-validate.ts';
import { type Example, ownExamples, readExamples } from './dataset.ts';
import { fitLinear, type Linear } from './fit.ts';
import { LICENCES } from './licences.ts';

const here = import.meta.dirname;
const root = resolve(here, '../../../..');
const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
const data = resolve(values.data ?? join(root, '../shared/data'), 'injection');
const out = values.out ?? join(here, '..', 'injection-model.bin');

/** Said by hand, so that the same data gives the same bytes on any day. */
const TRAINED = '2026-11-22';
const VOCABULARY = 6_000;
const TEXTS_A_TEMPLATE = 20;

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function main(): void {
  const given = readExamples(data);
  const own = ownExamples(here, TEXTS_A_TEMPLATE);
  const repository = readFileSync(join(here, OWN_REPOSITORY), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Example);
  const vocabulary = frequentWords([...given, ...own, ...repository]);
  const corpus: Corpus = { given, own, repository, book: new WordBook(vocabulary) };
  const folds = crossValidate(corpus);
  for (const fold of folds) process.stdout.write(`${JSON.stringify(fold)}\n`);
  const mean = (of: (fold: (typeof folds)[number]) => number) =>
    folds.reduce((sum, fold) => sum + of(fold), 0) / folds.length;
  const linear = fitLinear(trainingRows(corpus, { without: null, all: true }));
  const card = { flagAt: mean(({ flagAt }) => flagAt), blockAt: mean(({ blockAt }) => blockAt) };
  const model = quantised(linear, vocabulary, {
    ...card,
    name: 'callgate-injection',
    trained: TRAINED,
    trainedOn: sources([...given, ...own, ...repository]),
    scores: {
      how: 'Each set’s attacks by a model that saw neither them nor near-duplicates, at the thresholds of this file; harmless texts held out.',
      leaveOneSetOut: folds,
    },
  });
  const file = model.write();
  writeFileSync(out, file);
  process.stdout.write(
    `${out}: ${file.length} bytes, flag at ${card.flagAt.toFixed(2)}, block at ${card.blockAt.toFixed(2)}\n`,
  );
}

function frequentWords(examples: readonly Example[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { text } of examples) {
    for (const word of new Set(text.toLowerCase().match(/[a-z][a-z']+/g)))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .filter(([word, count]) => count >= 3 && word.length <= 16)
    .sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
    .slice(0, VOCABULARY)
    .map(([word]) => word);
}

function sources(examples: readonly Example[]): ModelCard['trainedOn'] {
  const rows = new Map<string, number>();
  for (const { source } of examples) if (source in LICENCES) rows.set(source, (rows.get(source) ?? 0) + 1);
  return [...rows].map(([source, count]) => ({ source, rows: count, licence: LICENCES[source] ?? 'unknown' }));
}

function quantised(
  linear: Linear,
  vocabulary: readonly string[],
  card: Omit<ModelCard, 'bias' | 'wordScale' | 'conceptScale'>,
): InjectionModel {
  const words = bytes(linear.words, WORD_BUCKETS);
  const concepts = bytes(linear.concepts, CONCEPT_BUCKETS);
  const whole: ModelCard = { ...card, bias: linear.bias, wordScale: words.scale, conceptScale: concepts.scale };
  return new InjectionModel(whole, vocabulary, words.values, concepts.values);
}

/** A byte a weight; the few beyond six standard deviations are cut, so that the rest keep their fine differences. */
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
