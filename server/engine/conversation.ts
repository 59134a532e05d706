import { hash } from 'node:crypto';
import type { JsonObject } from './resolve-preset.ts';

/** What of a conversation's beginning tells it from others; prompts may be megabytes. */
const MOST_HASHED = 16_384;

/** A conversation, as OpenRouter's sticky routing knows it: who asks, and by what it is known. */
export type Conversation = { readonly name: string };

/** Whether the caller gave the conversation a name: it sticks from its first answer on, not only once a prompt cache was used. */
export const isNamed = (request: JsonObject, sessionHeader: string | null): boolean =>
  [request['session_id'], sessionHeader, request['prompt_cache_key']].some(
    (named) => typeof named === 'string' && named !== '',
  );

/** `session_id`, `x-session-id`, `prompt_cache_key`, or else the first system message and the first other one. */
export function conversationOf(request: JsonObject, keyId: string, sessionHeader: string | null): Conversation {
  const { session_id, prompt_cache_key, messages } = request;
  for (const named of [session_id, sessionHeader, prompt_cache_key])
    if (typeof named === 'string' && named !== '') return { name: `${keyId} named ${digest(named)}` };
  const list = Array.isArray(messages) ? (messages as readonly { role?: unknown; content?: unknown }[]) : [];
  const isSystem = ({ role }: { role?: unknown }) => role === 'system' || role === 'developer';
  const beginning = [list.find(isSystem), list.find((message) => !isSystem(message))];
  return { name: `${keyId} begins ${digest(beginning.map(textOf).join('\0'))}` };
}

function textOf(message: { content?: unknown } | undefined): string {
  const content = message?.content;
  const text = typeof content === 'string' ? content : (JSON.stringify(content) ?? '');
  return `${text.length}:${text.slice(0, MOST_HASHED)}`;
}

const digest = (text: string) => hash('sha256', text, 'base64url');
