import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../engine/resolve-preset.ts';

/**
 * The body with what the headers say about the response cache and about sharing put into its own fields, where a preset's merge
 * expects it: `X-OpenRouter-Cache`, `X-OpenRouter-Cache-TTL`, and our `X-Callgate-Coalesce`. What they do not say right is not said.
 */
export function withSharingHeaders(headers: IncomingHttpHeaders, body: JsonObject): JsonObject {
  const cache = yesOrNo(headers['x-openrouter-cache']);
  const seconds = headers['x-openrouter-cache-ttl'];
  const coalesce = yesOrNo(headers['x-callgate-coalesce']);
  if (cache === null && seconds === undefined && coalesce === null) return body;
  return {
    ...body,
    ...(cache === null ? {} : { cache_enabled: cache }),
    ...(typeof seconds === 'string' && /^\d{1,9}$/.test(seconds) ? { cache_ttl_seconds: Number(seconds) } : {}),
    ...(coalesce === null ? {} : { coalesce }),
  };
}

/** What `X-OpenRouter-Cache-Clear` says. */
export const clearsCache = (headers: IncomingHttpHeaders): boolean =>
  yesOrNo(headers['x-openrouter-cache-clear']) === true;

function yesOrNo(value: string | readonly string[] | undefined): boolean | null {
  if (typeof value !== 'string') return null;
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : null;
}
