import { createConnection, type WatchDog } from 'vscode-languageserver';
// The /node entry also installs the runtime layer that the root export above needs. vscode-languageserver's own /node entry must
// not be used: it ends the process when one client leaves.
import {
  createProtocolConnection,
  type Logger,
  type MessageReader,
  type MessageWriter,
} from 'vscode-languageserver-protocol/node';
import type { LanguageLog } from './language-log.ts';
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
  const logger = protocolLogger(services.log);
  const connection = createConnection(() => createProtocolConnection(reader, writer, logger), watchDog);
  return new LanguageSession(connection, services, id);
}

/**
 * Not the logger that is offered, which sends what it is told to the client: over a dead socket, each failure to send would be
 * told to the client, for ever. Of what the protocol layer says the first line is kept, as the rest quotes messages.
 */
function protocolLogger(log: LanguageLog): Logger {
  const write = (message: string): void => log.debug(`language protocol: ${message.split('\n', 1)[0]?.slice(0, 200)}`);
  return { error: write, warn: write, info: write, log: write };
}
