import { shortCallId } from '../identity.ts';
import type { WireRules } from '../wire-rules.ts';

/** What an assistant's message holds of OpenRouter's that others refuse. */
const FOREIGN = ['reasoning_details', 'reasoning', 'reasoning_content', 'annotations', 'images'] as const;

type Rules = Pick<WireRules, 'replay' | 'developers' | 'shortCallIds'>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * The messages without what is OpenRouter's own: an earlier answer's reasoning, which goes back where its provider wants it
 * (`replay`), marks for caches, the role `developer` and ids of calls where they are not
 * understood. A list that holds nothing of it is the same list.
 */
export function plainMessages(messages: unknown, rules: Rules): unknown {
  if (!Array.isArray(messages)) return messages;
  return messages.some((message) => isForeign(message, rules))
    ? messages.map((message: unknown) => plain(message, rules))
    : messages;
}

function isForeign(message: unknown, rules: Rules): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { role, content, tool_calls, tool_call_id } = message as Fields;
  if (rules.shortCallIds && (tool_calls || tool_call_id)) return true;
  if (role === 'developer' && !rules.developers) return true;
  if (role === 'assistant' && FOREIGN.some((field) => (message as Fields)[field] !== undefined)) return true;
  return Array.isArray(content) && content.some(isMarked);
}

const isMarked = (part: unknown): boolean =>
  typeof part === 'object' && part !== null && ('cache_control' in part || 'prompt_cache_breakpoint' in part);

function plain(message: unknown, rules: Rules): unknown {
  if (!isForeign(message, rules)) return message;
  const { content, ...rest } = message as Fields;
  const kept: Record<string, unknown> = { ...rest };
  if (kept['role'] === 'assistant') {
    const reasoning = kept['reasoning'] ?? kept['reasoning_content'];
    for (const field of FOREIGN) delete kept[field];
    if (rules.replay && typeof reasoning === 'string' && reasoning !== '') kept[rules.replay] = reasoning;
  }
  if (kept['role'] === 'developer' && !rules.developers) kept['role'] = 'system';
  if (rules.shortCallIds) shortenIds(kept);
  if (content === undefined) return kept;
  return { ...kept, content: Array.isArray(content) ? content.map(unmarked) : content };
}

function shortenIds(message: Record<string, unknown>): void {
  const { tool_calls, tool_call_id } = message;
  if (typeof tool_call_id === 'string') message['tool_call_id'] = shortCallId(tool_call_id);
  if (!Array.isArray(tool_calls)) return;
  message['tool_calls'] = tool_calls.map((call: unknown) => {
    const { id } = (typeof call === 'object' && call !== null ? call : {}) as Fields;
    return typeof id === 'string' ? { ...(call as Fields), id: shortCallId(id) } : call;
  });
}

function unmarked(part: unknown): unknown {
  if (!isMarked(part)) return part;
  const { cache_control: _control, prompt_cache_breakpoint: _breakpoint, ...kept } = part as Fields;
  return kept;
}
