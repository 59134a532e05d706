import type { EventLine } from './event-line.ts';
import type { Fields } from './fields.ts';
import type { ItemStatus } from './output-items.ts';
import { Thought, type ThoughtPart, type ThoughtWishes } from './thoughts.ts';

/** One reasoning item of a streamed answer: parts of its words, and what seals it when it ends. */
export class ThoughtStream {
  /** Its place among the items. */
  readonly at: number;
  readonly #thought: Thought;
  readonly #line: EventLine;
  #open: ThoughtPart | null = null;
  /** What stands before every delta of the part that is open. */
  #place = '';

  constructor(id: string, at: number, wishes: ThoughtWishes, line: EventLine) {
    this.#thought = new Thought(id, wishes, true);
    this.at = at;
    this.#line = line;
  }

  item(status: ItemStatus): Fields {
    return this.#thought.item(status);
  }

  begin(): string {
    const item = { id: this.#thought.id, type: 'reasoning', summary: [], status: 'in_progress' };
    return this.#line.event('response.output_item.added', { output_index: this.at, item });
  }

  takes(detail: Fields): boolean {
    return this.#thought.takes(detail);
  }

  add(detail: Fields): string {
    const step = this.#thought.add(detail);
    if (!step) return '';
    let out = '';
    if (step.isNew) {
      out += this.#closePart();
      this.#open = step.part;
      this.#place = JSON.stringify(this.#where(step.part)).slice(1, -1);
      out += this.#line.event(`${PART[step.part.kind]}.added`, {
        ...this.#where(step.part),
        part: partOf(step.part, ''),
      });
    }
    return step.delta === '' ? out : out + this.#line.delta(`${TEXT[step.part.kind]}.delta`, this.#place, step.delta);
  }

  close(status: ItemStatus): string {
    const item = this.#thought.item(status);
    return this.#closePart() + this.#line.event('response.output_item.done', { output_index: this.at, item });
  }

  #closePart(): string {
    const part = this.#open;
    if (!part) return '';
    this.#open = null;
    const where = this.#where(part);
    return (
      this.#line.event(`${TEXT[part.kind]}.done`, { ...where, text: part.text }) +
      this.#line.event(`${PART[part.kind]}.done`, { ...where, part: partOf(part, part.text) })
    );
  }

  #where({ kind, index }: ThoughtPart) {
    return {
      item_id: this.#thought.id,
      output_index: this.at,
      ...(kind === 'summary' ? { summary_index: index } : { content_index: index }),
    };
  }
}

const PART = { summary: 'response.reasoning_summary_part', content: 'response.content_part' } as const;
const TEXT = { summary: 'response.reasoning_summary_text', content: 'response.reasoning_text' } as const;

const partOf = ({ kind }: ThoughtPart, text: string): Fields => ({
  type: kind === 'summary' ? 'summary_text' : 'reasoning_text',
  text,
});
