import type { FastifyInstance } from 'fastify';
import { detect } from '../admin/detect.ts';
import { CALLGATE_API, detectRequest } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { organizationOf } from './organization-scope.ts';
import { read, sendData, sendRefusal } from './reply.ts';

/** `POST /callgate/detect`: what the detectors, or a guardrail's filters, make of a text. The text is not kept. */
export function detectRoutes(app: FastifyInstance, { admin }: HttpContext): void {
  app.post(`${CALLGATE_API}/detect`, { config: { access: 'management', scoped: true } }, async (request, reply) => {
    const body = read(detectRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const { text, role, only, threshold, guardrail_id } = body.value;
    const answer = detect(admin, organizationOf(admin, request), {
      text,
      ...(role === undefined ? {} : { role }),
      ...(only === undefined ? {} : { only }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(guardrail_id === undefined ? {} : { guardrailId: guardrail_id }),
    });
    return 'kind' in answer ? sendRefusal(reply, answer) : sendData(reply, answer);
  });
}
