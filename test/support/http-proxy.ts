import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export type ProxyOptions = {
  /** `user:password` that must be sent. */
  readonly auth?: string;
  /** Answers every CONNECT with this status instead of a tunnel. */
  readonly refuse?: number;
};

/** An HTTP proxy on the loopback: whatever name it is asked for, it leads to `upstreamPort`. Remembers what it was asked. */
export class HttpProxy {
  readonly asked: string[] = [];
  readonly #sockets = new Set<Duplex>();
  readonly #server = createServer((incoming, response) => this.#forward(incoming, response));
  readonly #upstreamPort: number;
  readonly #options: ProxyOptions;

  constructor(upstreamPort: number, options: ProxyOptions) {
    this.#upstreamPort = upstreamPort;
    this.#options = options;
    this.#server.on('connect', (incoming: IncomingMessage, socket: Duplex) => this.#tunnel(incoming, socket));
    this.#server.on('connection', (socket: Socket) => this.#hold(socket));
  }

  static async start(upstreamPort: number, options: ProxyOptions = {}): Promise<HttpProxy> {
    const proxy = new HttpProxy(upstreamPort, options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** As it stands in HTTPS_PROXY. */
  url(credentials?: string): string {
    return `http://${credentials ? `${credentials}@` : ''}127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #hold(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #mayPass(incoming: IncomingMessage): boolean {
    const { auth } = this.#options;
    const sent = incoming.headers['proxy-authorization'];
    return auth === undefined || sent === `Basic ${Buffer.from(auth).toString('base64')}`;
  }

  #tunnel(incoming: IncomingMessage, socket: Duplex): void {
    this.asked.push(`CONNECT ${incoming.url}`);
    const status = this.#options.refuse ?? (this.#mayPass(incoming) ? 200 : 407);
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(this.#upstreamPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    this.#hold(upstream);
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    this.asked.push(`${incoming.method} ${incoming.url}`);
    if (!this.#mayPass(incoming)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="x"' }).end();
      return;
    }
    const { pathname, host } = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
    const onward = httpRequest(
      {
        port: this.#upstreamPort,
        host: '127.0.0.1',
        path: pathname,
        method: incoming.method,
        headers: { ...headers, host },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  }
}
