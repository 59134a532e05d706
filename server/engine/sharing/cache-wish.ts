import type { Asked } from '../asked.ts';
import type { JsonObject } from '../resolve-preset.ts';

const DEFAULT_SECONDS = 300;
const MOST_SECONDS = 86_400;

/** For how many seconds an answer to the merged request is to be kept; null: the cache is not asked for. */
export function cacheSeconds(request: JsonObject): number | null {
  if (request['cache_enabled'] !== true) return null;
  const seconds = request['cache_ttl_seconds'];
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return DEFAULT_SECONDS;
  return Math.min(MOST_SECONDS, Math.max(1, Math.floor(seconds)));
}

/** Whether a call wishes to share an answer with others: asked of every call. */
export function wishesToShare({ request, coalesce }: Pick<Asked, 'request' | 'coalesce'>): boolean {
  return coalesce || request['cache_enabled'] === true;
}
