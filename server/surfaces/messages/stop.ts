import { type Fields, textOf } from './fields.ts';

const NATIVE: ReadonlySet<string> = new Set([
  ...['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'pause_turn', 'refusal', 'model_context_window_exceeded'],
]);
const OF_FINISH: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
  error: 'end_turn',
};

/**
 * How an answer ended, in Anthropic's words: the model's own where they are that. `stops`: the sequences asked for; which of several it
 * was is known where the provider tells. `refusal`: why the model would not answer.
 */
export function stopOf(choice: Fields, refusal: unknown, stops: readonly string[]): Fields {
  const native = textOf(choice['native_finish_reason']);
  const finish = textOf(choice['finish_reason']);
  const reason = NATIVE.has(native)
    ? native
    : finish === ''
      ? null
      : Object.hasOwn(OF_FINISH, finish)
        ? OF_FINISH[finish]
        : 'end_turn';
  const told = textOf(choice['stop_sequence']);
  const only = stops.length === 1 ? stops[0] : undefined;
  return {
    stop_reason: reason,
    stop_sequence: reason === 'stop_sequence' ? told || only || null : null,
    stop_details:
      reason === 'refusal' ? { type: 'refusal', category: null, explanation: textOf(refusal) || null } : null,
  };
}
