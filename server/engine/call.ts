import { randomUUID } from 'node:crypto';
import type { Refusal } from '../errors.ts';
import type { PresetFile } from '../presets/file.ts';
import type { KeyRow } from '../store/store.ts';
import type { JsonObject } from './resolve-preset.ts';

/** A completion that somebody asks for, authenticated. */
export type CallInput = {
  /** Of `generationId`; known to the caller before the answer is. */
  readonly id: string;
  readonly key: KeyRow;
  readonly body: JsonObject;
  readonly caller: Caller;
  /** The text that `@preset/slug@draft` means; null for every key but the editor's. */
  readonly draft: PresetFile | null;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** A person runs what was proposed, with this preset merged in; absent: nobody has given leave. */
  readonly leave?: { readonly proposalId: string; readonly presetHash: string | null };
  /** Told at once when the call begins to wait for a person, and until when. */
  readonly onWaiting?: (deadline: Date) => void;
  /** What the surface could not carry over from its own wire; told with what the endpoint was not sent. */
  readonly warnings?: readonly string[];
};

/** What the request's headers say about who calls. */
export type Caller = {
  readonly sessionId: string | null;
  readonly httpReferer: string | null;
  readonly appTitle: string | null;
  readonly userAgent: string | null;
  /** Whether the answer is to explain its route (`X-OpenRouter-Metadata`). */
  readonly wantsMetadata: boolean;
  /** Whether a kept answer to this very request is to be forgotten (`X-OpenRouter-Cache-Clear`). */
  readonly clearsCache?: boolean;
};

/** The answer to a call. Every one has an id: it stands in `X-Generation-Id` and finds the generation. */
/** `conceal`: hides what guardrails took out of the request from whatever keeps a copy of it or of the answer. */
export type CallAnswer = { readonly conceal?: (text: string) => string } & (
  | { readonly kind: 'refused'; readonly id: string; readonly refusal: Refusal; readonly metadata: JsonObject | null }
  | {
      readonly kind: 'json';
      readonly id: string;
      readonly maxTokens: number | null;
      readonly body: string;
      /** To be sent with it, such as the standing of the response cache. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'stream';
      readonly id: string;
      readonly maxTokens: number | null;
      /** Whole server-sent events, ready to be written. Ends only after the call has been settled. */
      readonly events: AsyncIterable<string>;
      /** What of the usage is known at the beginning; see `early-usage.ts`. Absent of an answer that costs nothing. */
      readonly earlyUsage?: () => JsonObject | Promise<JsonObject>;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'aborted'; readonly id: string }
);

/** Our own id of a generation, in OpenRouter's form: `gen-<unix seconds>-<20 characters>`. */
export function generationId(now: Date): string {
  // Node keeps entropy for these in store; asking the system for 20 bytes each time costs a tenth of a call's own work.
  // Its dashes, and the digits that say which kind of UUID it is, are left out.
  const uuid = randomUUID();
  const random = uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(15, 18) + uuid.slice(24, 29);
  return `gen-${Math.floor(now.getTime() / 1000)}-${random}`;
}
