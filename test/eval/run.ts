// How good the detectors are, on texts that no training saw: `npm run eval:detect [-- --data DIR | --only pii | --only speed]`.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InjectionModel } from '../../server/detect/injection/model.ts';
import { readCorpus } from '../../server/detect/injection/train/corpus.ts';
import { readExamples } from '../../server/detect/injection/train/dataset.ts';
import { disguised, leaveOneOut, onOther, speed } from './injection.ts';
import { personalData } from './pii.ts';
import { foreignHarmless } from './pools.ts';

const root = resolve(import.meta.dirname, '../..');
const shared = resolve(root, '../shared/data');
const { values } = parseArgs({ options: { data: { type: 'string' }, only: { type: 'string' } } });
const print = (line: string) => process.stdout.write(`${line}\n`);

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function main(): void {
  const model = InjectionModel.read(readFileSync(join(root, 'server/detect/injection/injection-model.bin')));
  if (values.data !== undefined) {
    // A folder of other sets: the shipped model as it is, which must not have seen them for the figures to mean anything.
    const folder = resolve(values.data);
    print(`# Prompt injection, the shipped model on ${folder}`);
    onOther(model, readExamples(existsSync(join(folder, 'injection')) ? join(folder, 'injection') : folder), print);
    return;
  }
  if (values.only === 'pii') {
    pii();
    return;
  }
  const corpus = readCorpus(join(shared, 'injection'));
  const time = () => {
    print('# Speed of injection detection, rules and model\n');
    speed(model, corpus, print);
  };
  if (values.only === 'speed') {
    time();
    return;
  }
  if (values.only !== undefined) throw new Error(`--only takes pii or speed, not ${values.only}`);
  print('# Prompt injection, each set by a model that never saw it\n');
  leaveOneOut(corpus, foreignHarmless(shared, root), print);
  print('\n# Disguises\n');
  disguised(corpus, print);
  print('');
  time();
  print('');
  pii();
}

function pii(): void {
  print('# Personal data, tuned on these sets; names and addresses by rules alone\n');
  personalData(shared, print);
}
