import * as z from 'zod';
import type { Api } from './api.ts';

/** Every row of a list that comes in pages of `limit` and `offset`. `path` has no query of its own. */
export async function pagesOf<T extends z.ZodType>(api: Api, row: T, path: string): Promise<readonly z.output<T>[]> {
  const page = z.looseObject({ data: z.array(row) });
  const all: z.output<T>[] = [];
  for (;;) {
    const { data } = await api.call(page, 'GET', `${path}?limit=100&offset=${all.length}`);
    all.push(...data);
    if (data.length < 100) return all;
  }
}
