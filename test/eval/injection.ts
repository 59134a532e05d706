import { Detector } from '../../server/detect/injection/detect-injection.ts';
import type { InjectionModel } from '../../server/detect/injection/model.ts';
import type { Corpus } from '../../server/detect/injection/train/corpus.ts';
import { attackSets, foldWithout, heldOut } from '../../server/detect/injection/train/cross-validate.ts';
import type { Example } from '../../server/detect/injection/train/dataset.ts';
import { EVASIONS } from './evasions.ts';

type Print = (line: string) => void;
const percent = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1).padStart(5)} %`;
const LONGEST_EVADED = 1_500;

/** The highest score of a text, 0 when nothing is found above `floor`. */
const scorer = (model: InjectionModel, floor = 0.01) => {
  const detector = new Detector(model);
  return (text: string) =>
    Math.max(0, ...detector.detect(text, { model: true, threshold: floor }).map(({ score = 0 }) => score));
};

/** Each set by a model that never saw it: what is found at the scores for flag and block, and at thresholds that give a stated share of false alarms. */
export function leaveOneOut(corpus: Corpus, foreign: readonly Example[], print: Print): void {
  const harmless = [...heldOut(corpus), ...foreign];
  const means = { flag: 0, block: 0, half: 0, tenth: 0, rules: 0 };
  const alarms = new Map<string, { texts: number; flag: number; block: number }>();
  const sets = attackSets(corpus);
  print('set                       attacks   rules    flag   block  @0.5 % FPR  @0.1 % FPR');
  for (const set of sets) {
    const fold = foldWithout(corpus, set);
    const score = scorer(fold.model);
    const quiet = harmless.map(({ text, source }) => ({ source, score: score(text) }));
    for (const { source, score: found } of quiet) {
      const counts = alarms.get(source) ?? { texts: 0, flag: 0, block: 0 };
      counts.texts++;
      if (found >= 0.5) counts.flag++;
      if (found >= 0.9) counts.block++;
      alarms.set(source, counts);
    }
    const falling = quiet.map((one) => one.score).sort((a, b) => b - a);
    const found = corpus.given
      .filter(({ source, label }) => source === set && label === 1)
      .map(({ text }) => score(text));
    const above = (threshold: number) => (100 * found.filter((one) => one > threshold).length) / found.length;
    const half = above(falling[Math.floor(falling.length * 0.005)] ?? 0);
    const tenth = above(falling[Math.floor(falling.length * 0.001)] ?? 0);
    means.flag += fold.flagged / sets.length;
    means.block += fold.blocked / sets.length;
    means.rules += fold.rules / sets.length;
    means.half += half / sets.length;
    means.tenth += tenth / sets.length;
    const cells = [fold.rules, fold.flagged, fold.blocked].map((value) => value.toFixed(1).padStart(7)).join(' ');
    print(
      `${set.padEnd(24)} ${String(fold.attacks).padStart(8)} ${cells} ${half.toFixed(1).padStart(10)} ${tenth.toFixed(1).padStart(11)}`,
    );
  }
  const row = [means.rules, means.flag, means.block].map((value) => value.toFixed(1).padStart(7)).join(' ');
  print(
    `${'mean'.padEnd(24)} ${''.padStart(8)} ${row} ${means.half.toFixed(1).padStart(10)} ${means.tenth.toFixed(1).padStart(11)}`,
  );
  print('\nfalse alarms, mean of those models, on harmless texts that none learned from');
  falseAlarms(alarms, print);
}

function falseAlarms(alarms: ReadonlyMap<string, { texts: number; flag: number; block: number }>, print: Print): void {
  const all = { texts: 0, flag: 0, block: 0 };
  for (const [source, { texts, flag, block }] of alarms) {
    print(`${source.padEnd(30)} flag ${percent(flag, texts)}   block ${percent(block, texts)}`);
    all.texts += texts;
    all.flag += flag;
    all.block += block;
  }
  print(`${'all'.padEnd(30)} flag ${percent(all.flag, all.texts)}   block ${percent(all.block, all.texts)}`);
}

/** A model over sets that it may not have seen: `{text, label, source}` rows of any folder. */
export function onOther(model: InjectionModel, examples: readonly Example[], print: Print): void {
  const score = scorer(model);
  const rows = examples.map((example) => ({ ...example, score: score(example.text) }));
  const falling = rows
    .filter(({ label }) => label === 0)
    .map((row) => row.score)
    .sort((a, b) => b - a);
  const half = falling[Math.floor(falling.length * 0.005)] ?? 0.5;
  const tenth = falling[Math.floor(falling.length * 0.001)] ?? 0.9;
  for (const source of new Set(rows.map((row) => row.source))) {
    for (const label of [1, 0] as const) {
      const some = rows.filter((row) => row.source === source && row.label === label);
      if (some.length === 0) continue;
      const at = (threshold: number, inclusive: boolean) =>
        percent(some.filter((row) => (inclusive ? row.score >= threshold : row.score > threshold)).length, some.length);
      const figures = `flag ${at(0.5, true)}   block ${at(0.9, true)}   @0.5 % FPR ${at(half, false)}   @0.1 % FPR ${at(tenth, false)}`;
      print(
        `${source.padEnd(28)} ${label === 1 ? 'attacks ' : 'harmless'} ${String(some.length).padStart(5)}   ${figures}`,
      );
    }
  }
}

/** Disguised attacks, and attacks inside of long documents, against the same in plain words; and harmless texts in the same disguises. */
export function disguised(corpus: Corpus, print: Print): void {
  const set = 'jackhhao';
  const { model } = foldWithout(corpus, set);
  const score = scorer(model, 0.5);
  const short = ({ text }: Example) => text.length <= LONGEST_EVADED && /^[\x20-\x7e\s]+$/.test(text);
  const attacks = corpus.given
    .filter((one) => (one.source === set || one.source === 'pif-benchmark') && one.label === 1 && short(one))
    .slice(0, 300);
  const harmless = heldOut(corpus)
    .filter(short)
    .filter((_, index) => index % 5 === 0);
  const found = (examples: readonly Example[], change: (text: string) => string) =>
    examples.filter(({ text }) => score(change(text)) > 0).length;
  const plain = found(attacks, (text) => text);
  print(
    `plain: ${percent(plain, attacks.length)} of ${attacks.length} attacks (without ${set}; pif-benchmark was learned from), ${percent(
      found(harmless, (text) => text),
      harmless.length,
    )} of ${harmless.length} harmless texts`,
  );
  for (const [name, change] of Object.entries(EVASIONS)) {
    const relative = found(attacks, change) / plain;
    print(
      `${name.padEnd(20)} ${relative.toFixed(2)} of plain, harmless ${percent(found(harmless, change), harmless.length)}`,
    );
  }
  const documents = corpus.repository.map(({ text }) => text);
  let at = 0;
  const inside = (text: string) => {
    const before = `${documents[at++ % documents.length]}\n`.slice(0, 1_500);
    const after = `\n${documents[at++ % documents.length]}`.slice(0, 1_500);
    return before + text + after;
  };
  print(`${'in a long document'.padEnd(20)} ${(found(attacks, inside) / plain).toFixed(2)} of plain`);
}

/** CPU time at two sizes, with the shipped model. */
export function speed(model: InjectionModel, corpus: Corpus, print: Print): void {
  const detector = new Detector(model);
  const prose = corpus.given
    .filter(({ label }) => label === 0)
    .map(({ text }) => text)
    .join('\n');
  for (const size of [1_024, 16_384]) {
    const times: number[] = [];
    for (let run = 0; run < 600; run++) {
      const from = (run * 4_099) % Math.max(1, prose.length - size);
      const text = prose.slice(from, from + size);
      const began = performance.now();
      detector.detect(text, { model: true });
      times.push(performance.now() - began);
    }
    times.splice(0, 200);
    times.sort((a, b) => a - b);
    print(`${size / 1_024} KB: median ${times[200]?.toFixed(3)} ms, p95 ${times[380]?.toFixed(3)} ms`);
  }
}
