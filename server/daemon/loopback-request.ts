import { Agent, type IncomingMessage, request } from 'node:http';

export type LoopbackRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which the request fails; absent: none. */
  readonly idleTimeout?: number;
};

/**
 * One request to a daemon on this machine; resolves with the answer's head, the body still to be read.
 * Not `fetch`: VS Code patches that and newer Nodes honour HTTP_PROXY, and neither may see our token. No redirects either.
 */
export function loopbackRequest(url: string, options: LoopbackRequest = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { body, signal, idleTimeout } = options;
    const outgoing = request(url, {
      agent: new Agent({ keepAlive: false }),
      method: options.method ?? 'GET',
      headers: {
        ...options.headers,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      ...(signal ? { signal } : {}),
      ...(idleTimeout === undefined ? {} : { timeout: idleTimeout }),
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`No answer from ${new URL(url).host} in time`)));
    // Stays on: an error after the answer's head comes here as well, and unheard it would end the process.
    outgoing.on('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}

/** The whole body as text. @throws when it is longer than `limit` bytes. */
export async function readText(message: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > limit) throw new Error(`The answer is longer than ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
