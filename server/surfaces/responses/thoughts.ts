import { type Fields, fieldsOf, isSaid, listOf, textOf } from './fields.ts';

/** The `format` of reasoning that only OpenAI's own models can take back. */
const OPENAI_FORMAT = 'openai-responses-v1';
/** Marks the ids that were made here: all others are a provider's, and go back to it. */
export const OUR_ID = '_cg_';
/** Marks `encrypted_content` that is a list of `reasoning_details`, for clients that keep nothing else of an item. */
const ENVELOPE = 'cg1.';

/**
 * The `reasoning_details` of a chat completion that a reasoning item stands for. `index` counts over the whole turn. Null: its
 * encrypted content says that it was made here and cannot be read.
 */
export function detailsOfItem(item: Fields, firstIndex: number): readonly Fields[] | null {
  const encrypted = textOf(item['encrypted_content']);
  if (encrypted.startsWith(ENVELOPE)) {
    const details = openEnvelope(encrypted);
    return details?.map((detail, index) => ({ ...detail, index: firstIndex + index })) ?? null;
  }
  const { format, signature } = item;
  const id = textOf(item['id']);
  const common = (at: number) => ({
    ...(isSaid(format) ? { format } : {}),
    ...(id !== '' && !id.includes(OUR_ID) ? { id } : {}),
    index: firstIndex + at,
  });
  const details: Fields[] = [];
  const texts = listOf(item['content']).map(fieldsOf);
  const summaries = listOf(item['summary']).map(fieldsOf);
  // Whoever asked for summaries was given its text there; what is signed is no summary.
  const isText = isSaid(signature) && texts.length === 0;
  for (const { text } of summaries)
    details.push(
      isText
        ? { type: 'reasoning.text', text: textOf(text), ...common(details.length) }
        : { type: 'reasoning.summary', summary: textOf(text), ...common(details.length) },
    );
  for (const { text } of texts) details.push({ type: 'reasoning.text', text: textOf(text), ...common(details.length) });
  if (isSaid(signature)) {
    const last = details.findLastIndex(({ type }) => type === 'reasoning.text');
    if (last >= 0) details[last] = { ...details[last], signature };
    else details.push({ type: 'reasoning.text', text: '', signature, ...common(details.length) });
  }
  if (encrypted !== '') {
    const own = isSaid(format) ? {} : { format: OPENAI_FORMAT };
    details.push({ type: 'reasoning.encrypted', data: encrypted, ...own, ...common(details.length) });
  }
  return details;
}

/** What a turn's reasoning says in plain words, as OpenRouter's `reasoning`. */
export const wordsOf = (details: readonly Fields[]): string =>
  details.map(({ text, summary }) => textOf(text) || textOf(summary)).join('');

function openEnvelope(envelope: string): readonly Fields[] | null {
  try {
    const details: unknown = JSON.parse(Buffer.from(envelope.slice(ENVELOPE.length), 'base64url').toString('utf8'));
    return Array.isArray(details) && details.every((detail) => textOf(fieldsOf(detail)['type']) !== '')
      ? (details as Fields[])
      : null;
  } catch {
    return null;
  }
}

const seal = (details: readonly Fields[]): string =>
  ENVELOPE + Buffer.from(JSON.stringify(details), 'utf8').toString('base64url');

/** How a caller wants reasoning told. */
export type ThoughtWishes = {
  /** It asked for summaries: the words stand where it looks for those. */
  readonly wantsSummary: boolean;
  /** It asked for `reasoning.encrypted_content`: it keeps nothing else to give back. */
  readonly wantsEncrypted: boolean;
};

export type ThoughtPart = { readonly kind: 'summary' | 'content'; readonly index: number; text: string };

/** What one more detail means for the item that it belongs to. */
export type ThoughtStep = { readonly part: ThoughtPart; readonly isNew: boolean; readonly delta: string } | null;

/** One reasoning item, put together from the details of an answer, whole or piece by piece. */
export class Thought {
  readonly id: string;
  readonly parts: ThoughtPart[] = [];
  readonly #wishes: ThoughtWishes;
  /** A stream tells one detail in several pieces; a whole answer does not. */
  readonly #inPieces: boolean;
  readonly #details: Record<string, unknown>[] = [];
  #format: unknown;
  #signature: unknown;
  #data: string | null = null;
  #isForeign = false;

