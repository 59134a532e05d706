import { type CatalogueModel, currentPrice } from '../pricing/catalogue.ts';
import { type ByokKey, type ByokKeys, insistence, NO_BYOK, serves } from './byok.ts';
import { type Credential, coversCall } from './keys.ts';
import { modelDefaults } from './model-defaults.ts';
import type { KeySource, Provider } from './provider.ts';

/** A model at one provider: what a call is sent to. */
export type Endpoint = {
  readonly id: string;
  readonly provider: Provider;
  readonly model: CatalogueModel;
  /** What it is called with, one after the other; absent: the provider's only key. */
  readonly credentials?: readonly Credential[];
};

/** Where stored provider keys are read; throws when an entry cannot be decrypted. */
export type StoredKeys = { readonly get: (slug: string) => string | null };

type Remembered = {
  /** Of each provider, what it listed then. */
  readonly lists: readonly (readonly CatalogueModel[])[];
  readonly endpoints: readonly Endpoint[];
};

/** Names that are remembered, known or not. */
const MOST_FOUND = 1_000;

/** Every provider the daemon knows, in order of preference, and the endpoints they make up. */
export class Providers {
  #providers: readonly Provider[];
  /** Keys of workspaces and organizations. */
  readonly byok: ByokKeys;
  readonly #stored: StoredKeys;
  readonly #env: NodeJS.ProcessEnv;
  readonly #found = new Map<string, CatalogueModel | null>();
  readonly #indexes = new WeakMap<readonly CatalogueModel[], ReadonlyMap<string, CatalogueModel>>();
  readonly #remembered = new Map<string, Remembered>();

  constructor(providers: readonly Provider[], stored: StoredKeys, env: NodeJS.ProcessEnv, byok: ByokKeys = NO_BYOK) {
    this.#providers = providers;
    this.byok = byok;
    this.#stored = stored;
    // Asking the process for a variable costs as much as finding an endpoint.
    this.#env = { ...env };
  }

  list(): readonly Provider[] {
    return this.#providers;
  }

  /** Puts other providers in place of all; calls under way keep the endpoints they were given. */
  replace(providers: readonly Provider[]): void {
    this.#providers = providers;
    this.#found.clear();
    this.#remembered.clear();
  }

  find(slug: string): Provider | undefined {
    return this.#providers.find((provider) => provider.slug === slug);
  }

  /** The key to send; null: none is needed; undefined: one is needed and there is none. Of several, the first there is. */
  keyOf(provider: Provider): string | null | undefined {
    if (!provider.keys) return this.#secretOf(provider.key, provider.slug);
    for (const { source, isDisabled } of provider.keys) {
      const secret = isDisabled ? undefined : this.#secretOf(source, provider.slug);
      if (secret !== undefined) return secret;
    }
    return undefined;
  }

  /**
   * The keys with which a provider that has several serves a call, in order: of those there are, those for this model and caller.
   * `brought` are the caller's of `/byok`: they come first, and where one insists, alone. `names`: all by which this provider would
   * serve the model, in small letters.
   */
  credentials(
    provider: Provider,
    modelId: string,
    apiKeyHash: string | null,
    brought: readonly ByokKey[],
    names: () => ReadonlySet<string>,
  ): readonly Credential[] {
    const own = brought.flatMap((key) => {
      const secret = serves(key, names) ? this.byok.secretOf(key) : undefined;
      if (secret === undefined) return [];
      const { id: byokId, name, label, isFallback, declaredZdr } = key;
      const declared = declaredZdr === null ? {} : { declaredZdr };
      return [{ name: name ?? label, secret, isFallback, isByok: true, byokId, ...declared }];
    });
    if (insistence(brought, names)) return own;
    if (!provider.keys) {
      const secret = this.#secretOf(provider.key, provider.slug);
      return secret === undefined ? own : [...own, { name: null, secret, isFallback: false, isByok: false }];
    }
    const listed = provider.keys.flatMap((key) => {
      const secret = coversCall(key, modelId, apiKeyHash) ? this.#secretOf(key.source, provider.slug) : undefined;
      return secret === undefined ? [] : [{ name: key.name, secret, isFallback: key.isFallback, isByok: true }];
    });
    return [...own, ...listed];
  }

