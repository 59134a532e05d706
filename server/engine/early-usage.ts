import { parseObject } from './attempt.ts';
import type { JsonObject } from './resolve-preset.ts';

/**
 * What of the usage is known when an answer begins, for a wire that tells it then: the provider's own counts where it sent them with
 * its first token, else the tokenizer's of the input. OpenRouter's `usage`, as far as it goes.
 */
export function earlyUsage(
  first: readonly string[],
  likelyInput: () => Promise<number>,
): JsonObject | Promise<JsonObject> {
  for (const data of first) {
    if (!data.includes('"usage"')) continue;
    const usage = parseObject(data)?.['usage'];
    if (typeof usage === 'object' && usage !== null && 'prompt_tokens' in usage && Number(usage.prompt_tokens) > 0)
      return usage as JsonObject;
  }
  return likelyInput().then((prompt_tokens) => ({ prompt_tokens }));
}
