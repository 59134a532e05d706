import type { TextDocumentEdit, TextEdit } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';

/** A replacement in UTF-16 offsets, as everything below the protocol counts. */
export type OffsetEdit = { readonly start: number; readonly end: number; readonly text: string };

/** The edits of one document, for one version of it (null: as it is on disk). */
export function documentEdit(
  document: TextDocument,
  version: number | null,
  edits: readonly OffsetEdit[],
): TextDocumentEdit {
  const changes: TextEdit[] = edits.map(({ start, end, text }) => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    newText: text,
  }));
  return { textDocument: { uri: document.uri, version }, edits: changes };
}
