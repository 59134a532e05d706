import { type Fields, fieldsOf, isSaid, listOf, pick } from './fields.ts';

export type Reason = 'max_output_tokens' | 'content_filter';
export type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed';

/** What is known of an answer at some moment. */
export type Standing = {
  /** Our own id of the generation. */
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly model: string;
  readonly status: Status;
  readonly output: readonly unknown[];
  /** OpenAI's reason, of an answer that is incomplete. */
  readonly reason: Reason | null;
  readonly error: Fields | null;
  /** OpenRouter's `usage` of the chat completion; null while it is not known. */
  readonly usage: Fields | null;
  /** Members of the chat completion that stand in a Response as they are. */
  readonly more: Fields;
};

/** A Response, of OpenAI's members and OpenRouter's. */
export function responseOf(echo: Fields, standing: Standing): Fields {
  const { status, error } = standing;
  return {
    ...echo,
    id: standing.id,
    object: 'response',
    created_at: standing.createdAt,
    completed_at: status === 'completed' ? Math.floor(Date.now() / 1000) : null,
    status,
    error,
    incomplete_details: standing.reason === null ? null : { reason: standing.reason },
    model: standing.model,
    output: standing.output,
    usage: standing.usage === null ? null : usageOf(standing.usage),
    ...standing.more,
    ...(error && isSaid(error['error_type']) ? { error_type: error['error_type'] } : {}),
  };
}

/** What of a chat completion, or of its chunks, a Response repeats as it is. */
export const moreOf = (chunk: Fields): Fields => pick(chunk, ['provider', 'service_tier', 'openrouter_metadata']);

/** A preset may have asked for several choices; a Response is the first. A chunk may hold any of them. */
export function firstChoice(answer: Fields): Fields {
  const choices = listOf(answer['choices']).map(fieldsOf);
  return choices.find(({ index }) => (index ?? 0) === 0) ?? {};
}

/** How a model's finish reason is told. */
export function endOf(finish: unknown): Pick<Standing, 'status' | 'reason'> {
  switch (finish) {
    case 'length':
      return { status: 'incomplete', reason: 'max_output_tokens' };
    case 'content_filter':
      return { status: 'incomplete', reason: 'content_filter' };
    case 'error':
      return { status: 'failed', reason: null };
    default:
      return { status: 'completed', reason: null };
  }
}

/** OpenRouter's usage in a Response's words; what it has besides stays. */
export function usageOf(usage: Fields): Fields {
  const input = fieldsOf(usage['prompt_tokens_details']);
  const output = fieldsOf(usage['completion_tokens_details']);
  const costs = fieldsOf(usage['cost_details']);
  const count = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : 0);
  const prompt = count(usage['prompt_tokens']);
  const completion = count(usage['completion_tokens']);
  return {
    input_tokens: prompt,
    input_tokens_details: {
      ...input,
      cached_tokens: count(input['cached_tokens']),
      cache_write_tokens: count(input['cache_write_tokens']),
    },
    output_tokens: completion,
    output_tokens_details: { ...output, reasoning_tokens: count(output['reasoning_tokens']) },
    total_tokens: count(usage['total_tokens']) || prompt + completion,
    ...pick(usage, ['is_byok', 'server_tool_use_details', 'callgate']),
    // An unknown cost is no absent one.
    ...('cost' in usage ? { cost: usage['cost'] } : {}),
    ...('cost_details' in usage
      ? {
          cost_details: {
            upstream_inference_cost: costs['upstream_inference_cost'] ?? null,
            upstream_inference_input_cost: costs['upstream_inference_prompt_cost'] ?? 0,
            upstream_inference_output_cost: costs['upstream_inference_completions_cost'] ?? 0,
          },
        }
      : {}),
  };
}
