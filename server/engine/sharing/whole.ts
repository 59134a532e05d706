import { parseObject } from '../attempt.ts';
import type { JsonObject } from '../resolve-preset.ts';

/** The end of a stream, as it is written together with its last chunk. */
export const DONE = 'data: [DONE]\n\n';

/** Who answered. */
export type Origin = { readonly model: string | null; readonly provider: string | null };

/**
 * Who gave an answer, if it is all that the model had to say and no error: only such a one is kept. `clamped`: a limit had set its
 * maximum, so one that ends for its length ends for the key's lack of money, which another time need not be.
 */
export function wholeOrigin(body: string, streamed: boolean, clamped: boolean): Origin | null {
  if (streamed && !body.endsWith(DONE)) return null;
  const documents = streamed ? chunksIn(body) : [parseObject(body) ?? {}];
  const reasons: string[] = [];
  const begun = new Set<unknown>();
  const ended = new Set<unknown>();
  for (const document of documents) {
    if (isSet(document['error'])) return null;
    for (const choice of (Array.isArray(document['choices']) ? document['choices'] : []) as readonly JsonObject[]) {
      if (isSet(choice['error'])) return null;
      const { index, finish_reason } = choice;
      begun.add(index);
      if (typeof finish_reason !== 'string') continue;
      ended.add(index);
      reasons.push(finish_reason);
    }
  }
  // Each of several choices must have come to its end.
  if (ended.size === 0 || ended.size < begun.size) return null;
  if (reasons.includes('error') || (clamped && reasons.includes('length'))) return null;
  return originOf(documents[0]);
}

/** The model and provider that a document or chunk names. */
export function originOf(document: JsonObject | undefined): Origin {
  const { model, provider } = document ?? {};
  return {
    model: typeof model === 'string' ? model : null,
    provider: typeof provider === 'string' ? provider : null,
  };
}

/** The chunks of whole events. */
export function chunksIn(events: string): readonly JsonObject[] {
  return events.split('\n\n').flatMap((event) => {
    const chunk = event.startsWith('data: {') ? parseObject(event.slice('data: '.length)) : null;
    return chunk ? [chunk] : [];
  });
}

const isSet = (error: unknown) => error !== undefined && error !== null;
