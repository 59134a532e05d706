import { countTokens } from '../pricing/tokenizer.ts';
import { type Usage, usageOfOpenAi } from '../pricing/usage.ts';
import { likelyTokensOf } from '../pricing/weigh.ts';
import type { JsonObject } from './resolve-preset.ts';

/** What has been seen of an answer so far: enough to charge it truly, or as well as can be if it ends here. */
export class Tally {
  usage: Usage | null = null;
  rawUsage: unknown = null;
  upstreamId: string | null = null;
  finishReason: string | null = null;
  nativeFinishReason: string | null = null;
  #uncounted: string[] = [];
  #counted = 0;
  #hasText = false;
  #counting: Promise<number> = Promise.resolve(0);

  /** Takes in an answer (`message`) or a chunk of one (`delta`). */
  add(answer: JsonObject): void {
    if (typeof answer['id'] === 'string') this.upstreamId ??= answer['id'];
    for (const choice of Array.isArray(answer['choices']) ? answer['choices'] : []) this.#addChoice(choice);
    const usage = usageOfOpenAi(answer);
    if (!usage) return;
    this.usage = usage;
    this.rawUsage = answer['usage'];
    // Some providers send usage with each chunk, or what the prompt came to with the first.
    if (usage.completion === 0) return;
    this.#uncounted = [];
    this.#counted = 0;
  }

  /** Whether a first token, or the end of an empty answer, has been seen. */
  get hasBegun(): boolean {
    return this.#hasText || this.finishReason !== null;
  }

  /** Whether text has come that no usage of the provider's includes. */
  get hasMore(): boolean {
    return this.#uncounted.length > 0 || this.#counted > 0;
  }

  /** Tokens of the text that no usage of the provider's includes, by our own count. */
  countOutput(): Promise<number> {
    // One count after the other: a checkpoint and the settlement must not both count the same text.
    this.#counting = this.#counting.then(async () => {
      const texts = this.#uncounted;
      const { length } = texts;
      if (length === 0) return this.#counted;
      const tokens = await likelyTokensOf([texts.join('')], countTokens);
      // Unless the provider's own count came meanwhile.
      if (texts === this.#uncounted) {
        texts.splice(0, length);
        this.#counted += tokens;
      }
      return this.#counted;
    });
    return this.#counting;
  }

  #addChoice(choice: unknown): void {
    if (typeof choice !== 'object' || choice === null) return;
    const { delta, message, text, finish_reason, native_finish_reason } = choice as Record<string, unknown>;
    if (typeof finish_reason === 'string') this.finishReason = finish_reason;
    if (typeof native_finish_reason === 'string') this.nativeFinishReason = native_finish_reason;
    this.#addText(text);
    this.#addPart(delta ?? message);
  }

  #addPart(part: unknown): void {
    if (typeof part !== 'object' || part === null) return;
    const { content, reasoning, reasoning_content, refusal, tool_calls } = part as Record<string, unknown>;
    for (const text of [content, reasoning ?? reasoning_content, refusal]) this.#addText(text);
    for (const call of Array.isArray(tool_calls) ? tool_calls : []) this.#addCall(call);
  }

  /** What the model wrote of a call; its id and index are the server's. */
  #addCall(call: unknown): void {
    if (typeof call !== 'object' || call === null) return;
    const made = (call as Record<string, unknown>)['function'] ?? (call as Record<string, unknown>)['custom'];
    if (typeof made !== 'object' || made === null) return;
    const { name, arguments: given, input } = made as Record<string, unknown>;
    for (const text of [name, given, input]) this.#addText(text);
  }

  #addText(text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#uncounted.push(text);
    this.#hasText = true;
  }
}
