import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ClientCapabilities, WorkspaceFolder } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';

/** The folders an editor has open, and the files beside its documents, unsaved text first. */
export class Workspace {
  #folders: readonly WorkspaceFolder[] = [];
  #capabilities: ClientCapabilities = {};
  readonly #open: (uri: string) => TextDocument | undefined;

  constructor(open: (uri: string) => TextDocument | undefined) {
    this.#open = open;
  }

  initialize(folders: readonly WorkspaceFolder[], capabilities: ClientCapabilities): void {
    this.#folders = folders;
    this.#capabilities = capabilities;
  }

  change(added: readonly WorkspaceFolder[], removed: readonly WorkspaceFolder[]): void {
    const gone = new Set(removed.map((folder) => folder.uri));
    this.#folders = [...this.#folders.filter((folder) => !gone.has(folder.uri)), ...added];
  }

  /** Whether the editor can create files as part of an edit. */
  get canCreateFiles(): boolean {
    const edit = this.#capabilities.workspace?.workspaceEdit;
    return edit?.documentChanges === true && edit.resourceOperations?.includes('create') === true;
  }

  /** The innermost folder around a document, without a trailing slash; null outside of all. */
  folderOf(uri: string): string | null {
    const folders = this.#folders.map((folder) => folder.uri.replace(/\/$/, ''));
    const around = folders.filter((folder) => uri.startsWith(`${folder}/`));
    return around.sort((a, b) => b.length - a.length)[0] ?? null;
  }

  /** A file's text as the editor would show it; null when there is none, or it is not on this machine's disk. */
  async read(uri: string): Promise<{ readonly document: TextDocument; readonly version: number | null } | null> {
    const open = this.#open(uri);
    if (open !== undefined) return { document: open, version: open.version };
    if (!uri.startsWith('file:')) return null;
    try {
      const text = await readFile(fileURLToPath(uri), 'utf8');
      return { document: TextDocument.create(uri, 'plaintext', 0, text), version: null };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