  #secretOf(key: KeySource, slug: string): string | null | undefined {
    switch (key.kind) {
      case 'none':
        return null;
      case 'internal':
        return key.secret;
      case 'env':
        return this.#env[key.name] || undefined;
      case 'stored':
        return this.#storedKey(vaultEntry(slug, key.entry)) || undefined;
      case 'stored_or_env':
        return this.#storedKey(slug) ?? (this.#env[key.name] || undefined);
      case 'stored_or_ambient':
        return this.#storedKey(slug) ?? (isTrue(this.#env[key.name]) ? null : undefined);
    }
  }

  /** How the key of a provider stands, for people: `none`, `env:NAME`, `stored`, `damaged`, `missing`; of several, each. */
  keyStanding(provider: Provider): string {
    if (!provider.keys) return this.#standingOf(provider.key, provider.slug);
    return provider.keys
      .map(({ name, source, isFallback, isDisabled }) => {
        const standing = this.#standingOf(source, provider.slug);
        const more = isDisabled ? ', disabled' : isFallback ? ', fallback' : '';
        return standing === name ? `${name}${more}` : `${name} (${standing}${more})`;
      })
      .join('; ');
  }

  #standingOf(key: KeySource, slug: string): string {
    if (key.kind === 'none' || key.kind === 'internal') return 'none';
    const stored =
      key.kind === 'env' ? null : this.#storedKey(vaultEntry(slug, key.kind === 'stored' ? key.entry : undefined));
    if (stored !== null) return stored === '' ? 'damaged' : 'stored';
    if (key.kind === 'stored_or_ambient') return isTrue(this.#env[key.name]) ? 'ambient' : 'missing';
    return key.kind !== 'stored' && this.#env[key.name] ? `env:${key.name}` : 'missing';
  }

  /** An empty text for an entry that cannot be decrypted: it must not fall back to another key, nor stop other providers. */
  #storedKey(slug: string): string | null {
    try {
      return this.#stored.get(slug);
    } catch {
      return '';
    }
  }

  /**
   * Every endpoint of a model, preferred ones first, whether or not their keys are there. A provider also serves
   * `<its slug>/<anything>`, and a router anything that is not named for another: such a model has
   * the library's price or none.
   */
  endpoints(modelId: string): readonly Endpoint[] {
    const known = this.#known(modelId);
    // Without a key a router cannot be asked whether it knows a name that nobody here has heard of.
    const isHere = ({ provider, model }: Endpoint) =>
      !provider.isRouter || model.price !== null || this.#isKeyed(provider);
    return known.every(isHere) ? known : known.filter(isHere);
  }

  /** Nearly every call asks for a model that has just been asked for; what providers list changes rarely, and as a whole. */
  #known(modelId: string): readonly Endpoint[] {
    const found = this.#remembered.get(modelId);
    if (found && this.#providers.every((provider, at) => provider.models() === found.lists[at])) return found.endpoints;
    const lists = this.#providers.map((provider) => provider.models());
    const endpoints = this.#providers.flatMap((provider) => {
      const model = this.#byId(provider.models()).get(modelId) ?? this.#unlisted(provider, modelId);
      return model ? [{ id: `${provider.slug}:${model.id}`, provider, model }] : [];
    });
    if (this.#remembered.size >= MOST_FOUND) this.#remembered.clear();
    this.#remembered.set(modelId, { lists, endpoints });
    return endpoints;
  }

  #byId(models: readonly CatalogueModel[]): ReadonlyMap<string, CatalogueModel> {
    let index = this.#indexes.get(models);
    if (!index) {
      index = new Map(models.map((model) => [model.id, model]));
      this.#indexes.set(models, index);
    }
    return index;
  }

  /** The library searches its patterns one by one: a name is looked up once, and only so many names are kept. */
  #unlisted(provider: Provider, modelId: string): CatalogueModel | null {
    // Nearly every provider of nearly every call ends here.
    if (!provider.isRouter && !isNamedFor(provider, modelId)) return null;
    const name = `${provider.slug}:${modelId}`;
    let model = this.#found.get(name);
    if (model === undefined) {
      model = provider.isRouter && this.#isElsewhere(provider, modelId) ? null : unlisted(provider, modelId);
      if (this.#found.size >= MOST_FOUND) this.#found.clear();
      this.#found.set(name, model);
    }
    return model;
  }

  /**
   * Whether the id is named for a provider here that is no author at the router: a server on this machine, say, or one of
   * config.yaml's. The router could but refuse it, and need not be shown what was meant to stay at home.
   */
  #isElsewhere(router: Provider, modelId: string): boolean {
    const named = this.#providers.find(({ slug }) => modelId.startsWith(`${slug}/`));
    if (named === undefined || named.isRouter) return false;
    return !router.models().some(({ id }) => id.startsWith(`${named.slug}/`));
  }

  /** Whether there is any key of it, whoever may use it. */
  #isKeyed(provider: Provider): boolean {
    return this.keyOf(provider) !== undefined || this.byok.has(provider.slug);
  }

  /** The endpoints that somebody can call now. */
  usable(): readonly Endpoint[] {
    return this.#providers
      .filter((provider) => this.#isKeyed(provider))
      .flatMap((provider) =>
        provider.models().map((model) => ({ id: `${provider.slug}:${model.id}`, provider, model })),
      );
  }
}

