import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../server/detect/finding.ts';
import { detectPii } from '../../server/detect/pii/detect-pii.ts';
import { CORE_TYPES, GUESSED_TYPES } from '../../server/detect/pii/types.ts';
import { lines } from './pools.ts';

type Span = { readonly start: number; readonly end: number };
type Label = Span & { readonly type: string };

/** Sets whose every entity is labelled, of the types named; in others a find without a label may still be true. */
const SETS: readonly { readonly name: string; readonly types: readonly string[] }[] = [
  { name: 'presidio-generated-large', types: [...CORE_TYPES, ...GUESSED_TYPES] },
  // Its places are not told apart from addresses.
  { name: 'presidio-2020-500', types: [...CORE_TYPES, 'person-name'] },
];
/** Where each text is labelled for one kind of data alone: which kind, by the recogniser that it tests. */
const TESTS = 'presidio-tests';
const TESTED: Readonly<Record<string, string>> = { us_ssn: 'ssn', ip: 'ip-address', email: 'email' };
const NAMES: Readonly<Record<string, string>> = {
  EMAIL_ADDRESS: 'email',
  EMAIL: 'email',
  PHONE_NUMBER: 'phone',
  PHONE: 'phone',
  US_SSN: 'ssn',
  SSN: 'ssn',
  CREDIT_CARD: 'credit-card',
  IP_ADDRESS: 'ip-address',
  IP: 'ip-address',
  IBAN_CODE: 'iban',
  IBAN: 'iban',
  PERSON: 'person-name',
  STREET_ADDRESS: 'address',
  ADDRESS: 'address',
};
type Count = { gold: number; found: number; right: number; met: number };

/** Precision, recall and F1 by overlap of spans: of each core type, and of names and addresses, which are off unless asked for. */
export function personalData(data: string, print: (line: string) => void): void {
  const counts = new Map([...CORE_TYPES, ...GUESSED_TYPES].map((type): [string, Count] => [type, none()]));
  const tested = new Map(Object.values(TESTED).map((type): [string, Count] => [type, none()]));
  let characters = 0;
  let spent = 0;
  for (const { name, types } of SETS)
    for (const { text, labels } of rowsOf(data, name)) {
      const began = performance.now();
      const core = detectPii(text, new Set(CORE_TYPES));
      spent += performance.now() - began;
      characters += text.length;
      const findings = [...core, ...detectPii(text, new Set(GUESSED_TYPES))];
      for (const type of types) count(counts.get(type), type, labels, findings);
    }
  for (const { text, labels, source } of rowsOf(data, TESTS)) {
    const type = TESTED[source.slice(source.indexOf(':') + 1)];
    if (type) count(tested.get(type), type, labels, detectPii(text, new Set(CORE_TYPES)));
  }
  for (const [type, one] of counts) print(row(type, one));
  print(`\n${TESTS}, made of the odd cases of a recogniser each`);
  for (const [type, one] of tested) print(row(type, one));
  print(`\n${((spent * 1_000) / (characters / 1_024)).toFixed(0)} microseconds/KB for the core types, short texts`);
}

const none = (): Count => ({ gold: 0, found: 0, right: 0, met: 0 });

function count(into: Count | undefined, type: string, labels: readonly Label[], findings: readonly Finding[]): void {
  if (!into) return;
  const gold = labels.filter((label) => (NAMES[label.type] ?? label.type.toLowerCase()) === type);
  const found = findings.filter((finding) => finding.type === type);
  into.gold += gold.length;
  into.found += found.length;
  into.met += gold.filter((one) => found.some((other) => overlap(one, other))).length;
  into.right += found.filter((one) => gold.some((other) => overlap(one, other))).length;
}

function row(type: string, { gold, found, right, met }: Count): string {
  const precision = found === 0 ? 1 : right / found;
  const recall = gold === 0 ? 1 : met / gold;
  const f1 = (2 * precision * recall) / (precision + recall || 1);
  const figures = `P ${precision.toFixed(3)}   R ${recall.toFixed(3)}   F1 ${f1.toFixed(3)}`;
  return `${type.padEnd(12)} gold ${String(gold).padStart(4)}   ${figures}`;
}

function rowsOf(data: string, name: string) {
  const file = join(data, 'pii', `${name}.jsonl`);
  if (!existsSync(file)) throw new Error(`The data is not there: ${file}`);
  return lines(file).map(({ text, label, source }) => ({
    text: String(text),
    labels: Array.isArray(label) ? (label as readonly Label[]) : [],
    source: String(source),
  }));
}

const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end;
