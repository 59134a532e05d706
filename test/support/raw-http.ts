import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type RawAnswer = {
  /** 0: the connection was closed without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * Sends bytes as they are, for requests that no client would make, and reads one answer. `more` is called once the bytes are out, to
 * go on sending; what cannot be sent because the other side has had enough is no error.
 */
export async function sendRaw(
  port: number,
  bytes: string | Buffer,
  more?: (socket: Socket) => Promise<void>,
): Promise<RawAnswer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const answer = readAnswer(socket);
  socket.write(bytes);
  await more?.(socket);
  try {
    return await answer;
  } finally {
    socket.destroy();
  }
}

/** Reads up to the end of one answer: its Content-Length, else until the connection is closed. */
async function readAnswer(socket: Socket): Promise<RawAnswer> {
  let text = '';
  let answer = parse(text);
  try {
    for await (const chunk of socket) {
      text += (chunk as Buffer).toString('latin1');
      answer = parse(text);
      if (answer.whole) break;
    }
  } catch {
    // Reset: what came before counts.
  }
  return answer;
}

function parse(text: string): RawAnswer & { readonly whole: boolean } {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return { status: 0, headers: {}, body: '', whole: false };
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = text.slice(end + 4);
  const status = Number(first.split(' ')[1]);
  const length = headers['content-length'];
  return {
    status,
    headers,
    body: Buffer.from(body, 'latin1').toString('utf8'),
    whole: status === 204 || (length !== undefined && body.length >= Number(length)),
  };
}

/** A request's bytes: header lines as they are to stand, repeated ones and all. */
export function requestBytes(
  method: string,
  target: string,
  headers: readonly string[],
  body: string | Buffer = '',
): Buffer {
  const head = [`${method} ${target} HTTP/1.1`, ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}
