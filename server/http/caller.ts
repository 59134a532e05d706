import type { FastifyRequest } from 'fastify';
import type { Caller } from '../engine/call.ts';
import { clearsCache } from './sharing-headers.ts';

/** What the headers say about who calls. */
export function callerOf(request: FastifyRequest): Caller {
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value.slice(0, 256) : null;
  };
  const metadata = header('x-openrouter-metadata') ?? header('x-openrouter-experimental-metadata');
  return {
    sessionId: header('x-session-id'),
    httpReferer: header('http-referer') ?? header('referer'),
    appTitle: header('x-openrouter-title') ?? header('x-title'),
    userAgent: header('user-agent'),
    wantsMetadata: metadata?.toLowerCase() === 'enabled',
    clearsCache: clearsCache(request.headers),
  };
}
