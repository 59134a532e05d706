import { cacheControl, partsOf, plainly, tellOthers, textPart } from './content.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';
import { detailOf } from './thoughts.ts';

const RESULT: ReadonlySet<string> = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']);
const USE: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input', 'cache_control', 'caller']);
const THOUGHT: ReadonlySet<string> = new Set(['type', 'thinking', 'signature', 'data']);

/** The canonical messages of a conversation: a turn whose blocks stand in an order of their own becomes several of one side. */
export function messagesOf(system: unknown, turns: readonly unknown[], notes: Notes): Fields[] {
  const messages: Fields[] = systemMessages(system, 'system', notes);
  for (const [index, item] of turns.entries()) {
    const { role, content } = fieldsOf(item);
    const at = `messages.${index}.content`;
    if (role === 'system') messages.push(...systemMessages(content, at, notes));
    else if (typeof content === 'string') messages.push({ role, content });
    else if (role === 'assistant') assistantTurn(listOf(content), at, notes, messages);
    else userTurn(listOf(content), at, notes, messages);
  }
  return messages;
}

function systemMessages(system: unknown, at: string, notes: Notes): Fields[] {
  if (typeof system === 'string') return system === '' ? [] : [{ role: 'system', content: system }];
  const parts = listOf(system).map((block, index) => textPart(fieldsOf(block), `${at}.${index}`, notes));
  return parts.length === 0 ? [] : [{ role: 'system', content: plainly(parts) }];
}

/** Results of tools are messages of their own; what is said between them keeps its place. */
function userTurn(blocks: readonly unknown[], at: string, notes: Notes, messages: Fields[]): void {
  let from = 0;
  const say = (to: number) => {
    if (to === from) return;
    const parts = partsOf(blocks.slice(from, to), at, notes);
    if (parts.length > 0) messages.push({ role: 'user', content: plainly(parts) });
  };
  for (const [index, item] of blocks.entries()) {
    const block = fieldsOf(item);
    if (block['type'] !== 'tool_result') continue;
    say(index);
    from = index + 1;
    messages.push(toolMessage(block, `${at}.${index}`, notes));
  }
  say(blocks.length);
}

function toolMessage(block: Fields, at: string, notes: Notes): Fields {
  tellOthers(block, RESULT, at, notes);
  const { content, is_error } = block;
  if (is_error === true || block['cache_control']) notes.isNative = true;
  return {
    role: 'tool',
    tool_call_id: textOf(block['tool_use_id']),
    content: typeof content === 'string' ? content : plainly(partsOf(listOf(content), `${at}.content`, notes)),
    ...cacheControl(block),
    ...(is_error === true ? { anthropic: { is_error: true } } : {}),
  };
}

/** Thoughts, then words, then calls are one canonical message; whatever stands before its turn begins the next. */
function assistantTurn(blocks: readonly unknown[], at: string, notes: Notes, messages: Fields[]): void {
  let details: Fields[] = [];
  let parts: Fields[] = [];
  let calls: Fields[] = [];
  const say = () => {
    if (details.length + parts.length + calls.length === 0) return;
    const reasoning = details.map(({ text, summary }) => textOf(text) || textOf(summary)).join('');
    messages.push({
      role: 'assistant',
      content: parts.length === 0 ? null : plainly(parts),
      ...(reasoning === '' ? {} : { reasoning }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    });
    details = [];
    parts = [];
    calls = [];
  };
  for (const [index, item] of blocks.entries()) {
    const block = fieldsOf(item);
    const place = `${at}.${index}`;
    switch (block['type']) {
      case 'thinking':
      case 'redacted_thinking':
        if (parts.length + calls.length > 0) say();
        tellOthers(block, THOUGHT, place, notes);
        details.push(detailOf(block, details.length));
        break;
      case 'tool_use':
        calls.push(callOf(block, place, notes));
        break;
      default:
        if (calls.length > 0) say();
        parts.push(...partsOf([block], place, notes));
    }
  }
  say();
}

function callOf(block: Fields, at: string, notes: Notes): Fields {
  tellOthers(block, USE, at, notes);
  if (block['cache_control']) notes.isNative = true;
  // Whoever calls a tool here does so directly: nothing else could have been asked for.
  if (!['', 'direct'].includes(textOf(fieldsOf(block['caller'])['type']))) notes.warn(`${at}.caller is not sent`);
  return {
    id: textOf(block['id']),
    type: 'function',
    function: { name: textOf(block['name']), arguments: JSON.stringify(block['input'] ?? {}) },
    ...cacheControl(block),
  };
}
