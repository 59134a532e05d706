import { isUtf8 } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import { TextDecoder } from 'node:util';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { DEPTH_LIMIT, nestsTooDeep } from '../engine/json-depth.ts';
import { errorBody, type Refusal, refuse } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { nameActors } from './acting.ts';
import { authenticate } from './authenticate.ts';
import { ConnectionDigests } from './connection-digests.ts';
import type { HttpContext } from './context.ts';
import { mistakenPaths, withoutAlias } from './mistaken-paths.ts';
import { isRefusal, sendRefusal } from './reply.ts';
import { type AccessPolicy, addressWithoutKey, checkRequest, headOf, JSON_TYPE } from './security.ts';

export type AppOptions = {
  readonly context: HttpContext;
  /** Asked for each request: the port is known only once the daemon listens. */
  readonly policy: () => AccessPolicy;
  readonly bodyLimit: number;
  /** Milliseconds for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  readonly log: Log;
};

const UNKNOWN = { access: 'any', scoped: true } as const;

/** The HTTP server without its routes: who may speak, what a body may be, and one shape for every error. */
export function createApp(options: AppOptions): FastifyInstance {
  const { context, log } = options;
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyLimit,
    requestTimeout: options.requestTimeoutMs,
    // How often Node looks for requests that take too long; its default would let a slow one live for half a minute more.
    http: {
      connectionsCheckingInterval: Math.min(1_000, options.requestTimeoutMs),
      headersTimeout: options.requestTimeoutMs,
      // A request without one is refused like any other Host, in our own words.
      requireHostHeader: false,
      // Java's own client offers h2c with every request; what is not for a WebSocket is a request like any other.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    keepAliveTimeout: 72_000,
    exposeHeadRoutes: false,
    rewriteUrl: (request) => {
      const url = withoutAlias(addressWithoutKey(request.url ?? '/', request.headers));
      // What it was before is kept nowhere.
      (request as { originalUrl?: string }).originalUrl = url;
      return url;
    },
    // Calls have an id of our own.
    genReqId: () => '',
    routerOptions: { maxParamLength: 300 },
    clientErrorHandler: (error, socket) => {
      const refusal = unreadable(error.code);
      const body = JSON.stringify(errorBody(refusal));
      if (socket.writable) {
        socket.end(
          `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
        );
      } else socket.destroy();
    },
  });

  const digests = new ConnectionDigests();
  app.decorateRequest('identity', null);
  app.addHook('onRequest', async (request, reply) => {
    const { headers } = request.raw;
    const checked = checkRequest(headOf(request.raw), options.policy());
    if (checked.kind === 'refused') return sendRefusal(reply, checked);
    if (checked.origin !== null) reply.headers({ 'access-control-allow-origin': checked.origin, vary: 'Origin' });
    if (checked.preflight) return reply.headers(preflightHeaders(headers)).code(204).send();

    // A path nobody serves asks for a key like any other, so that it cannot be told from one that is served.
    const { access, scoped } = request.is404 ? UNKNOWN : request.routeOptions.config;
    if (access === 'none' || access === 'internal') return undefined;
    const wanted = { access: access ?? 'daemon', scoped: scoped === true } as const;
    const identity = await authenticate(headers, wanted, context, (secret) => digests.of(request.raw.socket, secret));
    if (identity.kind === 'refused') return sendRefusal(reply, identity);
    request.identity = identity;
    return undefined;
  });

  nameActors(app, context.admin.acting);
  readJsonOnly(app);
  mistakenPaths(app);
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.status >= 500)
      log.error('request failed', { method: request.method, url: request.url.split('?')[0], error });
    return sendRefusal(reply, refusal);
  });
  return app;
}

/** Why a request could not be read as HTTP at all. */
function unreadable(code: string | undefined): Refusal {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse('request_timeout');
    case 'HPE_HEADER_OVERFLOW':
      return refuse('invalid_request', { status: 431, message: 'The headers of the request are too large' });
    default:
      return refuse('invalid_request', { message: 'This is not a valid HTTP request' });
  }
}

function preflightHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const asked = headers['access-control-request-headers'];
  return {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': typeof asked === 'string' ? asked : 'authorization, content-type',
    'access-control-max-age': '600',
  };
}

/** Text in the charset it says it has; throws when it is no such text. */
function decode(body: Buffer, charset: string): string {
  // A mark at its beginning, if any, is the decoder's to take away.
  if (charset.toLowerCase() === 'utf-8' && isUtf8(body) && body[0] !== 0xef) return body.toString('utf8');
  return new TextDecoder(charset, { fatal: true }).decode(body);
}

/** JSON in any charset, and nothing a form can send. */
function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    const type = request.headers['content-type'] ?? '';
    const charset = type.includes(';') ? (/charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1] ?? 'utf-8') : 'utf-8';
    let text: string;
    try {
      text = decode(body as Buffer, charset);
    } catch {
      done(
        Object.assign(new Error(`The body is not ${charset} text`), {
          refusal: refuse('invalid_json', { detail: `it is not ${charset} text` }),
        }),
      );
      return;
    }
    // A DELETE or POST without content may still name a type.
    if (text === '') done(null, undefined);
    else if (nestsTooDeep(text))
      done(
        Object.assign(new Error('The body nests too deep'), {
          refusal: refuse('invalid_json', { detail: `it nests deeper than ${DEPTH_LIMIT} levels` }),
        }),
      );
    else parse(request, text, done);
  });
}

function refusalOf(error: unknown): Refusal {
  if (typeof error === 'object' && error !== null && 'refusal' in error && isRefusal(error.refusal))
    return error.refusal;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('payload_too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_CONTENT_TYPE':
      return refuse('unsupported_media_type');
    case 'ERR_SQLITE_ERROR':
    case 'ERR_JOURNAL':
      return refuse('store_unavailable', { retryAfter: 5 });
    default:
  }
  if (statusCode === 400) return refuse('invalid_json', message ? { detail: message } : {});
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return refuse('invalid_request', message ? { detail: message } : {});
  return refuse('internal');
}
