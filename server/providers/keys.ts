import type { KeySource, Provider } from './provider.ts';

/** One of several keys of a provider, as OpenRouter's BYOK has them. */
export type ListedKey = {
  /** For people: in the record of a call, in what was left out. */
  readonly name: string;
  readonly source: KeySource;
  /** Kept for when every other endpoint of the model has failed, routers among them. */
  readonly isFallback: boolean;
  /** The models it may serve are never reached through a router. */
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
  /** Ids of the models it may serve; null: all. */
  readonly models: readonly string[] | null;
  /** Hashes of the API keys that may use it; null: all. */
  readonly apiKeyHashes: readonly string[] | null;
};

/** A key as it is sent. `secret` is null where none is needed; `name` is null for the only key of a provider. */
export type Credential = {
  readonly name: string | null;
  readonly secret: string | null;
  readonly isFallback: boolean;
  /** From a list of keys, as a person brings them. */
  readonly isByok: boolean;
  /** Of a row of `/byok`. */
  readonly byokId?: string;
  /** What its owner says of the account behind it; absent: the provider's own policy counts. */
  readonly declaredZdr?: boolean;
};

/** Whether this entry is for that model and that caller. `apiKeyHash` null: for whoever may call. */
export function coversCall(key: ListedKey, modelId: string, apiKeyHash: string | null): boolean {
  if (key.isDisabled || (key.models && !key.models.includes(modelId))) return false;
  return !key.apiKeyHashes || apiKeyHash === null || key.apiKeyHashes.includes(apiKeyHash);
}

/** Whether a key insists that this call does not take a way through a router. */
export const forbidsRouters = (provider: Provider, modelId: string, apiKeyHash: string | null): boolean =>
  provider.keys?.some((key) => key.isRequired && coversCall(key, modelId, apiKeyHash)) ?? false;
