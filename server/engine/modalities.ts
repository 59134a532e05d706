import type { Modality, ModalityRules, Source } from '../policy/effective-policy.ts';
import { outputModalities } from '../pricing/output-modalities.ts';
import type { Endpoint } from '../providers/registry.ts';
import { means } from '../routing/slugs.ts';
import type { JsonObject } from './resolve-preset.ts';

export const MODALITIES: readonly Modality[] = ['image', 'audio', 'video'];

/** What the request itself asks to be made, whatever model serves it. */
export function askedModalities(request: JsonObject): ReadonlySet<Modality> {
  const { modalities, audio } = request;
  const asked = new Set<Modality>();
  // Google's are in capitals.
  const named = Array.isArray(modalities) ? modalities.map((one) => String(one).toLowerCase()) : [];
  for (const one of MODALITIES) if (named.includes(one)) asked.add(one);
  if (typeof audio === 'object' && audio !== null) asked.add('audio');
  return asked;
}

const TOOL = /(?:^|:)(image|audio|video|speech|music)_generation(?:$|_|:)/;

/** What tools that run at the provider would make: by whom is not for a request to say. */
export function toolModalities({ tools }: JsonObject): ReadonlySet<Modality> {
  const made = new Set<Modality>();
  if (!Array.isArray(tools)) return made;
  for (const tool of tools as readonly { readonly type?: unknown }[]) {
    const [, kind] = (typeof tool.type === 'string' && tool.type !== 'function' && TOOL.exec(tool.type)) || [];
    if (kind) made.add(kind === 'image' || kind === 'video' ? kind : 'audio');
  }
  return made;
}

/** What a call of this endpoint makes, or may make without being asked. */
function madeBy(endpoint: Endpoint, request: JsonObject): ReadonlySet<Modality> {
  const made = new Set(askedModalities(request));
  const outputs = outputModalities(endpoint.model);
  for (const one of MODALITIES) if (outputs.includes(one)) made.add(one);
  return made;
}

/** What a call makes, or may make without being asked, at any of the endpoints that may serve it; its tools included. */
export function madeOf(request: JsonObject, endpoints: readonly Endpoint[]): readonly Modality[] {
  const made = new Set([...askedModalities(request), ...toolModalities(request)]);
  for (const endpoint of endpoints) for (const one of madeBy(endpoint, request)) made.add(one);
  return MODALITIES.filter((one) => made.has(one));
}

export type ModalityDenial = {
  readonly modality: Modality;
  readonly provider: string | null;
  readonly sources: readonly Source[];
};

/** The rule that keeps this endpoint from making what it would make; a router is judged by what it will be told. Null: none does. */
export function modalityDenial(rules: ModalityRules, endpoint: Endpoint, request: JsonObject): ModalityDenial | null {
  const { slug, name, isRouter } = endpoint.provider;
  for (const modality of madeBy(endpoint, request)) {
    const { value: rule, sources } = rules[modality];
    if (rule.rule === 'deny') return { modality, provider: null, sources };
    if (rule.rule === 'pin' && !isRouter && !means(rule.provider, { tag: slug, name }))
      return { modality, provider: rule.provider, sources };
  }
  return null;
}

/** The providers that alone may make what this endpoint would make. */
export function pinsOf(
  rules: ModalityRules,
  endpoint: Endpoint,
  request: JsonObject,
): readonly { readonly value: string; readonly sources: readonly Source[] }[] {
  return [...madeBy(endpoint, request)].flatMap((modality) => {
    const { value: rule, sources } = rules[modality];
    return rule.rule === 'pin' ? [{ value: rule.provider, sources }] : [];
  });
}
