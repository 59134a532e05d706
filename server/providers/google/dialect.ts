import type { Dialect } from '../dialect.ts';
import { readGemini } from './answer.ts';
import { encodeGemini, translate } from './encode.ts';
import { readGeminiEvents } from './stream.ts';

/** The Gemini API, at Google AI Studio and in Google's cloud. https://ai.google.dev/api/generate-content */
export const google: Dialect = {
  inexpressible: (request, endpoint) => translate(request, endpoint).notes.lacking,
  warnings: (request, endpoint) => translate(request, endpoint).notes.warnings,
  encode: encodeGemini,
  readAnswer: readGemini,
  readEvents: readGeminiEvents,
};
