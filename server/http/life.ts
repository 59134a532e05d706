import type { FastifyInstance } from 'fastify';
import { CALLGATE_API, type ConfigStanding } from '../protocol.ts';

export type LifeOperations = {
  readonly reload: () => ConfigStanding;
};

const management = { config: { access: 'management' } } as const;

/** What changes the daemon as a whole while it runs. */
export function lifeRoutes(app: FastifyInstance, daemon: LifeOperations): void {
  // An invalid file is an answer, not a refusal: the daemon did as it was asked, and runs on with what it had.
  app.post(`${CALLGATE_API}/reload`, management, async (_request, reply) => reply.send(daemon.reload()));
}
