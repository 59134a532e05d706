import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { Acting } from '../admin/acting.ts';

/** What a client of ours calls itself; believed of the daemon's own management key alone, and only for the record. */
export const CLIENT_HEADER = 'x-callgate-client';
const CLIENTS: ReadonlyMap<string, string> = new Map([
  ['editor', 'editor'],
  ['command-line', 'command line'],
]);

/**
 * Lets what a request changes be recorded in the name of whoever asks. Only for routes that may change something and call no model:
 * those of calls are not touched.
 */
export function nameActors(app: FastifyInstance, acting: Acting): void {
  const begin = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { end } = acting.begin(actorOf(request), done);
    // Emitted once, whether the answer went out whole or the client left.
    reply.raw.once('close', end);
  };
  app.addHook('onRoute', (route) => {
    const access = route.config?.access;
    if (isReading(route.method) || access === 'none' || access === 'inference' || access === 'internal') return;
    const before = route.preHandler ?? [];
    route.preHandler = [begin, ...(Array.isArray(before) ? before : [before])];
  });
}

function isReading(method: string | readonly string[]): boolean {
  const methods = typeof method === 'string' ? [method] : method;
  return methods.every((one) => one === 'GET' || one === 'HEAD');
}

function actorOf({ identity, headers }: FastifyRequest): string {
  if (identity?.kind === 'key') return `key ${JSON.stringify(identity.key.name)} (${identity.key.label})`;
  if (identity?.kind === 'management' && identity.managementKey) {
    return `management key ${JSON.stringify(identity.managementKey.name)} (${identity.managementKey.label})`;
  }
  const client = headers[CLIENT_HEADER];
  return (typeof client === 'string' ? CLIENTS.get(client) : undefined) ?? 'management key';
}
