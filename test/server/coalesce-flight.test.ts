import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallAnswer } from '../../server/engine/call.ts';
import { Flight } from '../../server/engine/sharing/flight.ts';

/** A stream of texts that tells how far it was read and whether it came to its end. */
function source(texts: readonly string[], signal?: AbortSignal) {
  const seen = { read: 0, ended: false };
  async function* events() {
    try {
      for (const text of texts) {
        if (signal?.aborted) break;
        await Promise.resolve();
        seen.read += 1;
        yield text;
      }
    } finally {
      seen.ended = true;
    }
  }
  return { seen, answer: { kind: 'stream', id: 'leader', maxTokens: null, events: events() } satisfies CallAnswer };
}

const never = new AbortController().signal;
async function eventsIn(answer: CallAnswer | null): Promise<AsyncIterator<string>> {
  if (answer?.kind !== 'stream') throw new Error(`no stream: ${answer?.kind}`);
  return answer.events[Symbol.asyncIterator]();
}
async function all(answer: CallAnswer | null): Promise<string[]> {
  const texts: string[] = [];
  const events = await eventsIn(answer);
  for (let next = await events.next(); !next.done; next = await events.next()) texts.push(next.value);
  return texts;
}

describe('a flight', () => {
  it('gives every passenger the whole stream, whenever each reads and boards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }),
        async (texts, heads) => {
          const { answer } = source(texts);
          const flight = new Flight(
            async () => answer,
            () => {},
          );
          const first = await eventsIn(await flight.board(never));
          const read: string[] = [];
          const others: Promise<string[]>[] = [];
          for (const head of heads) {
            for (let count = 0; count < head && read.length < texts.length; count += 1) {
              const next = await first.next();
              if (!next.done) read.push(next.value);
            }
            // Nobody boards a flight that has ended; the one who keeps the list of flights sees to that.
            if (read.length < texts.length) others.push(flight.board(never).then(all));
          }
          for (let next = await first.next(); !next.done; next = await first.next()) read.push(next.value);
          expect(read).toEqual(texts);
          for (const other of await Promise.all(others)) expect(other).toEqual(texts);
        },
      ),
    );
  });

  it('reads no further than its fastest passenger', async () => {
    const { seen, answer } = source(['a', 'b', 'c', 'd']);
    const flight = new Flight(
      async () => answer,
      () => {},
    );
    const [slow, fast] = [await eventsIn(await flight.board(never)), await eventsIn(await flight.board(never))];
    await fast.next();
    await fast.next();
    await slow.next();
    expect(seen.read).toBe(2);
  });

  it('goes on when one of its passengers leaves, whichever it is', async () => {
    const gone = new AbortController();
    let landing: AbortSignal | undefined;
    const { seen, answer } = source(['a', 'b', 'c']);
    const flight = new Flight(
      async (signal) => {
        landing = signal;
        return answer;
      },
      () => {},
    );
    const leader = await eventsIn(await flight.board(gone.signal));
    const follower = flight.board(never);
    await leader.next();
    gone.abort();
    expect((await leader.next()).done).toBe(true);
    expect(landing?.aborted).toBe(false);
    expect(await all(await follower)).toEqual(['a', 'b', 'c']);
    expect(seen.ended).toBe(true);
  });

  it('ends with its last passenger, and its stream still comes to its end', async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    let landing: AbortSignal | undefined;
    let ends = 0;
    let made: ReturnType<typeof source> | undefined;
    const flight = new Flight(
      async (signal) => {
        landing = signal;
        made = source(['a', 'b', 'c'], signal);
        return made.answer;
      },
      () => {
        ends += 1;
      },
    );
    const first = await eventsIn(await flight.board(one.signal));
    const second = flight.board(two.signal);
    await first.next();
    one.abort();
    await first.next();
    expect(landing?.aborted).toBe(false);
    two.abort();
    const late = await second;
    if (late?.kind === 'stream') await late.events[Symbol.asyncIterator]().next();
    expect(landing?.aborted).toBe(true);
    expect(ends).toBeGreaterThan(0);
    await expect.poll(() => made?.seen.ended).toBe(true);
  });

  it('is aborted when all left before it answered, and its late stream is read to its end', async () => {
    const gone = new AbortController();
    const { seen, answer } = source(['a', 'b']);
    let arrive: (answer: CallAnswer) => void = () => {};
    let landing: AbortSignal | undefined;
    const flight = new Flight(
      (signal) => {
        landing = signal;
        return new Promise((resolve) => {
          arrive = resolve;
        });
      },
      () => {},
    );
    const waiting = flight.board(gone.signal);
    gone.abort();
    expect(await waiting).toBeNull();
    expect(landing?.aborted).toBe(true);
    arrive(answer);
    await expect.poll(() => seen.ended).toBe(true);
  });

  it('tells every passenger of a failure, after what had come', async () => {
    async function* events() {
      yield 'a';
      throw new Error('broken');
    }
    const flight = new Flight(
      async () => ({ kind: 'stream', id: 'x', maxTokens: null, events: events() }),
      () => {},
    );
    for (const board of [flight.board(never), flight.board(never)]) {
      const read = await eventsIn(await board);
      expect((await read.next()).value).toBe('a');
      await expect(read.next()).rejects.toThrow('broken');
    }
    const failing = new Flight(
      () => Promise.reject(new Error('no store')),
      () => {},
    );
    await expect(failing.board(never)).rejects.toThrow('no store');
    await expect(failing.board(never)).rejects.toThrow('no store');
  });

  it('cuts off who reads too slowly, when more has come than can be kept, and lets nobody board', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => String.fromCharCode(97 + (index % 26)).repeat(1024 * 1024));
    let closed = false;
    const flight = new Flight(
      async () => source(texts).answer,
      () => {
        closed = true;
      },
    );
    const slow = await eventsIn(await flight.board(never));
    const fast = await eventsIn(await flight.board(never));
    await slow.next();
    let count = 0;
    for (let next = await fast.next(); !next.done; next = await fast.next()) {
      expect(next.value[0]).toBe(texts[count]?.[0]);
      count += 1;
    }
    expect(count).toBe(40);
    expect(closed).toBe(true);
    await expect(slow.next()).rejects.toThrow('too slowly');
  });

  it('passes on one event larger than what can be kept', async () => {
    const text = 'x'.repeat(20 * 1024 * 1024);
    const flight = new Flight(
      async () => source([text, 'end']).answer,
      () => {},
    );
    const [one, two] = [flight.board(never).then(all), flight.board(never).then(all)];
    expect((await one).map(({ length }) => length)).toEqual([text.length, 3]);
    expect((await two).map(({ length }) => length)).toEqual([text.length, 3]);
  });
});
