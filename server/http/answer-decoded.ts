import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../errors.ts';
import type { Decoded } from '../surfaces/surface.ts';
import { answerCall } from './answer-call.ts';
import { chatRequest, withoutNulls } from './chat.ts';
import type { HttpContext } from './context.ts';
import { identityOf, read, sendRefusal } from './reply.ts';
import { withSharingHeaders } from './sharing-headers.ts';

/** Answers what a surface has decoded. OpenRouter's own fields pass the schema of the chat here, whatever wire they came on. */
export async function answerDecoded(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  decoded: Decoded | Refusal,
): Promise<FastifyReply> {
  const identity = identityOf(request);
  if (decoded.kind === 'refused') return sendRefusal(reply, decoded);
  const body = read(chatRequest, decoded.request);
  if (body.kind === 'refused') return sendRefusal(reply, body);
  if (identity.kind !== 'key') throw new Error('a management key came through to inference');
  const { warnings, writer } = decoded;
  const asked = withSharingHeaders(request.headers, withoutNulls(body.value));
  return answerCall(context, request, reply, { key: identity.key, body: asked, draft: null, warnings, writer });
}
