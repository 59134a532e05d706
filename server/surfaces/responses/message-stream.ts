import type { EventLine } from './event-line.ts';
import type { Fields } from './fields.ts';
import { annotationsOf, type ItemStatus, logprobsOf, messageItem, outputText } from './output-items.ts';

type Part = {
  readonly kind: 'output_text' | 'refusal';
  text: string;
  readonly annotations: Fields[];
  readonly logprobs: Fields[];
};

/** One message of a streamed answer: its words, and where it has one its refusal, each a part that begins and ends. */
export class MessageStream {
  readonly id: string;
  /** Its place among the items. */
  readonly at: number;
  readonly #line: EventLine;
  readonly #parts: Part[] = [];
  /** What stands before every delta of the part that is open. */
  #place = '';

  constructor(id: string, at: number, line: EventLine) {
    this.id = id;
    this.at = at;
    this.#line = line;
  }

  item(status: ItemStatus): Fields {
    return messageItem(this.id, status, status === 'in_progress' ? [] : this.#parts.map(contentOf));
  }

  begin(): string {
    const added = { output_index: this.at, item: this.item('in_progress') };
    return this.#line.event('response.output_item.added', added);
  }

  text(words: string, logprobs: unknown): string {
    const opening = this.#part('output_text');
    const part = this.#parts.at(-1) as Part;
    part.text += words;
    if (!logprobs)
      return opening + this.#line.delta('response.output_text.delta', `${this.#place},"logprobs":[]`, words);
    const told = logprobsOf(logprobs);
    part.logprobs.push(...told);
    const members = `${this.#place},"logprobs":${JSON.stringify(told)}`;
    return opening + this.#line.delta('response.output_text.delta', members, words);
  }

  refusal(words: string): string {
    const opening = this.#part('refusal');
    (this.#parts.at(-1) as Part).text += words;
    return opening + this.#line.delta('response.refusal.delta', this.#place, words);
  }

  /** Citations of what has been said. */
  annotate(given: unknown): string {
    const part = this.#parts.at(-1);
    if (part?.kind !== 'output_text') return '';
    let out = '';
    for (const annotation of annotationsOf(given, part.text.length)) {
      const members = { ...this.#where(), annotation_index: part.annotations.length, annotation };
      out += this.#line.event('response.output_text.annotation.added', members);
      part.annotations.push(annotation);
    }
    return out;
  }

  close(status: ItemStatus): string {
    const closing = this.#closePart();
    return closing + this.#line.event('response.output_item.done', { output_index: this.at, item: this.item(status) });
  }

  #part(kind: Part['kind']): string {
    if (this.#parts.at(-1)?.kind === kind) return '';
    const closing = this.#closePart();
    const part: Part = { kind, text: '', annotations: [], logprobs: [] };
    this.#parts.push(part);
    const where = this.#where();
    this.#place = JSON.stringify(where).slice(1, -1);
    return closing + this.#line.event('response.content_part.added', { ...where, part: contentOf(part) });
  }

  #closePart(): string {
    const part = this.#parts.at(-1);
    if (!part) return '';
    const where = this.#where();
    const done =
      part.kind === 'refusal'
        ? this.#line.event('response.refusal.done', { ...where, refusal: part.text })
        : this.#line.event('response.output_text.done', { ...where, text: part.text, logprobs: part.logprobs });
    return done + this.#line.event('response.content_part.done', { ...where, part: contentOf(part) });
  }

  #where() {
    return { item_id: this.id, output_index: this.at, content_index: this.#parts.length - 1 };
  }
}

const contentOf = ({ kind, text, annotations, logprobs }: Part): Fields =>
  kind === 'refusal' ? { type: 'refusal', refusal: text } : outputText(text, annotations, logprobs);
