import type { Asked } from '../asked.ts';
import type { CallAnswer } from '../call.ts';
import { cacheSeconds } from './cache-wish.ts';
import { Copy } from './copy.ts';
import { Flight } from './flight.ts';
import { type FreeEnd, type FreeParts, recordFree } from './free-call.ts';
import { type Kept, ResponseCache } from './response-cache.ts';
import { shareKey } from './share-key.ts';
import { chunksIn, DONE, originOf, wholeOrigin } from './whole.ts';

/** Makes a call of its own. */
type Serve = (asked: Asked) => Promise<CallAnswer>;

/** Roughly how much of a kept stream is written at once. */
const WRITE_CHARACTERS = 16_384;

/**
 * Answers that serve more than one call: kept ones (OpenRouter's response cache) and those under way (coalescing), both only when
 * asked for and only among calls of one API key. The one call that is made pays; the others are generations of their own, at nothing.
 */
export class Sharing {
  readonly #parts: FreeParts;
  readonly #cache: ResponseCache;
  readonly #flights = new Map<string, { readonly flight: Flight; readonly leader: string }>();

  constructor(parts: FreeParts, cacheBytes: () => number) {
    this.#parts = parts;
    this.#cache = new ResponseCache(cacheBytes);
  }

  async call(asked: Asked, serve: Serve): Promise<CallAnswer> {
    const { input, request } = asked;
    const key = shareKey(asked);
    const seconds = cacheSeconds(request);
    if (seconds !== null) {
      if (input.caller.clearsCache) this.#cache.delete(key);
      const kept = this.#cache.get(key, this.#parts.now().getTime());
      if (kept) return this.#replay(asked, kept);
    }
    const lead = async (signal: AbortSignal) => {
      const answer = await serve(signal === input.signal ? asked : { ...asked, input: { ...input, signal } });
      return seconds === null ? answer : this.#keeping(answer, key, seconds, signal);
    };
    const answer = asked.coalesce ? await this.#together(asked, key, lead) : await lead(input.signal);
    if (seconds === null || (answer.kind !== 'json' && answer.kind !== 'stream')) return answer;
    return { ...answer, headers: { ...answer.headers, ...cacheHeaders('MISS', seconds) } };
  }

  async #replay(asked: Asked, kept: Kept): Promise<CallAnswer> {
    const { id } = asked.input;
    const { model, provider, sourceId, storedAtMs, expiresAtMs } = kept;
    const copyOf = { id: sourceId, how: 'cache' } as const;
    await recordFree(this.#parts, asked, { status: 200, cancelled: false, model, provider, copyOf });
    const now = this.#parts.now();
    const headers = {
      ...cacheHeaders('HIT', Math.max(0, Math.ceil((expiresAtMs - now.getTime()) / 1000))),
      'x-openrouter-cache-age': String(Math.floor((now.getTime() - storedAtMs) / 1000)),
      'x-openrouter-cache-source-id': sourceId,
    };
    const copy = new Copy(id, now);
    const body = kept.body.toString('utf8');
    return kept.streamed
      ? { kind: 'stream', id, maxTokens: null, headers, events: replayed(body, copy) }
      : { kind: 'json', id, maxTokens: null, headers, body: copy.json(body) };
  }

