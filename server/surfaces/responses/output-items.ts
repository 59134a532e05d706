import { type Fields, fieldsOf, isSaid, listOf, textOf } from './fields.ts';
import { OUR_ID } from './thoughts.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Names the items of one answer by its generation's id, so that no two answers have an item of one name. */
export class ItemIds {
  readonly #suffix: string;
  #count = 0;

  constructor(generationId: string) {
    this.#suffix = generationId.replace(/^gen-/, '').replaceAll(/[^A-Za-z0-9]/g, '_');
  }

  /** `kind`: OpenAI's beginning of such ids, like `msg`. */
  next(kind: string): string {
    this.#count += 1;
    return `${kind}${OUR_ID}${this.#suffix}_${this.#count}`;
  }
}

export const outputText = (text: string, annotations: readonly Fields[], logprobs: readonly Fields[]): Fields => ({
  type: 'output_text',
  annotations,
  logprobs,
  text,
});

export const messageItem = (id: string, status: ItemStatus, content: readonly Fields[]): Fields => ({
  id,
  type: 'message',
  status,
  role: 'assistant',
  content,
});

/** A tool's call as it stands. A call without arguments has none that a client could parse: it is one with an empty object. */
export const callItem = (call: Call, status: ItemStatus): Fields =>
  call.kind === 'function'
    ? {
        id: call.id,
        type: 'function_call',
        status,
        call_id: call.callId,
        name: call.name,
        arguments: call.given === '' && status !== 'in_progress' ? '{}' : call.given,
      }
    : { id: call.id, type: 'custom_tool_call', status, call_id: call.callId, name: call.name, input: call.given };

export type Call = {
  readonly id: string;
  readonly callId: string;
  readonly kind: 'function' | 'custom';
  readonly name: string;
  given: string;
};

export const imageItem = (id: string, result: string | null, status: 'in_progress' | 'completed'): Fields => ({
  id,
  type: 'image_generation_call',
  status,
  result,
});

/** The kind, name and arguments of a tool's call, or of a piece of one. */
export function madeIn(call: Fields): { readonly kind: Call['kind']; readonly name: string; readonly given: string } {
  const custom = fieldsOf(call['custom']);
  const made = fieldsOf(call['function']);
  return isSaid(call['custom'])
    ? { kind: 'custom', name: textOf(custom['name']), given: textOf(custom['input']) }
    : { kind: 'function', name: textOf(made['name']), given: textOf(made['arguments']) };
}

/** The citations of a message or a delta. Who does not say where in the text one stands, means what has been said so far. */
export function annotationsOf(annotations: unknown, length: number): readonly Fields[] {
  return listOf(annotations).flatMap((annotation) => {
    const { type, url_citation } = fieldsOf(annotation);
    if (type !== 'url_citation') return [];
    const { url, title, start_index, end_index } = fieldsOf(url_citation);
    const at = (index: unknown) => (Number.isInteger(index) ? index : length);
    const place = { start_index: at(start_index), end_index: at(end_index) };
    return [{ type, url: textOf(url), title: textOf(title), ...place }];
  });
}

/** The log probabilities of a choice, as a text holds them. */
export function logprobsOf(logprobs: unknown): readonly Fields[] {
  const one = (entry: unknown) => {
    const { token, logprob, bytes } = fieldsOf(entry);
    return { token: textOf(token), logprob: typeof logprob === 'number' ? logprob : 0, bytes: listOf(bytes) };
  };
  return listOf(fieldsOf(logprobs)['content']).map((entry) => ({
    ...one(entry),
    top_logprobs: listOf(fieldsOf(entry)['top_logprobs']).map(one),
  }));
}

/** The reasoning of a message or a delta as details, where a provider gave only its words, too. */
export function thoughtsIn(said: Fields): readonly Fields[] {
  const details = listOf(said['reasoning_details']).map(fieldsOf);
  if (details.length > 0) return details;
  const words = textOf(said['reasoning']) || textOf(said['reasoning_content']);
  return words === '' ? [] : [{ type: 'reasoning.text', text: words }];
}
