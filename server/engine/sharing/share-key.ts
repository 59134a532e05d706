import { createHash, randomUUID } from 'node:crypto';
import type { EffectivePolicy } from '../../policy/effective-policy.ts';
import type { Asked } from '../asked.ts';

/**
 * What makes two calls the same one: the API key (its secret's hash, so that a rotation begins anew), the kind of endpoint, streamed
 * or not, the preset's version and the whole merged request, the order of properties included, and the policy over the key: once one of its
 * layers has changed, what was answered under the old one serves nobody. How they wish to share is no part of it.
 */
export function shareKey({
  key,
  policy,
  request,
  preset,
}: Pick<Asked, 'key' | 'policy' | 'request' | 'preset'>): string {
  const { cache_enabled: _enabled, cache_ttl_seconds: _ttl, stream, ...rest } = request;
  const version = preset ? [preset.slug, preset.version, preset.hash] : null;
  const identity = JSON.stringify([key.hash, nameOf(policy), 'chat', stream === true, version, rest]);
  return createHash('sha256').update(identity).digest('base64url');
}

/** A policy is another object whenever it says something else. */
function nameOf(policy: EffectivePolicy): string {
  let name = names.get(policy);
  if (name === undefined) {
    name = randomUUID();
    names.set(policy, name);
  }
  return name;
}
const names = new WeakMap<EffectivePolicy, string>();
