import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CallAnswer, type CallInput, generationId } from '../engine/call.ts';
import { kept } from '../engine/kept.ts';
import type { JsonObject } from '../engine/resolve-preset.ts';
import type { KeyRow } from '../store/store.ts';
import type { AnswerWriter, StreamWriter } from '../surfaces/surface.ts';
import { warningsHeader } from '../surfaces/surface.ts';
import { callerOf } from './caller.ts';
import { chatStream } from './chat-stream.ts';
import type { HttpContext } from './context.ts';
import { EventStream } from './event-stream.ts';
import { sendRefusal } from './reply.ts';

/** Until when a call waits, or has waited, for a person's permit; ISO 8601 UTC. */
const PERMIT_DEADLINE = 'x-callgate-permit-deadline';
/** What of the request was not asked for; see `surfaces/surface.ts`. */
const WARNINGS = 'x-callgate-warnings';

/** A call that came in over some surface, in canonical form. */
export type Asking = {
  readonly key: KeyRow;
  readonly body: JsonObject;
  readonly draft: CallInput['draft'];
  readonly warnings?: readonly string[];
  /** How its answer is written; absent: as it is, OpenRouter's chat. */
  readonly writer?: AnswerWriter;
};

/** Runs a call for a key and writes its answer: JSON, or events that begin when the provider does. The one runner of all surfaces. */
export async function answerCall(
  { engine, admin, keepAliveMs }: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { key, body, draft, warnings, writer }: Asking,
): Promise<FastifyReply> {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const now = admin.now();
  const id = generationId(now);
  reply.header('x-generation-id', id);
  const { surface } = request.routeOptions.config;
  if (surface?.idHeader) reply.header(surface.idHeader, id);
  const warned = warnings && warnings.length > 0 ? warnings : null;
  if (warned) reply.header(WARNINGS, warningsHeader(warned));
  const waiting = { hurry: () => {} };
  const onWaiting = (deadline: Date) => {
    reply.header(PERMIT_DEADLINE, deadline.toISOString());
    waiting.hurry();
  };
  const input: CallInput = {
    id,
    key,
    body,
    draft,
    caller: callerOf(request),
    signal: gone.signal,
    onWaiting,
    ...(warned ? { warnings: warned } : {}),
  };
  const answering = kept(admin.ioLog, input, engine.call(input));
  if (body['stream'] !== true) return sendWhole(reply, await answering, writer);

  const early = await orSlow(answering, keepAliveMs, waiting);
  if (early !== 'slow' && early.kind !== 'stream') return sendWhole(reply, early, writer);
  const events = writer ? writer.stream(() => earlyUsageOf(answering)) : chatStream(id, now);
  const stream = new EventStream(reply, keepAliveMs, events);
  if (early === 'slow') stream.keepAlive();
  else {
    if (early.maxTokens !== null) stream.header('x-callgate-max-tokens', String(early.maxTokens));
    for (const [name, value] of Object.entries(early.headers ?? {})) stream.header(name, value);
  }
  try {
    const answer = await answering;
    if (answer.kind === 'stream')
      await stream.write(writer ? translated(answer.events, events) : answer.events, gone.signal);
    else if (answer.kind === 'refused') await stream.write([events.refuse(answer.refusal), events.end()], gone.signal);
    stream.end();
  } catch (error) {
    // The headers are out, so the only honest end is none: a reader must not take what came for the whole answer.
    admin.log.error('stream failed', { id, error: String(error) });
    stream.cut();
  }
  return reply;
}

async function* translated(
  events: AsyncIterable<string>,
  writer: StreamWriter,
): AsyncGenerator<string, void, undefined> {
  for await (const text of events) {
    const taken = writer.take(text);
    const out = typeof taken === 'string' ? taken : await taken;
    if (out !== '') yield out;
  }
  const last = writer.end();
  if (last !== '') yield last;
}

async function earlyUsageOf(answering: Promise<CallAnswer>): Promise<JsonObject> {
  const answer = await answering;
  return answer.kind === 'stream' && answer.earlyUsage ? answer.earlyUsage() : {};
}

/** What comes first: the answer, or the moment at which a word must be said to keep the connection alive. */
function orSlow<T>(answering: Promise<T>, patienceMs: number, waiting: { hurry: () => void }): Promise<T | 'slow'> {
  return new Promise((resolve, reject) => {
    // A call that waits for a person says so at once.
    waiting.hurry = () => resolve('slow');
    const timer = setTimeout(() => resolve('slow'), patienceMs).unref();
    answering.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Writes an answer that is no stream. */
export function sendWhole(reply: FastifyReply, answer: CallAnswer, writer?: AnswerWriter): FastifyReply {
  switch (answer.kind) {
    case 'refused':
      return sendRefusal(
        reply,
        answer.refusal,
        answer.metadata ? { openrouter_metadata: answer.metadata } : {},
        answer.id,
      );
    case 'json': {
      if (answer.maxTokens !== null) reply.header('x-callgate-max-tokens', answer.maxTokens);
      if (answer.headers) reply.headers(answer.headers);
      const text = writer ? writer.whole(answer.body) : answer.body;
      // It is text already: what fastify would ask of it on the way costs as much as its reservation.
      reply.hijack();
      reply.raw
        .writeHead(200, {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(text),
          ...(reply.getHeaders() as OutgoingHttpHeaders),
        })
        .end(text);
      return reply;
    }
    default:
      // Nobody is there to read it.
      reply.hijack();
      reply.raw.destroy();
      return reply;
  }
}
