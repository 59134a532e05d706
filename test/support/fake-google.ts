import { setTimeout as sleep } from 'node:timers/promises';
import type { Handler } from './fake-provider.ts';

export type Part = Readonly<Record<string, unknown>>;

export const geminiUsage = (prompt: number, candidates: number, more: Part = {}): Part => ({
  promptTokenCount: prompt,
  candidatesTokenCount: candidates,
  totalTokenCount: prompt + candidates + Number(more['thoughtsTokenCount'] ?? 0),
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
  ...more,
});

const nameIn = (path: string | undefined) => /\/models\/([^:/]+):/.exec(path ?? '')?.[1] ?? 'gemini';

/** A whole answer of `generateContent`. */
export function geminiAnswer({
  parts = [{ text: 'Hello there.' }] as readonly Part[],
  usage = geminiUsage(10, 5),
  finish = 'STOP',
  more = {} as Part,
} = {}): Handler {
  return ({ path }, response) => {
    response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' });
    const candidates = [{ content: { parts, role: 'model' }, finishReason: finish, index: 0 }];
    const said = { candidates, usageMetadata: usage, modelVersion: nameIn(path), responseId: 'resp_1', ...more };
    response.end(JSON.stringify(said, null, 2));
  };
}

/** The stream of an answer, or whatever bytes are given instead, `every` milliseconds between its events. */
export function geminiStream({ events = [] as readonly (Part | string)[], every = 0, ends = true } = {}): Handler {
  return async (received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      if (received.aborted) return;
      // Google ends its lines so.
      response.write(typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\r\n\r\n`);
      if (every > 0) await sleep(every);
    }
    if (ends) response.end();
    else response.destroy();
  };
}

/** The events an answer comes as: one part each, the last with its reason. `pieces` cuts a text. */
export function geminiEvents(
  parts: readonly Part[],
  {
    usage = geminiUsage(10, 5),
    finish = 'STOP',
    pieces = (text: string): readonly string[] => [text],
  }: { usage?: Part; finish?: string; pieces?: (text: string) => readonly string[] } = {},
): readonly Part[] {
  const cut = parts.flatMap((part): readonly Part[] => {
    if (typeof part['text'] !== 'string') return [part];
    const { text, thoughtSignature, ...more } = part;
    const all = pieces(String(text));
    // The signature comes with the last of it.
    return all.map((piece, at) => ({
      ...more,
      text: piece,
      ...(thoughtSignature !== undefined && at === all.length - 1 ? { thoughtSignature } : {}),
    }));
  });
  const head = { modelVersion: 'gemini', responseId: 'resp_1' };
  const event = (part: Part | null, more: Part, usageMetadata: Part) => ({
    candidates: [{ content: { ...(part ? { parts: [part] } : {}), role: 'model' }, ...more, index: 0 }],
    usageMetadata,
    ...head,
  });
  const soFar = { promptTokenCount: usage['promptTokenCount'], totalTokenCount: usage['promptTokenCount'] };
  const last = cut.at(-1) ?? null;
  return [...cut.slice(0, -1).map((part) => event(part, {}, soFar)), event(last, { finishReason: finish }, usage)];
}

/** A failure in Google's envelope; `listed`: in a list, as streams have it. */
export function geminiFailure(
  code: number,
  status: string,
  message: string,
  { details = [] as readonly Part[], listed = false } = {},
): Handler {
  return (_received, response) => {
    response.writeHead(code, { 'content-type': 'application/json; charset=UTF-8' });
    const body = { error: { code, message, status, ...(details.length > 0 ? { details } : {}) } };
    response.end(JSON.stringify(listed ? [body] : body));
  };
}
