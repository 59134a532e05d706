import { createParser } from 'eventsource-parser';

/**
 * Reads an OpenAI-compatible event stream: yields the `data` of the events each chunk of bytes completes, as batches. Comments
 * end here; a multi-byte character or an event cut by a chunk boundary is put together again.
 */
export async function* readEvents(bytes: AsyncIterable<Buffer>): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder();
  let batch: string[] = [];
  const parser = createParser({ onEvent: (event) => batch.push(event.data) });
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (batch.length > 0) {
      yield batch;
      batch = [];
    }
  }
  // A last event without its blank line is still an event to many servers.
  parser.feed(`${decoder.decode()}\n\n`);
  if (batch.length > 0) yield batch;
}
