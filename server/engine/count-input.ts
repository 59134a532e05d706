import type { Refusal } from '../errors.ts';
import { countTokens } from '../pricing/tokenizer.ts';
import { likelyTokens, weigh } from '../pricing/weigh.ts';
import type { CallInput } from './call.ts';
import { type AskedParts, askedOf } from './decide.ts';

/**
 * The likeliest number of input tokens of a request with its preset merged in, by a tokenizer that need not be its model's own: nothing
 * is sent for it, so no policy but the key's own standing is asked.
 */
export async function countInput(
  parts: AskedParts & { readonly now: () => Date },
  input: CallInput,
): Promise<{ readonly kind: 'counted'; readonly tokens: number } | Refusal> {
  const asked = await askedOf(parts, input, parts.now(), performance.now(), true);
  if (asked.kind === 'refused') return asked;
  return { kind: 'counted', tokens: await likelyTokens(weigh(asked.request), countTokens) };
}
