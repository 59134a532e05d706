import { createHash } from 'node:crypto';
import type { Asked } from '../asked.ts';

/**
 * What makes two calls the same one: the API key (its secret's hash, so that a rotation begins anew), the kind of endpoint, streamed
 * or not, the preset's version and the whole merged request, the order of properties included. How they wish to share is no part of it.
 */
export function shareKey({ key, request, preset }: Pick<Asked, 'key' | 'request' | 'preset'>): string {
  const { cache_enabled: _enabled, cache_ttl_seconds: _ttl, stream, ...rest } = request;
  const version = preset ? [preset.slug, preset.version, preset.hash] : null;
  const identity = JSON.stringify([key.hash, 'chat', stream === true, version, rest]);
  return createHash('sha256').update(identity).digest('base64url');
}
