import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { type CallAnswer, type Caller, type CallInput, generationId } from '../engine/call.ts';
import { kept } from '../engine/kept.ts';
import { preferencesSchema } from '../engine/preferences-schema.ts';
import type { JsonObject } from '../engine/resolve-preset.ts';
import { errorBody } from '../errors.ts';
import type { KeyRow } from '../store/store.ts';
import type { HttpContext } from './context.ts';
import { EventStream } from './event-stream.ts';
import { identityOf, read, sendRefusal } from './reply.ts';
import { clearsCache, withSharingHeaders } from './sharing-headers.ts';

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
});
const modelName = z.string().min(1).max(512);
const positive = z.int().positive().nullable().optional();

/** Until when a call waits, or has waited, for a person's permit; ISO 8601 UTC. */
const PERMIT_DEADLINE = 'x-callgate-permit-deadline';

/** The fields the daemon itself reads; all others are the provider's to judge and survive as they are. */
export const chatRequest = z.looseObject({
  messages: z.array(message).min(1),
  model: modelName.nullable().optional(),
  models: z.array(modelName).max(32).nullable().optional(),
  preset: z.string().max(128).nullable().optional(),
  stream: z.boolean().nullable().optional(),
  max_tokens: positive,
  max_completion_tokens: positive,
  n: z.int().min(1).max(128).nullable().optional(),
  clamp: z.boolean().nullable().optional(),
  coalesce: z.boolean().nullable().optional(),
  cache_enabled: z.boolean().nullable().optional(),
  cache_ttl_seconds: z.number().nullable().optional(),
  session_id: z.string().max(256).nullable().optional(),
  tools: z
    .array(z.looseObject({ type: z.string() }))
    .nullable()
    .optional(),
  provider: z.optional(z.nullable(preferencesSchema)),
  route: z.enum(['fallback', 'sort']).nullable().optional(),
});

/** `POST /chat/completions`, under `/api/v1` as at OpenRouter and under `/v1` as at OpenAI. */
export function chatRoutes(app: FastifyInstance, context: HttpContext): void {
  for (const path of ['/api/v1/chat/completions', '/v1/chat/completions']) {
    app.post(path, { config: { access: 'inference' } }, async (request, reply) => {
      const identity = identityOf(request);
      const body = read(chatRequest, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      if (identity.kind !== 'key') throw new Error('a management key came through to inference');
      return answerCall(
        context,
        request,
        reply,
        identity.key,
        withSharingHeaders(request.headers, withoutNulls(body.value)),
        null,
      );
    });
  }
}

/** Runs a call for a key and writes its answer: JSON, or events that begin when the provider does. */
export async function answerCall(
  { engine, admin, keepAliveMs }: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  key: KeyRow,
  body: JsonObject,
  draft: CallInput['draft'],
): Promise<FastifyReply> {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const id = generationId(admin.now());
  reply.header('x-generation-id', id);
  const waiting = { hurry: () => {} };
  const onWaiting = (deadline: Date) => {
    reply.header(PERMIT_DEADLINE, deadline.toISOString());
    waiting.hurry();
  };
  const input: CallInput = { id, key, body, draft, caller: callerOf(request), signal: gone.signal, onWaiting };
  const answering = kept(admin.ioLog, input, engine.call(input));
  if (body['stream'] !== true) return sendWhole(reply, await answering);

  const early = await orSlow(answering, keepAliveMs, waiting);
  if (early !== 'slow' && early.kind !== 'stream') return sendWhole(reply, early);
  const stream = new EventStream(reply, keepAliveMs);
  if (early === 'slow') stream.comment();
  else {
    if (early.maxTokens !== null) stream.header('x-callgate-max-tokens', String(early.maxTokens));
    for (const [name, value] of Object.entries(early.headers ?? {})) stream.header(name, value);
  }
  try {
    const answer = await answering;
    if (answer.kind === 'stream') await stream.write(answer.events, gone.signal);
    else if (answer.kind === 'refused') await stream.write([lateError(id, answer.refusal, admin.now())], gone.signal);
    stream.end();
  } catch (error) {
    // The headers are out, so the only honest end is none: a reader must not take what came for the whole answer.
    admin.log.error('stream failed', { id, error: String(error) });
    stream.cut();
  }
  return reply;
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
export function sendWhole(reply: FastifyReply, answer: CallAnswer): FastifyReply {
  switch (answer.kind) {
    case 'refused':
      return sendRefusal(reply, answer.refusal, answer.metadata ? { openrouter_metadata: answer.metadata } : {});
    case 'json':
      if (answer.maxTokens !== null) reply.header('x-callgate-max-tokens', answer.maxTokens);
      if (answer.headers) reply.headers(answer.headers);
      // It is text already: what fastify would ask of it on the way costs as much as its reservation.
      reply.hijack();
      reply.raw
        .writeHead(200, {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(answer.body),
          ...(reply.getHeaders() as OutgoingHttpHeaders),
        })
        .end(answer.body);
      return reply;
    default:
      // Nobody is there to read it.
      reply.hijack();
      reply.raw.destroy();
      return reply;
  }
}

/** A refusal that came after the headers had to be sent. */
function lateError(id: string, refusal: Parameters<typeof errorBody>[0], now: Date): string {
  const chunk = {
    id,
    object: 'chat.completion.chunk',
    created: Math.floor(now.getTime() / 1000),
    model: '',
    ...errorBody(refusal),
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
  };
  return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
}

/** What the headers say about who calls. */
export function callerOf(request: FastifyRequest): Caller {
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value.slice(0, 256) : null;
  };
  const metadata = header('x-openrouter-metadata') ?? header('x-openrouter-experimental-metadata');
  return {
    sessionId: header('x-session-id'),
    httpReferer: header('http-referer') ?? header('referer'),
    appTitle: header('x-openrouter-title') ?? header('x-title'),
    userAgent: header('user-agent'),
    wantsMetadata: metadata?.toLowerCase() === 'enabled',
    clearsCache: clearsCache(request.headers),
  };
}

/** A null of OpenRouter's optional fields means the field is absent; providers often refuse the null itself. */
export function withoutNulls(body: JsonObject): JsonObject {
  return Object.values(body).includes(null)
    ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
    : body;
}
