import { anthropic } from './anthropic/dialect.ts';
import { google } from './google/dialect.ts';
import { nativeTool } from './native.ts';
import { inRoutersWords } from './openai/answers.ts';
import { encodeOpenAi, unsentFields } from './openai/encode.ts';
import { readEvents } from './openai/stream.ts';
import type { DialectName, UpstreamRequest } from './provider.ts';
import { excludesReasoning } from './reasoning.ts';
import type { Endpoint } from './registry.ts';
import { routersTool } from './server-tools.ts';
import { vitalLack } from './wire-rules.ts';

/** The canonical request: OpenRouter's chat completion body, with its preset merged in. */
export type CanonicalRequest = Readonly<Record<string, unknown>>;

/** How one family of providers is spoken to. Requests come, and answers leave, in OpenRouter's shape: nobody else knows another. */
export type Dialect = {
  /**
   * What of the request this endpoint has no words for, by its field (`n`, `messages[2].content[0].input_audio`): such an endpoint is
   * left out, for the answer would not be to what was asked. Null: all of it can be said. Absent: always all.
   */
  readonly inexpressible?: (request: CanonicalRequest, endpoint: Endpoint) => string | null;
  /** What of the request is not sent because the endpoint would refuse it, though the answer stands without: named, for people. */
  readonly warnings: (request: CanonicalRequest, endpoint: Endpoint) => readonly string[];
  /**
   * Encodes a request that is not inexpressible. `maxTokens`: what a limit allows, where the request did not say or may be lowered;
   * it goes in the dialect's own field.
   */
  readonly encode: (
    request: CanonicalRequest,
    endpoint: Endpoint,
    key: string | null,
    maxTokens: number | null,
  ) => UpstreamRequest;
  /** Turns a whole answer, or an error, into the text of a chat completion, or of its error. What cannot be read stands as it is. */
  readonly readAnswer: (text: string, request: CanonicalRequest) => string;
  /**
   * Turns a stream into the data of chat completion chunks, in batches as the bytes come, `[DONE]` at its end. Reasoning that the
   * caller does not want is in it, too: it is charged.
   */
  readonly readEvents: (bytes: AsyncIterable<Buffer>) => AsyncGenerator<readonly string[], void, undefined>;
};

/** The shape is ours already: bytes stand. */
const openai: Dialect = {
  inexpressible: (request, { provider, model }) =>
    nativeTool(request) ??
    (provider.isRouter ? null : routersTool(request, provider.wire !== undefined)) ??
    (provider.wire ? vitalLack(provider.wire, request, model.native) : null),
  warnings: (request, endpoint) => unsentFields(request, endpoint).map((field) => `${field} is not sent`),
  encode: encodeOpenAi,
  readAnswer: (text, request) => inRoutersWords(text, excludesReasoning(request)),
  readEvents: (bytes) => readEvents(bytes, (data) => inRoutersWords(data, false)),
};

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { openai, anthropic, google };

/** How a provider is spoken to. */
export function dialectOf(name: DialectName): Dialect {
  return DIALECTS[name];
}
