import { parseExactly } from '../anthropic/exact-json.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import type { Part } from './media.ts';
import type { ModelFacts } from './model-facts.ts';
import { partsOf } from './parts.ts';
import { thoughtsOf, UNSIGNED } from './thoughts.ts';
import { resultPart } from './tool-results.ts';

export type Turn = { readonly role: 'user' | 'model'; readonly parts: Part[] };
export type Conversation = { readonly system: readonly Part[]; readonly contents: readonly Turn[] };

/**
 * Translates a conversation. System and developer messages stand apart in the Gemini API, in their order; the results of tools are
 * the user's; turns of one side that follow each other become one, so that the results of parallel calls stand together.
 */
export function contentsOf(list: unknown, facts: ModelFacts, notes: Notes): Conversation {
  const system: Part[] = [];
  const contents: Turn[] = [];
  const names = new Map<string, string>();
  const messages = listOf(list).map(fieldsOf);
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const say = (role: Turn['role'], parts: readonly Part[]) => {
    if (parts.length === 0) return;
    const last = contents.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else contents.push({ role, parts: [...parts] });
  };
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    if (typeof message['name'] === 'string' && message['role'] !== 'tool') notes.warn(`${at}.name is not sent`);
    switch (message['role']) {
      case 'system':
      case 'developer':
        if (!facts.system) {
          notes.warn(`${at} is sent as the user's: this model takes no instructions`);
          say('user', partsOf(message['content'], `${at}.content`, notes));
          break;
        }
        if (contents.length > 0) notes.warn(`${at} is sent in front of the conversation, where system messages stand`);
        system.push(...partsOf(message['content'], `${at}.content`, notes));
        break;
      case 'user':
        say('user', partsOf(message['content'], `${at}.content`, notes));
        break;
      case 'assistant':
        say('model', modelParts(message, at, names, facts.signedCalls && index > asked, notes));
        break;
      case 'tool':
        say('user', [resultPart(message, at, names, facts, notes)]);
        break;
      default:
        notes.lack(`${at}.role`);
    }
  }
  if (system.some((part) => part['text'] === undefined)) notes.lack('media in a system message');
  if (contents.length === 0) notes.lack('messages (without anything said to the model but its instructions)');
  return { system, contents };
}

function modelParts(message: Fields, at: string, names: Map<string, string>, mustSign: boolean, notes: Notes): Part[] {
  for (const field of ['audio', 'function_call']) {
    if (message[field] !== undefined && message[field] !== null) notes.lack(`${at}.${field}`);
  }
  const thoughts = thoughtsOf(message, at, notes);
  const said = partsOf(message['content'], `${at}.content`, notes);
  // A refusal is what the model said; as a field of its own it may stand for the content.
  if (said.length === 0) said.push(...partsOf(message['refusal'], `${at}.refusal`, notes));
  said.push(...partsOf(message['images'], `${at}.images`, notes));
  const signed = withSignature(said, thoughts.ofText);
  const calls = listOf(message['tool_calls']).map((call, index) => {
    const { id, function: made, extra_content } = fieldsOf(call);
    const { name, arguments: given } = fieldsOf(made);
    const where = `${at}.tool_calls[${index}]`;
    if (textOf(name) === '') notes.lack(`${where}.function`);
    if (textOf(id) !== '') names.set(textOf(id), textOf(name));
    const args = argumentsOf(given, `${where}.function.arguments`, notes);
    const own = textOf(fieldsOf(fieldsOf(extra_content)['google'])['thought_signature']);
    let signature = thoughts.ofCalls.get(textOf(id)) || own;
    // Of calls made at once the first alone is signed.
    if (signature === '' && mustSign && index === 0) {
      notes.warn(`${where} is sent unsigned: the reasoning_details that led to it are missing`);
      signature = UNSIGNED;
    }
    return {
      functionCall: { ...(textOf(id) === '' ? {} : { id }), name, args },
      ...(signature === '' ? {} : { thoughtSignature: signature }),
    };
  });
  return [...thoughts.parts, ...signed, ...calls];
}

/** A signature stands at the last text, or at an empty one of its own, as it may have come. */
function withSignature(parts: readonly Part[], signature: string | null): readonly Part[] {
  if (signature === null) return parts;
  const at = parts.findLastIndex(({ text }) => text !== undefined);
  if (at < 0) return [...parts, { text: '', thoughtSignature: signature }];
  return parts.map((part, index) => (index === at ? { ...part, thoughtSignature: signature } : part));
}

function argumentsOf(given: unknown, at: string, notes: Notes): unknown {
  // A call without arguments is an empty text to some.
  if (given === undefined || given === null || (typeof given === 'string' && given.trim() === '')) return {};
  try {
    const value: unknown = typeof given === 'string' ? parseExactly(given) : given;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below, as what is JSON but no object is.
  }
  notes.lack(`${at} (it is not a JSON object)`);
  return {};
}
