import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { HEALTH_PATH } from '../protocol.ts';

/**
 * Stands before the app's own request handler while a daemon is about to hand over: requests pass, or wait, or go elsewhere.
 * Put in place only then, so that no other call pays for it.
 */
export class RequestGate {
  readonly #server: FastifyInstance['server'];
  readonly #own: readonly RequestListener[];
  readonly #waiting: (readonly [IncomingMessage, ServerResponse])[] = [];
  #now: 'pass' | 'hold' | RequestListener = 'pass';
  readonly #gate: RequestListener = (request, response) => {
    // Whoever looks for this daemon must find it meanwhile, or would start another.
    const passes = this.#now === 'pass' || (this.#now === 'hold' && request.url?.startsWith(HEALTH_PATH));
    if (passes) this.#pass(request, response);
    else if (this.#now === 'hold') this.#waiting.push([request, response]);
    else if (typeof this.#now === 'function') this.#now(request, response);
  };

  constructor(app: FastifyInstance) {
    this.#server = app.server;
    this.#own = app.server.listeners('request') as RequestListener[];
    this.#server.removeAllListeners('request').on('request', this.#gate);
    // From the next one on, each answer ends its connection: when the moment comes there are few left to look after.
    this.#server.maxRequestsPerSocket = 1;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  hold(): void {
    this.#now = 'hold';
  }

  /** Lets through those that waited, and those that come. */
  pass(): void {
    this.#now = 'pass';
    for (const [request, response] of this.#waiting.splice(0)) this.#pass(request, response);
  }

  /** Gives those that waited, and those that still come, to somebody else. */
  divert(to: RequestListener): void {
    this.#now = to;
    for (const [request, response] of this.#waiting.splice(0)) to(request, response);
  }

  /** Takes the gate away, and lets through those that waited. */
  remove(): void {
    this.#server.removeAllListeners('request');
    for (const listener of this.#own) this.#server.on('request', listener);
    this.#server.maxRequestsPerSocket = 0;
    this.pass();
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    for (const listener of this.#own) listener.call(this.#server, request, response);
  }
}