const isTrue = (value: string | undefined) => value === '1' || value?.toLowerCase() === 'true';

/** Whether the id is `<slug>/…` or `<author>/…`, the author being this provider's own. */
function isNamedFor({ slug, author }: Provider, modelId: string): boolean {
  const is = (name: string) => modelId.startsWith(name) && modelId[name.length] === '/';
  return is(slug) || (author !== undefined && is(author));
}

/** No name of a model, unless it is listed: blanks, and what cannot be seen. */
const UNSEEN = /\s|\p{C}/u;

function unlisted(provider: Provider, modelId: string): CatalogueModel | null {
  // A provider may take a padded name for the one without, and policy would not.
  if (provider.priceProvider === null || !modelId.includes('/') || UNSEEN.test(modelId)) return null;
  const prefix = [provider.slug, provider.author].find((name) => name && modelId.startsWith(`${name}/`));
  const name = prefix ? modelId.slice(prefix.length + 1) : provider.isRouter ? modelId : '';
  if (name === '') return null;
  const native = provider.nativeOf?.(name) ?? name;
  const now = currentPrice(provider.priceProvider, native);
  return {
    id: modelId,
    native,
    name: modelId,
    description: '',
    contextLength: null,
    ...modelDefaults(provider, native),
    get price() {
      return now();
    },
  };
}

/** Under which name the vault keeps a key; a slug has no `#`. */
export const vaultEntry = (slug: string, entry: string | undefined) =>
  entry === undefined ? slug : `${slug}#${entry}`;

/** What a brought key is sealed under: it cannot be moved to another row, nor sent to another provider. */
export const byokSeal = ({ provider, id }: { readonly provider: string; readonly id: string }) =>
  `byok ${provider} ${id}`;

/** Whether a provider is known to keep nothing of a call. What runs on this machine keeps nothing elsewhere and trains nobody. */
export function retainsNothing({ dataPolicy, baseUrl, declaredZdr }: Provider): boolean {
  if (declaredZdr !== undefined) return declaredZdr;
  return dataPolicy?.zdr === true || ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(baseUrl()).hostname);
}
