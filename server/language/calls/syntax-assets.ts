import { join } from 'node:path';
import type { GrammarFiles } from './syntax-trees.ts';

/** Everything the syntax worker is loaded from; absolute paths. */
export type SyntaxAssets = { readonly worker: string } & GrammarFiles;

/** The files as esbuild.mjs lays them out beside the daemon's bundle. */
export function bundledAssets(directory: string): SyntaxAssets {
  return {
    // A module, because web-tree-sitter finds itself by import.meta.url.
    worker: join(directory, 'syntax-worker.mjs'),
    runtime: join(directory, 'web-tree-sitter.wasm'),
    grammars: {
      typescript: join(directory, 'tree-sitter-typescript.wasm'),
      tsx: join(directory, 'tree-sitter-tsx.wasm'),
    },
  };
}
