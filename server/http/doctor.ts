import { once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { type DoctorParts, examineAll } from '../doctor/doctor.ts';
import { refuse } from '../errors.ts';
import { CALLGATE_API, type DoctorEvent, doctorRequest } from '../protocol.ts';
import { read, sendRefusal } from './reply.ts';

const management = { config: { access: 'daemon' } } as const;
const LINES = 'application/x-ndjson';

/** `POST /callgate/doctor`: the report, or with `Accept: application/x-ndjson` each step as it comes. Ends when the caller leaves. */
export function doctorRoutes(app: FastifyInstance, parts: DoctorParts): void {
  app.post(`${CALLGATE_API}/doctor`, management, async (request, reply) => {
    const body = read(doctorRequest, request.body);
    if (body.kind === 'refused') return sendRefusal(reply, body);
    const unknown = body.value.providers?.find((slug) => !parts.providers.find(slug));
    if (unknown !== undefined) {
      const known = parts.providers.list().map(({ slug }) => slug);
      return sendRefusal(
        reply,
        refuse('unknown_provider', {
          message: `No provider is called "${unknown.slice(0, 64)}". Known: ${known.join(', ')}`,
        }),
      );
    }
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const events = examineAll(parts, body.value, gone.signal);
    if (!String(request.headers.accept).includes(LINES)) {
      let last: DoctorEvent | null = null;
      for await (const event of events) last = event;
      return reply.send({ data: last?.kind === 'report' ? last.report : null });
    }
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': LINES });
    for await (const event of events) {
      if (!reply.raw.write(`${JSON.stringify(event)}\n`) && !gone.signal.aborted)
        await once(reply.raw, 'drain', { signal: gone.signal }).catch(() => undefined);
    }
    reply.raw.end();
    return reply;
  });
}
