import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type CodeAction,
  type CompletionItem,
  createProtocolConnection,
  type DataCallback,
  type Diagnostic,
  type Hover,
  type InitializeParams,
  type InitializeResult,
  type Message,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  type WorkspaceEdit,
} from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { WebSocket, WebSocketServer } from 'ws';
import { attachLanguageServer } from '../../server/language/attach.ts';
import type { SyntaxService } from '../../server/language/calls/syntax-service.ts';
import type { LanguageServer } from '../../server/language/server.ts';
import type { LanguageHost, ModelSummary, PresetSummary } from '../../server/protocol.ts';
import { BASE_URL, type LogLines, startSyntax } from './syntax.ts';

export const preset = (slug: string, more: Partial<PresetSummary> = {}): PresetSummary => ({
  slug,
  name: slug.toUpperCase(),
  description: null,
  status: 'active',
  version: 1,
  hash: 'abc1234',
  model: null,
  folder: null,
  updated_at: '2026-01-01T00:00:00Z',
  ...more,
});

export const model = (id: string, prompt: number | null, completion: number | null): ModelSummary => ({
  id,
  name: id,
  provider: 'openai',
  context_length: 128_000,
  prompt_per_million: prompt,
  completion_per_million: completion,
});

/** The daemon as the language server sees it; tests change its fields. */
export class FakeHost implements LanguageHost {
  known: readonly PresetSummary[] | Error = [preset('hello')];
  catalogue: readonly ModelSummary[] | Error = [];
  readonly baseUrl = () => BASE_URL;
  readonly presets = async () => orThrow(this.known);
  readonly models = async () => orThrow(this.catalogue);
}

function orThrow<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}

/** A daemon with nothing but the language server's socket. */
export class TestDaemon {
  readonly host = new FakeHost();
  readonly log: LogLines = [];
  readonly syntax: SyntaxService = startSyntax(this.log);
  readonly servers = new Set<LanguageServer>();
  /** How each socket was closed, as the daemon saw it. */
  readonly closed: number[] = [];
  readonly #http: Server = createServer();
  readonly #sockets = new WebSocketServer({ server: this.#http, maxPayload: 1_000_000 });

  async start(): Promise<void> {
    this.#sockets.on('connection', (socket) => {
      const write = (line: string) => this.log.push(line);
      const services = { host: this.host, syntax: this.syntax, log: { debug: write, warn: write } };
      const server = attachLanguageServer(socket, services);
      this.servers.add(server);
      socket.once('close', (code) => {
        this.servers.delete(server);
        this.closed.push(code);
      });
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  broadcast(method: string, params: unknown): void {
    for (const server of this.servers) server.notify(method, params);
  }

  async stop(): Promise<void> {
    this.syntax.dispose();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#http.close();
    await once(this.#http, 'close');
  }
}

const CAPABILITIES: InitializeParams['capabilities'] = {
  workspace: { workspaceEdit: { documentChanges: true, resourceOperations: ['create'] } },
  textDocument: { codeAction: { resolveSupport: { properties: ['edit'] }, dataSupport: true } },
};

export type EditorOptions = Partial<Pick<InitializeParams, 'capabilities' | 'initializationOptions'>> & {
  readonly folder?: string;
};

/** One editor window: a WebSocket, a JSON-RPC connection, and the diagnostics it was sent. */
export class Editor {
  readonly socket: WebSocket;
  readonly connection: ProtocolConnection;
  readonly #diagnostics = new Map<string, PublishDiagnosticsParams>();
  readonly #waiting = new Set<() => void>();
  readonly #documents = new Map<string, TextDocument>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.connection = createProtocolConnection(new Reader(socket), new Writer(socket));
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.#diagnostics.set(params.uri, params);
      for (const wake of this.#waiting) wake();
    });
    this.connection.listen();
  }