  /** The answer, which is kept once it is whole. */
  #keeping(answer: CallAnswer, key: string, seconds: number, signal: AbortSignal): CallAnswer {
    if (answer.kind !== 'json' && answer.kind !== 'stream') return answer;
    const { kind, maxTokens, id } = answer;
    const keep = (body: string) => {
      const origin = signal.aborted ? null : wholeOrigin(body, kind === 'stream', maxTokens !== null);
      if (!origin) return;
      const storedAtMs = this.#parts.now().getTime();
      const expiresAtMs = storedAtMs + seconds * 1000;
      const text = Buffer.from(body);
      this.#cache.put(key, {
        body: text,
        streamed: kind === 'stream',
        sourceId: id,
        ...origin,
        storedAtMs,
        expiresAtMs,
      });
    };
    if (kind === 'stream') return { ...answer, events: recorded(answer.events, this.#cache.mostBytes, keep) };
    keep(answer.body);
    return answer;
  }

  async #together(asked: Asked, key: string, lead: (signal: AbortSignal) => Promise<CallAnswer>): Promise<CallAnswer> {
    const { id, signal } = asked.input;
    const current = this.#flights.get(key);
    if (current) {
      const answer = await this.#follow(asked, current.flight, current.leader);
      return answer ?? lead(signal);
    }
    const flight: Flight = new Flight(lead, () => {
      if (this.#flights.get(key)?.flight === flight) this.#flights.delete(key);
    });
    this.#flights.set(key, { flight, leader: id });
    return (await flight.board(signal)) ?? { kind: 'aborted', id };
  }

  /** Waits for another's answer; null when that call came to nothing for a reason of its own, so that this one is made by itself. */
  async #follow(asked: Asked, flight: Flight, leader: string): Promise<CallAnswer | null> {
    const { id, signal } = asked.input;
    const copyOf = { id: leader, how: 'coalesced' } as const;
    const record = (end: Omit<FreeEnd, 'copyOf'>) => recordFree(this.#parts, asked, { ...end, copyOf });
    const headers = { 'x-callgate-coalesced': leader };
    const answer = await flight.board(signal);
    switch (answer?.kind) {
      case undefined:
        await record({ status: 499, cancelled: true, ...originOf(undefined) });
        return { kind: 'aborted', id };
      case 'aborted':
        return null;
      case 'refused': {
        const { refusal } = answer;
        // What the providers said of the request holds for this one too; what was refused before it was sent need not.
        if (!('provider_name' in refusal.metadata)) return null;
        await record({ status: refusal.status, cancelled: false, ...originOf(undefined) });
        return { kind: 'refused', id, refusal, metadata: null };
      }
      case 'json': {
        const body = new Copy(id, asked.startedAt).json(answer.body);
        await record({ status: 200, cancelled: false, ...originOf(JSON.parse(answer.body)) });
        return { kind: 'json', id, maxTokens: answer.maxTokens, headers, body };
      }
      case 'stream': {
        const events = copied(answer.events, new Copy(id, asked.startedAt), record);
        const { maxTokens, earlyUsage } = answer;
        return { kind: 'stream', id, maxTokens, headers, events, ...(earlyUsage ? { earlyUsage } : {}) };
      }
    }
  }
}

const cacheHeaders = (status: 'HIT' | 'MISS', seconds: number) => ({
  'x-openrouter-cache-status': status,
  'x-openrouter-cache-ttl': String(seconds),
});

/** Passes a stream on and, with its last event in hand and settled, hands over all of it, unless that is more than `most`. */
async function* recorded(events: AsyncIterable<string>, most: number, keep: (body: string) => void) {
  const texts: string[] = [];
  let size = 0;
  for await (const text of events) {
    size += text.length;
    if (size <= most) texts.push(text);
    if (size <= most && text.endsWith(DONE)) keep(texts.join(''));
    yield text;
  }
}

async function* replayed(body: string, copy: Copy) {
  let piece = '';
  for (const event of body.split('\n\n')) {
    if (event === '') continue;
    piece += `${event}\n\n`;
    if (piece.length < WRITE_CHARACTERS) continue;
    yield copy.events(piece);
    piece = '';
  }
  if (piece !== '') yield copy.events(piece);
}

/** A stream for a follower; its last event leaves after the follower's own generation has been kept. */
async function* copied(
  events: AsyncIterable<string>,
  copy: Copy,
  record: (end: Omit<FreeEnd, 'copyOf'>) => Promise<void>,
) {
  let origin = originOf(undefined);
  let isRecorded = false;
  const end = async (status: number) => {
    if (isRecorded) return;
    isRecorded = true;
    await record({ status, cancelled: status === 499, ...origin });
  };
  try {
    for await (const text of events) {
      if (origin.model === null) origin = originOf(chunksIn(text)[0]);
      if (text.endsWith(DONE)) await end(statusOf(text));
      yield copy.events(text);
    }
  } catch (error) {
    await end(500);
    throw error;
  } finally {
    // Whoever stops reading has gone.
    await end(499);
  }
}

/** What the last events of a stream say about how it ended. */
function statusOf(events: string): number {
  const failed = chunksIn(events).find((chunk) => typeof chunk['error'] === 'object' && chunk['error'] !== null);
  const code = (failed?.['error'] as { readonly code?: unknown } | undefined)?.code;
  return failed ? (typeof code === 'number' ? code : 502) : 200;
}
