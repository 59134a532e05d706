import { parseExactly } from '../anthropic/exact-json.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import { readEvents } from '../openai/stream.ts';
import { blockOf, CandidateReader, logprobsOf } from './candidate.ts';
import { errorOf } from './errors.ts';
import { finishOf } from './finish.ts';
import { tierOf, usageOf } from './usage.ts';

/** Translates a stream of `streamGenerateContent` into the data of chat completion chunks, batch by batch as the bytes come. */
export async function* readGeminiEvents(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<readonly string[], void, undefined> {
  const stream = new GeminiStream();
  for await (const batch of readEvents(bytes)) {
    const chunks = batch.flatMap((data) => stream.translate(data));
    if (chunks.length > 0) yield chunks;
  }
  // Google has no last word: what ended without a reason was cut off.
  if (stream.isFinished) yield ['[DONE]'];
}

/** Every event has the usage so far, which is seldom worth its reading. */
const USAGE_EVERY = 16;

/** One answer as its events come; each is a whole response with what is new in it, and the usage so far. */
class GeminiStream {
  #head: Fields = { object: 'chat.completion.chunk', created: Math.floor(Date.now() / 1000) };
  readonly #readers = new Map<number, CandidateReader>();
  #written: { readonly head: Fields | null; readonly text: string } = { head: null, text: '' };
  #textEvents = 0;
  isFinished = false;

  /** The chunks that one event comes to; what is no JSON is handed on, for the reader of chunks to say so. */
  translate(data: string): readonly string[] {
    let event: unknown;
    try {
      event = data.includes('"functionCall"') ? parseExactly(data) : JSON.parse(data);
    } catch {
      return [data];
    }
    const error = errorOf(event);
    if (error) return [JSON.stringify({ ...this.#head, choices: [], ...error })];
    const answer = fieldsOf(event);
    if (this.#head['id'] === undefined)
      this.#head = { id: answer['responseId'], ...this.#head, model: answer['modelVersion'] };
    const tier = tierOf(answer['usageMetadata']);
    if (tier['service_tier'] !== undefined && tier['service_tier'] !== this.#head['service_tier'])
      this.#head = { ...this.#head, ...tier };

    const candidates = listOf(answer['candidates']);
    const choices = candidates.flatMap((item, at) => this.#choice(fieldsOf(item), at));
    const block = candidates.length === 0 ? blockOf(answer['promptFeedback']) : null;
    if (block) {
      this.isFinished = true;
      const delta = { role: 'assistant', content: '', refusal: block.refusal };
      choices.push({ index: 0, delta, ...block.finish, logprobs: null });
    }
    const chunks = choices.length > 0 ? [this.#chunk(choices)] : [];
    if (this.isFinished || this.#tellsUsage()) {
      // By itself, since it is the caller's only at the end, and behind the text that it counts.
      const usage = usageOf(answer['usageMetadata'], this.isFinished || this.#textEvents === 0);
      if (usage) chunks.push(this.#chunk([], `,"usage":${JSON.stringify(usage)}`));
    }
    return chunks;
  }

  /** What stands around the choices is the same in nearly every chunk. */
  #chunk(choices: readonly Fields[], more = ''): string {
    if (this.#written.head !== this.#head)
      this.#written = { head: this.#head, text: `${JSON.stringify(this.#head).slice(0, -1)},"choices":` };
    return `${this.#written.text}${JSON.stringify(choices)}${more}}`;
  }

  /** Thoughts are told by nothing else; text between two of these is counted by whoever reads it, if the answer breaks off there. */
  #tellsUsage(): boolean {
    return this.#textEvents === 0 || this.#textEvents % USAGE_EVERY === 1;
  }

  #choice(candidate: Fields, at: number): Fields[] {
    const index = typeof candidate['index'] === 'number' ? candidate['index'] : at;
    const known = this.#readers.get(index);
    const reader = known ?? new CandidateReader();
    if (!known) this.#readers.set(index, reader);
    const { content, reasoning, details, calls, images } = reader.read(fieldsOf(candidate['content'])['parts']);
    if (content !== '' || calls.length > 0) this.#textEvents += 1;
    const finish = finishOf(candidate['finishReason'], reader.hasCalls);
    const isEnd = finish['finish_reason'] !== null;
    if (isEnd) this.isFinished = true;
    const explained = finish['finish_reason'] === 'content_filter' ? textOf(candidate['finishMessage']) : '';
    const logprobs = logprobsOf(candidate['logprobsResult']);
    const delta = {
      ...(known ? {} : { role: 'assistant' }),
      ...(content !== '' || !known ? { content } : {}),
      ...(reasoning === '' ? {} : { reasoning }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(images.length === 0 ? {} : { images }),
      ...(explained === '' ? {} : { refusal: explained }),
    };
    if (!isEnd && logprobs === null && Object.keys(delta).length === 0) return [];
    return [{ index, delta, ...(isEnd ? finish : { finish_reason: null }), logprobs }];
  }
}
