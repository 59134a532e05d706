import { errorBody, type Refusal } from '../../errors.ts';
import type { JsonObject, SurfaceError } from '../surface.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';

/** Anthropic's word for each of OpenRouter's; what is neither of these nor the caller's fault is an `api_error`. */
const TYPES: Readonly<Record<string, string>> = {
  authentication: 'authentication_error',
  permission_denied: 'permission_error',
  payment_required: 'billing_error',
  not_found: 'not_found_error',
  rate_limit_exceeded: 'rate_limit_error',
  provider_overloaded: 'overloaded_error',
  timeout: 'timeout_error',
  payload_too_large: 'request_too_large',
  server: 'api_error',
  provider_unavailable: 'api_error',
};

/** An `error` of OpenRouter's in Anthropic's envelope. */
export function errorOf({ code, message, metadata }: Fields, id: string | null): JsonObject {
  const told = fieldsOf(metadata);
  const kind = textOf(told['error_type']);
  const type = Object.hasOwn(TYPES, kind) ? TYPES[kind] : Number(code) >= 500 ? 'api_error' : 'invalid_request_error';
  return {
    type: 'error',
    error: { type, message: textOf(message), ...(kind === '' ? {} : { error_type: kind }) },
    request_id: id,
    metadata: told,
  };
}

export const refusalBody = (refusal: Refusal, id: string | null, more: JsonObject): JsonObject => ({
  ...errorOf(errorBody(refusal).error, id),
  ...more,
});

export const messagesError = (refusal: Refusal, id: string | null, more: JsonObject): SurfaceError => ({
  status: refusal.status,
  body: refusalBody(refusal, id, more),
});
