import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WordBook } from '../word-book.ts';
import { type Example, ownExamples, readExamples } from './dataset.ts';

export type Corpus = {
  /** The sets of others. */
  readonly given: readonly Example[];
  /** Made of our own templates. */
  readonly own: readonly Example[];
  /** Code and documents of this repository: harmless. */
  readonly repository: readonly Example[];
  /** The most frequent words, most frequent first. */
  readonly vocabulary: readonly string[];
  readonly book: WordBook;
};

const VOCABULARY = 6_000;
const TEXTS_A_TEMPLATE = 20;

/** Everything there is to learn from. Throws, naming the folder, when the sets of others are not there. */
export function readCorpus(data: string): Corpus {
  const given = readExamples(data);
  const own = ownExamples(import.meta.dirname, TEXTS_A_TEMPLATE);
  const repository = readFileSync(join(import.meta.dirname, 'repository.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Example);
  const vocabulary = frequentWords([...given, ...own, ...repository]);
  return { given, own, repository, vocabulary, book: new WordBook(vocabulary) };
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
