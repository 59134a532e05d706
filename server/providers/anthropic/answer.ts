import type { CanonicalRequest } from '../dialect.ts';
import { excludesReasoning } from '../reasoning.ts';
import { errorOf } from './errors.ts';
import { parseExactly } from './exact-json.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { CLAUDE_FORMAT } from './thoughts.ts';
import { usageOf } from './usage.ts';

/** Translates a whole answer of the Messages API, or an error, into a chat completion's text; anything else stands as it is. */
export function readMessage(text: string, request: CanonicalRequest): string {
  let message: Fields;
  try {
    message = fieldsOf(parseExactly(text));
  } catch {
    return text;
  }
  const error = errorOf(message);
  if (error) return JSON.stringify(error);
  if (!Array.isArray(message['content'])) return text;
  const usage = usageOf(message['usage']);
  return JSON.stringify({
    id: message['id'],
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: message['model'],
    choices: [
      {
        index: 0,
        message: assistantOf(message, excludesReasoning(request)),
        ...finishOf(message['stop_reason'], message['stop_sequence']),
        logprobs: null,
      },
    ],
    system_fingerprint: null,
    ...tierOf(fieldsOf(message['usage'])),
    ...(usage ? { usage } : {}),
  });
}

function assistantOf(message: Fields, withoutReasoning: boolean): Fields {
  const blocks = listOf(message['content']).map(fieldsOf);
  const of = (...types: string[]) => blocks.filter(({ type }) => types.includes(textOf(type)));
  const texts = of('text').map(({ text }) => textOf(text));
  const calls = of('tool_use').map(({ id, name, input }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(input ?? {}) },
  }));
  const thoughts = withoutReasoning ? [] : of('thinking', 'redacted_thinking');
  const annotations = of('text').flatMap(({ citations }) => listOf(citations).flatMap(annotationOf));
  const stop = fieldsOf(message['stop_details']);
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.join(''),
    refusal: message['stop_reason'] === 'refusal' ? textOf(stop['explanation']) || null : null,
    ...(thoughts.length === 0
      ? {}
      : {
          reasoning: thoughts.map(({ thinking }) => textOf(thinking)).join('') || null,
          reasoning_details: thoughts.map(detailOf),
        }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(annotations.length === 0 ? {} : { annotations }),
  };
}

function detailOf(block: Fields, index: number): Fields {
  return block['type'] === 'redacted_thinking'
    ? { type: 'reasoning.encrypted', data: block['data'], format: CLAUDE_FORMAT, index }
    : {
        type: 'reasoning.text',
        text: textOf(block['thinking']),
        signature: textOf(block['signature']) || null,
        format: CLAUDE_FORMAT,
        index,
      };
}

/** A citation of something on the web in OpenAI's form, which has none for a page of a document. */
export function annotationOf(citation: unknown): readonly Fields[] {
  const { url, title, cited_text } = fieldsOf(citation);
  if (typeof url !== 'string') return [];
  return [{ type: 'url_citation', url_citation: { url, title: textOf(title), content: textOf(cited_text) } }];
}

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** OpenRouter's finish reason, and beside it Anthropic's own and which of the sequences it was. */
export function finishOf(reason: unknown, sequence: unknown): Fields {
  const native = typeof reason === 'string' ? reason : null;
  const finish = native === null ? null : Object.hasOwn(FINISH, native) ? FINISH[native] : 'stop';
  const which = typeof sequence === 'string' && sequence !== '' ? { stop_sequence: sequence } : {};
  return { finish_reason: finish, native_finish_reason: native, ...which };
}

/** What capacity bought beforehand costs stands in a contract, not in a price list: only the standard tier is passed on. */
export function tierOf(usage: Fields): Fields {
  return usage['service_tier'] === 'standard' ? { service_tier: 'default' } : {};
}
