import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-languageserver-protocol/node';
import { type RawData, WebSocket } from 'ws';

/** RFC 6455 §7.4.1 */
const UNSUPPORTED_DATA = 1003;
const INVALID_PAYLOAD = 1007;

export type WebSocketTransport = { readonly reader: MessageReader; readonly writer: MessageWriter };

/**
 * JSON-RPC over a WebSocket: one message per text frame, no Content-Length. A frame that is not one JSON object closes the socket
 * (1003 binary, 1007 anything else) and nothing more; socket errors, a frame beyond `maxPayload` among them, end in a close.
 */
export function webSocketTransport(socket: WebSocket): WebSocketTransport {
  return { reader: new SocketReader(socket), writer: new SocketWriter(socket) };
}

class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  /** Frames that arrive between the handshake and `listen`. */
  #early: Message[] = [];
  #callback: DataCallback | null = null;
  readonly #onMessage = (data: RawData, isBinary: boolean): void => this.#receive(data, isBinary);
  readonly #onClose = (): void => this.fireClose();
  readonly #onError = (error: Error): void => this.fireError(error);

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', this.#onMessage);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
  }

  listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.#deliver(message, callback);
    return { dispose: () => this.#stop() };
  }

  override dispose(): void {
    super.dispose();
    this.#stop();
    this.#socket.off('close', this.#onClose);
    // The error listener stays: a socket without one would throw its errors at the whole process.
  }

  #stop(): void {
    this.#callback = null;
    this.#socket.off('message', this.#onMessage);
  }

  #receive(data: RawData, isBinary: boolean): void {
    const message = isBinary ? null : parseMessage(data.toString());
    if (isBinary) this.#refuse(UNSUPPORTED_DATA, 'text frames only');
    else if (message === null) this.#refuse(INVALID_PAYLOAD, 'one JSON-RPC object per frame');
    else if (this.#callback === null) this.#early.push(message);
    else this.#deliver(message, this.#callback);
  }

  /** The protocol layer trusts the shape of what it reads (`$/cancelRequest` without an id throws). */
  #deliver(message: Message, callback: DataCallback): void {
    try {
      callback(message);
    } catch (error) {
      this.fireError(error);
      this.#refuse(INVALID_PAYLOAD, 'not a message of this protocol');
    }
  }

  #refuse(code: number, reason: string): void {
    this.#stop();
    this.#socket.close(code, reason);
  }
}

class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.once('close', () => this.fireClose());
  }

  /** Rejects when the socket is gone; frames keep the order of the calls. */
  async write(message: Message): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error('The socket is closed');
    const frame = JSON.stringify(message);
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {}
}

function parseMessage(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    const isMessage = typeof value === 'object' && value !== null && 'jsonrpc' in value && value.jsonrpc === '2.0';
    return isMessage ? (value as unknown as Message) : null;
  } catch {
    return null;
  }
}
