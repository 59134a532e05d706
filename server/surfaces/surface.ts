import type { Refusal } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A vendor's wire in front of the engine. Its request is decoded into the canonical one (OpenRouter's chat completion) and its answer is
 * written from the canonical answer, so that presets, keys, caps, guardrails, cache and ledger know of one shape alone. Pure.
 */
export type Surface = {
  readonly name: string;
  /** The vendor's envelope of an error. `id`: of the generation, null before there is one. `more`: members of ours beside the error. */
  readonly error: (refusal: Refusal, id: string | null, more: JsonObject) => SurfaceError;
  /** A header under which the vendor's SDK looks for the id of a request, beside `x-generation-id`. */
  readonly idHeader?: string;
};

export type SurfaceError = {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request in canonical form. */
export type Decoded = {
  readonly kind: 'decoded';
  readonly request: JsonObject;
  /** What of it is not asked for, because the canonical form has no words for it. What cannot do without is refused instead. */
  readonly warnings: readonly string[];
  /** How the answer to this very call is written. */
  readonly writer: AnswerWriter;
};

export type AnswerWriter = {
  /** Translates the text of a whole chat completion. */
  readonly whole: (text: string) => string;
  /**
   * Begins a stream. `earlyUsage`, for a wire that tells its input at the beginning: OpenRouter's `usage` as far as it is known when the
   * answer begins, to be asked once something has been taken; by a tokenizer where the provider tells it only at the end.
   */
  readonly stream: (earlyUsage: () => Promise<JsonObject>) => StreamWriter;
};

export type StreamWriter = {
  /** Absent: `text/event-stream`. */
  readonly contentType?: string;
  /** What is written while nothing else is said, at any time between two takes. */
  readonly keepAlive: () => string;
  /**
   * Translates what the engine writes at once: one or more whole server-sent events (`data: …\n\n`), the last of all being `[DONE]`. ''
   * writes nothing. A promise is waited for; where every take cost one, every token would.
   */
  readonly take: (text: string) => string | Promise<string>;
  /** A refusal that came after the headers had to be sent, before anything was taken. */
  readonly refuse: (refusal: Refusal) => string;
  /** What ends the stream after its last take or its refusal. */
  readonly end: () => string;
};

/** What of the request was not asked for, as one line of a header: printable ASCII, whatever a field was called. */
export function warningsHeader(warnings: readonly string[]): string {
  return warnings
    .join('; ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 2_000);
}
