import { errorBody, type Refusal } from '../../errors.ts';
import type { JsonObject, Surface } from '../surface.ts';
import type { Fields } from './fields.ts';

/** OpenAI's codes, where one of them says it; all other kinds of errors keep OpenRouter's name. */
const CODES: Readonly<Record<string, string>> = {
  rate_limit_exceeded: 'rate_limit_exceeded',
  invalid_request: 'invalid_prompt',
  invalid_prompt: 'invalid_prompt',
  unprocessable: 'invalid_prompt',
  payload_too_large: 'invalid_prompt',
  provider_overloaded: 'server_error',
  provider_unavailable: 'server_error',
  server: 'server_error',
  timeout: 'server_error',
  unmapped: 'server_error',
};

const codeOf = (type: unknown): string =>
  typeof type === 'string' ? (Object.hasOwn(CODES, type) ? (CODES[type] as string) : type) : 'server_error';

/**
 * A failure as a Response's `error` and an `error` event tell it, from OpenRouter's error object. `metadata` (scope, limit, reset,
 * remedy) and `error_type` stand beside OpenAI's two members.
 */
export function failureOf(error: Fields): Fields & { readonly code: string; readonly message: string } {
  const { message, metadata } = error;
  const said = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Fields;
  const { error_type, ...more } = said;
  return {
    code: codeOf(error_type),
    message: typeof message === 'string' ? message : 'the provider reported an error',
    ...(error_type === undefined ? {} : { error_type }),
    metadata: more,
  };
}

/** OpenRouter's envelope, with the kind of error at the top as its Responses have it. */
function envelope(refusal: Refusal, _id: string | null, more: JsonObject) {
  const body = errorBody(refusal);
  return { status: refusal.status, body: { ...body, error_type: body.error.metadata['error_type'], ...more } };
}

export const responses: Surface = { name: 'responses', error: envelope };

export const refusalError = (refusal: Refusal): Fields => errorBody(refusal).error;
