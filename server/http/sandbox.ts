import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { refuse } from '../errors.ts';
import { sandboxReply } from '../sandbox/sandbox-reply.ts';
import { chatStream } from './chat-stream.ts';
import { EventStream } from './event-stream.ts';
import { read, sendRefusal } from './reply.ts';
import { bearerOf, secretsEqual } from './security.ts';

const request = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).min(1),
  stream: z.boolean().optional(),
  max_tokens: z.number().nullable().optional(),
  max_completion_tokens: z.number().nullable().optional(),
  response_format: z.looseObject({ type: z.unknown() }).nullable().optional(),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.unknown() }).optional() }))
    .nullable()
    .optional(),
});

/** So that a stream can be seen to stream. */
const TOKEN_MS = 15;

/**
 * The provider behind `callgate/sandbox`: an OpenAI-compatible endpoint of the daemon's own, which the daemon calls over HTTP as it
 * does any other. Its key is made at each start and known to nobody else.
 */
export function sandboxRoutes(app: FastifyInstance, secret: string): void {
  app.post('/sandbox/v1/chat/completions', { config: { access: 'internal' } }, async (incoming, reply) => {
    const key = bearerOf(incoming.headers);
    if (key === null || !secretsEqual(key, secret)) return sendRefusal(reply, refuse('invalid_key'));
    const body = read(request, incoming.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { tokens, toolCall, finishReason, usage } = sandboxReply(body.value);
    const head = { id: `sandbox-${incoming.id}`, created: Math.floor(Date.now() / 1000), model: 'sandbox' };
    const toolCalls = toolCall ? [{ id: 'call_sandbox', type: 'function', function: toolCall }] : null;
    if (body.value.stream !== true) {
      const message = {
        role: 'assistant',
        content: toolCalls ? null : tokens.join(''),
        ...(toolCalls ? { tool_calls: toolCalls } : {}),
      };
      return reply.send({
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: finishReason, logprobs: null }],
        system_fingerprint: 'callgate-sandbox',
        usage,
      });
    }
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const event = (data: object) =>
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...data })}\n\n`;
    const delta = (content: object, finish: string | null = null) =>
      event({ choices: [{ index: 0, delta: content, finish_reason: finish }] });
    async function* events() {
      yield delta({ role: 'assistant', content: '' });
      if (toolCalls) yield delta({ tool_calls: toolCalls.map((call, index) => ({ index, ...call })) });
      for (const token of tokens) {
        yield delta({ content: token });
        await sleep(TOKEN_MS, undefined, { signal: gone.signal });
      }
      yield delta({}, finishReason);
      yield event({ choices: [], usage });
      yield 'data: [DONE]\n\n';
    }
    const stream = new EventStream(reply, 10_000, chatStream(head.id, new Date(head.created * 1000)));
    await stream.write(events(), gone.signal).catch(() => {});
    stream.end();
    return reply;
  });
}
