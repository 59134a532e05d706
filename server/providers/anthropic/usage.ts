import { type Fields, fieldsOf } from './fields.ts';

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;

/**
 * Anthropic counts what was read from its cache, and written to it, beside the input; OpenRouter's prompt has them in it. Null: no
 * usage was sent. https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function usageOf(usage: unknown): Fields | null {
  const said = fieldsOf(usage);
  if (said !== usage) return null;
  const read = count(said['cache_read_input_tokens']);
  const created = fieldsOf(said['cache_creation']);
  const hourly = count(created['ephemeral_1h_input_tokens']);
  const written = Math.max(
    count(said['cache_creation_input_tokens']),
    hourly + count(created['ephemeral_5m_input_tokens']),
  );
  const prompt = count(said['input_tokens']) + read + written;
  const completion = count(said['output_tokens']);
  const reasoning = count(fieldsOf(said['output_tokens_details'])['thinking_tokens']);
  const searches = count(fieldsOf(said['server_tool_use'])['web_search_requests']);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: read,
      cache_write_tokens: written,
      ...(hourly > 0 ? { cache_write_1h_tokens: hourly } : {}),
    },
    completion_tokens_details: { reasoning_tokens: Math.min(reasoning, completion) },
    ...(searches > 0 ? { server_tool_use_details: { web_search_requests: searches } } : {}),
  };
}
