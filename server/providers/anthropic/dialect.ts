import type { Dialect } from '../dialect.ts';
import { readMessage } from './answer.ts';
import { encodeMessages, translate } from './encode.ts';
import { readMessageEvents } from './stream.ts';

/** Anthropic's Messages API. https://platform.claude.com/docs/en/api/messages */
export const anthropic: Dialect = {
  inexpressible: (request, endpoint) => translate(request, endpoint).notes.lacking,
  warnings: (request, endpoint) => translate(request, endpoint).notes.warnings,
  encode: encodeMessages,
  readAnswer: readMessage,
  readEvents: readMessageEvents,
};
