import type { FastifyInstance } from 'fastify';
import {
  CALLGATE_API,
  type ConfigStanding,
  type HandoffAnswer,
  type HandoffRequest,
  handoffRequest,
} from '../protocol.ts';
import { read, sendRefusal } from './reply.ts';

export type LifeOperations = {
  readonly reload: () => ConfigStanding;
  readonly handOff: (request: HandoffRequest) => HandoffAnswer;
};

const management = { config: { access: 'daemon' } } as const;

/** What changes the daemon as a whole while it runs. */
export function lifeRoutes(app: FastifyInstance, daemon: LifeOperations): void {
  // An invalid file is an answer, not a refusal: the daemon did as it was asked, and runs on with what it had.
  app.post(`${CALLGATE_API}/reload`, management, async (_request, reply) => reply.send(daemon.reload()));

  app.post(`${CALLGATE_API}/handoff`, management, async (request, reply) => {
    const body = read(handoffRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const answer = daemon.handOff(body.value);
    return reply.code(answer.accepted ? 202 : 200).send(answer);
  });
}
