/** How long a text inside a value may be, from generous to a mere beginning; the next is tried when the whole is still too long. */
const STEPS = [65_536, 8_192, 1_024, 128] as const;
/** Of a long list, this many of its first and of its last. */
const ENDS = 20;
const DEPTH = 64;

export type Shortened = { readonly value: unknown; readonly shortened: boolean };

/**
 * The value, or when its JSON is longer than `most` characters a copy of it that is not: long texts (an image's data, most often) are
 * cut, then the middles of long lists; what was left out is said where it stood. `null` when nothing helps.
 */
export function shorten(value: unknown, most: number): Shortened {
  if (JSON.stringify(value).length <= most) return { value, shortened: false };
  for (const ends of [Number.POSITIVE_INFINITY, ENDS]) {
    for (const text of STEPS) {
      const cut = cutAll(value, text, ends, 0);
      if (JSON.stringify(cut).length <= most) return { value: cut, shortened: true };
    }
  }
  return { value: null, shortened: true };
}

export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… [${text.length - most} characters left out]`;
}

function cutAll(value: unknown, text: number, ends: number, depth: number): unknown {
  if (typeof value === 'string') return cutText(value, text);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH) return '[left out]';
  if (Array.isArray(value)) {
    const kept = value.length <= 2 * ends ? value : [...value.slice(0, ends), ...value.slice(-ends)];
    return kept.map((item) => cutAll(item, text, ends, depth + 1));
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cutAll(item, text, ends, depth + 1)]));
}
