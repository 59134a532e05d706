import type { FastifyInstance } from 'fastify';
import { generationId } from '../engine/call.ts';
import { refuse } from '../errors.ts';
import { decodeMessages } from '../surfaces/messages/decode.ts';
import { messagesRequest } from '../surfaces/messages/schema.ts';
import { messagesSurface } from '../surfaces/messages/surface.ts';
import { warningsHeader } from '../surfaces/surface.ts';
import { answerDecoded } from './answer-decoded.ts';
import { callerOf } from './caller.ts';
import { chatRequest, withoutNulls } from './chat.ts';
import type { HttpContext } from './context.ts';
import { identityOf, read, sendRefusal } from './reply.ts';

const inference = { config: { access: 'inference', surface: messagesSurface } } as const;
const BY_TOKENIZER = 'input_tokens is counted here, by a tokenizer that is not the model’s own';

/** `POST /messages` and `/messages/count_tokens`, under `/api/v1` as at OpenRouter and under `/v1` as at Anthropic. */
export function messagesRoutes(app: FastifyInstance, context: HttpContext): void {
  for (const path of ['/api/v1/messages', '/v1/messages']) {
    app.post(path, inference, async (request, reply) => {
      const body = read(messagesRequest, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      return answerDecoded(context, request, reply, decodeMessages(body.value, betasOf(request.headers)));
    });

    app.post(`${path}/count_tokens`, inference, async (request, reply) => {
      const identity = identityOf(request);
      if (identity.kind !== 'key') throw new Error('a management key came through to inference');
      const body = read(messagesRequest, request.body);
      if (body.kind === 'refused') return sendRefusal(reply, body);
      const decoded = decodeMessages(body.value);
      if (decoded.kind === 'refused') return sendRefusal(reply, decoded);
      const canonical = read(chatRequest, decoded.request);
      if (canonical.kind === 'refused') return sendRefusal(reply, canonical);
      const { signal } = new AbortController();
      const id = generationId(context.admin.now());
      const asked = { body: withoutNulls(canonical.value), draft: null, caller: callerOf(request), signal };
      const counted = await context.engine.countInput({ id, key: identity.key, ...asked });
      if (counted.kind === 'refused') return sendRefusal(reply, counted);
      reply.header('x-callgate-warnings', warningsHeader([...decoded.warnings, BY_TOKENIZER]));
      return reply.send({ input_tokens: counted.tokens });
    });
  }
  mistakenPaths(app);
}

/** Anthropic's SDK appends `/v1/messages` to its base URL by itself: one that ends in `/v1` comes out with two. */
function mistakenPaths(app: FastifyInstance): void {
  for (const prefix of ['/v1', '/api/v1']) {
    for (const path of ['messages', 'messages/count_tokens']) {
      app.post(`${prefix}/v1/${path}`, inference, async (request, reply) => {
        const host = request.headers.host ?? 'localhost';
        const base = `http://${host}${prefix === '/v1' ? '' : '/api'}`;
        return sendRefusal(
          reply,
          refuse('not_found', {
            message: `There is no ${prefix}/v1/${path}: the base URL ends in ${prefix}, and the client appends /v1/${path}. The right base URL is ${base}`,
            metadata: { base_url: base },
          }),
        );
      });
    }
  }
}

/** What the header `anthropic-beta` names, said once or more often. */
function betasOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): readonly string[] {
  const header = headers['anthropic-beta'];
  if (header === undefined) return [];
  const text = typeof header === 'string' ? header : header.join(',');
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
