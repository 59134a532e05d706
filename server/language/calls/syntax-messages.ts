import type { GrammarName, ProviderCall, StringLiteral } from './provider-call.ts';
import type { GrammarFiles } from './syntax-trees.ts';

/** What the language server and its syntax worker say to each other. `key` names a document of one connection. */

export type SyntaxDocument = { readonly key: string; readonly grammar: GrammarName; readonly text: string };

export type SyntaxQuestion = SyntaxDocument &
  (
    | { readonly kind: 'calls'; readonly baseUrl: string }
    | { readonly kind: 'literals'; readonly offsets: readonly number[] }
  );

export type SyntaxMessage =
  | (SyntaxQuestion & { readonly id: number })
  | { readonly kind: 'close'; readonly key: string };

/** Null when the document took too long to parse; literals are one for each offset asked for. */
export type SyntaxAnswer = readonly ProviderCall[] | readonly (StringLiteral | null)[] | null;

/** `error`: the worker's state can no longer be trusted; it is to be replaced. */
export type SyntaxReply =
  | { readonly id: number; readonly answer: SyntaxAnswer }
  | { readonly id: number; readonly error: string };

export type WorkerSettings = { readonly files: GrammarFiles };
