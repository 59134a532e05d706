import type { CatalogueModel } from '../pricing/catalogue.ts';
import type { ListedKey } from './keys.ts';
import type { WireRules } from './wire-rules.ts';

export type DialectName = 'openai' | 'anthropic' | 'google';

/** One place that serves models: a vendor, a router such as OpenRouter, a server on this machine. */
export type Provider = {
  readonly slug: string;
  readonly name: string;
  readonly dialect: DialectName;
  /** With the version segment, without a trailing slash. */
  readonly baseUrl: () => string;
  readonly key: KeySource;
  /** Several keys instead of one, in the order they are tried. */
  readonly keys?: readonly ListedKey[] | undefined;
  /** What the operator knows of how it treats what is sent to it; absent: nothing is promised. */
  readonly dataPolicy?: DataPolicy | undefined;
  /** Asked with one key: what the key's owner says of the account behind it, before all else that is known of the provider. */
  readonly declaredZdr?: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What a request must still be given before it is sent, where its key is no header. */
  readonly sign?: Signer | undefined;
  /** Milliseconds until the first byte of an answer. */
  readonly timeoutMs: number;
  /** Whether breaking the connection stops the billing; if not, an aborted stream is read to its end for its usage. */
  readonly cancelStopsBilling: boolean;
  /** A router understands OpenRouter's own request fields and names models as OpenRouter does. */
  readonly isRouter: boolean;
  /** Its id in the price library, where it has one. */
  readonly priceProvider: string | null;
  /** Which fields it takes, and in what words; absent: whatever the request says is passed on. */
  readonly wire?: WireRules | undefined;
  /** The same where it is spoken to in OpenAI's dialect and has another of its own. */
  readonly openAiWire?: WireRules | undefined;
  /** The author its own models go by in OpenRouter's ids, where that is not its slug. */
  readonly author?: string | undefined;
  /** Its own name for a model that nobody lists, from the name in OpenRouter's spelling. */
  readonly nativeOf?: ((name: string) => string) | undefined;
  readonly models: () => readonly CatalogueModel[];
};

export type DataPolicy = {
  /** It keeps nothing of a request once it has answered. */
  readonly zdr: boolean;
  /** It neither trains on what it is sent nor keeps it for that. */
  readonly noTraining: boolean;
};

/** Where a provider's key comes from. */
export type KeySource =
  | { readonly kind: 'none' }
  | { readonly kind: 'env'; readonly name: string }
  /** `entry`: one of several stored under the provider's slug. */
  | { readonly kind: 'stored'; readonly entry?: string }
  /** Built-in providers: what was stored wins, else the vendor's usual variable. */
  | { readonly kind: 'stored_or_env'; readonly name: string }
  /** What was stored, else whoever this machine is, if that variable says `true`. */
  | { readonly kind: 'stored_or_ambient'; readonly name: string }
  | { readonly kind: 'internal'; readonly secret: string };

/** What goes over the wire to a provider. */
export type UpstreamRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Completes a request by a key that is exchanged for something else first; `key` null: by whoever this machine is. */
export type Signer = (request: UpstreamRequest, key: string | null, signal: AbortSignal) => Promise<SignedRequest>;

export type SignedRequest =
  /** `secret`: what it was given, which nobody else may read. */
  | { readonly kind: 'signed'; readonly request: UpstreamRequest; readonly secret: string }
  /** `status` 401: the key is refused; 0: it could not be asked for. */
  | { readonly kind: 'unsigned'; readonly status: 0 | 401; readonly message: string }
  | { readonly kind: 'aborted' };
