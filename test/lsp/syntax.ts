import { resolve } from 'node:path';
import type { GrammarName, ProviderCall, TextEdit } from '../../server/language/calls/provider-call.ts';
import { routeEdits } from '../../server/language/calls/provider-call.ts';
import type { SyntaxAssets } from '../../server/language/calls/syntax-assets.ts';
import { createSyntaxService, type SyntaxService } from '../../server/language/calls/syntax-service.ts';

export const BASE_URL = 'http://127.0.0.1:4141';

const root = resolve(import.meta.dirname, '../..');
const modules = resolve(root, 'node_modules');

/** The worker from its source (Node strips the types), the grammars from their packages. */
export const assets: SyntaxAssets = {
  worker: resolve(root, 'server/language/calls/syntax-worker.ts'),
  runtime: resolve(modules, 'web-tree-sitter/web-tree-sitter.wasm'),
  grammars: {
    typescript: resolve(modules, 'tree-sitter-typescript/tree-sitter-typescript.wasm'),
    tsx: resolve(modules, 'tree-sitter-typescript/tree-sitter-tsx.wasm'),
  },
};

export type LogLines = string[];

export function startSyntax(lines: LogLines = []): SyntaxService {
  return createSyntaxService(assets, { debug: () => {}, warn: (line) => lines.push(line) });
}

export function callsIn(
  syntax: SyntaxService,
  text: string,
  grammar: GrammarName = 'typescript',
  key = text,
): Promise<readonly ProviderCall[]> {
  return syntax.calls({ key, grammar, text }, BASE_URL);
}

/** The text with its first direct call routed; null when no fix is offered. */
export async function routed(
  syntax: SyntaxService,
  text: string,
  grammar: GrammarName = 'typescript',
): Promise<string | null> {
  const call = (await callsIn(syntax, text, grammar))[0];
  if (call === undefined) throw new Error(`no direct call in:\n${text}`);
  return call.route.kind === 'rewrite' ? applyEdits(text, routeEdits(call.route, 'hello')) : null;
}

/** Applies edits as an editor would; fails when they overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let from = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < from) throw new Error(`overlapping edits at ${edit.start}`);
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return result + text.slice(from);
}
