import type { IoAnswer } from '../observe/io-content.ts';
import type { IoLog } from '../observe/io-log.ts';
import { parsePresetName, parsePresetReference } from '../presets/reference.ts';
import type { CallAnswer, CallInput } from './call.ts';
import type { JsonObject } from './resolve-preset.ts';

/** Of a stream, no more than this is held for the log. */
const MOST_CHARACTERS = 8 * 1_048_576;

/**
 * The answer as it is, with a copy of it and of its request for the log where the workspace keeps them; nothing is done, and nothing
 * waited for, where it does not.
 */
export function kept(ioLog: IoLog, input: CallInput, answering: Promise<CallAnswer>): Promise<CallAnswer> {
  return ioLog.enabled && isWanted(ioLog, input) ? keep(ioLog, input, answering) : answering;
}

function isWanted(ioLog: IoLog, { id, key, body, caller }: CallInput): boolean {
  const session = body['session_id'];
  return ioLog.wants({
    id,
    workspaceId: key.workspaceId,
    keyId: key.id,
    sessionId: typeof session === 'string' ? session : caller.sessionId,
    preset: () => presetIn(body),
  });
}

async function keep(ioLog: IoLog, input: CallInput, answering: Promise<CallAnswer>): Promise<CallAnswer> {
  const { id, key, body: request } = input;
  const answer = await answering;
  const { conceal } = answer;
  const put = (kept: IoAnswer) =>
    ioLog.put({
      id,
      workspaceId: key.workspaceId,
      keyId: key.id,
      request,
      answer: kept,
      ...(conceal ? { conceal } : {}),
    });
  switch (answer.kind) {
    case 'json':
      put({ kind: 'json', text: answer.body });
      return answer;
    case 'refused': {
      const { status, message, metadata } = answer.refusal;
      put({ kind: 'refused', status, message, metadata });
      return answer;
    }
    case 'aborted':
      put({ kind: 'gone' });
      return answer;
    case 'stream':
      return { ...answer, events: copied(answer.events, put) };
  }
}

/** Passes events on as they come. What has come is kept also when the caller leaves, or the stream breaks. */
async function* copied(
  events: AsyncIterable<string>,
  put: (answer: IoAnswer) => void,
): AsyncGenerator<string, void, undefined> {
  const texts: string[] = [];
  let characters = 0;
  let whole = false;
  try {
    for await (const text of events) {
      characters += text.length;
      if (characters <= MOST_CHARACTERS) texts.push(text);
      yield text;
    }
    whole = characters <= MOST_CHARACTERS;
  } finally {
    put({ kind: 'events', texts, whole });
  }
}

function presetIn({ model, preset }: JsonObject): string | null {
  const found =
    typeof preset === 'string'
      ? parsePresetName(preset)
      : typeof model === 'string'
        ? parsePresetReference(model)
        : null;
  return found?.kind === 'reference' ? found.reference.slug : null;
}
