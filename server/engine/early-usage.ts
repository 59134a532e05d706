import { parseObject } from './attempt.ts';
import type { Bound } from './bound.ts';
import type { JsonObject } from './resolve-preset.ts';

/** How long an answer that has begun is held back for a tokenizer, which may have to start first. */
const PATIENCE_MS = 100;
/** Of a text whose tokens nobody has counted: about so many bytes are one. */
const BYTES_PER_TOKEN = 4;

/**
 * What of the usage is known when an answer begins, for a wire that tells it then: the provider's own counts where it sent them with
 * its first token, else the tokenizer's of the input, or a guess where that takes too long. OpenRouter's `usage`, as far as it goes.
 */
export function earlyUsage(
  first: readonly string[],
  { likelyInput, weight }: Pick<Bound, 'likelyInput' | 'weight'>,
): JsonObject | Promise<JsonObject> {
  for (const data of first) {
    if (!data.includes('"usage"')) continue;
    const usage = parseObject(data)?.['usage'];
    if (typeof usage === 'object' && usage !== null && 'prompt_tokens' in usage && Number(usage.prompt_tokens) > 0)
      return usage as JsonObject;
  }
  return new Promise((resolve, reject) => {
    const guess = () => resolve({ prompt_tokens: Math.ceil(weight.bytes / BYTES_PER_TOKEN) });
    const timer = setTimeout(guess, PATIENCE_MS).unref();
    likelyInput()
      .then((prompt_tokens) => resolve({ prompt_tokens }), reject)
      .finally(() => clearTimeout(timer));
  });
}
