import type { CanonicalRequest } from './dialect.ts';

/**
 * What a request says to Anthropic's own API alone stands beside its canonical form as `anthropic`: in the request itself, and then also
 * in its messages, their parts and its tools. See `server/surfaces/messages/decode.ts`.
 */
export const NATIVE = 'anthropic';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The request without it, and without the marks for caches that come with it, which only a router (`isRouter`) understands. A request
 * that says nothing of it is the same one.
 */
export function withoutNative(request: CanonicalRequest, isRouter: boolean): CanonicalRequest {
  if (request[NATIVE] === undefined) return request;
  const plain = isRouter ? withoutKey : unmarked;
  const { [NATIVE]: _native, messages, tools, ...rest } = request;
  return {
    ...rest,
    ...(messages === undefined ? {} : { messages: mapped(messages, (message) => plainMessage(message, plain)) }),
    ...(tools === undefined ? {} : { tools: mapped(tools, plain) }),
  };
}

/** What of it is lost where it is left out, for people. */
export function nativeFields(request: CanonicalRequest): readonly string[] {
  const native = request[NATIVE];
  if (!isObject(native)) return [];
  // Thinking has its canonical form beside it.
  const told = Object.keys(native).filter((name) => name !== 'betas' && name !== 'thinking');
  const failed = listOf(request['messages']).some((message) => isObject(message) && isObject(message[NATIVE]));
  return failed ? [...told, 'is_error'] : told;
}

/** The first tool that Claude alone knows; null: there is none. */
export function nativeTool(request: CanonicalRequest): string | null {
  if (request[NATIVE] === undefined) return null;
  const at = listOf(request['tools']).findIndex((tool) => isObject(tool) && isOwnTool(tool['type']));
  return at < 0 ? null : `tools[${at}]`;
}

/** Tools that their caller runs and Claude was trained on; they cost what their words cost. */
export const isOwnTool = (type: unknown): boolean =>
  typeof type === 'string' &&
  /^(?:bash|text_editor|computer|memory|computer_toolset|browser_toolset)_\d{8}$/.test(type);

function plainMessage(message: unknown, plain: (thing: unknown) => unknown): unknown {
  const kept = plain(message);
  if (!isObject(kept)) return kept;
  const { content, tool_calls } = kept;
  return {
    ...kept,
    ...(Array.isArray(content) ? { content: content.map((part) => withoutKey(part)) } : {}),
    ...(Array.isArray(tool_calls) ? { tool_calls: tool_calls.map(plain) } : {}),
  };
}

function unmarked(thing: unknown): unknown {
  if (!isObject(thing)) return thing;
  const { cache_control: _control, [NATIVE]: _native, ...kept } = thing;
  return kept;
}

/** Of a part: its mark for a cache is its dialect's to judge. */
function withoutKey(part: unknown): unknown {
  if (!isObject(part) || !(NATIVE in part)) return part;
  const { [NATIVE]: _native, ...kept } = part;
  return kept;
}

const mapped = (list: unknown, change: (item: unknown) => unknown): unknown =>
  Array.isArray(list) ? list.map(change) : list;
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
