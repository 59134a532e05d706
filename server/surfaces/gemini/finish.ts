import { type Fields, textOf } from './fields.ts';

/** https://ai.google.dev/api/generate-content#FinishReason */
const NATIVE: ReadonlySet<string> = new Set([
  ...['STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'LANGUAGE', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'],
  ...['MALFORMED_FUNCTION_CALL', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_OTHER', 'NO_IMAGE'],
  ...['IMAGE_RECITATION', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MISSING_THOUGHT_SIGNATURE'],
  ...['MALFORMED_RESPONSE', 'MODEL_ARMOR'],
]);
const OF_FINISH: Readonly<Record<string, string>> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  function_call: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  error: 'OTHER',
};

/** How an answer ended, in Google's words: the model's own where they are that. `refusal`: why it would not answer. */
export function finishOf(choice: Fields, refusal: string, broken: readonly string[]): Fields {
  const native = textOf(choice['native_finish_reason']);
  const finish = textOf(choice['finish_reason']);
  const reason = NATIVE.has(native) ? native : Object.hasOwn(OF_FINISH, finish) ? OF_FINISH[finish] : 'STOP';
  if (refusal !== '') return { finishReason: reason === 'STOP' ? 'SAFETY' : reason, finishMessage: refusal };
  if (broken.length > 0 && reason === 'STOP')
    return { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: `Malformed function call: ${broken.join(' ')}` };
  return { finishReason: reason };
}
