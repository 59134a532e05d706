import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-languageclient/node';
import type { RawData, WebSocket } from 'ws';

/** Reads one JSON-RPC message from each text frame; there is no Content-Length. Messages that come before `listen` are kept. */
export class WebSocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  readonly #early: Message[] = [];
  #callback: DataCallback | null = null;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(data));
    socket.on('error', (error) => this.fireError(error));
    socket.on('close', () => this.fireClose());
  }

  listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    for (const message of this.#early.splice(0)) callback(message);
    return { dispose: () => this.#forget(callback) };
  }

  #receive(data: RawData): void {
    let message: Message;
    try {
      message = JSON.parse(data.toString()) as Message;
    } catch (error) {
      this.fireError(error);
      this.#socket.close(1007, 'not JSON');
      return;
    }
    if (this.#callback) this.#callback(message);
    else this.#early.push(message);
  }

  #forget(callback: DataCallback): void {
    if (this.#callback === callback) this.#callback = null;
  }
}

/** Writes one JSON-RPC message as one text frame. */
export class WebSocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('close', () => this.fireClose());
  }

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => {
        if (!error) return resolve();
        this.fireError(error, message, 1);
        reject(error);
      });
    });
  }

  end(): void {}
}
