import type { FastifyInstance } from 'fastify';
import { HEALTH_PATH } from '../protocol.ts';
import type { HttpContext } from './context.ts';

/** `/healthz` needs no key and tells nothing, but can prove to who holds the management key that this daemon holds it too. */
export function healthRoutes(app: FastifyInstance, { proof }: HttpContext): void {
  app.get<{ Querystring: { nonce?: string } }>(HEALTH_PATH, { config: { access: 'none' } }, async (request, reply) => {
    const { nonce } = request.query;
    if (typeof nonce !== 'string' || nonce.length > 256) return reply.send({ status: 'ok' });
    return reply.send({ status: 'ok', proof: proof(nonce) });
  });
}
