import type { Fields } from '../anthropic/fields.ts';

const FINISH: Readonly<Record<string, string>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  LANGUAGE: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'error',
  MALFORMED_RESPONSE: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
  NO_IMAGE: 'error',
  IMAGE_OTHER: 'error',
  OTHER: 'error',
};

/**
 * OpenRouter's finish reason, and Google's own beside it: Google says `STOP` of a call of a tool, too.
 * https://ai.google.dev/api/generate-content#FinishReason
 */
export function finishOf(reason: unknown, hasCalls: boolean): Fields {
  if (typeof reason !== 'string' || reason === '' || reason === 'FINISH_REASON_UNSPECIFIED')
    return { finish_reason: null, native_finish_reason: null };
  const finish = Object.hasOwn(FINISH, reason) ? FINISH[reason] : 'stop';
  return { finish_reason: finish === 'stop' && hasCalls ? 'tool_calls' : finish, native_finish_reason: reason };
}
