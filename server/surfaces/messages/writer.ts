import type { Refusal } from '../../errors.ts';
import { chunksIn } from '../events.ts';
import type { AnswerWriter, JsonObject, StreamWriter } from '../surface.ts';
import { writeMessage } from './answer.ts';
import { Blocks, event } from './blocks.ts';
import { errorOf, refusalBody } from './errors.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { stopOf } from './stop.ts';
import { lastUsageOf, usageOf } from './usage.ts';

const PING = event('ping', {});

/** Writes the answer to one request for a message. `stops`: the sequences that were asked for. */
export function messagesWriter(stops: readonly string[]): AnswerWriter {
  return {
    whole: (text) => writeMessage(text, stops),
    stream: (earlyUsage) => new MessageStreamWriter(earlyUsage, stops),
  };
}

/** One streamed message, as its chunks come. */
class MessageStreamWriter implements StreamWriter {
  readonly #earlyUsage: () => Promise<JsonObject>;
  readonly #stops: readonly string[];
  #blocks: Blocks | null = null;
  #stop: Fields | null = null;
  #refusal = '';
  #ended = false;

  constructor(earlyUsage: () => Promise<JsonObject>, stops: readonly string[]) {
    this.#earlyUsage = earlyUsage;
    this.#stops = stops;
  }

  keepAlive(): string {
    return PING;
  }

  take(text: string): string | Promise<string> {
    const chunks = chunksIn(text);
    const [first] = chunks;
    if (this.#blocks || !first) return this.#all(chunks);
    return this.#begin(first).then((begun) => begun + this.#all(chunks));
  }

  refuse(refusal: Refusal): string {
    this.#ended = true;
    return event('error', refusalBody(refusal, null, {}));
  }

  end(): string {
    return '';
  }

  async #begin({ id, model, provider }: Fields): Promise<string> {
    const early = await this.#earlyUsage();
    this.#blocks = new Blocks(textOf(id));
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: { ...usageOf(early), output_tokens: 0 },
      ...(provider === undefined ? {} : { provider }),
    };
    return event('message_start', { message });
  }

  #all(chunks: readonly Fields[]): string {
    let out = '';
    for (const chunk of chunks) if (!this.#ended) out += this.#one(chunk);
    return out;
  }

  #one(chunk: Fields): string {
    const blocks = this.#blocks;
    if (!blocks) throw new Error('a message has not begun');
    const error = fieldsOf(chunk['error']);
    if (error === chunk['error']) {
      this.#ended = true;
      return event('error', errorOf(error, textOf(chunk['id']) || null));
    }
    const choices = listOf(chunk['choices']);
    if (choices.length === 0) return fieldsOf(chunk['usage']) === chunk['usage'] ? this.#last(blocks, chunk) : '';
    const choice = fieldsOf(choices[0]);
    const delta = fieldsOf(choice['delta']);
    this.#refusal += textOf(delta['refusal']);
    const out = blocks.delta(delta);
    // Its usage comes after it, and stands in one event with it here.
    if (textOf(choice['finish_reason']) !== '') this.#stop = stopOf(choice, this.#refusal, this.#stops);
    return out;
  }

  #last(blocks: Blocks, { usage, openrouter_metadata }: Fields): string {
    this.#ended = true;
    const delta = { ...(this.#stop ?? stopOf({ finish_reason: 'stop' }, '', [])), container: null };
    const metadata = openrouter_metadata === undefined ? {} : { openrouter_metadata };
    return (
      blocks.end() + event('message_delta', { delta, usage: lastUsageOf(usage) }) + event('message_stop', metadata)
    );
  }
}
