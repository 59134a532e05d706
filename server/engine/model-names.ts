import { libraryName } from '../pricing/catalogue.ts';
import type { Endpoint } from '../providers/registry.ts';

const VARIANT = /:[a-z-]+$/;

export type ModelNames = {
  /** What a list that allows it must have one of: its id, with and without a variant, and the name it is catalogued by. */
  readonly own: ReadonlySet<string>;
  /** What a list that forbids it need have one of: also other names by which this provider would serve the very same model. */
  readonly any: ReadonlySet<string>;
};

/** Every name of an endpoint's model that a list of models may mean it by, in small letters. */
export function modelNames({ provider, model }: Endpoint): ModelNames {
  const own = new Set<string>();
  const add = (names: Set<string>, id: string) => {
    const name = id.toLowerCase();
    names.add(name);
    names.add(name.replace(VARIANT, ''));
  };
  add(own, model.id);
  if (model.listed) add(own, model.listed.canonicalSlug);
  const any = new Set(own);
  // `<provider>/<its own name>` and dated names are other words for the same thing.
  const native = nativeName(model.native);
  const known = provider.priceProvider === null ? null : libraryName(provider.priceProvider, model.native);
  for (const other of provider.models()) {
    if (nativeName(other.native) !== native && (known === null || other.native !== known)) continue;
    add(any, other.id);
    if (other.listed) add(any, other.listed.canonicalSlug);
  }
  return { own, any };
}

const nativeName = (native: string) => native.toLowerCase().replace(VARIANT, '');

/** Routers' own models: which one answers is theirs to choose. `~author/family-latest` is whichever is the latest. */
export const choosesModel = (id: string) => /^(?:openrouter\/|~|nvidia\/switchyard|typesafe\/jev-router)/.test(id);
