/** Endpoints of a service tier are never meant by their provider's name alone. */
const SERVICE_TIER = /\/(?:priority|flex|batch)$/;

/** Who serves: `tag` is the provider's slug, with a variant behind a slash where it has one; `name` is what people call it. */
export type Served = { readonly tag: string; readonly name: string };

/**
 * Whether a name from `order`, `only` or `ignore` means this endpoint. `google-vertex` also stands for `google-vertex/us-east5`,
 * but not for `google-vertex/flex`; OpenRouter's clients send display names (`Google Vertex`) as well as slugs.
 */
export function means(name: string, { tag, name: display }: Served): boolean {
  const wanted = name.trim().toLowerCase();
  if (wanted === tag || wanted === display.toLowerCase()) return true;
  return tag.startsWith(`${wanted}/`) && !SERVICE_TIER.test(tag);
}

export const meansAny = (names: readonly string[], served: Served) => names.some((name) => means(name, served));
