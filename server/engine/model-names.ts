import { type CatalogueModel, libraryName } from '../pricing/catalogue.ts';
import type { Endpoint } from '../providers/registry.ts';

const VARIANT = /:[a-z-]+$/;

/** What a list that allows a model must have one of: its id, with and without a variant, and the name it is catalogued by. Small letters. */
export function ownNames({ model }: Pick<Endpoint, 'model'>): ReadonlySet<string> {
  const names = new Set<string>();
  addNames(names, model);
  return names;
}

/**
 * What a list that forbids a model need have one of: also every other name by which this provider would serve the very same one, such as
 * `<provider>/<its own name>` or a dated one.
 */
export function allNames({ provider, model }: Endpoint): ReadonlySet<string> {
  const names = new Set<string>();
  addNames(names, model);
  const models = provider.models();
  const byNative = nativesOf(models);
  const isListed = byNative.get(nativeName(model.native))?.includes(model);
  const known = isListed || provider.priceProvider === null ? null : libraryName(provider.priceProvider, model.native);
  for (const native of [model.native, known]) {
    for (const other of (native !== null && byNative.get(nativeName(native))) || []) addNames(names, other);
  }
  return names;
}

function addNames(names: Set<string>, { id, listed }: CatalogueModel): void {
  for (const name of listed ? [id, listed.canonicalSlug] : [id]) {
    const small = name.toLowerCase();
    names.add(small);
    names.add(small.replace(VARIANT, ''));
  }
}

const nativeName = (native: string) => native.toLowerCase().replace(VARIANT, '');

type ByNative = ReadonlyMap<string, readonly CatalogueModel[]>;
const indexes = new WeakMap<readonly CatalogueModel[], ByNative>();

function nativesOf(models: readonly CatalogueModel[]): ByNative {
  const known = indexes.get(models);
  if (known) return known;
  const byNative = new Map<string, CatalogueModel[]>();
  for (const model of models) {
    // A router takes the catalogued name as well as the id.
    for (const name of new Set([model.native, model.listed?.canonicalSlug ?? model.native].map(nativeName))) {
      const same = byNative.get(name);
      if (same) same.push(model);
      else byNative.set(name, [model]);
    }
  }
  indexes.set(models, byNative);
  return byNative;
}

/** Routers' own models: which one answers is theirs to choose. `~author/family-latest` is whichever is the latest. */
export const choosesModel = (id: string) => /^(?:openrouter\/|~|nvidia\/switchyard|typesafe\/jev-router)/.test(id);
