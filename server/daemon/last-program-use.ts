import type { Store } from '../store/store.ts';

/** When a key other than the editor's was last used, or made if it was not used yet; null when there is none. */
export async function lastProgramUse({ keys, usage }: Pick<Store, 'keys' | 'usage'>): Promise<Date | null> {
  const programs = (await keys.list()).filter(({ kind }) => kind !== 'editor');
  const times = await Promise.all(programs.map(async ({ id, createdAt }) => (await usage.lastUsed(id)) ?? createdAt));
  const last = times.toSorted().at(-1);
  return last === undefined ? null : new Date(last);
}
