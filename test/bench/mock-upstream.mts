/**
 * A provider that costs far less than any gateway in front of it: `POST /v1/chat/completions` on a raw socket, deterministic,
 * loopback only. The model's name steers it: `mock-c50` streams 50 chunks, `mock-c12-d4` twelve, from the second
 * token on 4 ms apart: no timer stands before the first one, whose delay is measured. Without a delay the chunks are one turn of
 * the event loop apart, so that each is a write of its own.
 * `GET /__stats` counts what was asked, as the proof that a gateway passed everything on. Prints its port when it listens.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';

const CREATED = 1_700_000_000;
const HEAD_END = Buffer.from('\r\n\r\n');
const STREAM_END = Buffer.from('0\r\n\r\n');
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
);
const stats = { requests: 0, json: 0, streams: 0 };

const usage = (completion: number) => ({
  prompt_tokens: 12,
  completion_tokens: completion,
  total_tokens: 12 + completion,
});

function whole(body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function answer(model: string): Buffer {
  const message = {
    role: 'assistant',
    content: 'Hello! This is a fixed answer from the mock upstream.',
    refusal: null,
  };
  return whole({
    id: 'chatcmpl-mock',
    object: 'chat.completion',
    created: CREATED,
    model,
    system_fingerprint: 'fp_mock',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usage(11),
  });
}

function frames(model: string, count: number): readonly Buffer[] {
  const frame = (data: string) => Buffer.from(`${(data.length + 8).toString(16)}\r\ndata: ${data}\n\n\r\n`);
  const head = { id: 'chatcmpl-mock', object: 'chat.completion.chunk', created: CREATED, model };
  const chunk = (delta: object, finish: string | null = null) =>
    frame(
      JSON.stringify({
        ...head,
        system_fingerprint: 'fp_mock',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      }),
    );
  return [
    chunk({ role: 'assistant', content: '' }),
    ...Array.from({ length: count - 4 }, (_, index) => chunk({ content: `tok${index} ` })),
    chunk({}, 'stop'),
    frame(JSON.stringify({ ...head, choices: [], usage: usage(count) })),
    frame('[DONE]'),
  ];
}

type Script = { readonly answer: Buffer; readonly frames: readonly Buffer[]; readonly delayMs: number };
const scripts = new Map<string, Script>();

function scriptOf(body: string): Script {
  const model = /"model"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? 'mock';
  let script = scripts.get(model);
  if (!script) {
    const steer = (letter: string) => Number(new RegExp(`-${letter}(\\d+)(?=-|$)`).exec(model)?.[1] ?? Number.NaN);
    script = { answer: answer(model), frames: frames(model, steer('c') || 50), delayMs: steer('d') || 0 };
    scripts.set(model, script);
  }
  return script;
}

function serve(socket: Socket, method: string, body: string): void {
  if (method === 'GET') {
    socket.write(whole(stats));
    return;
  }
  const script = scriptOf(body);
  stats.requests += 1;
  if (!/"stream"\s*:\s*true/.test(body)) {
    stats.json += 1;
    socket.write(script.answer);
    return;
  }
  stats.streams += 1;
  let at = 0;
  const next = () => {
    if (socket.destroyed) return;
    const frame = script.frames[at];
    at += 1;
    if (!frame) {
      socket.write(STREAM_END);
      return;
    }
    socket.write(frame);
    if (script.delayMs > 0 && at > 1) setTimeout(next, script.delayMs);
    else setImmediate(next);
  };
  socket.write(STREAM_HEAD);
  next();
}

type Head = { readonly method: string; readonly length: number };

function headOf(text: string): Head {
  if (/\r\ntransfer-encoding:/i.test(text)) throw new Error('This upstream reads bodies with a content-length only');
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(text)?.[1];
  return { method: text.slice(0, text.indexOf(' ')), length: Number(length ?? 0) };
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer = Buffer.alloc(0);
  let head: Head | null = null;
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    pending = pending.length > 0 ? Buffer.concat([pending, data]) : data;
    for (;;) {
      if (!head) {
        const end = pending.indexOf(HEAD_END);
        if (end < 0) return;
        head = headOf(pending.toString('latin1', 0, end));
        pending = pending.subarray(end + HEAD_END.length);
      }
      if (pending.length < head.length) return;
      const { method, length } = head;
      const body = pending.toString('latin1', 0, length);
      pending = pending.subarray(length);
      head = null;
      serve(socket, method, body);
      if (pending.length === 0) return;
    }
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () =>
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })),
);
