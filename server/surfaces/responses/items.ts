import { contentOf } from './content-parts.ts';
import { type Fields, fieldsOf, isSaid, textOf } from './fields.ts';
import { imageMessageOf } from './images.ts';
import { type Notes, quoted } from './notes.ts';
import { detailsOfItem, wordsOf } from './thoughts.ts';

/** Finds an item of an earlier answer that a client names by its id alone; null: it is not known. */
export type ItemOf = (id: string) => Fields | null;

const ROLES: ReadonlySet<unknown> = new Set(['user', 'system', 'developer']);

/** Translates `instructions` and `input` into messages: what one turn of the model left as several items becomes one message. */
export function messagesOf(input: unknown, instructions: unknown, itemOf: ItemOf, notes: Notes): readonly Fields[] {
  const conversation = new Conversation(itemOf, notes);
  if (textOf(instructions) !== '') conversation.say({ role: 'system', content: instructions });
  if (typeof input === 'string') conversation.say({ role: 'user', content: input });
  else if (Array.isArray(input)) for (const [index, item] of input.entries()) conversation.add(item, `input[${index}]`);
  else notes.reject('input', 'must be a text or a list of items');
  const messages = conversation.end();
  if (messages.length === 0) notes.reject('input', 'says nothing');
  return messages;
}

/** What the model said and did between two words of others. */
type Turn = {
  readonly said: (string | Fields)[];
  readonly details: Fields[];
  readonly calls: Fields[];
  readonly images: Fields[];
};

class Conversation {
  readonly #messages: Fields[] = [];
  readonly #itemOf: ItemOf;
  readonly #notes: Notes;
  #turn: Turn | null = null;

  constructor(itemOf: ItemOf, notes: Notes) {
    this.#itemOf = itemOf;
    this.#notes = notes;
  }

  /** A message that is not the model's. */
  say(message: Fields): void {
    this.#endTurn();
    this.#messages.push(message);
  }

  end(): readonly Fields[] {
    this.#endTurn();
    return this.#messages;
  }

  add(given: unknown, at: string): void {
    const item = fieldsOf(given);
    switch (item['type']) {
      case undefined:
      case null:
      case 'message':
        this.#message(item, at);
        break;
      case 'function_call':
        this.#call(item, 'function', { name: textOf(item['name']), arguments: textOf(item['arguments']) }, at);
        break;
      case 'custom_tool_call':
        this.#call(item, 'custom', { name: textOf(item['name']), input: textOf(item['input']) }, at);
        break;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#result(item, at);
        break;
      case 'reasoning':
        this.#thought(item, at);
        break;
      case 'image_generation_call':
        this.#speaking(false).images.push(...imageMessageOf(item));
        break;
      case 'item_reference':
        this.#reference(item, at);
        break;
      default:
        this.#notes.reject(`${at}.type`, `${quoted(item['type'])} cannot be said in a chat completion`);
    }
  }

  #message(item: Fields, at: string): void {
    const { role } = item;
    const content = contentOf(item['content'], `${at}.content`, this.#notes);
    if (role === 'assistant') {
      if (isSaid(item['phase'])) this.#notes.warn(`${at}.phase is not passed on`);
      this.#speaking(true).said.push(...(typeof content === 'string' ? [content] : content));
    } else if (ROLES.has(role)) this.say({ role, content });
    else this.#notes.reject(`${at}.role`, `${quoted(role)} is nobody's`);
  }

  #call(item: Fields, type: 'function' | 'custom', made: Fields, at: string): void {
    if (made['name'] === '') this.#notes.reject(`${at}.name`, 'must be the name of a tool');
    if (isSaid(item['namespace'])) this.#notes.warn(`${at}.namespace is not passed on`);
    this.#speaking(false).calls.push({ id: this.#callId(item, at), type, [type]: made });
  }

  #result(item: Fields, at: string): void {
    const content = contentOf(item['output'], `${at}.output`, this.#notes);
    this.say({ role: 'tool', tool_call_id: this.#callId(item, at), content });
  }

  #thought(item: Fields, at: string): void {
    const turn = this.#speaking(true);
    const details = detailsOfItem(item, turn.details.length);
    if (details) turn.details.push(...details);
    else this.#notes.reject(`${at}.encrypted_content`, 'is not what it was when it was given');
  }

  #reference(item: Fields, at: string): void {
    const found = this.#itemOf(textOf(item['id']));
    if (found) this.add(found, at);
    else {
      const why = 'answers are not stored. Send the item itself ("store": false in most clients)';
      this.#notes.reject(`${at}.id`, `${quoted(item['id'])} is not known any more: ${why}`);
    }
  }

  #callId(item: Fields, at: string): string {
    const id = textOf(item['call_id']);
    if (id === '') this.#notes.reject(`${at}.call_id`, 'must be the id of a call');
    return id;
  }

  /** The model's turn under way. `begins`: words after words are another turn, unless a call of this one waits for its result. */
  #speaking(begins: boolean): Turn {
    if (begins && this.#turn && this.#turn.said.length > 0 && this.#turn.calls.length === 0) this.#endTurn();
    this.#turn ??= { said: [], details: [], calls: [], images: [] };
    return this.#turn;
  }

  #endTurn(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = null;
    const { said, details, calls, images } = turn;
    const words = wordsOf(details);
    const [first] = said;
    this.#messages.push({
      role: 'assistant',
      content: said.length === 0 ? null : said.length === 1 && typeof first === 'string' ? first : said.map(asPart),
      ...(words === '' ? {} : { reasoning: words }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(images.length === 0 ? {} : { images }),
    });
  }
}

const asPart = (said: string | Fields): Fields => (typeof said === 'string' ? { type: 'text', text: said } : said);
