import type { AccessRules, DataRegion, ZdrGroup } from '../policy/effective-policy.ts';
import type { CatalogueModel } from '../pricing/catalogue.ts';
import type { Provider } from '../providers/provider.ts';
import { type Endpoint, retainsNothing } from '../providers/registry.ts';
import { choosesModel } from './model-names.ts';

/** Whose first-party endpoints a group of ZDR rules is about. */
const FIRST_PARTIES: Readonly<Record<string, ZdrGroup>> = {
  anthropic: 'anthropic',
  openai: 'openai',
  google: 'google',
  'google-ai-studio': 'google',
  xai: 'xai',
};
/** Where they take requests in, by whatever name config.yaml has them. */
const FIRST_PARTY_HOSTS: readonly (readonly [host: string, group: ZdrGroup])[] = [
  ['api.anthropic.com', 'anthropic'],
  ['api.openai.com', 'openai'],
  ['generativelanguage.googleapis.com', 'google'],
  ['api.x.ai', 'xai'],
];
/** Clouds that serve the groups' models under their own terms: no group is about them. */
const CLOUDS: ReadonlySet<string> = new Set(['amazon-bedrock', 'bedrock', 'google-vertex', 'vertex', 'azure']);
const AUTHORS: Readonly<Record<string, ZdrGroup>> = {
  anthropic: 'anthropic',
  openai: 'openai',
  google: 'google',
  'x-ai': 'xai',
};
/** Models of these authors that others serve as well. */
const OPEN_MODEL = /gpt-oss|gemma|grok-1\b|whisper/;

/** The group that an endpoint called directly belongs to; null: none is about it. */
export function zdrGroupOf({ slug, baseUrl }: Pick<Provider, 'slug' | 'baseUrl'>): ZdrGroup | null {
  const named = FIRST_PARTIES[slug];
  if (named) return named;
  const { hostname } = new URL(baseUrl());
  const at = FIRST_PARTY_HOSTS.find(([host]) => hostname === host || hostname.endsWith(`.${host}`));
  return at?.[1] ?? (CLOUDS.has(slug) ? null : 'other');
}

/** The groups whose endpoints may be behind a router for this model; null: any. */
export function zdrGroupsBehind(modelId: string): ReadonlySet<ZdrGroup> | null {
  if (choosesModel(modelId)) return null;
  const group = AUTHORS[modelId.slice(0, Math.max(0, modelId.indexOf('/')))];
  if (!group) return new Set(['other']);
  return new Set(OPEN_MODEL.test(modelId) ? [group, 'other'] : [group]);
}

/** Free models are paid for with data. */
export function isFree({ id, price }: CatalogueModel): boolean {
  return id.endsWith(':free') || (price !== null && price.prompt === 0n && price.completion === 0n);
}

/** The rule about training that is about this model; null: none is. */
export function trainingRule(access: AccessRules, model: CatalogueModel) {
  if (choosesModel(model.id)) return access.noPaidTraining ?? access.noFreeTraining ?? access.noFreePublication;
  return isFree(model) ? (access.noFreeTraining ?? access.noFreePublication) : access.noPaidTraining;
}

/** Whether it is known that a provider neither trains on what it is sent nor publishes it; what nobody has promised is not. */
export const promisesNoTraining = ({ provider }: Endpoint) =>
  provider.dataPolicy?.noTraining === true || retainsNothing(provider);

const EUROPE = /(?:^|[.-])(?:eu|europe)(?:[.-]|$)/;
const UNITED_STATES = /(?:^|[.-])us(?:[.-]|$)/;

/** Where a provider takes requests in, by its address; null: on this machine. */
export function regionOf({ provider }: Endpoint): DataRegion | null {
  const { hostname } = new URL(provider.baseUrl());
  if (['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return null;
  if (EUROPE.test(hostname)) return 'europe';
  return UNITED_STATES.test(hostname) ? 'us' : 'global';
}
