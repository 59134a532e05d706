import { BLOCK_SCORE, Detector } from '../detect-injection.ts';
import type { InjectionModel } from '../model.ts';
import type { Corpus } from './corpus.ts';
import { type Example, NOT_FOR_TRAINING, nearDuplicates } from './dataset.ts';
import { fitLinear, type Linear, logitOf, type Row, rowsOf } from './fit.ts';
import { quantised } from './quantise.ts';

/** Shares of harmless texts above the two thresholds; on texts of other kinds they come out several times higher. */
const FLAG_SHARE = 0.0015;
const BLOCK_SHARE = 0.0003;
/** What the texts of a source may weigh together, so that the largest does not decide alone. */
const CAPS: Readonly<Record<string, number>> = { 'callgate-attacks': 2_000, 'callgate-benign': 1_500 };
const CAP = 1_200;
const MOST_ATTACK_WINDOWS = 3;
const MOST_HARMLESS_WINDOWS = 6;

export type Fold = {
  readonly set: string;
  readonly attacks: number;
  /** Percent found by rules alone, and by rules and model from the scores for flagging and for blocking. */
  readonly rules: number;
  readonly flagged: number;
  readonly blocked: number;
  readonly flagAt: number;
  readonly blockAt: number;
  readonly model: InjectionModel;
};

/** The sets that hold attacks and may be learned from. */
export function attackSets({ given }: Corpus): readonly string[] {
  const sets = new Set(given.filter(({ label }) => label === 1).map(({ source }) => source));
  return [...sets].filter((set) => !NOT_FOR_TRAINING.has(set));
}

/** The harmless texts that no fold learns from: half of each source, and every other one of our own templates. */
export function heldOut(corpus: Corpus): readonly Example[] {
  return [...corpus.given, ...corpus.own, ...corpus.repository].filter((example) => isHeldOut(example));
}

/** A model that saw neither this set of attacks, nor what is like it, nor what is held out; and what it finds of the set. */
export function foldWithout(corpus: Corpus, set: string): Fold {
  const linear = fitLinear(trainingRows(corpus, { without: set, all: false }));
  const logits = heldOut(corpus)
    .map(({ text }) => highest(linear, rowsOf(text, 0, corpus.book, 100)))
    .sort((a, b) => b - a);
  const at = (share: number) => logits[Math.floor(share * logits.length)] ?? 0;
  const flagAt = at(FLAG_SHARE);
  const blockAt = Math.max(at(BLOCK_SHARE), flagAt + 1);
  const card = { name: `without ${set}`, trained: '', trainedOn: [], scores: {}, flagAt, blockAt };
  const model = quantised(linear, corpus.vocabulary, card);
  const detector = new Detector(model);
  const attacks = corpus.given.filter(({ source, label }) => source === set && label === 1);
  const scoreOf = (text: string, withModel: boolean) =>
    Math.max(0, ...detector.detect(text, { model: withModel }).map(({ score = 0 }) => score));
  const percent = (found: (text: string) => boolean) =>
    Math.round((1_000 * attacks.filter(({ text }) => found(text)).length) / attacks.length) / 10;
  return {
    set,
    attacks: attacks.length,
    rules: percent((text) => scoreOf(text, false) > 0),
    flagged: percent((text) => scoreOf(text, true) > 0),
    blocked: percent((text) => scoreOf(text, true) >= BLOCK_SCORE),
    flagAt: Math.round(flagAt * 1_000) / 1_000,
    blockAt: Math.round(blockAt * 1_000) / 1_000,
    model,
  };
}

function highest(model: Linear, rows: readonly Row[]): number {
  return rows.reduce((most, row) => Math.max(most, logitOf(model, row)), Number.NEGATIVE_INFINITY);
}

/** By what the text is, so that it is the same whatever else the data holds. */
function isHeldOut({ text, label, line }: Example): boolean {
  if (label === 1) return false;
  if (line !== undefined) return line % 2 === 0;
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return ((hash >>> 3) & 1) === 0;
}

/** The rows to learn from: without one set and what is like it, and, unless `all`, without the texts that are held out. */
export function trainingRows(
  corpus: Corpus,
  { without, all }: { readonly without: string | null; readonly all: boolean },
): readonly Row[] {
  const isLike = nearDuplicates(
    corpus.given.filter(({ source, label }) => source === without && label === 1).map(({ text }) => text),
  );
  const chosen = [...corpus.given, ...corpus.own, ...corpus.repository].filter(
    (example) =>
      example.source !== without &&
      !NOT_FOR_TRAINING.has(example.source) &&
      (all || !isHeldOut(example)) &&
      !(without !== null && example.label === 1 && isLike(example.text)),
  );
  const sizes = new Map<string, number>();
  const groupOf = ({ source, label }: Example) => `${source} ${label}`;
  for (const example of chosen) sizes.set(groupOf(example), (sizes.get(groupOf(example)) ?? 0) + 1);
  return chosen.flatMap((example) => {
    const share = Math.min(1, (CAPS[example.source] ?? CAP) / (sizes.get(groupOf(example)) ?? 1));
    const most = example.label === 1 ? MOST_ATTACK_WINDOWS : MOST_HARMLESS_WINDOWS;
    const rows = rowsOf(example.text, example.label, corpus.book, most);
    rows.forEach((row, index) => {
      // The beginning of an attack says most; what comes after may be harmless in itself.
      row.weight = share * (example.label === 1 ? (index === 0 ? 1 : 0.4) : 0.7);
    });
    return rows;
  });
}
