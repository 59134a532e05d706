import { callHead, citationOf } from './answer.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { CLAUDE_FORMAT, sealOf } from './thoughts.ts';

/** One of a stream's events. */
export function event(type: string, data: Fields): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

type Open = {
  readonly index: number;
  readonly kind: 'text' | 'thinking' | 'tool';
  /** Of the reasoning, or the call, in the canonical stream. */
  readonly key: unknown;
  /** The last detail of a thought whose seal is still to come. */
  unsealed: Fields | null;
  /** The input of a call so far. */
  json: string;
};

/** The content blocks of a streamed message: which is open, and what opens and ends them. */
export class Blocks {
  readonly #messageId: string;
  #open: Open[] = [];
  #count = 0;
  #calls = 0;

  constructor(messageId: string) {
    this.#messageId = messageId;
  }

  /** The events that a chunk's delta comes to. */
  delta(delta: Fields): string {
    let out = '';
    const details = listOf(delta['reasoning_details']);
    if (details.length > 0) for (const detail of details) out += this.#thought(fieldsOf(detail));
    else {
      const reasoning = textOf(delta['reasoning']) || textOf(delta['reasoning_content']);
      if (reasoning !== '') out += this.#thought({ type: 'reasoning.text', text: reasoning, index: 'plain' });
    }
    const text = textOf(delta['content']);
    if (text !== '') out += this.#into('text', null, { type: 'text_delta', text });
    for (const annotation of listOf(delta['annotations']))
      for (const citation of citationOf(annotation))
        out += this.#into('text', null, { type: 'citations_delta', citation });
    for (const call of listOf(delta['tool_calls'])) out += this.#call(fieldsOf(call));
    return out;
  }

  /** Ends whatever is open. */
  end(): string {
    let out = '';
    for (const block of this.#open) {
      if (block.unsealed) out += this.#seal(block, block.unsealed);
      out += event('content_block_stop', { index: block.index });
    }
    this.#open = [];
    return out;
  }

  #begin(kind: Open['kind'], key: unknown, content_block: Fields): string {
    this.#open.push({ index: this.#count, kind, key, unsealed: null, json: '' });
    this.#count += 1;
    return event('content_block_start', { index: this.#count - 1, content_block });
  }

  #into(kind: 'text' | 'thinking', key: unknown, delta: Fields): string {
    let block = this.#open[0];
    let out = '';
    if (block?.kind !== kind || block.key !== key) {
      const empty = kind === 'text' ? { text: '', citations: null } : { thinking: '', signature: '' };
      out = this.end() + this.#begin(kind, key, { type: kind, ...empty });
      block = this.#open[0];
    }
    return out + event('content_block_delta', { index: block?.index, delta });
  }

  #thought(detail: Fields): string {
    const { type, index } = detail;
    if (type === 'reasoning.encrypted') {
      const block = { type: 'redacted_thinking', data: sealOf(detail) };
      return this.end() + this.#begin('thinking', Symbol('whole'), block) + this.end();
    }
    let out = '';
    const text = textOf(detail['text']) || textOf(detail['summary']);
    if (text !== '') out += this.#into('thinking', index, { type: 'thinking_delta', thinking: text });
    const block = this.#open[0];
    if (textOf(detail['signature']) !== '') {
      // Of a thought that is not shown, the signature is all there is.
      if (block?.kind !== 'thinking' || block.key !== index)
        out += this.end() + this.#begin('thinking', index, { type: 'thinking', thinking: '', signature: '' });
      const current = this.#open[0];
      if (current) {
        current.unsealed = null;
        out += this.#seal(current, detail);
      }
    } else if (block && isForeign(detail)) block.unsealed = detail;
    return out;
  }

  #seal({ index }: Open, detail: Fields): string {
    return event('content_block_delta', { index, delta: { type: 'signature_delta', signature: sealOf(detail) } });
  }

  #call(call: Fields): string {
    const { index: key, id } = call;
    const { name, arguments: given } = fieldsOf(call['function']);
    let out = '';
    let block = this.#open.find((one) => one.kind === 'tool' && one.key === key);
    if (!block) {
      // One after the other, unless a provider writes several at once: then each stays open until all are done.
      if (this.#open.every(isDone)) out += this.end();
      out += this.#begin('tool', key, { ...callHead(id, name, this.#messageId, this.#calls), input: {} });
      this.#calls += 1;
      block = this.#open.at(-1);
    }
    const json = textOf(given);
    if (!block || json === '') return out;
    block.json += json;
    return (
      out +
      event('content_block_delta', { index: block.index, delta: { type: 'input_json_delta', partial_json: json } })
    );
  }
}

const isForeign = ({ format }: Fields) => textOf(format) !== '' && format !== CLAUDE_FORMAT && format !== 'unknown';

function isDone({ kind, json }: Open): boolean {
  if (kind !== 'tool') return true;
  if (!json.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
