import type { CatalogueModel } from '../pricing/catalogue.ts';
import type { WireRules } from './wire-rules.ts';

export type DialectName = 'openai' | 'anthropic';

/** One place that serves models: a vendor, a router such as OpenRouter, a server on this machine. */
export type Provider = {
  readonly slug: string;
  readonly name: string;
  readonly dialect: DialectName;
  /** With the version segment, without a trailing slash. */
  readonly baseUrl: () => string;
  readonly key: KeySource;
  readonly headers: Readonly<Record<string, string>>;
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
  /** The author its own models go by in OpenRouter's ids, where that is not its slug. */
  readonly author?: string | undefined;
  /** Its own name for a model that nobody lists, from the name in OpenRouter's spelling. */
  readonly nativeOf?: ((name: string) => string) | undefined;
  readonly models: () => readonly CatalogueModel[];
};

/** Where a provider's key comes from. */
export type KeySource =
  | { readonly kind: 'none' }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'stored' }
  /** Built-in providers: what was stored wins, else the vendor's usual variable. */
  | { readonly kind: 'stored_or_env'; readonly name: string }
  | { readonly kind: 'internal'; readonly secret: string };

/** What goes over the wire to a provider. */
export type UpstreamRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
