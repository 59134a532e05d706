import type { Fields } from './fields.ts';

/** Numbers and writes the events of one stream. */
export class EventLine {
  #sequence = 0;

  event(type: string, members: Fields): string {
    const data = JSON.stringify({ type, ...members, sequence_number: this.#next() });
    return `event: ${type}\ndata: ${data}\n\n`;
  }

  /** An event that comes with every token: `members` is the text of all but its delta, in JSON and without braces. */
  delta(type: string, members: string, delta: string): string {
    return `event: ${type}\ndata: {"type":"${type}",${members},"delta":${JSON.stringify(delta)},"sequence_number":${this.#next()}}\n\n`;
  }

  /** An event that holds a Response: `response` is its JSON, which may be that of several events. */
  response(type: string, response: string): string {
    return `event: ${type}\ndata: {"type":"${type}","response":${response},"sequence_number":${this.#next()}}\n\n`;
  }

  #next(): number {
    const number = this.#sequence;
    this.#sequence += 1;
    return number;
  }
}
