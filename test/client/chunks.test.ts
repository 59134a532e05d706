import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ChunkEvent, readChunks } from '../../client/completions/chunks.ts';
import { renderTranscript } from '../../client/completions/render.ts';
import { addChunk, begin, cutShort, end, type Transcript } from '../../client/completions/transcript.ts';

vi.mock('vscode', () => import('./vscode.ts'));

const line = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string) =>
  line({ id: 'gen-1', model: 'm/x', provider: 'P', choices: [{ index: 0, delta: { content } }] });
const STREAM = [
  ': CALLGATE PROCESSING\n\n',
  delta('Grüße '),
  delta('😀'),
  line({ choices: [{ delta: {}, finish_reason: 'stop' }] }),
  line({
    choices: [],
    usage: {
      prompt_tokens: 1200,
      completion_tokens: 34,
      cost: 0.0000279,
      prompt_tokens_details: { cached_tokens: 12 },
      completion_tokens_details: { reasoning_tokens: 20 },
      callgate: { cost_source: 'reported' },
    },
    openrouter_metadata: {
      attempts: [
        { provider: 'Q', model: 'm/y', status: 429 },
        { provider: 'P', model: 'm/x', status: 200 },
      ],
    },
  }),
  'data: [DONE]\n\n',
].join('');

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
    if (to > from) yield bytes.subarray(from, to);
    from = Math.max(from, to);
  }
}

async function read(text: string, cuts: readonly number[] = []): Promise<ChunkEvent[]> {
  const events: ChunkEvent[] = [];
  for await (const event of readChunks(pieces(new TextEncoder().encode(text), cuts))) events.push(event);
  return events;
}

function play(events: readonly ChunkEvent[]): Transcript {
  let now = 1000;
  let transcript = begin('hello', 'Hi\nthere', now);
  for (const event of events) {
    now += 100;
    if (event.kind === 'chunk') transcript = addChunk(transcript, event.chunk, now);
    if (event.kind === 'done') transcript = end(transcript, { kind: 'done' }, now);
  }
  return transcript.ending ? transcript : end(transcript, cutShort(), now);
}

describe('readChunks', () => {
  it('reads the same whatever the pieces, through the middle of a character too', async () => {
    const whole = await read(STREAM);
    const length = new TextEncoder().encode(STREAM).length;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: length }), { maxLength: 40 }), async (cuts) => {
        expect(await read(STREAM, cuts)).toEqual(whole);
      }),
    );
    expect(whole.map((event) => event.kind)).toEqual(['chunk', 'chunk', 'chunk', 'chunk', 'done']);
  });

  it('ends at [DONE] and reads nothing after it', async () => {
    expect((await read(`${STREAM}${delta('more')}`)).at(-1)).toEqual({ kind: 'done' });
  });

  it('tells what is no chunk, and goes on', async () => {
    const events = await read(`data: {nonsense\n\ndata: {"choices": 7}\n\ndata: null\n\n${delta('x')}`);
    expect(events.map((event) => event.kind)).toEqual(['unreadable', 'unreadable', 'unreadable', 'chunk']);
  });

  it('never throws on any text', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => void (await read(text))));
  });

  it('gives up on an event without end', async () => {
    const endless = (async function* () {
      const piece = new TextEncoder().encode('x'.repeat(1024 * 1024));
      yield new TextEncoder().encode('data: ');
      for (let i = 0; i < 40; i++) yield piece;
    })();
    await expect(async () => {
      for await (const _ of readChunks(endless));
    }).rejects.toThrow();
  });
});

describe('the document of a completion', () => {
  it('shows the answer and what it took', async () => {
    expect(renderTranscript(play(await read(STREAM)))).toBe(`# @preset/hello

> Hi
> there

Grüße 😀

---

- **route** m/x by P, after m/y by Q: 429
- **tokens** 1,200 in (12 cached), 34 out (20 reasoning)
- **cost** $0.0000279, reported by the provider
- **time** 500 ms, the first token after 100 ms
- **call** \`gen-1\`
`);
  });

  it('says that a stream was cut', async () => {
    const transcript = play(await read(delta('half')));
    expect(transcript.ending?.kind).toBe('failed');
    expect(renderTranscript(transcript)).toContain('**The stream ended before the answer was complete**');
  });

  it('shows an error that comes in the stream, with its remedy, and keeps the text so far', async () => {
    const error = {
      code: 502,
      message: 'The provider failed',
      metadata: { error_type: 'x', remedy: 'Add a fallback model.' },
    };
    const text = renderTranscript(play(await read(`${delta('half')}${line({ choices: [], error })}data: [DONE]\n\n`)));
    expect(text).toMatch(/half\n\n---\n\n\*\*The provider failed\*\*\n\nAdd a fallback model\./);
  });

  it('never shows an unknown price as zero', () => {
    const unknown = addChunk(begin('p', 'x', 0), { usage: { prompt_tokens: 1, completion_tokens: 1, cost: null } }, 1);
    expect(renderTranscript(end(unknown, { kind: 'done' }, 2))).toContain('**cost** unknown: the model has no price');
  });

  it('keeps the first ending', () => {
    const cancelled = end(begin('p', 'x', 0), { kind: 'cancelled' }, 1);
    expect(end(cancelled, { kind: 'done' }, 2)).toBe(cancelled);
  });
});
