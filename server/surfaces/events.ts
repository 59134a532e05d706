import type { JsonObject } from './surface.ts';

/**
 * The chunks in a text that the engine writes: whole events, each one line of `data:`. Comments and `[DONE]` are none. What the engine
 * writes is JSON; anything else is a bug, and throws.
 */
export function chunksIn(text: string): readonly JsonObject[] {
  const chunks: JsonObject[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n\n', at);
    const stop = end < 0 ? text.length : end;
    if (text.startsWith('data: ', at) && !text.startsWith('data: [DONE]', at))
      chunks.push(JSON.parse(text.slice(at + 6, stop)) as JsonObject);
    at = stop + 2;
  }
  return chunks;
}