  constructor(id: string, wishes: ThoughtWishes, inPieces: boolean) {
    this.id = id;
    this.#wishes = wishes;
    this.#inPieces = inPieces;
  }

  /** Whether the detail belongs to this item: what is signed or encrypted ends it. */
  takes(detail: Fields): boolean {
    const last = this.#details.at(-1);
    if (!last) return true;
    if (isSaid(detail['format']) && isSaid(this.#format) && detail['format'] !== this.#format) return false;
    if (this.#isForeign || this.#data !== null) return false;
    if (!isSaid(this.#signature)) return true;
    return this.#continues(last, detail) && textOf(detail['text']) === '' && detail['type'] === 'reasoning.text';
  }

  /** Adds a detail that this item takes; tells which of its words grew, null when none did. */
  add(detail: Fields): ThoughtStep {
    if (isSaid(detail['format'])) this.#format = detail['format'];
    const last = this.#details.at(-1);
    const goesOn = last !== undefined && this.#continues(last, detail);
    if (goesOn) extend(last, detail);
    else this.#details.push({ ...detail });
    switch (detail['type']) {
      case 'reasoning.encrypted':
        this.#data = (this.#data ?? '') + textOf(detail['data']);
        return null;
      case 'reasoning.summary':
        return this.#grow('summary', goesOn, textOf(detail['summary']));
      case 'reasoning.text': {
        if (isSaid(detail['signature'])) this.#signature = textOf(this.#signature) + textOf(detail['signature']);
        return this.#grow(this.#wishes.wantsSummary ? 'summary' : 'content', goesOn, textOf(detail['text']));
      }
      default:
        this.#isForeign = true;
        return null;
    }
  }

  /** The item as it stands; `status` is of the item. */
  item(status: 'in_progress' | 'completed' | 'incomplete'): Fields {
    const of = (kind: ThoughtPart['kind']) => this.parts.filter((part) => part.kind === kind);
    const content = of('content').map(({ text }) => ({ type: 'reasoning_text', text }));
    const encrypted = status === 'in_progress' ? null : this.#encrypted();
    return {
      id: this.id,
      type: 'reasoning',
      summary: of('summary').map(({ text }) => ({ type: 'summary_text', text })),
      ...(content.length > 0 ? { content } : {}),
      ...(encrypted === null ? {} : { encrypted_content: encrypted }),
      ...(isSaid(this.#signature) && status !== 'in_progress' ? { signature: this.#signature } : {}),
      ...(isSaid(this.#format) ? { format: this.#format } : {}),
      status,
    };
  }

  /** The pieces of one detail have one type and one index. */
  #continues(last: Fields, next: Fields): boolean {
    return this.#inPieces && last['type'] === next['type'] && (last['index'] ?? null) === (next['index'] ?? null);
  }

  #encrypted(): string | null {
    const isNative = this.#data !== null && (this.#format === OPENAI_FORMAT || !isSaid(this.#format));
    // OpenAI's own words come back in full in any client; so does what a client keeps that keeps all of an item.
    if (this.#isForeign || (this.#wishes.wantsEncrypted && !isNative)) return seal(this.#details);
    return this.#data;
  }

  #grow(kind: ThoughtPart['kind'], goesOn: boolean, delta: string): ThoughtStep {
    const last = this.parts.at(-1);
    if (goesOn && last?.kind === kind) {
      last.text += delta;
      return { part: last, isNew: false, delta };
    }
    const part = { kind, index: this.parts.filter((other) => other.kind === kind).length, text: delta };
    this.parts.push(part);
    return { part, isNew: true, delta };
  }
}

function extend(last: Record<string, unknown>, next: Fields): void {
  for (const [name, value] of Object.entries(next)) {
    if (!isSaid(value)) continue;
    const isPiece = name === 'text' || name === 'summary' || name === 'data' || name === 'signature';
    last[name] = isPiece ? textOf(last[name]) + textOf(value) : value;
  }
}