  static async open(url: string, options: EditorOptions = {}): Promise<Editor> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const editor = new Editor(socket);
    await editor.initialize(options);
    // Answered only after `initialized` has been read.
    await editor.hover('file:///nothing', 0, 0);
    return editor;
  }

  async initialize({ folder, ...options }: EditorOptions): Promise<InitializeResult> {
    const params: InitializeParams = {
      // Nobody's: a server that watches it would end with it.
      processId: 2 ** 30,
      rootUri: null,
      capabilities: CAPABILITIES,
      workspaceFolders: folder === undefined ? null : [{ uri: folder, name: 'folder' }],
      ...options,
    };
    const result: InitializeResult = await this.connection.sendRequest('initialize', params);
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  async openText(uri: string, languageId: string, text: string): Promise<TextDocument> {
    const document = TextDocument.create(uri, languageId, 1, text);
    this.#documents.set(uri, document);
    const textDocument = { uri, languageId, version: 1, text };
    await this.connection.sendNotification('textDocument/didOpen', { textDocument });
    return document;
  }

  /** Replaces a part of an open text, as typing does. */
  async change(uri: string, range: Range, text: string): Promise<TextDocument> {
    const old = this.#documents.get(uri);
    if (old === undefined) throw new Error(`${uri} is not open`);
    const document = TextDocument.update(old, [{ range, text }], old.version + 1);
    this.#documents.set(uri, document);
    const textDocument = { uri, version: document.version };
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument,
      contentChanges: [{ range, text }],
    });
    return document;
  }

  /** The diagnostics of a document, once those of this version (or any, for a closed one) have come. */
  async diagnostics(uri: string, version?: number): Promise<readonly Diagnostic[]> {
    return (await this.diagnosticsWhere(uri, (params) => params.version === version)).diagnostics;
  }

  async diagnosticsWhere(uri: string, isWanted: (params: PublishDiagnosticsParams) => boolean) {
    for (;;) {
      const params = this.#diagnostics.get(uri);
      if (params !== undefined && isWanted(params)) return params;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  forgetDiagnostics(uri: string): void {
    this.#diagnostics.delete(uri);
  }

  complete(uri: string, line: number, character: number): Promise<CompletionItem[]> {
    return this.connection.sendRequest('textDocument/completion', {
      textDocument: { uri },
      position: { line, character },
    });
  }

  hover(uri: string, line: number, character: number): Promise<Hover | null> {
    return this.connection.sendRequest('textDocument/hover', { textDocument: { uri }, position: { line, character } });
  }

  actions(uri: string, range: Range, only?: string[]): Promise<CodeAction[]> {
    const context = { diagnostics: [], ...(only === undefined ? {} : { only }) };
    return this.connection.sendRequest('textDocument/codeAction', { textDocument: { uri }, range, context });
  }

  async edit(action: CodeAction): Promise<WorkspaceEdit> {
    const resolved: CodeAction = await this.connection.sendRequest('codeAction/resolve', action);
    if (resolved.edit === undefined) throw new Error('no edit');
    return resolved.edit;
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}

/** The texts a workspace edit leaves, by URI; files it creates start empty. */
export function applyWorkspaceEdit(
  edit: WorkspaceEdit,
  texts: Readonly<Record<string, string>>,
): Record<string, string> {
  const result: Record<string, string> = { ...texts };
  for (const change of edit.documentChanges ?? []) {
    if ('kind' in change) {
      if (change.kind !== 'create') throw new Error(`unexpected ${change.kind}`);
      result[change.uri] ??= '';
      continue;
    }
    const { uri } = change.textDocument;
    const text = result[uri];
    if (text === undefined) throw new Error(`edit of ${uri}, which does not exist`);
    const edits = change.edits.map((one) => {
      if (!('newText' in one)) throw new Error('snippets were not asked for');
      return one;
    });
    result[uri] = TextDocument.applyEdits(TextDocument.create(uri, '', 0, text), edits);
  }
  return result;
}

class Reader extends AbstractMessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('close', () => this.fireClose());
    socket.on('error', (error) => this.fireError(error));
  }

  listen(callback: DataCallback) {
    const receive = (data: WebSocket.RawData) => callback(JSON.parse(data.toString()) as Message);
    this.#socket.on('message', receive);
    return { dispose: () => void this.#socket.off('message', receive) };
  }
}

class Writer extends AbstractMessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  async write(message: Message): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {}
}
