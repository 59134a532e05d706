import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeProvider, Received } from '../../support/fake-provider.ts';

/** What a model answers, in no provider's dialect. */
export type Reply = {
  readonly reasoning?: string;
  /** Of the reasoning: what a provider that signs it must get back unchanged. */
  readonly signature?: string;
  readonly pieces?: readonly string[];
  readonly calls?: readonly ToolCall[];
  /** By the maximum of tokens. */
  readonly cutOff?: boolean;
  /** Milliseconds before the answer, and between its pieces. */
  readonly wait?: number;
  readonly every?: number;
  /** After so many pieces: the connection is destroyed, or an error comes in the stream. */
  readonly dieAfter?: number;
  readonly errorAfter?: number;
};

export type ToolCall = { readonly id: string; readonly name: string; readonly arguments: string };
export type Failing = { readonly status: number; readonly message: string; readonly headers?: Record<string, string> };

/** What a provider was asked, in no dialect. */
export type Seen = {
  /** Every system text, first to last. */
  readonly system: readonly string[];
  /** The turns: who speaks and what, tool calls and results in one line each. */
  readonly turns: readonly string[];
  readonly images: readonly string[];
  readonly tools: readonly string[];
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly stop: readonly string[];
  /** The JSON Schema that the answer must fit. */
  readonly schema: unknown;
  /** Whether the model was asked to reason. */
  readonly reasons: boolean;
  /** Signatures of reasoning that came back. */
  readonly signatures: readonly string[];
};

/** How a provider's dialect says it all. */
export type Speaker = {
  readonly name: 'openai' | 'anthropic' | 'google';
  /** A provider's own name for a model: some can do only what the models of that name can. */
  readonly native: (model: string) => string;
  readonly see: (body: Received['body']) => Seen;
  readonly whole: (reply: Reply, model: string) => object;
  /** The events of a streamed reply: before its pieces, one for each piece, after them. */
  readonly events: (
    reply: Reply,
    model: string,
  ) => { readonly head: readonly string[]; readonly pieces: readonly string[]; readonly tail: readonly string[] };
  readonly failure: (failing: Failing) => object;
  readonly failureEvent: (failing: Failing) => string;
};

/** Google says in the path what others say in the body. */
export const isStreamed = ({ path, body }: Received) =>
  body['stream'] === true || path?.includes(':streamGenerateContent') === true;
export const modelAsked = ({ path, body }: Received): string | undefined =>
  body.model ?? /\/models\/([^:/]+):/.exec(path ?? '')?.[1];

/** The tokens of every reply: $0.00006 at the price of the providers of these tests. */
export const TOKENS = { prompt: 10, completion: 5 } as const;

/** What a model does with a request: the first that came to it has `turn` 0. */
export type Behaviour = (seen: Seen, turn: number) => Reply | Failing;

/** Lets a model of a provider behave so, whole and streamed. */
export function teach(provider: FakeProvider, speaker: Speaker, model: string, behaviour: Behaviour): void {
  let turn = 0;
  provider.on(speaker.native(model), async (received, response) => {
    const reply = behaviour(speaker.see(received.body), turn);
    turn += 1;
    if ('status' in reply) {
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(speaker.failure(reply)));
      return;
    }
    if (reply.wait) await sleep(reply.wait, undefined, { ref: false });
    if (!isStreamed(received)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(speaker.whole(reply, model)));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const { head, pieces, tail } = speaker.events(reply, model);
    for (const event of head) response.write(event);
    for (const [index, event] of pieces.entries()) {
      if (received.aborted) return;
      if (index === reply.dieAfter) return void response.destroy();
      if (index === reply.errorAfter) {
        response.end(speaker.failureEvent({ status: 503, message: 'overloaded midway' }));
        return;
      }
      response.write(event);
      if (reply.every) await sleep(reply.every, undefined, { ref: false });
    }
    response.end(tail.join(''));
  });
}
