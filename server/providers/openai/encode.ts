import { opaqueUser } from '../identity.ts';
import type { UpstreamRequest } from '../provider.ts';
import type { Endpoint } from '../registry.ts';

/** Fields of OpenRouter's request, and of ours, that a plain OpenAI-compatible server does not know and may refuse. */
const ROUTING_FIELDS: ReadonlySet<string> = new Set([
  'models',
  'provider',
  'route',
  'plugins',
  'transforms',
  'session_id',
  'trace',
  'debug',
  'image_config',
  'stop_server_tools_when',
  'cache_control',
  'usage',
  'reasoning',
]);
/** Fields that end here whoever serves the call. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['preset', 'clamp', 'cache_enabled', 'cache_ttl_seconds']);

/**
 * Encodes the canonical (OpenRouter-shaped) request for an OpenAI-compatible endpoint. Fields nobody here knows are passed on.
 * `maxTokens`: what a limit allows, where the request did not say or may be lowered; it goes in the dialect's own field.
 */
export function encodeOpenAi(
  canonical: Readonly<Record<string, unknown>>,
  endpoint: Endpoint,
  key: string | null,
  maxTokens: number | null,
): UpstreamRequest {
  const { provider, model } = endpoint;
  const body: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(canonical)) {
    if (OWN_FIELDS.has(field) || (!provider.isRouter && ROUTING_FIELDS.has(field))) continue;
    body[field] = value;
  }
  // Fallback over models is decided here; a router must not decide it again.
  delete body['models'];
  body['model'] = model.native;
  if (typeof body['user'] === 'string') body['user'] = opaqueUser(body['user']);
  if (!provider.isRouter) setReasoning(body, canonical['reasoning']);
  if (maxTokens !== null) setMaximum(body, provider.slug, maxTokens);
  if (body['stream'] === true)
    body['stream_options'] = { ...(body['stream_options'] as object | undefined), include_usage: true };
  else delete body['stream_options'];
  return {
    url: `${provider.baseUrl()}/chat/completions`,
    headers: {
      'content-type': 'application/json',
      accept: body['stream'] === true ? 'text/event-stream' : 'application/json',
      'user-agent': `callgate/${CALLGATE_VERSION}`,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...provider.headers,
    },
    body: JSON.stringify(body),
  };
}

function setReasoning(body: Record<string, unknown>, reasoning: unknown): void {
  if (typeof reasoning !== 'object' || reasoning === null || !('effort' in reasoning)) return;
  if (typeof reasoning.effort === 'string') body['reasoning_effort'] ??= reasoning.effort;
}

function setMaximum(body: Record<string, unknown>, slug: string, maxTokens: number): void {
  // Whichever of two maxima the provider heeds must not exceed what is allowed.
  if (typeof body['max_completion_tokens'] === 'number' && typeof body['max_tokens'] === 'number') {
    for (const both of ['max_completion_tokens', 'max_tokens']) body[both] = Math.min(Number(body[both]), maxTokens);
    return;
  }
  // OpenAI's newer models refuse max_tokens; most others know only that.
  const field =
    'max_completion_tokens' in body || (slug === 'openai' && !('max_tokens' in body))
      ? 'max_completion_tokens'
      : 'max_tokens';
  body[field] = maxTokens;
}
