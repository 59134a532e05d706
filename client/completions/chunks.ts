import { createParser } from 'eventsource-parser';
import * as z from 'zod/mini';

const errorShape = z.object({
  message: z.string(),
  metadata: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});

const usageShape = z.object({
  prompt_tokens: z.optional(z.nullable(z.number())),
  completion_tokens: z.optional(z.nullable(z.number())),
  cost: z.optional(z.nullable(z.number())),
  callgate: z.optional(z.nullable(z.object({ cost_source: z.optional(z.nullable(z.string())) }))),
  prompt_tokens_details: z.optional(z.nullable(z.object({ cached_tokens: z.optional(z.nullable(z.number())) }))),
  completion_tokens_details: z.optional(z.nullable(z.object({ reasoning_tokens: z.optional(z.nullable(z.number())) }))),
});

const attemptShape = z.object({ provider: z.string(), model: z.string(), status: z.optional(z.nullable(z.number())) });

/** OpenRouter's stream chunk, as much of it as is shown; read leniently, as the answers of providers differ. */
const chunkShape = z.object({
  id: z.optional(z.nullable(z.string())),
  model: z.optional(z.nullable(z.string())),
  provider: z.optional(z.nullable(z.string())),
  choices: z.optional(
    z.array(
      z.object({
        delta: z.optional(
          z.nullable(
            z.object({ content: z.optional(z.nullable(z.string())), reasoning: z.optional(z.nullable(z.string())) }),
          ),
        ),
        finish_reason: z.optional(z.nullable(z.string())),
      }),
    ),
  ),
  usage: z.optional(z.nullable(usageShape)),
  error: z.optional(z.nullable(errorShape)),
  openrouter_metadata: z.optional(z.nullable(z.object({ attempts: z.optional(z.nullable(z.array(attemptShape))) }))),
});

export type Chunk = z.infer<typeof chunkShape>;
export type Usage = z.infer<typeof usageShape>;
export type Attempt = z.infer<typeof attemptShape>;

/** A stream that ended without `[DONE]` was cut; a frame that is no chunk is `unreadable`. */
export type ChunkEvent =
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'unreadable'; readonly data: string }
  | { readonly kind: 'done' };

/** No single event of a completion comes near this; a stream that never ends a line must not fill the memory. */
const MAX_EVENT = 16 * 1024 * 1024;

/** Reads a stream of server-sent events, whatever the boundaries of its pieces. Ends after `[DONE]`. */
export async function* readChunks(body: AsyncIterable<Uint8Array>): AsyncGenerator<ChunkEvent> {
  const decoder = new TextDecoder();
  let ready: ChunkEvent[] = [];
  const parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent: ({ data }) => ready.push(readEvent(data)),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    const events = ready;
    ready = [];
    for (const event of events) {
      yield event;
      if (event.kind === 'done') return;
    }
  }
}

function readEvent(data: string): ChunkEvent {
  if (data.trim() === '[DONE]') return { kind: 'done' };
  try {
    const chunk = chunkShape.safeParse(JSON.parse(data));
    if (chunk.success) return { kind: 'chunk', chunk: chunk.data };
  } catch {
    // Not JSON; told below.
  }
  return { kind: 'unreadable', data };
}
