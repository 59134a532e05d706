import { readEvents } from '../openai/stream.ts';
import { annotationOf, finishOf, tierOf } from './answer.ts';
import { errorOf } from './errors.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { CLAUDE_FORMAT } from './thoughts.ts';
import { usageOf } from './usage.ts';

/** Translates a stream of the Messages API into the data of chat completion chunks, batch by batch as the bytes come. */
export async function* readMessageEvents(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<readonly string[], void, undefined> {
  const stream = new MessageStream();
  for await (const batch of readEvents(bytes)) {
    const chunks = batch.flatMap((data) => stream.translate(data));
    if (chunks.length > 0) yield chunks;
  }
}

type Call = { readonly index: number; readonly input: unknown; hasArguments: boolean };

/** One answer as its events come. Blocks are numbered over all kinds, tool calls and thoughts each by themselves. */
class MessageStream {
  #head: Fields = { object: 'chat.completion.chunk', created: Math.floor(Date.now() / 1000) };
  readonly #calls = new Map<unknown, Call>();
  readonly #thoughts = new Map<unknown, number>();
  #usage: Fields = {};

  /** The chunks that one event comes to; what is no JSON is handed on, for the reader of chunks to say so. */
  translate(data: string): readonly string[] {
    let event: Fields;
    try {
      event = fieldsOf(JSON.parse(data));
    } catch {
      return [data];
    }
    switch (event['type']) {
      case 'message_start':
        return this.#start(fieldsOf(event['message']));
      case 'content_block_start':
        return this.#block(event['index'], fieldsOf(event['content_block']));
      case 'content_block_delta':
        return this.#delta(event['index'], fieldsOf(event['delta']));
      case 'content_block_stop':
        return this.#endOfBlock(event['index']);
      case 'message_delta':
        return this.#end(fieldsOf(event['delta']), event['usage']);
      case 'message_stop':
        return ['[DONE]'];
      case 'error':
        return [JSON.stringify({ ...this.#head, choices: [], ...errorOf(event) })];
      default:
        // `ping`, and what the API's versioning lets it add.
        return [];
    }
  }

  #start(message: Fields): readonly string[] {
    this.#head = { id: message['id'], ...this.#head, model: message['model'] };
    this.#usage = fieldsOf(message['usage']);
    // Its output is a first token or two: said now, the rest would go uncounted if the stream broke off.
    const usage = usageOf({ ...this.#usage, output_tokens: 0 });
    return [
      this.#chunk({ role: 'assistant', content: '' }, { ...(usage ? { usage } : {}), ...tierOf(this.#usage) }),
      ...listOf(message['content']).flatMap((block, index) => this.#block(index, fieldsOf(block))),
    ];
  }

  #block(at: unknown, block: Fields): readonly string[] {
    switch (block['type']) {
      case 'text':
        return [...this.#text(block['text']), ...listOf(block['citations']).flatMap((one) => this.#citation(one))];
      case 'thinking':
        return [...this.#thought(at, block['thinking']), ...this.#signature(at, block['signature'])];
      case 'redacted_thinking':
        return this.#detail(at, { type: 'reasoning.encrypted', data: block['data'] });
      case 'tool_use': {
        const call = { index: this.#calls.size, input: block['input'], hasArguments: false };
        this.#calls.set(at, call);
        const made = { name: block['name'], arguments: '' };
        return [
          this.#chunk({ tool_calls: [{ index: call.index, id: block['id'], type: 'function', function: made }] }),
        ];
      }
      default:
        return [];
    }
  }

  #delta(at: unknown, delta: Fields): readonly string[] {
    switch (delta['type']) {
      case 'text_delta':
        return this.#text(delta['text']);
      case 'thinking_delta':
        return this.#thought(at, delta['thinking']);
      case 'signature_delta':
        return this.#signature(at, delta['signature']);
      case 'input_json_delta':
        return this.#arguments(at, textOf(delta['partial_json']));
      case 'citations_delta':
        return this.#citation(delta['citation']);
      default:
        return [];
    }
  }

  /** A call without arguments comes without deltas: what its block began with is all of it. */
  #endOfBlock(at: unknown): readonly string[] {
    const call = this.#calls.get(at);
    return call && !call.hasArguments ? this.#arguments(at, JSON.stringify(call.input ?? {})) : [];
  }

  /** Its usage counts from the beginning, and may leave out what `message_start` said. */
  #end(delta: Fields, usage: unknown): readonly string[] {
    const told = Object.entries(fieldsOf(usage)).filter(([, value]) => value !== null && value !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) };
    const said = usageOf(this.#usage);
    const { explanation } = fieldsOf(delta['stop_details']);
    const refusal = delta['stop_reason'] === 'refusal' && textOf(explanation) !== '' ? { refusal: explanation } : {};
    return [this.#chunk(refusal, said ? { usage: said } : {}, finishOf(delta['stop_reason'], delta['stop_sequence']))];
  }

  #text(text: unknown): readonly string[] {
    return textOf(text) === '' ? [] : [this.#chunk({ content: text })];
  }

  #thought(at: unknown, text: unknown): readonly string[] {
    if (textOf(text) === '') return [];
    return this.#detail(at, { type: 'reasoning.text', text }, { reasoning: text });
  }

  #signature(at: unknown, signature: unknown): readonly string[] {
    return textOf(signature) === '' ? [] : this.#detail(at, { type: 'reasoning.text', signature });
  }

  #detail(at: unknown, detail: Fields, more: Fields = {}): readonly string[] {
    const index = this.#thoughts.get(at) ?? this.#thoughts.size;
    this.#thoughts.set(at, index);
    return [this.#chunk({ ...more, reasoning_details: [{ ...detail, format: CLAUDE_FORMAT, index }] })];
  }

  #arguments(at: unknown, json: string): readonly string[] {
    const call = this.#calls.get(at);
    if (!call || json === '') return [];
    call.hasArguments = true;
    return [this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: json } }] })];
  }

  #citation(citation: unknown): readonly string[] {
    const annotations = annotationOf(citation);
    return annotations.length === 0 ? [] : [this.#chunk({ annotations })];
  }

  #chunk(delta: Fields, more: Fields = {}, finish: Fields = { finish_reason: null }): string {
    return JSON.stringify({ ...this.#head, choices: [{ index: 0, delta, ...finish, logprobs: null }], ...more });
  }
}
