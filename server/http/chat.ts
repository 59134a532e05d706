import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { preferencesSchema } from '../engine/preferences-schema.ts';
import type { JsonObject } from '../engine/resolve-preset.ts';
import { answerCall } from './answer-call.ts';
import type { HttpContext } from './context.ts';
import { identityOf, read, sendRefusal } from './reply.ts';
import { withSharingHeaders } from './sharing-headers.ts';

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
});
const modelName = z.string().min(1).max(512);
const positive = z.int().positive().nullable().optional();

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
      const { key } = identity;
      const asked = withSharingHeaders(request.headers, withoutNulls(body.value));
      return answerCall(context, request, reply, { key, body: asked, draft: null });
    });
  }
}

/** A null of OpenRouter's optional fields means the field is absent; providers often refuse the null itself. */
export function withoutNulls(body: JsonObject): JsonObject {
  return Object.values(body).includes(null)
    ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
    : body;
}
