import { createHash } from 'node:crypto';
import type { EffectivePolicy } from '../../policy/effective-policy.ts';
import type { Asked } from '../asked.ts';

/**
 * What makes two calls the same one: the API key (its secret's hash, so that a rotation begins anew), the kind of endpoint, streamed
 * or not, the preset's version and the whole merged request, the order of properties included, and the rules over the key: once one of its
 * layers says something else, what was answered under the old ones serves nobody. How they wish to share is no part of it.
 */
export function shareKey({
  key,
  policy,
  request,
  preset,
  content,
}: Pick<Asked, 'key' | 'policy' | 'request' | 'preset' | 'content'>): string {
  const { cache_enabled: _enabled, cache_ttl_seconds: _ttl, stream, ...rest } = request;
  const version = preset ? [preset.slug, preset.version, preset.hash] : null;
  const identity = JSON.stringify([
    key.hash,
    rulesOf(policy),
    'chat',
    stream === true,
    version,
    rest,
    valuesOf(content),
  ]);
  return createHash('sha256').update(identity).digest('base64url');
}

/** Requests that are alike once their values are replaced have answers that are not, once those are put back. */
const valuesOf = (content: Asked['content']) => (content && !content.vault.isEmpty ? content.vault.fingerprint : null);

/** What a policy says of a request and its answer; what it says of money is no reason to forget an answer that costs nothing. */
function rulesOf(policy: EffectivePolicy): string {
  let rules = known.get(policy);
  if (rules === undefined) {
    const { access, modalities, content } = policy;
    rules = JSON.stringify([access, modalities, content], (_, value: unknown) =>
      value instanceof Set ? [...value] : value,
    );
    known.set(policy, rules);
  }
  return rules;
}
const known = new WeakMap<EffectivePolicy, string>();
