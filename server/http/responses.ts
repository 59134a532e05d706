import type { FastifyInstance } from 'fastify';
import { decodeResponses } from '../surfaces/responses/decode.ts';
import { responses } from '../surfaces/responses/errors.ts';
import { answerDecoded } from './answer-decoded.ts';
import type { HttpContext } from './context.ts';
import { ItemBook } from './item-book.ts';
import { identityOf } from './reply.ts';

/** `POST /responses`: OpenAI's Responses, stateless as OpenRouter's. */
export function responsesRoutes(app: FastifyInstance, context: HttpContext): void {
  const book = new ItemBook();
  for (const path of ['/api/v1/responses', '/v1/responses']) {
    app.post(path, { config: { access: 'inference', surface: responses } }, (request, reply) => {
      const identity = identityOf(request);
      const keyId = identity.kind === 'key' ? identity.key.id : '';
      const now = () => context.admin.now().getTime();
      const decoded = decodeResponses(request.body, {
        itemOf: (id) => book.find(keyId, id, now()),
        // Who says that nothing is to be stored is taken at its word.
        given: (items) => {
          if (!saysNotToStore(request.body)) book.keep(keyId, items, now());
        },
      });
      return answerDecoded(context, request, reply, decoded);
    });
  }
}

const saysNotToStore = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'store' in body && body.store === false;
