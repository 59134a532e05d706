import { type Fields, fieldsOf, listOf } from './fields.ts';

/** The members of a Response that repeat what was asked: OpenAI's own clients and OpenRouter's insist on most of them. */
export function echoOf(body: Fields): Fields {
  const said = (name: string, otherwise: unknown = null) => body[name] ?? otherwise;
  const reasoning = fieldsOf(body['reasoning']);
  const text = fieldsOf(body['text']);
  return {
    background: false,
    instructions: said('instructions'),
    max_output_tokens: said('max_output_tokens'),
    max_tool_calls: said('max_tool_calls'),
    metadata: said('metadata', {}),
    parallel_tool_calls: said('parallel_tool_calls', true),
    previous_response_id: null,
    prompt_cache_key: said('prompt_cache_key'),
    reasoning: {
      effort: reasoning['effort'] ?? null,
      summary: reasoning['summary'] ?? reasoning['generate_summary'] ?? null,
    },
    safety_identifier: said('safety_identifier'),
    service_tier: said('service_tier', 'auto'),
    store: false,
    temperature: said('temperature'),
    text: { ...text, format: text['format'] ?? { type: 'text' } },
    tool_choice: said('tool_choice', 'auto'),
    tools: listOf(body['tools']).map(toolOf),
    top_logprobs: said('top_logprobs', 0),
    top_p: said('top_p'),
    presence_penalty: said('presence_penalty'),
    frequency_penalty: said('frequency_penalty'),
    truncation: 'disabled',
    user: said('user'),
  };
}

/** Of a function these two are always there. */
function toolOf(tool: unknown): unknown {
  const fields = fieldsOf(tool);
  if (fields['type'] !== 'function') return tool;
  return { ...fields, parameters: fields['parameters'] ?? null, strict: fields['strict'] ?? null };
}
