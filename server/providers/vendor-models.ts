import { findProvider } from '@pydantic/genai-prices';
import { type CatalogueModel, knownModels } from '../pricing/catalogue.ts';
import { listedModel } from '../pricing/price-book.ts';
import { modelDefaults } from './model-defaults.ts';
import { dialectNameOf, type Vendor } from './vendors.ts';

/** The models of a vendor that the price library knows, under OpenRouter's ids, with what each takes. */
export function vendorModels(vendor: Vendor): readonly CatalogueModel[] {
  const { wire, serves } = vendor;
  const spoken = { dialect: dialectNameOf(vendor), wire };
  const listed = new Map<string, CatalogueModel>();
  for (const model of knownModels(vendor.priceProvider, '')) {
    const { native } = model;
    if (serves && !serves(native)) continue;
    const id = idOf(vendor, native);
    // Of two names for one thing the first is kept: an endpoint is known by its id.
    if (listed.has(id)) continue;
    const { supportedParameters, maxCompletionTokens } = modelDefaults(spoken, native);
    // What OpenRouter lists of a model is its author's; a host may serve it with another context.
    const said = listedModel(id);
    const own = vendor.isHost ? null : said;
    listed.set(
      id,
      withMembers(model, {
        id,
        supportedParameters,
        contextLength: model.contextLength ?? own?.contextLength ?? null,
        maxCompletionTokens: own?.maxCompletionTokens ?? model.maxCompletionTokens ?? maxCompletionTokens,
        listed: said,
      }),
    );
  }
  return [...listed.values()];
}

function idOf(vendor: Vendor, native: string): string {
  const own = vendor.ids?.[native] ?? vendor.idOf?.(native);
  if (own) return own;
  if (!vendor.isHost) return `${vendor.author ?? vendor.slug}/${native}`;
  return authorsId(native) ?? `${vendor.slug}/${native}`;
}

/** A copy with other members; a price that is looked up each time still is. */
export function withMembers(model: CatalogueModel, members: Partial<CatalogueModel>): CatalogueModel {
  const descriptors = Object.getOwnPropertyDescriptors(model);
  for (const [name, value] of Object.entries(members))
    Object.assign(descriptors, { [name]: { value, enumerable: true } });
  return Object.defineProperties({}, descriptors) as CatalogueModel;
}

let ids: ReadonlyMap<string, string> | undefined;

/**
 * The author's id of a model that a host serves, where exactly one model of that name is known: hosts drop the author, and write
 * `k2p6` for `k2.6` where a dot is not allowed.
 */
function authorsId(native: string): string | null {
  ids ??= idsByName();
  const name = native.slice(native.lastIndexOf('/') + 1).toLowerCase();
  return ids.get(name) ?? ids.get(name.replaceAll(/(\d)p(\d)/g, '$1.$2')) ?? null;
}

function idsByName(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const several = new Set<string>();
  for (const { id } of findProvider({ providerId: 'openrouter' })?.models ?? []) {
    const slash = id.indexOf('/');
    if (slash < 0) continue;
    const name = id.slice(slash + 1);
    if (found.has(name)) several.add(name);
    found.set(name, id);
  }
  for (const name of several) found.delete(name);
  return found;
}
