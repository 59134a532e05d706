import type { Refusal } from '../../errors.ts';
import { chunksIn } from '../events.ts';
import type { StreamWriter } from '../surface.ts';
import { failureOf, refusalError } from './errors.ts';
import { EventLine } from './event-line.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';
import { picturesOf } from './images.ts';
import { OutputStream } from './output-stream.ts';
import { endOf, firstChoice, moreOf, type Reason, responseOf, type Status } from './response.ts';
import type { Items, Wishes } from './wishes.ts';

/** What the first chunk said, and what has come since. */
type Begun = {
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly model: string;
  readonly output: OutputStream;
};

/** Writes a stream of chat completion chunks as the events of one Response. */
export class ResponseStream implements StreamWriter {
  readonly #wishes: Wishes;
  readonly #given: Items['given'];
  readonly #line = new EventLine();
  readonly #echo: Fields;
  #begun: Begun | null = null;
  #finish: unknown = null;
  #error: Fields | null = null;
  #usage: Fields | null = null;
  #more: Fields = {};

  constructor(wishes: Wishes, given: Items['given']) {
    this.#wishes = wishes;
    this.#given = given;
    this.#echo = wishes.echo();
  }

  keepAlive(): string {
    return ': CALLGATE PROCESSING\n\n';
  }

  take(text: string): string {
    let out = '';
    for (const chunk of chunksIn(text)) out += this.#chunk(chunk);
    return out;
  }

  refuse(refusal: Refusal): string {
    return this.#failed(refusalError(refusal));
  }

  end(): string {
    const begun = this.#begun;
    if (!begun) return '';
    const { output } = begun;
    const end = this.#error ? ({ status: 'failed', reason: null } as const) : endOf(this.#finish);
    const closing = output.close(end.status === 'completed');
    const failure = this.#error ?? (end.status === 'failed' ? { message: 'The provider broke its answer off' } : null);
    // Some clients hear of a failure by this event alone, others by the one after it.
    const told = failure ? this.#failed(failure) : '';
    this.#given(output.items);
    const response = this.#response(begun, end.status, failure ? failureOf(failure) : null, end.reason);
    return closing + told + this.#line.response(`response.${end.status}`, response);
  }

  #chunk(chunk: Fields): string {
    let out = '';
    if (!this.#begun) {
      this.#begun = this.#begin(chunk);
      const response = this.#response(this.#begun, 'in_progress', null, null);
      for (const step of ['created', 'in_progress']) out += this.#line.response(`response.${step}`, response);
    }
    const { output } = this.#begun;
    const choice = firstChoice(chunk);
    if (chunk['error']) this.#error = fieldsOf(chunk['error']);
    else if (choice['delta']) {
      const delta = fieldsOf(choice['delta']);
      out += output.delta(delta, choice['logprobs']);
      for (const picture of picturesOf(delta['images'])) out += output.picture(picture);
    }
    if (typeof choice['finish_reason'] === 'string') {
      this.#finish = choice['finish_reason'];
      if (!this.#error) out += output.close(endOf(this.#finish).status === 'completed');
    }
    if (chunk['usage']) {
      this.#usage = fieldsOf(chunk['usage']);
      this.#more = { ...this.#more, ...moreOf(chunk) };
    } else if (chunk['service_tier']) this.#more = { ...this.#more, service_tier: chunk['service_tier'] };
    return out;
  }

  #begin(chunk: Fields): Begun {
    const id = textOf(chunk['id']);
    return {
      id,
      createdAt: Number(chunk['created']) || Math.floor(Date.now() / 1000),
      model: textOf(chunk['model']),
      output: new OutputStream(id, this.#wishes, this.#line),
    };
  }

  /** The JSON of the Response as it stands. */
  #response(begun: Begun, status: Status, error: Fields | null, reason: Reason | null): string {
    const isOver = status !== 'in_progress';
    const { output, ...head } = begun;
    const response = responseOf(this.#echo, {
      ...head,
      status,
      output: isOver ? output.items : [],
      reason,
      error,
      usage: isOver ? this.#usage : null,
      more: isOver ? this.#more : {},
    });
    return JSON.stringify(response);
  }

  /** OpenAI writes the members of this event twice over: as it documents them, and as it sends them. */
  #failed(error: Fields): string {
    const { code, message, ...more } = failureOf(error);
    const told = { code, message, param: null };
    return this.#line.event('error', { ...told, error: { type: code, ...told, ...more } });
  }
}
