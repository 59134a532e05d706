import type { CountTokens } from '../pricing/tokenizer.ts';
import { type Usage, usageOfOpenAi } from '../pricing/usage.ts';
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

  /** Takes in an answer (`message`) or a chunk of one (`delta`). */
  add(answer: JsonObject): void {
    if (typeof answer['id'] === 'string') this.upstreamId ??= answer['id'];
    const usage = usageOfOpenAi(answer);
    if (usage) {
      this.usage = usage;
      this.rawUsage = answer['usage'];
    }
    for (const choice of Array.isArray(answer['choices']) ? answer['choices'] : []) this.#addChoice(choice);
  }

  /** Whether a first token, or the end of an empty answer, has been seen. */
  get hasBegun(): boolean {
    return this.#uncounted.length > 0 || this.#counted > 0 || this.finishReason !== null;
  }

  /** Tokens written so far, by our own count. */
  countOutput(count: CountTokens): number {
    if (this.#uncounted.length > 0) this.#counted += count(this.#uncounted.join(''));
    this.#uncounted = [];
    return this.#counted;
  }

  #addChoice(choice: unknown): void {
    if (typeof choice !== 'object' || choice === null) return;
    const { delta, message, text, finish_reason, native_finish_reason } = choice as Record<string, unknown>;
    if (typeof finish_reason === 'string') this.finishReason = finish_reason;
    if (typeof native_finish_reason === 'string') this.nativeFinishReason = native_finish_reason;
    if (typeof text === 'string') this.#uncounted.push(text);
    this.#addText(delta ?? message);
  }

  #addText(part: unknown): void {
    if (typeof part !== 'object' || part === null) return;
    const { content, reasoning, reasoning_content, refusal, tool_calls } = part as Record<string, unknown>;
    for (const text of [content, reasoning ?? reasoning_content, refusal]) {
      if (typeof text === 'string' && text !== '') this.#uncounted.push(text);
    }
    if (tool_calls !== undefined) this.#uncounted.push(JSON.stringify(tool_calls));
  }
}
