import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';

/** How the base64 of a picture begins, by its type: an item holds the bytes alone. */
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['UklGR', 'image/webp'],
  ['R0lGOD', 'image/gif'],
];

/** The pictures of a chat completion's message or delta, as items hold them: base64, or the address where there are no bytes. */
export function picturesOf(images: unknown): readonly string[] {
  return listOf(images).flatMap((image) => {
    const { image_url, url } = fieldsOf(image);
    const address = textOf(fieldsOf(image_url)['url']) || textOf(image_url) || textOf(url);
    const comma = address.indexOf(',');
    if (address === '') return [];
    return [address.startsWith('data:') && comma > 0 ? address.slice(comma + 1) : address];
  });
}

/** The `images` of an assistant's message that an `image_generation_call` stands for. */
export function imageMessageOf(item: Fields): readonly Fields[] {
  const result = textOf(item['result']);
  if (result === '') return [];
  const isAddress = /^(?:data|https?):/.test(result);
  const type = BEGINNINGS.find(([beginning]) => result.startsWith(beginning))?.[1] ?? 'image/png';
  return [{ type: 'image_url', image_url: { url: isAddress ? result : `data:${type};base64,${result}` } }];
}
