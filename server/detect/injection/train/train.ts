// Trains the injection model: `npm run train:injection [-- --data DIR] [--out FILE]`. The same data gives the same file.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ModelCard } from '../model.ts';
import { readCorpus } from './corpus.ts';
import { attackSets, foldWithout, trainingRows } from './cross-validate.ts';
import { type Example, NOT_FOR_TRAINING } from './dataset.ts';
import { fitLinear } from './fit.ts';
import { LICENCES } from './licences.ts';
import { quantised } from './quantise.ts';

const here = import.meta.dirname;
const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
const data = resolve(values.data ?? join(here, '../../../../../shared/data'), 'injection');
const out = values.out ?? join(here, '..', 'injection-model.bin');

/** Said by hand, so that the same data gives the same bytes on any day. */
const TRAINED = '2026-11-22';

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function main(): void {
  const corpus = readCorpus(data);
  const folds = attackSets(corpus).map((set) => {
    const { model: _, ...figures } = foldWithout(corpus, set);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    return figures;
  });
  const mean = (of: (fold: (typeof folds)[number]) => number) =>
    folds.reduce((sum, fold) => sum + of(fold), 0) / folds.length;
  const flagAt = mean((fold) => fold.flagAt);
  const blockAt = mean((fold) => fold.blockAt);
  const model = quantised(fitLinear(trainingRows(corpus, { without: null, all: true })), corpus.vocabulary, {
    name: 'callgate-injection',
    trained: TRAINED,
    trainedOn: sources([...corpus.given, ...corpus.own, ...corpus.repository]),
    scores: {
      how: 'Percent of each set’s attacks that are found by a model which saw neither them nor near-duplicates of them, at its own thresholds. Rules and our own templates were written with some of the texts of pif-benchmark, giskard and jackhhao in view.',
      leaveOneSetOut: folds,
    },
    flagAt,
    blockAt,
  });
  const file = model.write();
  writeFileSync(out, file);
  process.stdout.write(`${out}: ${file.length} bytes, flag at ${flagAt.toFixed(2)}, block at ${blockAt.toFixed(2)}\n`);
}

function sources(examples: readonly Example[]): ModelCard['trainedOn'] {
  const rows = new Map<string, number>();
  for (const { source } of examples) rows.set(source, (rows.get(source) ?? 0) + 1);
  return [...rows]
    .filter(([source]) => !NOT_FOR_TRAINING.has(source))
    .map(([source, count]) => ({ source, rows: count, licence: LICENCES[source] ?? 'unknown' }));
}
