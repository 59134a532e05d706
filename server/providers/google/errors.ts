import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';

/** https://cloud.google.com/apis/design/errors#handling_errors, for errors that come without their number. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** An error of Google's, or a list of one as streams have it, as a body or a chunk of OpenRouter's; null when there is none. */
export function errorOf(body: unknown): Fields | null {
  const { error } = fieldsOf(Array.isArray(body) ? listOf(body)[0] : body);
  const said = fieldsOf(error);
  if (said !== error) return null;
  const { code, status, message } = said;
  const kind = textOf(status);
  const number = typeof code === 'number' && code >= 400 && code < 600 ? code : undefined;
  return {
    error: {
      code: number ?? (Object.hasOwn(STATUS, kind) ? STATUS[kind] : 502),
      message: textOf(message) || kind || 'the provider reported an error',
    },
  };
}
