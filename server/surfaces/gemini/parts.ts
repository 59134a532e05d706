import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { imageOut } from './media.ts';
import { isGoogles, sealed } from './seal.ts';

type Call = { id: string; name: string; args: string };

/**
 * The parts of one answer, whole or as it comes, as JSON. Google's wire knows no pieces of calls: they are written when all is said.
 * Thoughts that the caller does not want to read are not written; what the model must get back of them goes along with what it says.
 */
export class Parts {
  readonly #shows: boolean;
  /** Signatures of calls to come, by their ids. */
  readonly #signatures = new Map<string, string>();
  readonly #calls = new Map<unknown, Call>();
  /** Details that the next words or call are given as their signature. */
  #hidden: Record<string, unknown>[] = [];
  /** The last piece of another vendor's thought whose words have been written. */
  #unsealed: Fields | null = null;
  readonly broken: string[] = [];
  refusal = '';

  constructor(shows: boolean) {
    this.#shows = shows;
  }

  /** The parts that a message, or a chunk's delta, comes to. */
  said(message: Fields): string[] {
    const parts: string[] = [];
    let ofText = '';
    const details = listOf(message['reasoning_details']).map(fieldsOf);
    for (const detail of details) {
      if (isGoogles(detail) && detail['type'] === 'reasoning.encrypted') {
        const id = textOf(detail['id']);
        if (id === '') ofText = textOf(detail['data']);
        else this.#signatures.set(id, textOf(detail['data']));
      } else if (this.#shows) this.#thought(detail, parts);
      else this.#hide(detail);
    }
    const reasoning = textOf(message['reasoning']) || textOf(message['reasoning_content']);
    if (details.length === 0 && this.#shows && reasoning !== '')
      parts.push(JSON.stringify({ text: reasoning, thought: true }));
    const text = contentOf(message['content']);
    if (text !== '' || ofText !== '') {
      this.#seal(parts);
      parts.push(JSON.stringify({ text, ...this.#signed(ofText) }));
    }
    for (const image of listOf(message['images'])) {
      const part = imageOut(fieldsOf(image));
      if (part) parts.push(JSON.stringify(part));
    }
    this.refusal += textOf(message['refusal']);
    for (const [place, call] of listOf(message['tool_calls']).entries()) this.#call(fieldsOf(call), place);
    return parts;
  }

  /** What is left when all is said. */
  end(): string[] {
    const parts: string[] = [];
    this.#seal(parts);
    for (const { id, name, args } of this.#calls.values()) {
      if (!isObject(args)) {
        this.broken.push(`${name}(${args.slice(0, 500)})`);
        continue;
      }
      const head = JSON.stringify({ ...(id === '' ? {} : { id }), name });
      const signature = JSON.stringify(this.#signed(this.#signatures.get(id) ?? ''));
      // The model's own text, digits and all.
      const part = `{"functionCall":${head.slice(0, -1)},"args":${args.trim() === '' ? '{}' : args}}`;
      parts.push(signature === '{}' ? `${part}}` : `${part},${signature.slice(1)}`);
    }
    this.#calls.clear();
    if (this.#hidden.length > 0) parts.push(JSON.stringify({ text: '', ...this.#signed('') }));
    return parts;
  }

  #thought(detail: Fields, parts: string[]): void {
    const { type, index } = detail;
    const before = this.#unsealed;
    if (before && (before['index'] !== index || before['type'] !== type)) this.#seal(parts);
    const text = textOf(detail['text']) || textOf(detail['summary']);
    const own = textOf(detail['signature']);
    if (isGoogles(detail)) {
      if (text !== '' || own !== '') parts.push(JSON.stringify({ text, thought: true, ...thoughtSignature(own) }));
      return;
    }
    if (text !== '') parts.push(JSON.stringify({ text, thought: true }));
    const { text: _text, summary: _summary, index: _index, ...rest } = detail;
    this.#unsealed = rest;
    if (type === 'reasoning.encrypted' || own !== '') this.#seal(parts);
    else this.#unsealed = { ...rest, index };
  }

  #seal(parts: string[]): void {
    if (!this.#unsealed) return;
    const { index: _index, ...detail } = this.#unsealed;
    this.#unsealed = null;
    parts.push(JSON.stringify({ text: '', thought: true, thoughtSignature: sealed([detail]) }));
  }

  /** Gathers the pieces of a detail. What nobody signed need not come back. */
  #hide(detail: Fields): void {
    const last = this.#hidden.at(-1);
    const goesOn =
      last && last['type'] === detail['type'] && last['index'] === detail['index'] && last['signature'] === undefined;
    const into = goesOn ? last : { ...detail };
    if (goesOn) {
      for (const field of ['text', 'summary', 'data'])
        if (textOf(detail[field]) !== '') into[field] = textOf(into[field]) + textOf(detail[field]);
      if (textOf(detail['signature']) !== '') into['signature'] = detail['signature'];
    } else this.#hidden.push(into);
  }

  #signed(own: string): Fields {
    const hidden = this.#hidden.filter((one) => !isGoogles(one) || textOf(one['signature']) !== '');
    this.#hidden = [];
    if (hidden.length === 0 || own !== '') return thoughtSignature(own);
    return thoughtSignature(sealed(hidden));
  }

  #call(call: Fields, place: number): void {
    const { name, arguments: given } = fieldsOf(call['function']);
    const key = call['index'] ?? place;
    const known = this.#calls.get(key);
    if (!known) this.#calls.set(key, { id: textOf(call['id']), name: textOf(name), args: textOf(given) });
    else {
      known.id ||= textOf(call['id']);
      known.name ||= textOf(name);
      known.args += textOf(given);
    }
  }
}

const thoughtSignature = (signature: string): Fields => (signature === '' ? {} : { thoughtSignature: signature });

const contentOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((part) => textOf(fieldsOf(part)['text']))
        .join('');

function isObject(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
