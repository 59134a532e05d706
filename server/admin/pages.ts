import * as z from 'zod';

/** `offset` and `limit` of a query, as OpenRouter's lists take them; an empty one is none. */
const whole = (least: number, most: number) =>
  z.preprocess(
    (value) => (value === '' || value === null ? undefined : value),
    z.coerce.number().int('must be a whole number').min(least).max(most).optional(),
  );

export const pageQuery = z.object({
  offset: whole(0, Number.MAX_SAFE_INTEGER),
  limit: whole(1, 100),
});

export type PageQuery = z.output<typeof pageQuery>;

const PAGE = 50;

/** One page of rows, and how many there are. */
export function pageOf<T>(
  rows: readonly T[],
  { offset = 0, limit = PAGE }: PageQuery,
): { readonly rows: readonly T[]; readonly total: number } {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}
