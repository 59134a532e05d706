import { Edit, Language, type Node, Parser, type Point, type Tree } from 'web-tree-sitter';
import { changedSpan } from './changed-span.ts';
import type { GrammarName } from './provider-call.ts';

/** Absolute paths of the WebAssembly files: the tree-sitter runtime and one per grammar. */
export type GrammarFiles = { readonly runtime: string; readonly grammars: Readonly<Record<GrammarName, string>> };

type Entry = { readonly grammar: GrammarName; text: string; tree: Tree };

/** Trees live outside JavaScript's heap, so they are few and freed by hand. */
const MOST_TREES = 32;
/** A document that takes longer is skipped rather than stalling the ones behind it. */
const PARSE_BUDGET_MS = 2_000;

/** Syntax trees of open documents, re-parsed incrementally from the difference between two texts. Owns and frees them. */
export class SyntaxTrees {
  readonly #files: GrammarFiles;
  readonly #parsers = new Map<GrammarName, Promise<Parser>>();
  readonly #entries = new Map<string, Entry>();
  #runtime: Promise<void> | null = null;

  constructor(files: GrammarFiles) {
    this.#files = files;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The root of `text`'s tree, valid until the next call; null when parsing ran out of time. Never throws for broken code. */
  async parse(key: string, grammar: GrammarName, text: string): Promise<Node | null> {
    const parser = await this.#parser(grammar);
    const known = this.#entries.get(key);
    const old = known?.grammar === grammar ? known : null;
    if (old !== null && !editTree(old, text)) return old.tree.rootNode;
    const deadline = performance.now() + PARSE_BUDGET_MS;
    // The type says void, the runtime stops when the callback answers true.
    const progressCallback = (): boolean => performance.now() > deadline;
    const tree = parser.parse(text, old?.tree ?? null, { progressCallback });
    this.close(key);
    if (tree === null) {
      parser.reset();
      return null;
    }
    this.#entries.set(key, { grammar, text, tree });
    this.#evict();
    return tree.rootNode;
  }

  close(key: string): void {
    this.#entries.get(key)?.tree.delete();
    this.#entries.delete(key);
  }

  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= MOST_TREES) return;
      this.close(key);
    }
  }

  #parser(grammar: GrammarName): Promise<Parser> {
    const known = this.#parsers.get(grammar);
    if (known !== undefined) return known;
    const parser = this.#load(grammar);
    this.#parsers.set(grammar, parser);
    return parser;
  }

  async #load(grammar: GrammarName): Promise<Parser> {
    this.#runtime ??= Parser.init({ locateFile: () => this.#files.runtime });
    await this.#runtime;
    return new Parser().setLanguage(await Language.load(this.#files.grammars[grammar]));
  }
}

/** Tells the tree what changed; false when nothing did. */
function editTree(entry: Entry, text: string): boolean {
  const span = changedSpan(entry.text, text);
  if (span === null) return false;
  const startPosition = pointAt(entry.text, span.start);
  entry.tree.edit(
    new Edit({
      startIndex: span.start,
      oldEndIndex: span.end,
      newEndIndex: span.newEnd,
      startPosition,
      oldEndPosition: pointAfter(entry.text, startPosition, span.start, span.end),
      newEndPosition: pointAfter(text, startPosition, span.start, span.newEnd),
    }),
  );
  return true;
}

function pointAt(text: string, offset: number): Point {
  return pointAfter(text, { row: 0, column: 0 }, 0, offset);
}

function pointAfter(text: string, from: Point, start: number, end: number): Point {
  let { row, column } = from;
  let lineStart = start - column;
  for (
    let newline = text.indexOf('\n', start);
    newline !== -1 && newline < end;
    newline = text.indexOf('\n', lineStart)
  ) {
    row++;
    lineStart = newline + 1;
  }
  column = end - lineStart;
  return { row, column };
}
