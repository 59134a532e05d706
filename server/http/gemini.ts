import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { generationId } from '../engine/call.ts';
import { refuse } from '../errors.ts';
import { decodeGemini, type GeminiPath } from '../surfaces/gemini/decode.ts';
import { geminiSurface } from '../surfaces/gemini/surface.ts';
import { warningsHeader } from '../surfaces/surface.ts';
import { answerDecoded } from './answer-decoded.ts';
import { callerOf } from './caller.ts';
import { chatRequest, withoutNulls } from './chat.ts';
import type { HttpContext } from './context.ts';
import { identityOf, read, sendRefusal } from './reply.ts';

const inference = { config: { access: 'inference', surface: geminiSurface } } as const;
const BY_TOKENIZER = 'totalTokens is counted here, by a tokenizer that is not the model’s own';
const EMBEDDINGS = new Set(['embedContent', 'batchEmbedContents', 'asyncBatchEmbedContent']);

/** `POST /v1beta/models/{model}:generateContent` and its kin, as at Google; under `/v1/models`, too. */
export function geminiRoutes(app: FastifyInstance, context: HttpContext): void {
  const route = (request: FastifyRequest, reply: FastifyReply) => {
    const { model, method } = targetOf((request.params as { readonly '*': string })['*']);
    if (model === '') return sendRefusal(reply, refuse('not_found', { detail: 'the path names no model' }));
    switch (method) {
      case 'generateContent':
        return answer(request, reply, { model, stream: null });
      case 'streamGenerateContent':
        return answer(request, reply, { model, stream: isSse(request.query) ? 'sse' : 'array' });
      case 'countTokens':
        return countTokens(request, reply, model);
      default:
        if (EMBEDDINGS.has(method))
          return sendRefusal(
            reply,
            refuse('invalid_request', { status: 501, message: `${method}: embeddings are not served on this wire` }),
          );
        return sendRefusal(reply, refuse('not_found', { detail: `there is no method "${method.slice(0, 60)}" here` }));
    }
  };
  app.post('/v1beta/*', inference, route);
  // Where Google's own client asks since its third generation.
  app.post('/v1/models/*', inference, route);

  const answer = (request: FastifyRequest, reply: FastifyReply, path: GeminiPath) =>
    answerDecoded(context, request, reply, decodeGemini(request.body, path));

  async function countTokens(request: FastifyRequest, reply: FastifyReply, model: string): Promise<FastifyReply> {
    const identity = identityOf(request);
    if (identity.kind !== 'key') throw new Error('a management key came through to inference');
    const asked = (request.body ?? {}) as { readonly generateContentRequest?: unknown };
    const decoded = decodeGemini(asked.generateContentRequest ?? asked, { model, stream: null });
    if (decoded.kind === 'refused') return sendRefusal(reply, decoded);
    const canonical = read(chatRequest, decoded.request);
    if (canonical.kind === 'refused') return sendRefusal(reply, canonical);
    const { signal } = new AbortController();
    const id = generationId(context.admin.now());
    const input = { body: withoutNulls(canonical.value), draft: null, caller: callerOf(request), signal };
    const counted = await context.engine.countInput({ id, key: identity.key, ...input });
    if (counted.kind === 'refused') return sendRefusal(reply, counted);
    reply.header('x-callgate-warnings', warningsHeader([...decoded.warnings, BY_TOKENIZER]));
    return reply.send({ totalTokens: counted.tokens });
  }
}

/** The last colon ends the model, whose own name may hold others; `models/` before it may be left out. */
function targetOf(path: string): { readonly model: string; readonly method: string } {
  const at = path.lastIndexOf(':');
  const named = at < 0 ? path : path.slice(0, at);
  return { model: named.replace(/^models\//, ''), method: at < 0 ? '' : path.slice(at + 1) };
}

const isSse = (query: unknown): boolean => {
  const { alt, $alt } = query as { readonly alt?: unknown; readonly $alt?: unknown };
  return alt === 'sse' || $alt === 'sse';
};
