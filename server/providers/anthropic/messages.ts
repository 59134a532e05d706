import { createHash } from 'node:crypto';
import { NATIVE } from '../native.ts';
import { type Block, blocksOf, cacheControl } from './content.ts';
import { parseExactly } from './exact-json.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';
import { thoughtBlocks } from './thoughts.ts';

export type Turn = { readonly role: 'user' | 'assistant'; readonly content: Block[] };
export type Conversation = { readonly system: readonly Block[]; readonly messages: readonly Turn[] };

/**
 * Translates a conversation. System and developer messages stand apart in the Messages API, in their order; the results of tools are
 * the user's; turns of one side that follow each other become one, so that the results of parallel calls stand together.
 */
export function conversationOf(list: unknown, notes: Notes): Conversation {
  const system: Block[] = [];
  const messages: Turn[] = [];
  const say = (role: Turn['role'], blocks: Block[]) => {
    if (blocks.length === 0) return;
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else messages.push({ role, content: blocks });
  };
  for (const [index, item] of listOf(list).entries()) {
    const at = `messages[${index}]`;
    const message = fieldsOf(item);
    if (typeof message['name'] === 'string' && message['role'] !== 'tool') notes.warn(`${at}.name is not sent`);
    switch (message['role']) {
      case 'system':
      case 'developer':
        if (messages.length > 0) notes.warn(`${at} is sent in front of the conversation, where system messages stand`);
        system.push(...blocksOf(message['content'], `${at}.content`, notes));
        break;
      case 'user':
        say('user', blocksOf(message['content'], `${at}.content`, notes));
        break;
      case 'assistant':
        say('assistant', assistantBlocks(message, at, notes));
        break;
      case 'tool':
        say('user', [toolResult(message, at, notes)]);
        break;
      default:
        notes.lack(`${at}.role`);
    }
  }
  for (const block of system) if (block.type !== 'text') notes.lack(`${block.type} in a system message`);
  if (messages.length === 0) notes.lack('messages (without anything said to the model but its instructions)');
  return { system, messages };
}

function assistantBlocks(message: Fields, at: string, notes: Notes): Block[] {
  for (const field of ['audio', 'images', 'function_call']) {
    if (message[field] !== undefined && message[field] !== null) notes.lack(`${at}.${field}`);
  }
  const calls = listOf(message['tool_calls']).map((call, index) =>
    toolUse(fieldsOf(call), `${at}.tool_calls[${index}]`, notes),
  );
  const said = blocksOf(message['content'], `${at}.content`, notes);
  // A refusal is what the assistant said; as a field of its own it may stand for the content.
  if (said.length === 0) said.push(...blocksOf(message['refusal'], `${at}.refusal`, notes));
  return [...thoughtBlocks(message, at, notes), ...said, ...calls];
}

function toolUse(call: Fields, at: string, notes: Notes): Block {
  const made = fieldsOf(call['function']);
  if (textOf(made['name']) === '') notes.lack(`${at}.function`);
  return {
    type: 'tool_use',
    id: toolId(textOf(call['id'])),
    name: textOf(made['name']),
    input: argumentsOf(made['arguments'], `${at}.function.arguments`, notes),
    ...cacheControl(call),
  };
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

function toolResult(message: Fields, at: string, notes: Notes): Block {
  const id = textOf(message['tool_call_id']);
  if (id === '') notes.lack(`${at}.tool_call_id`);
  const { content } = message;
  const result = typeof content === 'string' ? content : blocksOf(content, `${at}.content`, notes);
  return {
    type: 'tool_result',
    tool_use_id: toolId(id),
    ...(result.length === 0 ? {} : { content: result }),
    ...(fieldsOf(message[NATIVE])['is_error'] === true ? { is_error: true } : {}),
    ...cacheControl(message),
  };
}

/** The Messages API takes letters, digits, `_` and `-` in an id; the same foreign id always becomes the same one of those. */
export function toolId(id: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(id)) return id;
  return `${id.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 40)}_${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}
