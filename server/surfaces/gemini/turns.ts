import { type Fields, fieldsOf, listOf, messageOf, textOf } from './fields.ts';
import { filePart, inlinePart } from './media.ts';
import type { Notes } from './notes.ts';
import { GEMINI_FORMAT, unsealed } from './seal.ts';

const PART: ReadonlySet<string> = new Set([
  ...['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'functionCall', 'functionResponse'],
]);
const CALL: ReadonlySet<string> = new Set(['id', 'name', 'args']);
const RESULT: ReadonlySet<string> = new Set(['id', 'name', 'response', 'parts']);
const USER = ['user', 'function', 'tool', ''];

/** The canonical messages of `systemInstruction` and `contents`. Turns of one side that follow each other are one. */
export function messagesOf(system: unknown, contents: readonly unknown[], notes: Notes): Fields[] {
  const messages: Fields[] = systemMessages(system, notes);
  const calls = new Calls();
  let model: ModelTurn | null = null;
  const close = () => {
    const message = model?.message();
    if (message) messages.push(message);
    model = null;
  };
  for (const [index, item] of contents.entries()) {
    const content = messageOf(item);
    const at = `contents.${index}`;
    const role = textOf(content['role']).toLowerCase();
    const parts = listOf(content['parts']);
    if (!Array.isArray(content['parts'])) notes.refuse(`${at}.parts`, 'must be an array of parts');
    if (role === 'model') {
      // A client that has streamed an answer gives each event of it back as a turn of its own.
      model ??= new ModelTurn(calls, notes);
      for (const [place, part] of parts.entries()) model.add(messageOf(part), `${at}.parts.${place}`);
    } else if (USER.includes(role)) {
      close();
      messages.push(...userTurn(parts, `${at}.parts`, calls, notes));
    } else notes.refuse(`${at}.role`, 'must be "user" or "model"');
  }
  close();
  return messages;
}

function systemMessages(system: unknown, notes: Notes): Fields[] {
  const given = messageOf(system)['parts'];
  const parts: readonly unknown[] =
    typeof system === 'string' ? [{ text: system }] : Array.isArray(given) ? given : [given];
  const said = parts.flatMap((part, index) => {
    const { text, ...rest } = messageOf(part);
    if (Object.keys(rest).length > 0) notes.refuse(`systemInstruction.parts.${index}`, 'instructions are texts alone');
    return textOf(text) === '' ? [] : [{ type: 'text', text }];
  });
  return said.length === 0 ? [] : [{ role: 'system', content: plainly(said) }];
}

/** One text is a text: servers that know no parts take it, too. */
function plainly(parts: readonly Fields[]): string | readonly Fields[] {
  const [only] = parts;
  return parts.length === 1 && only?.['type'] === 'text' ? textOf(only['text']) : parts;
}

/** Results first: they answer the calls before them, and what the user says comes after. */
function userTurn(parts: readonly unknown[], at: string, calls: Calls, notes: Notes): Fields[] {
  const results: Fields[] = [];
  const said: Fields[] = [];
  for (const [index, item] of parts.entries()) {
    const part = messageOf(item);
    const place = `${at}.${index}`;
    if (part['functionResponse']) {
      notes.unsent(part, PART, place);
      results.push(toolMessage(messageOf(part['functionResponse']), `${place}.functionResponse`, calls, notes));
    } else {
      const made = partOf(part, place, notes);
      if (made) said.push(made);
    }
  }
  return said.length === 0 ? results : [...results, { role: 'user', content: plainly(said) }];
}

function partOf(part: Fields, at: string, notes: Notes): Fields | null {
  for (const name of Object.keys(part)) {
    if (PART.has(name)) continue;
    if (['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'].includes(name))
      notes.refuse(`${at}.${name}`, 'what ran at Google cannot be passed on here');
    else notes.warn(`${at}.${name.slice(0, 60)} is not sent`);
  }
  if (part['inlineData']) return inlinePart(part['inlineData'], `${at}.inlineData`, notes);
  if (part['fileData']) return filePart(part['fileData'], `${at}.fileData`, notes);
  if (part['text'] !== undefined && typeof part['text'] !== 'string') notes.refuse(`${at}.text`, 'must be a text');
  const text = textOf(part['text']);
  return text === '' ? null : { type: 'text', text };
}

function toolMessage(result: Fields, at: string, calls: Calls, notes: Notes): Fields {
  notes.unsent(result, RESULT, at);
  const name = textOf(result['name']);
  const media = listOf(result['parts']).flatMap((item, index) => {
    const made = partOf(messageOf(item), `${at}.parts.${index}`, notes);
    return made ? [made] : [];
  });
  const text = resultText(fieldsOf(result['response']));
  return {
    role: 'tool',
    tool_call_id: calls.answered(textOf(result['id']), name),
    ...(name === '' ? {} : { name }),
    content: media.length === 0 ? text : [{ type: 'text', text }, ...media],
  };
}

/** A text that clients wrapped because Google wants an object is that text, unless it would come back as another thing. */
function resultText(response: Fields): string {
  const { output, ...rest } = response;
  const isText = typeof output === 'string' && Object.keys(rest).length === 0 && !output.trimStart().startsWith('{');
  return isText ? output : JSON.stringify(response);
}

/** Ids of calls: Google's wire needs none, and finds the call of a result by the name of its function. */
class Calls {
  #made = 0;
  readonly #open: { readonly id: string; readonly name: string }[] = [];

  called(given: string, name: string): string {
    this.#made += 1;
    const id = given === '' ? `call_${this.#made}` : given;
    this.#open.push({ id, name });
    return id;
  }

  answered(given: string, name: string): string {
    const at = this.#open.findIndex((call) => (given === '' ? call.name === name : call.id === given));
    const [call] = at < 0 ? [] : this.#open.splice(at, 1);
    if (given !== '' || call) return given || (call?.id ?? '');
    this.#made += 1;
    return `call_${this.#made}`;
  }
}

/** What the model said in one turn, in the words of a chat completion. */
class ModelTurn {
  readonly #calls: Calls;
  readonly #notes: Notes;
  #text = '';
  readonly #images: Fields[] = [];
  readonly #details: Record<string, unknown>[] = [];
  readonly #toolCalls: Fields[] = [];
  /** The thought that more of may come. */
  #open: Record<string, unknown> | null = null;

  constructor(calls: Calls, notes: Notes) {
    this.#calls = calls;
    this.#notes = notes;
  }

  add(part: Fields, at: string): void {
    const signature = textOf(part['thoughtSignature']);
    if (part['thought'] === true) {
      this.#thought(textOf(part['text']), signature);
      return;
    }
    let id: string | null = null;
    if (part['functionCall']) {
      this.#notes.unsent(part, PART, at);
      id = this.#call(messageOf(part['functionCall']), `${at}.functionCall`);
    } else {
      const made = partOf(part, at, this.#notes);
      if (made?.['type'] === 'text') this.#text += textOf(made['text']);
      else if (made?.['type'] === 'image_url') this.#images.push(made);
      else if (made) this.#notes.refuse(at, 'of media a model may have said images alone');
    }
    if (signature === '') return;
    this.#open = null;
    const foreign = unsealed(signature);
    if (foreign) for (const detail of foreign) this.#push(detail);
    else
      this.#push({
        type: 'reasoning.encrypted',
        data: signature,
        ...(id === null ? {} : { id }),
        format: GEMINI_FORMAT,
      });
  }

  message(): Fields | null {
    if (this.#text === '' && this.#images.length + this.#details.length + this.#toolCalls.length === 0) return null;
    const reasoning = this.#details.map(({ text, summary }) => textOf(text) || textOf(summary)).join('');
    return {
      role: 'assistant',
      content: this.#text === '' ? null : this.#text,
      ...(this.#images.length === 0 ? {} : { images: this.#images }),
      ...(reasoning === '' ? {} : { reasoning }),
      ...(this.#details.length === 0 ? {} : { reasoning_details: this.#details }),
      ...(this.#toolCalls.length === 0 ? {} : { tool_calls: this.#toolCalls }),
    };
  }

  #push(detail: Fields): Record<string, unknown> {
    const made = { ...detail, index: this.#details.length };
    this.#details.push(made);
    return made;
  }

  #thought(text: string, signature: string): void {
    if (text !== '') {
      this.#open ??= this.#push({ type: 'reasoning.text', text: '' });
      this.#open['text'] = textOf(this.#open['text']) + text;
    }
    if (signature === '') return;
    const foreign = unsealed(signature);
    const open = this.#open;
    this.#open = null;
    if (!foreign) {
      const thought = open ?? this.#push({ type: 'reasoning.text', text: '' });
      Object.assign(thought, { signature, format: GEMINI_FORMAT });
      return;
    }
    for (const detail of foreign) {
      // Its words stood before the seal.
      if (open && !('text' in detail) && !('summary' in detail) && detail['type'] !== 'reasoning.encrypted') {
        const words = open['text'];
        delete open['text'];
        Object.assign(open, detail, detail['type'] === 'reasoning.summary' ? { summary: words } : { text: words });
      } else this.#push(detail);
    }
  }

  #call(call: Fields, at: string): string {
    this.#notes.unsent(call, CALL, at);
    const name = textOf(call['name']);
    if (name === '') this.#notes.refuse(`${at}.name`, 'must be given');
    const id = this.#calls.called(textOf(call['id']), name);
    this.#open = null;
    const made = { name, arguments: JSON.stringify(call['args'] ?? {}) };
    this.#toolCalls.push({ id, type: 'function', function: made });
    return id;
  }
}
