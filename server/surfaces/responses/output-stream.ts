import type { EventLine } from './event-line.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { MessageStream } from './message-stream.ts';
import { type Call, callItem, ItemIds, type ItemStatus, imageItem, madeIn, thoughtsIn } from './output-items.ts';
import { ThoughtStream } from './thought-stream.ts';
import type { Wishes } from './wishes.ts';

type OpenCall = { readonly call: Call; readonly at: number; readonly delta: string };

/**
 * The items of a streamed answer as they come. Thoughts and words end when something else begins; calls stay open until the answer
 * ends, for the arguments of several may come in turns.
 */
export class OutputStream {
  readonly #items: Fields[] = [];
  readonly #ids: ItemIds;
  readonly #wishes: Wishes;
  readonly #line: EventLine;
  readonly #calls = new Map<unknown, OpenCall>();
  #open: MessageStream | ThoughtStream | null = null;

  constructor(generationId: string, wishes: Wishes, line: EventLine) {
    this.#ids = new ItemIds(generationId);
    this.#wishes = wishes;
    this.#line = line;
  }

  get items(): readonly Fields[] {
    return this.#items;
  }

  /** What a delta of the one choice comes to. */
  delta(delta: Fields, logprobs: unknown): string {
    let out = '';
    if (delta['reasoning_details'] || delta['reasoning'] || delta['reasoning_content'])
      for (const detail of thoughtsIn(delta)) out += this.#thought(detail);
    const { content, refusal, annotations, tool_calls } = delta;
    if (typeof content === 'string' && content !== '') {
      const [message, opening] = this.#message();
      out += opening + message.text(content, this.#wishes.wantsLogprobs ? logprobs : null);
    }
    if (typeof refusal === 'string' && refusal !== '') {
      const [message, opening] = this.#message();
      out += opening + message.refusal(refusal);
    }
    if (annotations && this.#open instanceof MessageStream) out += this.#open.annotate(annotations);
    if (tool_calls) for (const call of listOf(tool_calls)) out += this.#call(fieldsOf(call));
    return out;
  }

  /** A picture comes whole. */
  picture(result: string): string {
    let out = this.#closeOpen('completed');
    const id = this.#ids.next('ig');
    const at = this.#items.length;
    const place = { output_index: at, item_id: id };
    this.#items.push(imageItem(id, result, 'completed'));
    const added = { output_index: at, item: imageItem(id, null, 'in_progress') };
    out += this.#line.event('response.output_item.added', added);
    for (const step of ['in_progress', 'generating', 'completed'])
      out += this.#line.event(`response.image_generation_call.${step}`, place);
    return out + this.#line.event('response.output_item.done', { output_index: at, item: this.#items[at] });
  }

  /** Ends what is open. `whole`: it was not cut off. */
  close(whole: boolean): string {
    let out = this.#closeOpen(whole ? 'completed' : 'incomplete');
    for (const open of this.#calls.values()) out += this.#closeCall(open, whole ? 'completed' : 'incomplete');
    this.#calls.clear();
    return out;
  }

  #thought(detail: Fields): string {
    const open = this.#open instanceof ThoughtStream && this.#open.takes(detail) ? this.#open : null;
    if (open) return open.add(detail);
    const id = textOf(detail['id']) || this.#ids.next('rs');
    const closing = this.#closeOpen('completed');
    const thought = new ThoughtStream(id, this.#items.length, this.#wishes, this.#line);
    this.#items.push(thought.item('in_progress'));
    this.#open = thought;
    return closing + thought.begin() + thought.add(detail);
  }

  #message(): readonly [MessageStream, string] {
    if (this.#open instanceof MessageStream) return [this.#open, ''];
    const closing = this.#closeOpen('completed');
    const message = new MessageStream(this.#ids.next('msg'), this.#items.length, this.#line);
    this.#items.push(message.item('in_progress'));
    this.#open = message;
    return [message, closing + message.begin()];
  }

  #closeOpen(status: ItemStatus): string {
    const open = this.#open;
    if (!open) return '';
    this.#open = null;
    const closing = open.close(status);
    this.#items[open.at] = open.item(status);
    return closing;
  }

  #call(piece: Fields): string {
    const index = piece['index'] ?? this.#calls.size;
    const { kind, name, given } = madeIn(piece);
    let out = '';
    let open = this.#calls.get(index);
    if (!open) {
      out += this.#closeOpen('completed');
      const id = this.#ids.next(kind === 'function' ? 'fc' : 'ctc');
      const at = this.#items.length;
      const call = { id, callId: textOf(piece['id']) || id, kind, name, given: '' };
      open = { call, at, delta: `"item_id":"${id}","output_index":${at}` };
      this.#calls.set(index, open);
      this.#items.push(callItem(call, 'in_progress'));
      const item = callItem(call, 'in_progress');
      out += this.#line.event('response.output_item.added', { output_index: at, item });
    }
    return given === '' ? out : out + this.#given(open, given);
  }

  #given({ call, delta }: OpenCall, given: string): string {
    call.given += given;
    return this.#line.delta(`${EVENTS[call.kind]}.delta`, delta, given);
  }

  #closeCall(open: OpenCall, status: ItemStatus): string {
    const { call, at } = open;
    const isEmpty = call.kind === 'function' && call.given === '';
    const out = isEmpty ? this.#given(open, '{}') : '';
    const item = callItem(call, status);
    this.#items[at] = item;
    const said = call.kind === 'function' ? { name: call.name, arguments: call.given } : { input: call.given };
    const done = { output_index: at, item_id: call.id, ...said };
    return (
      out +
      this.#line.event(`${EVENTS[call.kind]}.done`, done) +
      this.#line.event('response.output_item.done', { output_index: at, item })
    );
  }
}

const EVENTS = {
  function: 'response.function_call_arguments',
  custom: 'response.custom_tool_call_input',
} as const;
