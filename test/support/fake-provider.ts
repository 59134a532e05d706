import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { claudeEvents, claudeMessage, claudeStream } from './fake-anthropic.ts';
import { geminiAnswer, geminiEvents, geminiStream } from './fake-google.ts';

export type Received = {
  readonly path?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown> & { model: string };
  aborted: boolean;
};

export type Handler = (received: Received, response: ServerResponse) => void | Promise<void>;

/**
 * A provider over real HTTP. `on` decides what a model does, in OpenAI's dialect (below), Anthropic's (fake-anthropic.ts) or Google's (fake-google.ts); the default
 * answers in that of the path it is asked at.
 */
export class FakeProvider {
  readonly received: Received[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeProvider> {
    const provider = new FakeProvider();
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  on(model: string, handler: Handler): void {
    this.#handlers.set(model, handler);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const received: Received = { path: request.url ?? '', headers: request.headers, body, aborted: false };
    this.received.push(received);
    response.on('close', () => {
      received.aborted = !response.writableFinished;
    });
    // Google's models stand in the path.
    const model = body.model ?? /\/models\/([^:/]+):/.exec(request.url ?? '')?.[1];
    const handler = this.#handlers.get(model) ?? usualHandler(received);
    await handler(received, response);
  }
}

function usualHandler({ path, body }: Received): Handler {
  if (path?.endsWith('/messages')) {
    const content = [{ type: 'text', text: 'Hello there.' }];
    return body['stream'] ? claudeStream({ events: claudeEvents(content) }) : claudeMessage({ content });
  }
  if (path?.includes(':streamGenerateContent'))
    return geminiStream({ events: geminiEvents([{ text: 'Hello there.' }]) });
  if (path?.includes(':generateContent')) return geminiAnswer({});
  return body['stream'] ? stream({}) : answer({});
}

export type Usage = Record<string, unknown>;

export const usageOf = (prompt: number, completion: number): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

/** A whole answer after `delay` milliseconds. */
export function answer({
  delay = 0,
  usage = usageOf(10, 5) as Usage | null,
  content = 'Hello there.',
  more = {},
} = {}): Handler {
  return async (received, response) => {
    if (delay > 0) await sleep(delay);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'chatcmpl-same-for-everyone',
        object: 'chat.completion',
        created: 1,
        model: received.body.model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', logprobs: null }],
        system_fingerprint: null,
        ...(usage ? { usage } : {}),
        ...more,
      }),
    );
  };
}

export type StreamOptions = {
  readonly chunks?: number;
  readonly every?: number;
  readonly usage?: Usage | null;
  /** Dies (the socket is destroyed) after so many chunks. */
  readonly dieAfter?: number;
  readonly errorAfter?: number;
};

/** A stream of `chunks` deltas, `every` milliseconds apart. */
export function stream({
  chunks = 5,
  every = 0,
  usage = usageOf(10, 5),
  dieAfter,
  errorAfter,
}: StreamOptions): Handler {
  return async (received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const head = {
      id: 'chatcmpl-same-for-everyone',
      object: 'chat.completion.chunk',
      created: 1,
      model: received.body.model,
    };
    const write = (data: object) => response.write(`data: ${JSON.stringify({ ...head, ...data })}\n\n`);
    write({
      system_fingerprint: null,
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
    });
    for (let index = 0; index < chunks; index += 1) {
      if (received.aborted) return;
      if (index === dieAfter) {
        response.destroy();
        return;
      }
      if (index === errorAfter) {
        write({ error: { code: 503, message: 'overloaded midway' }, choices: [] });
        response.end();
        return;
      }
      write({ choices: [{ index: 0, delta: { content: `w${index} ` }, finish_reason: null }] });
      if (every > 0) await sleep(every);
    }
    write({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    if (usage) write({ choices: [], usage });
    response.end('data: [DONE]\n\n');
  };
}

/** A failure with an OpenAI-shaped body. */
export function failure(
  status: number,
  message = `failed with ${status}`,
  headers: Record<string, string> = {},
): Handler {
  return (_received, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message, type: 'test', code: null } }));
  };
}
