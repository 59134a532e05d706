import { type Fields, fieldsOf, textOf } from './fields.ts';

/** https://platform.claude.com/docs/en/api/errors */
const STATUS: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** An error of the Messages API as a body, or a chunk, of OpenRouter's; null when there is none. */
export function errorOf(body: Fields): Fields | null {
  if (body['type'] !== 'error') return null;
  const { type, message } = fieldsOf(body['error']);
  const kind = textOf(type);
  return {
    error: {
      code: Object.hasOwn(STATUS, kind) ? STATUS[kind] : 502,
      message: textOf(message) || kind || 'the provider reported an error',
    },
  };
}
