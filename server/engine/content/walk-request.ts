import type { Speaker } from '../../policy/content-filters.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { encoded, jsonLeaves, looksLikeJson } from './json-leaves.ts';

/** Gives a text back, the same or another. `name`: of the member it is the value of, where there is one. */
export type Visit = (text: string, speaker: Speaker, name?: string | null) => string;

/**
 * Shows every text that a provider would be sent of what people and programs wrote, and puts in its place what comes back: messages,
 * tool calls and their results by the leaves of their JSON, prompts, the caller's name for its user. Schemas and tools are the
 * program's own and stay. The same object when nothing changed.
 */
export function rewriteTexts(request: JsonObject, visit: Visit): JsonObject {
  let changed: Record<string, unknown> | null = null;
  const put = (name: string, value: unknown) => {
    if (value === request[name]) return;
    changed ??= { ...request };
    changed[name] = value;
  };
  put(
    'messages',
    mapped(request['messages'], (message) => rewriteMessage(message, visit)),
  );
  for (const name of ['prompt', 'input']) {
    const value = request[name];
    if (typeof value === 'string') put(name, visit(value, 'user'));
    else
      put(
        name,
        mapped(value, (item) => (typeof item === 'string' ? visit(item, 'user') : rewritePart(item, 'user', visit))),
      );
  }
  if (typeof request['user'] === 'string') put('user', visit(request['user'], 'system'));
  if (isObject(request['prediction'])) put('prediction', rewriteContent(request['prediction'], 'system', visit));
  return changed ?? request;
}

function rewriteMessage(message: unknown, visit: Visit): unknown {
  if (!isObject(message)) return message;
  const speaker = speakerOf(message['role']);
  let out = rewriteContent(message, speaker, visit);
  const put = (name: string, value: unknown) => {
    if (value !== out[name]) out = { ...out, [name]: value };
  };
  for (const name of ['reasoning', 'reasoning_content', 'refusal'])
    if (typeof out[name] === 'string') put(name, visit(out[name], speaker));
  // The name of a function is no text.
  if (typeof out['name'] === 'string' && speaker !== 'tool') put('name', visit(out['name'], 'system'));
  put(
    'reasoning_details',
    mapped(out['reasoning_details'], (detail) => rewritePart(detail, speaker, visit)),
  );
  put(
    'tool_calls',
    mapped(out['tool_calls'], (call) => rewriteCall(call, speaker, visit)),
  );
  if (isObject(out['function_call'])) put('function_call', rewriteMade(out['function_call'], speaker, visit));
  return out;
}

function rewriteContent(message: JsonObject, speaker: Speaker, visit: Visit): JsonObject {
  const { content } = message;
  const rewritten =
    typeof content === 'string'
      ? rewriteText(content, speaker, visit)
      : mapped(content, (part) => rewritePart(part, speaker, visit));
  return rewritten === content ? message : { ...message, content: rewritten };
}

/** What tools give back is looked at by its leaves where it is JSON, so that it is JSON afterwards. */
function rewriteText(text: string, speaker: Speaker, visit: Visit): string {
  return speaker === 'tool' && looksLikeJson(text) ? rewriteJson(text, speaker, visit) : visit(text, speaker);
}

function rewritePart(part: unknown, speaker: Speaker, visit: Visit): unknown {
  if (!isObject(part)) return part;
  // Results of tools have parts of their own.
  let out = rewriteContent(part, part['type'] === 'tool_result' ? 'tool' : speaker, visit);
  for (const name of ['text', 'summary', 'refusal', 'thinking', 'output', 'transcript']) {
    const value = part[name];
    if (typeof value !== 'string') continue;
    const rewritten = rewriteText(value, speaker, visit);
    if (rewritten !== value) out = { ...out, [name]: rewritten };
  }
  return out;
}

function rewriteCall(call: unknown, speaker: Speaker, visit: Visit): unknown {
  if (!isObject(call)) return call;
  for (const kind of ['function', 'custom']) {
    const made = call[kind];
    if (!isObject(made)) continue;
    const rewritten = rewriteMade(made, speaker, visit);
    if (rewritten !== made) return { ...call, [kind]: rewritten };
  }
  return call;
}

function rewriteMade(made: JsonObject, speaker: Speaker, visit: Visit): JsonObject {
  for (const name of ['arguments', 'input']) {
    const value = made[name];
    if (typeof value !== 'string') continue;
    const rewritten = looksLikeJson(value) ? rewriteJson(value, speaker, visit) : visit(value, speaker);
    if (rewritten !== value) return { ...made, [name]: rewritten };
  }
  return made;
}

/**
 * Each leaf by what it means; one that changes becomes a string, all other bytes stand. A text that only begins like JSON, such as a log,
 * is looked at as a whole too: what is found in it need not end at a comma or colon.
 */
export function rewriteJson(text: string, speaker: Speaker, visit: Visit): string {
  let out = '';
  let copied = 0;
  let isJson = true;
  for (const { start, end, value, isString, name } of jsonLeaves(text)) {
    if (!isString) isJson &&= NUMBER.test(value) && !isName(text, end);
    const rewritten = visit(value, speaker, name);
    if (rewritten === value) continue;
    out += `${text.slice(copied, start)}"${encoded(rewritten)}"`;
    copied = end;
  }
  const all = copied === 0 ? text : out + text.slice(copied);
  return isJson ? all : visit(all, speaker);
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const isName = (text: string, end: number) => text.charCodeAt(end) === 0x3a;

function speakerOf(role: unknown): Speaker {
  if (role === 'user' || role === 'assistant') return role;
  return role === 'tool' || role === 'function' ? 'tool' : 'system';
}

/** The list with each item as `change` gives it; the very same list when all stayed. */
function mapped(list: unknown, change: (item: unknown) => unknown): unknown {
  if (!Array.isArray(list)) return list;
  let out: unknown[] | null = null;
  for (const [index, item] of list.entries()) {
    const changed = change(item);
    if (changed === item) continue;
    out ??= [...list];
    out[index] = changed;
  }
  return out ?? list;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
