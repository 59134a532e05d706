import { type Refusal, refuse } from '../errors.ts';
import { type Providers, vaultEntry } from '../providers/registry.ts';

/** Where the vault keeps a key of a provider, or why none can be kept for it. `name`: which of several (`stored:name`). */
export function storedKeyEntry(
  providers: Providers,
  slug: string,
  name: string | undefined,
): { readonly kind: 'entry'; readonly entry: string } | Refusal {
  const provider = providers.find(slug);
  if (!provider) {
    const known = providers.list().map((one) => one.slug);
    return refuse('unknown_provider', {
      message: `No provider is called "${slug.slice(0, 64)}". Known: ${known.join(', ')}`,
    });
  }
  const { key, keys } = provider;
  if (keys) {
    const isListed = keys.some(({ source }) => source.kind === 'stored' && source.entry === name);
    if (isListed) return { kind: 'entry', entry: vaultEntry(slug, name) };
    const stored = keys.flatMap(({ source }) => (source.kind === 'stored' ? [source.entry ?? '(without a name)'] : []));
    return refuse('invalid_request', {
      message: `config.yaml lists no key of ${slug} as "${name === undefined ? 'stored' : `stored:${name}`}"; stored ones there: ${stored.join(', ') || 'none'}`,
    });
  }
  if (key.kind === 'none' || key.kind === 'internal') {
    return refuse('invalid_request', { message: `${provider.name} needs no key` });
  }
  if (key.kind === 'env') {
    return refuse('invalid_request', {
      message: `config.yaml takes the key of ${slug} from env:${key.name}; say "key: stored" there to store one`,
    });
  }
  if (name !== undefined) {
    return refuse('invalid_request', {
      message: `${slug} has one key, which has no name; list several under providers.${slug}.keys in config.yaml`,
    });
  }
  return { kind: 'entry', entry: slug };
}
