import { type Fields, fieldsOf } from './fields.ts';

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;

/**
 * OpenRouter's prompt has what the cache gave and took in it; Anthropic counts them beside the input. What a call cost is added, as
 * OpenRouter does. https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function usageOf(usage: unknown): Fields {
  const said = fieldsOf(usage);
  const prompt = fieldsOf(said['prompt_tokens_details']);
  const read = count(prompt['cached_tokens']);
  const written = count(prompt['cache_write_tokens']);
  const hourly = Math.min(written, count(prompt['cache_write_1h_tokens']));
  const thinking = count(fieldsOf(said['completion_tokens_details'])['reasoning_tokens']);
  const searches = count(fieldsOf(said['server_tool_use_details'])['web_search_requests']);
  return {
    input_tokens: Math.max(0, count(said['prompt_tokens']) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: written - hourly, ephemeral_1h_input_tokens: hourly },
    output_tokens: count(said['completion_tokens']),
    output_tokens_details: { thinking_tokens: thinking },
    server_tool_use: searches === 0 ? null : { web_search_requests: searches, web_fetch_requests: 0 },
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
    ...costOf(said),
  };
}

function costOf({ cost, is_byok, cost_details }: Fields): Fields {
  return cost === undefined ? {} : { cost, is_byok, cost_details };
}

/** What is told with the last event: what a message says of how it was served stands in its first. */
export function lastUsageOf(usage: unknown): Fields {
  const {
    service_tier: _tier,
    inference_geo: _geo,
    speed: _speed,
    cache_creation: _creation,
    ...told
  } = usageOf(usage);
  return told;
}
