import type { Refusal } from '../../errors.ts';
import { chunksIn } from '../events.ts';
import type { AnswerWriter, StreamWriter } from '../surface.ts';
import { writeContent } from './answer.ts';
import { candidateText, groundingOf, headOf, indexOf, logprobsOf } from './candidate.ts';
import { errorOf, refusalBody } from './errors.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { finishOf } from './finish.ts';
import { Parts } from './parts.ts';
import { usageOf } from './usage.ts';

/** A stream of events (`?alt=sse`), or one JSON array that grows, as Google has it without. */
export type StreamForm = 'sse' | 'array';

/** Writes the answer to one request. `showsThoughts`: the caller wants to read them. */
export function geminiWriter(showsThoughts: boolean, form: StreamForm): AnswerWriter {
  return {
    whole: (text) => writeContent(text, showsThoughts),
    stream: () => new ContentStreamWriter(showsThoughts, form),
  };
}

type Candidate = { readonly parts: Parts; readonly annotations: unknown[]; finish: Fields | null };

/** One streamed answer, as its chunks come: each a whole response with what is new in it. */
class ContentStreamWriter implements StreamWriter {
  readonly #shows: boolean;
  readonly #form: StreamForm;
  readonly #candidates = new Map<number, Candidate>();
  #head = '';
  #isBegun = false;
  #isEnded = false;

  constructor(showsThoughts: boolean, form: StreamForm) {
    this.#shows = showsThoughts;
    this.#form = form;
  }

  get contentType(): string {
    return this.#form === 'sse' ? 'text/event-stream' : 'application/json; charset=utf-8';
  }

  /** Not a comment: an older client of Google's takes one for the end of everything. */
  keepAlive(): string {
    if (this.#form === 'array') return '\n';
    return `data: {"candidates":[${candidateText([], 0, {})}]}\r\n\r\n`;
  }

  take(text: string): string {
    let out = '';
    for (const chunk of chunksIn(text)) if (!this.#isEnded) out += this.#one(chunk);
    return out;
  }

  refuse(refusal: Refusal): string {
    this.#isEnded = true;
    return this.#write(JSON.stringify(refusalBody(refusal, null, {})));
  }

  end(): string {
    // An answer whose usage never came has still ended.
    const last = this.#isEnded ? '' : this.#last({});
    return last + (this.#form === 'sse' ? '' : this.#isBegun ? ']' : '[]');
  }

  #write(json: string): string {
    if (this.#form === 'sse') return `data: ${json}\r\n\r\n`;
    const before = this.#isBegun ? ',\r\n' : '[';
    this.#isBegun = true;
    return before + json;
  }

  #one(chunk: Fields): string {
    const error = fieldsOf(chunk['error']);
    if (error === chunk['error']) {
      this.#isEnded = true;
      return this.#write(JSON.stringify(errorOf(error, textOf(chunk['id']) || null, null)));
    }
    if (this.#head === '') this.#head = headOf(chunk);
    const choices = listOf(chunk['choices']).map(fieldsOf);
    const written = choices.flatMap((choice) => this.#choice(choice));
    const out = written.length === 0 ? '' : this.#write(`{"candidates":[${written.join(',')}],${this.#head}`);
    if (choices.length > 0 || fieldsOf(chunk['usage']) !== chunk['usage']) return out;
    return out + this.#last(chunk);
  }

  #choice(choice: Fields): string[] {
    const index = indexOf(choice);
    const known = this.#candidates.get(index);
    const candidate = known ?? { parts: new Parts(this.#shows), annotations: [], finish: null };
    if (!known) this.#candidates.set(index, candidate);
    const delta = fieldsOf(choice['delta']);
    const parts = candidate.parts.said(delta);
    candidate.annotations.push(...listOf(delta['annotations']));
    // Its usage comes after it, and stands in one response with it here.
    if (textOf(choice['finish_reason']) !== '') {
      parts.push(...candidate.parts.end());
      candidate.finish = finishOf(choice, candidate.parts.refusal, candidate.parts.broken);
    }
    const logprobs = logprobsOf(choice['logprobs']);
    if (parts.length === 0 && Object.keys(logprobs).length === 0) return [];
    return [candidateText(parts, index, logprobs)];
  }

  #last({ usage, openrouter_metadata }: Fields): string {
    this.#isEnded = true;
    const ends = [...this.#candidates].map(([index, { finish, annotations }]) =>
      candidateText([], index, { ...finish, ...groundingOf(annotations) }),
    );
    const tail = {
      ...(usage === undefined ? {} : { usageMetadata: usageOf(usage) }),
      ...(openrouter_metadata === undefined ? {} : { openrouter_metadata }),
    };
    const more = Object.keys(tail).length === 0 ? '' : `${JSON.stringify(tail).slice(1, -1)},`;
    if (ends.length === 0 && more === '') return '';
    return this.#write(`{"candidates":[${ends.join(',')}],${more}${this.#head || '"modelVersion":""}'}`);
  }
}
