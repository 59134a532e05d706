import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import { Notes } from '../anthropic/notes.ts';
import type { CanonicalRequest } from '../dialect.ts';
import { NATIVE, nativeFields } from '../native.ts';
import type { UpstreamRequest } from '../provider.ts';
import { excludesReasoning, reasoningOf } from '../reasoning.ts';
import type { Endpoint } from '../registry.ts';
import { generationConfigOf } from './config.ts';
import { contentsOf } from './contents.ts';
import { geminiFacts } from './model-facts.ts';
import { thinkingConfigOf } from './thinking.ts';
import { declarationsOf, functionCallingOf } from './tools.ts';

/** Encodes the canonical request for `generateContent`. https://ai.google.dev/api/generate-content */
export function encodeGemini(
  request: CanonicalRequest,
  endpoint: Endpoint,
  key: string | null,
  maxTokens: number | null,
): UpstreamRequest {
  const { provider, model } = endpoint;
  const { body } = translate(request, endpoint, maxTokens);
  const streams = request['stream'] === true;
  const method = streams ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return {
    url: `${provider.baseUrl()}/models/${encodeURIComponent(model.native)}:${method}`,
    headers: {
      'content-type': 'application/json',
      accept: streams ? 'text/event-stream' : 'application/json',
      'user-agent': `callgate/${CALLGATE_VERSION}`,
      // Where requests are signed, the key is no header.
      ...(key === null || provider.sign ? {} : { 'x-goog-api-key': key }),
      ...provider.headers,
    },
    body: JSON.stringify(body),
  };
}

/** Translates a request, noting what the Gemini API, or this model, has no words for. */
export function translate(
  request: CanonicalRequest,
  { model }: Pick<Endpoint, 'model'>,
  maxTokens: number | null = null,
): { readonly body: Fields; readonly notes: Notes } {
  const notes = new Notes();
  const facts = geminiFacts(model.native);
  const most = maxTokens ?? maximumOf(request);
  const { system, contents } = contentsOf(request['messages'], facts, notes);
  const declarations = declarationsOf(request, facts, notes);
  const calling = functionCallingOf(request, notes);
  const whole = most ?? model.maxCompletionTokens ?? facts.maxTokens;
  const thinking = thinkingConfigOf(reasoningOf(request), facts, whole, !excludesReasoning(request), notes);
  const config = {
    ...generationConfigOf(request, facts, notes),
    ...(most === null ? {} : { maxOutputTokens: most }),
    ...(thinking && Object.keys(thinking).length > 0 ? { thinkingConfig: thinking } : {}),
  };
  noteUnsaid(request, notes);
  const body = {
    contents,
    ...(system.length > 0 ? { systemInstruction: { parts: system } } : {}),
    ...(declarations.length > 0 ? { tools: [{ functionDeclarations: declarations }] } : {}),
    ...(calling ? { toolConfig: { functionCallingConfig: calling } } : {}),
    ...(listOf(request['safety_settings']).length > 0 ? { safetySettings: request['safety_settings'] } : {}),
    ...(textOf(request['cached_content']) === '' ? {} : { cachedContent: request['cached_content'] }),
    ...tierOf(request['service_tier'], notes),
    ...(Object.keys(config).length > 0 ? { generationConfig: config } : {}),
  };
  return { body, notes };
}

/** Of two maxima the newer name's. */
function maximumOf(request: CanonicalRequest): number | null {
  const said = request['max_completion_tokens'] ?? request['max_tokens'];
  return typeof said === 'number' && Number.isInteger(said) && said > 0 ? said : null;
}

function tierOf(tier: unknown, notes: Notes): Fields {
  switch (tier) {
    case undefined:
    case null:
    case 'auto':
      return {};
    case 'default':
    case 'standard':
      return { serviceTier: 'standard' };
    case 'flex':
      return { serviceTier: 'flex' };
    case 'priority':
    case 'fast':
      return { serviceTier: 'priority' };
    default:
      notes.warn('service_tier is not sent');
      return {};
  }
}

/** Fields translated above, and those of OpenRouter's and ours that end here. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'max_tokens', 'max_completion_tokens', 'tools', 'tool_choice', 'parallel_tool_calls'],
  ...['reasoning', 'reasoning_effort', 'include_reasoning', 'response_format', 'structured_outputs', 'stream'],
  ...['temperature', 'top_p', 'top_k', 'seed', 'presence_penalty', 'frequency_penalty', 'stop', 'n', 'logprobs'],
  ...['top_logprobs', 'modalities', 'image_config', 'media_resolution', 'service_tier', 'stream_options'],
  ...['safety_settings', 'cached_content'],
  ...['models', 'provider', 'route', 'plugins', 'transforms', 'session_id', 'trace', 'debug', 'usage'],
  ...['preset', 'clamp', 'cache_enabled', 'cache_ttl_seconds'],
]);

/** What is not sent: where the answer would be another thing without it, there is nothing to be had here. */
function noteUnsaid(request: CanonicalRequest, notes: Notes): void {
  if (fieldsOf(request['audio']) === request['audio']) notes.lack('audio');
  if (fieldsOf(request['web_search_options']) === request['web_search_options']) notes.lack('web_search_options');
  for (const [field, value] of Object.entries(request)) {
    if (SAID.has(field) || value === null || value === undefined || value === false || field === NATIVE) continue;
    if (['audio', 'web_search_options'].includes(field)) continue;
    notes.warn(`${field.slice(0, 60)} is not sent`);
  }
  for (const field of nativeFields(request)) notes.warn(`${field.slice(0, 60)} is not sent`);
}
