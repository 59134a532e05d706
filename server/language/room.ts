import type {
  CodeAction,
  CompletionItem,
  Diagnostic,
  Hover,
  Position,
  Range,
  WorkspaceEdit,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { ModelSummary, PresetSummary } from '../protocol.ts';
import type { SyntaxService } from './calls/syntax-service.ts';
import type { Workspace } from './workspace.ts';

type Later<T> = T | Promise<T>;

/**
 * One subject of the language server: secrets, calls, presets. A room reads documents and answers; when and to whom is the
 * server's affair. Failing, it is left out of the answer and logged.
 */
export type Room = {
  readonly name: string;
  readonly diagnose?: (document: TextDocument) => Later<readonly Diagnostic[]>;
  readonly complete?: (document: TextDocument, position: Position) => Later<readonly CompletionItem[]>;
  readonly hover?: (document: TextDocument, position: Position) => Later<Hover | null>;
  /** Fixes for what the room reports in `range`. */
  readonly fix?: (document: TextDocument, range: Range) => Later<readonly Fix[]>;
  readonly close?: (document: TextDocument) => void;
};

/** A quick fix whose edit is made only when it is chosen (or at once, for an editor that cannot ask again). */
export type Fix = Pick<CodeAction, 'title' | 'diagnostics' | 'isPreferred'> & {
  readonly edit: () => Later<WorkspaceEdit>;
};

/** What rooms may ask. */
export type RoomContext = {
  readonly host: HostView;
  readonly syntax: SyntaxService;
  readonly workspace: Workspace;
  /** Names a document among those of all connections: two windows may hold different text for one file. */
  readonly keyOf: (document: TextDocument) => string;
};

/** The daemon as rooms see it: null when it could not answer, which is not the same as having nothing. */
export type HostView = {
  readonly baseUrl: () => string;
  readonly models: () => Promise<readonly ModelSummary[] | null>;
  readonly presets: () => Promise<readonly PresetSummary[] | null>;
};
