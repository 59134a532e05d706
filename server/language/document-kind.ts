import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { GrammarName } from './calls/provider-call.ts';

/** Larger texts are searched for keys only. UTF-16 code units. */
export const MOST_TEXT = 2_000_000;

const GRAMMARS: ReadonlyMap<string, GrammarName> = new Map([
  ['typescript', 'typescript'],
  ['typescriptreact', 'tsx'],
  // JavaScript has no `<T>x` casts, so the JSX grammar reads all of it.
  ['javascript', 'tsx'],
  ['javascriptreact', 'tsx'],
]);

/** The grammar a document is parsed with; null when its language has no rules, or it is too large. */
export function grammarOf(document: TextDocument): GrammarName | null {
  return document.getText().length > MOST_TEXT ? null : (GRAMMARS.get(document.languageId) ?? null);
}

/** The last segment of a document's path, decoded. */
export function fileNameOf(document: TextDocument): string {
  const name = document.uri.slice(document.uri.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function isPresetFile(document: TextDocument): boolean {
  return document.languageId === 'callgate-preset' || fileNameOf(document).endsWith('.preset.md');
}

export function isPolicyFile(document: TextDocument): boolean {
  return /^callgate\.ya?ml$/.test(fileNameOf(document));
}

export type DotenvKind = 'values' | 'template';

/** `.env` and its kin hold values and stay at home; their templates are committed. Null for any other file. */
export function dotenvKindOf(document: TextDocument): DotenvKind | null {
  const name = fileNameOf(document);
  if (name !== '.env' && !name.startsWith('.env.')) return null;
  return /\.(?:example|sample|template|dist)$/.test(name) ? 'template' : 'values';
}
