import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { detectPii } from '../../server/detect/pii/detect-pii.ts';
import { CORE_TYPES } from '../../server/detect/pii/types.ts';
import { lines } from './pools.ts';

type Span = { readonly start: number; readonly end: number };
type Label = Span & { readonly type: string };

/** The sets whose every entity is labelled; in others a find without a label may still be true. */
const SETS = ['presidio-generated-large', 'presidio-2020-500'];
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
};

/** Precision, recall and F1 by overlap of spans, for each core type. */
export function personalData(data: string, print: (line: string) => void): void {
  const counts = new Map(CORE_TYPES.map((type) => [type as string, { gold: 0, found: 0, right: 0, met: 0 }]));
  let characters = 0;
  let spent = 0;
  for (const set of SETS) {
    const file = join(data, 'pii', `${set}.jsonl`);
    if (!existsSync(file)) throw new Error(`The data is not there: ${file}`);
    for (const row of lines(file)) {
      const text = String(row['text']);
      const labels = Array.isArray(row['label']) ? (row['label'] as Label[]) : [];
      const began = performance.now();
      const findings = detectPii(text, new Set(CORE_TYPES));
      spent += performance.now() - began;
      characters += text.length;
      for (const [type, count] of counts) {
        const gold = labels.filter((label) => (NAMES[label.type] ?? label.type.toLowerCase()) === type);
        const found = findings.filter((finding) => finding.type === type);
        count.gold += gold.length;
        count.found += found.length;
        count.met += gold.filter((one) => found.some((other) => overlap(one, other))).length;
        count.right += found.filter((one) => gold.some((other) => overlap(one, other))).length;
      }
    }
  }
  for (const [type, { gold, found, right, met }] of counts) {
    const precision = found === 0 ? 1 : right / found;
    const recall = gold === 0 ? 1 : met / gold;
    const f1 = (2 * precision * recall) / (precision + recall || 1);
    print(
      `${type.padEnd(12)} gold ${String(gold).padStart(4)}   P ${precision.toFixed(3)}   R ${recall.toFixed(3)}   F1 ${f1.toFixed(3)}`,
    );
  }
  print(`${((spent * 1_000) / (characters / 1_024)).toFixed(0)} microseconds/KB, short texts`);
}

const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end;
