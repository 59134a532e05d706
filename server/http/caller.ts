import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../engine/call.ts';
import { clearsCache } from './sharing-headers.ts';

/** Characters of a header that are kept, as many as a body's `session_id` may have. */
const LONGEST = 256;

/** What the headers say about who calls. */
export function callerOf(request: FastifyRequest): Caller {
  const header = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value.slice(0, LONGEST) : null;
  };
  const metadata = header('x-openrouter-metadata') ?? header('x-openrouter-experimental-metadata');
  return {
    sessionId: sessionOf(request.headers['x-session-id']),
    httpReferer: header('http-referer') ?? header('referer'),
    appTitle: header('x-openrouter-title') ?? header('x-title'),
    userAgent: header('user-agent'),
    wantsMetadata: metadata?.toLowerCase() === 'enabled',
    clearsCache: clearsCache(request.headers),
  };
}

/** Two that only begin alike are two tasks: what is too long to be kept goes by its hash. */
function sessionOf(value: string | readonly string[] | undefined): string | null {
  if (typeof value !== 'string') return null;
  return value.length > LONGEST ? hash('sha256', value) : value;
}
