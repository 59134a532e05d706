import { createConnection, type WatchDog } from 'vscode-languageserver';
// The /node entry also installs the runtime layer that the root export above needs. vscode-languageserver's own /node entry must
// not be used: it ends the process when one client leaves.
import { createProtocolConnection, type MessageReader, type MessageWriter } from 'vscode-languageserver-protocol/node';
import { type LanguageServices, LanguageSession } from './session.ts';

export type LanguageServerOptions = LanguageServices & {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  /** Told of `initialize` and `exit`; on `exit` it ends this connection and nothing else. */
  readonly watchDog: WatchDog;
  /** Unlike that of any other connection that shares `syntax`. */
  readonly id: string;
};

export type LanguageServer = {
  /** Sends a notification to this editor; after `callgate/changed` its open documents are looked at again. */
  notify(method: string, params: unknown): void;
  dispose(): void;
};

/** Serves one connection: LSP 3.18 with diagnostics (pushed), completion, hover and quick fixes, in UTF-16 positions. */
export function createLanguageServer(options: LanguageServerOptions): LanguageServer {
  const { reader, writer, watchDog, id, ...services } = options;
  const connection = createConnection((logger) => createProtocolConnection(reader, writer, logger), watchDog);
  return new LanguageSession(connection, services, id);
}
