import type { CanonicalRequest } from '../dialect.ts';
import { opaqueUser } from '../identity.ts';
import { NATIVE, nativeFields, withoutNative } from '../native.ts';
import type { Provider, UpstreamRequest } from '../provider.ts';
import { excludesReasoning, reasoningOf } from '../reasoning.ts';
import { PLAIN_FORM } from '../reasoning-forms.ts';
import type { Endpoint } from '../registry.ts';
import { isDropped, type WireRules } from '../wire-rules.ts';
import { plainMessages } from './messages.ts';

/** Fields of OpenRouter's request, and of ours, that no OpenAI-compatible server but a router knows; most refuse them. */
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
  request: CanonicalRequest,
  endpoint: Endpoint,
  key: string | null,
  maxTokens: number | null,
): UpstreamRequest {
  const { provider, model } = endpoint;
  const { wire, isRouter } = provider;
  const canonical = withoutNative(request, isRouter);
  const body: Record<string, unknown> = {};
  for (const field of Object.keys(canonical)) {
    if (OWN_FIELDS.has(field) || (!isRouter && ROUTING_FIELDS.has(field))) continue;
    if (wire && isDropped(wire, field, model.native)) continue;
    body[wire?.renames[field] ?? field] = canonical[field];
  }
  // Fallback over models is decided here; a router must not decide it again.
  delete body['models'];
  body['model'] = wire ? wire.modelName(model.native) : model.native;
  if (typeof body['user'] === 'string') body['user'] = opaqueUser(body['user']);
  if (!isRouter) setReasoning(body, canonical, model.native, wire);
  if (wire) body['messages'] = plainMessages(body['messages'], wire);
  if (maxTokens !== null) setMaximum(body, provider, maxTokens);
  if (wire?.maximum) renameMaximum(body, wire.maximum);
  if (body['stream'] === true && wire?.asksUsage !== false)
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

/** The fields of the request that this endpoint is not sent although they stand in it, for people. */
export function unsentFields(canonical: CanonicalRequest, { provider, model }: Endpoint): readonly string[] {
  const { wire } = provider;
  const native = canonical[NATIVE] === undefined ? [] : nativeFields(canonical);
  if (provider.isRouter) return native;
  const dropped = Object.keys(canonical).filter(
    (field) =>
      wire &&
      field !== NATIVE &&
      field !== 'reasoning_effort' &&
      isMeant(canonical[field]) &&
      isDropped(wire, field, model.native) &&
      !ROUTING_FIELDS.has(field) &&
      !OWN_FIELDS.has(field) &&
      field !== 'include_reasoning' &&
      field !== 'stream_options',
  );
  const wanted = reasoningOf(canonical);
  if (wanted && wire?.reasoning(wanted, model.native, false) === null) dropped.push('reasoning');
  return native.length > 0 ? [...dropped, ...native] : dropped;
}

const isMeant = (value: unknown) => value !== undefined && value !== null && value !== false;

function setReasoning(
  body: Record<string, unknown>,
  canonical: CanonicalRequest,
  native: string,
  wire: WireRules | undefined,
): void {
  if (!wire) {
    const { reasoning } = canonical;
    if (typeof reasoning !== 'object' || reasoning === null) return;
    if ('effort' in reasoning && typeof reasoning.effort === 'string') body['reasoning_effort'] ??= reasoning.effort;
    else if ('max_tokens' in reasoning) Object.assign(body, PLAIN_FORM(reasoningOf(canonical), native, false));
    return;
  }
  const said = wire.reasoning(reasoningOf(canonical), native, excludesReasoning(canonical));
  if (said) Object.assign(body, said);
}

function setMaximum(body: Record<string, unknown>, provider: Provider, maxTokens: number): void {
  // Whichever of two maxima the provider heeds must not exceed what is allowed.
  if (typeof body['max_completion_tokens'] === 'number' && typeof body['max_tokens'] === 'number') {
    for (const both of ['max_completion_tokens', 'max_tokens']) body[both] = Math.min(Number(body[both]), maxTokens);
    return;
  }
  // OpenAI's newer models refuse max_tokens; most others know only that.
  const field =
    'max_completion_tokens' in body || (provider.slug === 'openai' && !('max_tokens' in body))
      ? 'max_completion_tokens'
      : 'max_tokens';
  body[field] = maxTokens;
}

/** A provider that knows one of the two names ignores, or refuses, the other; of two it is the smaller that was meant by both. */
function renameMaximum(body: Record<string, unknown>, known: 'max_tokens' | 'max_completion_tokens'): void {
  const other = known === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  const foreign = body[other];
  if (foreign === undefined) return;
  delete body[other];
  const own = body[known];
  body[known] = typeof own === 'number' && typeof foreign === 'number' ? Math.min(own, foreign) : (own ?? foreign);
}
