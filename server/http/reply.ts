import type { FastifyReply, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import type * as mini from 'zod/mini';
import { errorBody, type Refusal, refuse } from '../errors.ts';
import type { Identity } from './context.ts';

/** Sends a refusal in the envelope of the route's surface: OpenRouter's, where it has none. */
export function sendRefusal(
  reply: FastifyReply,
  refusal: Refusal,
  more: Readonly<Record<string, unknown>> = {},
  id: string | null = null,
): FastifyReply {
  if (refusal.retryAfter !== null) reply.header('retry-after', refusal.retryAfter);
  const { surface } = reply.routeOptions.config;
  if (surface) {
    const { status, body, headers } = surface.error(refusal, id, more);
    if (headers) reply.headers(headers);
    return reply.code(status).send(body);
  }
  return reply.code(refusal.status).send({ ...errorBody(refusal), ...more });
}

/** Sends `{data: …}`, or the refusal that came instead of it. */
export function sendData(reply: FastifyReply, data: unknown, status = 200): FastifyReply {
  return reply.code(status).send({ data });
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refused';
}

/** Reads a value from outside through its schema; the refusal names the first field that is wrong and lists them all. */
export function read<T>(
  schema: z.ZodType<T> | mini.ZodMiniType<T>,
  value: unknown,
): { readonly kind: 'read'; readonly value: T } | Refusal {
  const result = schema.safeParse(value ?? {});
  if (result.success) return { kind: 'read', value: result.data };
  const issues = result.error.issues.map((issue) => ({
    path: issue.path.map(String).join('.') || 'body',
    message: issue.message,
  }));
  const [first] = issues;
  return refuse('invalid_request', {
    message: first ? `${first.path}: ${first.message}` : 'The request is not valid',
    metadata: { issues: issues.slice(0, 20) },
  });
}

/** The key a request came with; only behind routes whose access is `inference`. */
export function identityOf(request: FastifyRequest): Identity {
  if (!request.identity) throw new Error(`${request.url} was reached without authentication`);
  return request.identity;
}
