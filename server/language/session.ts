import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Connection,
  DidChangeWorkspaceFoldersNotification,
  type Hover,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  type Position,
  PositionEncodingKind,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { CHANGED, type LanguageHost, type LanguageOptions, TRUSTED } from '../protocol.ts';
import { callRoom } from './calls/call-room.ts';
import type { SyntaxService } from './calls/syntax-service.ts';
import { collect } from './collect.ts';
import { DiagnosticsPublisher } from './diagnostics-publisher.ts';
import { FixShelf, isFixTicket } from './fix-shelf.ts';
import { hostView } from './host-view.ts';
import type { LanguageLog } from './language-log.ts';
import { policyFileRoom } from './policy/policy-file-room.ts';
import { presetFileRoom } from './presets/preset-file-room.ts';
import { presetReferenceRoom } from './presets/preset-reference-room.ts';
import type { Fix, Room, RoomContext } from './room.ts';
import { secretRoom } from './secrets/secret-room.ts';
import { Workspace } from './workspace.ts';

export type LanguageServices = {
  readonly host: LanguageHost;
  readonly syntax: SyntaxService;
  readonly log: LanguageLog;
};

/** The language server of one editor window: its documents, its folders, its diagnostics. Nothing of it is shared with others. */
export class LanguageSession {
  readonly #connection: Connection;
  readonly #log: LanguageLog;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #workspace = new Workspace((uri) => this.#documents.get(uri));
  readonly #shelf = new FixShelf();
  readonly #rooms: readonly Room[];
  readonly #diagnostics: DiagnosticsPublisher;
  #canResolveEdits = false;
  #trusted = true;
  /** Until then the protocol lets nothing but the answer to `initialize` through. */
  #ready = false;
  #disposed = false;

  /** @param id tells this session's documents from those of others in the shared syntax worker */
  constructor(connection: Connection, { host, syntax, log }: LanguageServices, id: string) {
    this.#connection = connection;
    this.#log = log;
    const context: RoomContext = {
      host: hostView(host, log),
      syntax,
      workspace: this.#workspace,
      keyOf: (document) => `${id} ${document.uri}`,
    };
    this.#rooms = [secretRoom, callRoom, presetFileRoom, presetReferenceRoom, policyFileRoom].map((room) =>
      room(context),
    );
    this.#diagnostics = new DiagnosticsPublisher({
      rooms: this.#rooms,
      current: (uri) => this.#documents.get(uri),
      publish: (params) => this.#send(() => connection.sendDiagnostics(params)),
      log,
    });
    this.#listen();
  }

  notify(method: string, params: unknown): void {
    if (!this.#ready) return;
    this.#send(() => this.#connection.sendNotification(method, params));
    if (method === CHANGED) this.#refresh();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#diagnostics.dispose();
    for (const document of this.#documents.all()) this.#close(document);
    this.#connection.dispose();
  }

  #listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onNotification(DidChangeWorkspaceFoldersNotification.type, ({ event }) =>
      this.#workspace.change(event.added, event.removed),
    );
    connection.onInitialized(() => {
      this.#ready = true;
    });
    connection.onNotification(TRUSTED, () => {
      this.#trusted = true;
    });
    this.#documents.onDidChangeContent(({ document }) => this.#diagnostics.schedule(document.uri));
    this.#documents.onDidClose(({ document }) => {
      this.#close(document);
      this.#diagnostics.close(document.uri);
    });
    connection.onCompletion(async ({ textDocument, position }) => {
      const document = this.#documents.get(textDocument.uri);
      if (document === undefined) return [];
      return collect(this.#rooms, (room) => room.complete?.(document, position), this.#log);
    });
    connection.onHover(({ textDocument, position }) => {
      const document = this.#documents.get(textDocument.uri);
      return document === undefined ? null : this.#hover(document, position);
    });
    connection.onCodeAction((params) => this.#codeActions(params));
    connection.onCodeActionResolve((action) => this.#resolve(action));
    this.#documents.listen(connection);
    connection.listen();
  }

  #initialize({ capabilities, workspaceFolders, initializationOptions }: InitializeParams): InitializeResult {
    this.#workspace.initialize(workspaceFolders ?? [], capabilities);
    const resolvable = capabilities.textDocument?.codeAction?.resolveSupport?.properties ?? [];
    this.#canResolveEdits = resolvable.includes('edit');
    const options: LanguageOptions | null | undefined = initializationOptions;
    this.#trusted = options?.trusted !== false;
    return {
      serverInfo: { name: 'Callgate', version: CALLGATE_VERSION },
      capabilities: {
        positionEncoding: PositionEncodingKind.UTF16,
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        completionProvider: { triggerCharacters: ['/', ' ', ':', '@'] },
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix], resolveProvider: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  async #hover(document: TextDocument, position: Position): Promise<Hover | null> {
    const found = await collect(
      this.#rooms,
      async (room) => {
        const hover = await room.hover?.(document, position);
        return hover == null ? [] : [hover];
      },
      this.#log,
    );
    return found[0] ?? null;
  }

  async #codeActions({ textDocument, range, context }: CodeActionParams): Promise<CodeAction[]> {
    const document = this.#documents.get(textDocument.uri);
    const isWanted = context.only?.some((kind) => isKindOf(CodeActionKind.QuickFix, kind)) ?? true;
    if (document === undefined || !this.#trusted || !isWanted) return [];
    const fixes = await collect(this.#rooms, (room) => room.fix?.(document, range), this.#log);
    return Promise.all(fixes.map((fix) => this.#offer(fix, document)));
  }

  async #offer(fix: Fix, document: TextDocument): Promise<CodeAction> {
    const { edit, ...action } = fix;
    const offered: CodeAction = { ...action, kind: CodeActionKind.QuickFix };
    if (!this.#canResolveEdits) return { ...offered, edit: await edit() };
    return { ...offered, data: this.#shelf.put(fix, document.uri, document.version) };
  }

  /** Makes the edit of an action that was chosen, unless the text has changed since it was offered. */
  async #resolve(action: CodeAction): Promise<CodeAction> {
    const { data } = action;
    if (!isFixTicket(data)) return action;
    const isCurrent = this.#documents.get(data.uri)?.version === data.version;
    const edit = isCurrent && this.#trusted ? await this.#shelf.take(data) : null;
    if (edit === null) throw new ResponseError(LSPErrorCodes.ContentModified, 'The text has changed; ask again.');
    return { ...action, edit };
  }

  /** Presets came or went: what was unknown may be known now, and the other way about. */
  #refresh(): void {
    for (const { uri } of this.#documents.all()) this.#diagnostics.schedule(uri);
  }

  #close(document: TextDocument): void {
    for (const room of this.#rooms) room.close?.(document);
  }

  /** A connection that has just gone is no news to anybody; it may throw at once or reject later. */
  #send(send: () => Promise<void>): void {
    if (this.#disposed) return;
    const failed = (error: unknown): void => this.#log.debug(`language server: not sent: ${String(error)}`);
    try {
      send().catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** Whether `kind` is `filter` or one of its sub-kinds (`quickfix.x` of `quickfix`); the empty filter is all kinds. */
function isKindOf(kind: string, filter: string): boolean {
  return filter === '' || kind === filter || kind.startsWith(`${filter}.`);
}
