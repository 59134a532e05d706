import * as z from 'zod';
import type { Api } from './api.ts';

/** Every row of a list that comes in pages of `limit` and `offset`. */
export async function pagesOf<T extends z.ZodType>(api: Api, row: T, path: string): Promise<readonly z.output<T>[]> {
  const page = z.looseObject({ data: z.array(row) });
  const all: z.output<T>[] = [];
  const more = path.includes('?') ? '&' : '?';
  for (;;) {
    const { data } = await api.call(page, 'GET', `${path}${more}limit=100&offset=${all.length}`);
    all.push(...data);
    if (data.length < 100) return all;
  }
}
