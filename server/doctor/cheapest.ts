import type { CatalogueModel } from '../pricing/catalogue.ts';
import { costOf } from '../pricing/cost.ts';
import { NO_USAGE } from '../pricing/usage.ts';

/** What is asked for at most; OpenAI's newer models take no less. */
export const MOST_TOKENS = 16;
/** More than the doctor's question comes to in any tokenizer. */
export const PROMPT_TOKENS = 64;
/** Names of models that do not chat, or that think at length before they do. */
const OTHER =
  /embed|moderation|tts|whisper|audio|realtime|image|dall-e|transcribe|rerank|guard|codex|instruct|davinci|babbage|\bada\b|sora|veo|imagen|computer|live|research|search|ocr|speech|video|vision-preview|-base\b|\bo\d\b/i;

/** Chat models whose price is known, the cheapest for a minimal call first; free ones, which are often rationed, last. */
export function cheapestModels(models: readonly CatalogueModel[]): readonly CatalogueModel[] {
  const priced = models.flatMap((model) => {
    if (model.price === null || OTHER.test(model.native)) return [];
    const usage = { ...NO_USAGE, prompt: PROMPT_TOKENS, completion: MOST_TOKENS };
    return [{ model, nano: costOf(model.price, usage, 0, true).nano }];
  });
  return priced
    .sort((a, b) => Number(a.nano === 0) - Number(b.nano === 0) || a.nano - b.nano)
    .map(({ model }) => model);
}
