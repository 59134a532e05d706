import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Example } from '../../server/detect/injection/train/dataset.ts';

const CHUNK = 2_000;

/** Harmless texts that no training sees: sentences with personal data, and documents and code of the packages that we stand on. */
export function foreignHarmless(data: string, root: string): readonly Example[] {
  const pii = globSync(join(data, 'pii', '*.jsonl'))
    .toSorted()
    .flatMap((file) => lines(file).filter((_, index) => index % 3 === 0))
    .map((row) => ({ text: String(row['text']), label: 0 as const, source: 'sentences with personal data' }));
  const files = globSync('node_modules/**/*.{md,d.ts,js}', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const documents = chunks(files.filter((file) => /readme\.md$/i.test(file)).slice(0, 800), 'package documents');
  const code = chunks(
    files.filter((file, index) => !file.endsWith('.md') && index % 41 === 0).slice(0, 1_200),
    'package code',
  );
  return [...pii, ...documents, ...code];
}

function chunks(files: readonly string[], source: string): readonly Example[] {
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8').slice(0, CHUNK);
    return text.length < 100 ? [] : [{ text, label: 0 as const, source }];
  });
}

/** The objects of a JSON Lines file. */
export function lines(file: string): readonly Readonly<Record<string, unknown>>[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
