import { errorBody, type Refusal } from '../../errors.ts';
import type { JsonObject, SurfaceError } from '../surface.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';

/** https://cloud.google.com/apis/design/errors#handling_errors */
const STATUS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** An `error` of OpenRouter's in Google's envelope; what it says besides stands in `metadata`, as OpenRouter has it. */
export function errorOf({ code, message, metadata }: Fields, id: string | null, retryAfter: number | null): JsonObject {
  const told = fieldsOf(metadata);
  const number = typeof code === 'number' ? code : 500;
  const status = Object.hasOwn(STATUS, number) ? STATUS[number] : number >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT';
  const reason = textOf(told['reason']).toUpperCase() || status;
  // Of this detail's own metadata every value is a text.
  const facts = Object.entries(told).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'callgate',
    metadata: Object.fromEntries(facts.map(([name, value]) => [name, String(value)])),
  };
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` };
  const request = { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: id };
  const details = [info, ...(retryAfter === null ? [] : [retry]), ...(id === null ? [] : [request])];
  return { error: { code: number, message: textOf(message), status, details, metadata: told } };
}

export const refusalBody = (refusal: Refusal, id: string | null, more: JsonObject): JsonObject => ({
  ...errorOf(errorBody(refusal).error, id, refusal.retryAfter),
  ...more,
});

export const geminiError = (refusal: Refusal, id: string | null, more: JsonObject): SurfaceError => ({
  status: refusal.status,
  body: refusalBody(refusal, id, more),
});
