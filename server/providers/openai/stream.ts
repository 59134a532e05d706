import { createParser } from 'eventsource-parser';

/** Bytes that may come without completing an event: a whole image in one event is less. */
const EVENT_LIMIT = 64 * 1024 * 1024;

/**
 * Reads an OpenAI-compatible event stream: yields the `data` of the events each chunk of bytes completes, as batches. Comments
 * end here, and each event passes through `word`; a multi-byte character or an event cut by a chunk boundary is put together again.
 */
export async function* readEvents(
  bytes: AsyncIterable<Buffer>,
  word: (data: string) => string = (data) => data,
): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder();
  let batch: string[] = [];
  const parser = createParser({ onEvent: (event) => batch.push(word(event.data)) });
  let pending = 0;
  for await (const chunk of bytes) {
    pending += chunk.length;
    if (pending > EVENT_LIMIT) throw new Error(`an event is larger than ${EVENT_LIMIT} bytes`);
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (batch.length > 0) {
      pending = 0;
      yield batch;
      batch = [];
    }
  }
  // A last event without its blank line is still an event to many servers.
  parser.feed(`${decoder.decode()}\n\n`);
  if (batch.length > 0) yield batch;
}
