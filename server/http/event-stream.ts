import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { StreamWriter } from '../surfaces/surface.ts';

/** A reader that has taken nothing while so many comments were due is gone, whatever its connection says. */
const COMMENTS_UNTIL_GONE = 12;

/** An answer of events: headers with the first write, words to keep it alive while nothing else is said, back-pressure heeded. */
export class EventStream {
  readonly #raw: ServerResponse;
  readonly #headers: Record<string, string> = {};
  readonly #writer: StreamWriter;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(reply: FastifyReply, keepAliveMs: number, writer: StreamWriter) {
    reply.hijack();
    this.#writer = writer;
    this.#raw = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) this.#headers[name] = String(value);
    this.#keepAlive = setInterval(() => this.keepAlive(), keepAliveMs);
    this.#keepAlive.unref();
    // A reader that neither reads nor leaves would hold its reservation and the provider's connection for ever.
    this.#raw.setTimeout(COMMENTS_UNTIL_GONE * keepAliveMs, () => this.cut());
  }

  header(name: string, value: string): void {
    this.#headers[name] = value;
  }

  keepAlive(): void {
    // Who reads nothing is not kept by more of it.
    if (this.#raw.writableNeedDrain) return;
    this.#write(this.#writer.keepAlive());
  }

  /** Writes everything, or stops when the reader has gone; the source is told either way. */
  async write(events: AsyncIterable<string> | Iterable<string>, gone: AbortSignal): Promise<void> {
    for await (const text of events) {
      if (gone.aborted || this.#raw.destroyed) break;
      this.#keepAlive.refresh();
      if (!this.#write(text)) await once(this.#raw, 'drain', { signal: gone }).catch(() => {});
    }
  }

  end(): void {
    clearInterval(this.#keepAlive);
    this.#raw.end();
  }

  /** Breaks the connection off. */
  cut(): void {
    clearInterval(this.#keepAlive);
    this.#raw.destroy();
  }

  #write(text: string): boolean {
    if (this.#raw.destroyed) return true;
    if (!this.#raw.headersSent) {
      this.#raw.writeHead(200, {
        'content-type': this.#writer.contentType ?? 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...this.#headers,
      });
    }
    return this.#raw.write(text);
  }
}
