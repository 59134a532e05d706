import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { expand, randomOf, readTemplates } from './expand.ts';

export type Example = { readonly text: string; readonly label: 0 | 1; readonly source: string; readonly line?: number };

const row = z.object({ text: z.string(), label: z.union([z.literal(0), z.literal(1)]), source: z.string() });

/** Left out of training: its strings are attacks only by where they stand, and ordinary requests in themselves. */
export const NOT_FOR_TRAINING: ReadonlySet<string> = new Set(['bipia-attack-strings']);

/** Every `*.jsonl` of a folder, in the order of their names. */
export function readExamples(folder: string): readonly Example[] {
  if (!existsSync(folder)) throw new Error(`The data is not there: ${folder}`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => row.parse(JSON.parse(line))),
    );
}

/** What was written for Callgate: `count` texts of each template, no two the same. `line` tells the template. */
export function ownExamples(folder: string, count: number): readonly Example[] {
  const read = (name: string, label: 0 | 1, source: string): Example[] => {
    const templates = readTemplates(readFileSync(join(folder, name), 'utf8'));
    const random = randomOf(label + 11);
    const seen = new Set<string>();
    return templates.lines.flatMap((template, line) => {
      const made: Example[] = [];
      for (let tries = 0; tries < count * 2 && made.length < count; tries++) {
        const text = expand(template, templates, random);
        if (seen.has(text)) continue;
        seen.add(text);
        made.push({ text, label, source, line });
      }
      return made;
    });
  };
  return [...read('attacks.txt', 1, 'callgate-attacks'), ...read('benign.txt', 0, 'callgate-benign')];
}

const SHINGLE = 5;

/** Whether more than `share` of a text's five-word sequences stand in the others. */
export function nearDuplicates(of: readonly string[], share = 0.3): (text: string) => boolean {
  const known = new Set<string>();
  for (const text of of) for (const shingle of shingles(text)) known.add(shingle);
  return (text) => {
    const all = shingles(text);
    if (all.length === 0) return false;
    let shared = 0;
    for (const shingle of all) if (known.has(shingle)) shared++;
    return shared > all.length * share;
  };
}

function shingles(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length < SHINGLE) return words.length > 0 ? [words.join(' ')] : [];
  const all: string[] = [];
  for (let at = 0; at + SHINGLE <= words.length; at++) all.push(words.slice(at, at + SHINGLE).join(' '));
  return all;
}
