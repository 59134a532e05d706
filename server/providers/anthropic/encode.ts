import type { CanonicalRequest } from '../dialect.ts';
import { opaqueUser } from '../identity.ts';
import type { UpstreamRequest } from '../provider.ts';
import { reasoningOf } from '../reasoning.ts';
import type { Endpoint } from '../registry.ts';
import { type Fields, fieldsOf, listOf } from './fields.ts';
import { conversationOf, type Turn } from './messages.ts';
import { factsOf } from './model-facts.ts';
import { betaHeader, nativeBody, nativeThinking } from './native.ts';
import { Notes } from './notes.ts';
import { outputConfigOf, samplingOf } from './sampling.ts';
import { type Thinking, thinkingOf } from './thinking.ts';
import { isForced, toolChoiceOf, toolsOf } from './tools.ts';

/** https://platform.claude.com/docs/en/api/versioning */
const VERSION = '2023-06-01';

/** Encodes the canonical request for the Messages API. */
export function encodeMessages(
  request: CanonicalRequest,
  endpoint: Endpoint,
  key: string | null,
  maxTokens: number | null,
): UpstreamRequest {
  const { provider } = endpoint;
  const { body } = translate(request, endpoint, maxTokens);
  return {
    url: `${provider.baseUrl()}/messages`,
    headers: {
      'content-type': 'application/json',
      accept: body['stream'] === true ? 'text/event-stream' : 'application/json',
      'user-agent': `callgate/${CALLGATE_VERSION}`,
      'anthropic-version': VERSION,
      ...(key === null ? {} : { 'x-api-key': key }),
      ...provider.headers,
      ...betaHeader(request, provider.headers['anthropic-beta']),
    },
    body: JSON.stringify(body),
  };
}

/** Translates a request, noting what the Messages API, or this model, has no words for. */
export function translate(
  request: CanonicalRequest,
  { model }: Pick<Endpoint, 'model'>,
  maxTokens: number | null = null,
): { readonly body: Fields; readonly notes: Notes } {
  const notes = new Notes();
  const facts = factsOf(model.native);
  const most = maxTokens ?? maximumOf(request) ?? model.maxCompletionTokens ?? facts.maxTokens;
  const { system, messages } = conversationOf(request['messages'], notes);
  const tools = toolsOf(request, facts, notes);
  const choice = toolChoiceOf(request, facts, notes);
  const bar = barOf(choice, messages);
  const own = nativeThinking(request, facts, most, bar);
  // How hard is said beside it, as `verbosity`.
  const thinking = own ? { thinking: own, effort: null } : thinkingOf(reasoningOf(request), facts, most, bar, notes);
  const outputConfig = outputConfigOf(request, thinking.effort, facts, notes);
  noteUnsaid(request, notes);
  const body = {
    ...nativeBody(request),
    model: model.native,
    max_tokens: most,
    ...(system.length > 0 ? { system } : {}),
    messages,
    ...(tools.length > 0 ? { tools } : {}),
    ...(choice ? { tool_choice: choice } : {}),
    ...(thinking.thinking ? { thinking: thinking.thinking } : {}),
    ...(outputConfig ? { output_config: outputConfig } : {}),
    ...samplingOf(request, facts, isThinking(thinking), notes),
    ...stopOf(request['stop'], notes),
    ...tierOf(request['service_tier'], notes),
    ...(request['cache_control'] ? { cache_control: request['cache_control'] } : {}),
    ...(typeof request['user'] === 'string' ? { metadata: { user_id: opaqueUser(request['user']) } } : {}),
    ...(request['stream'] === true ? { stream: true } : {}),
  };
  return { body, notes };
}

function maximumOf(request: CanonicalRequest): number | null {
  const said = request['max_completion_tokens'] ?? request['max_tokens'];
  return typeof said === 'number' && Number.isInteger(said) && said > 0 ? said : null;
}

/** Why a model that thinks by budget cannot do so here; it would refuse the whole request. */
function barOf(choice: Fields | null, messages: readonly Turn[]): string | null {
  if (isForced(choice)) return 'a model cannot reason before a call it is made to make';
  const last = messages.findLast(({ role }) => role === 'assistant');
  if (!last || messages.at(-1) === last || !last.content.some(({ type }) => type === 'tool_use')) return null;
  const answered = messages.at(-1)?.content.some(({ type }) => type === 'tool_result');
  const thought = ['thinking', 'redacted_thinking'].includes(last.content[0]?.type ?? '');
  return answered && !thought ? 'the reasoning_details that led to the last tool calls are missing' : null;
}

const isThinking = ({ thinking }: Thinking) => thinking !== null && thinking['type'] !== 'disabled';

function stopOf(stop: unknown, notes: Notes): Fields {
  const sequences = (typeof stop === 'string' ? [stop] : listOf(stop)).filter((one) => one !== '');
  if (sequences.some((one) => typeof one === 'string' && !/\S/.test(one))) notes.lack('stop (of white space alone)');
  return sequences.length > 0 ? { stop_sequences: sequences } : {};
}

function tierOf(tier: unknown, notes: Notes): Fields {
  switch (tier) {
    case undefined:
    case null:
      return {};
    case 'auto':
    case 'standard_only':
      return { service_tier: tier };
    case 'default':
      return { service_tier: 'standard_only' };
    case 'priority':
    case 'fast':
      // Capacity bought beforehand is used where there is some, and it cannot be demanded.
      notes.warn('service_tier is sent as auto');
      return { service_tier: 'auto' };
    default:
      notes.warn('service_tier is not sent');
      return {};
  }
}

/** Fields translated above, and those of OpenRouter's and ours that end here. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'max_tokens', 'max_completion_tokens', 'tools', 'tool_choice', 'parallel_tool_calls'],
  ...['reasoning', 'reasoning_effort', 'include_reasoning', 'response_format', 'structured_outputs', 'verbosity'],
  ...['temperature', 'top_p', 'top_k', 'stop', 'service_tier', 'cache_control', 'user', 'stream', 'stream_options'],
  ...['models', 'provider', 'route', 'plugins', 'transforms', 'session_id', 'trace', 'debug', 'usage'],
  ...['preset', 'clamp', 'cache_enabled', 'cache_ttl_seconds', 'anthropic'],
]);

/** What is not sent: where the answer would be another thing without it, there is nothing to be had here. */
function noteUnsaid(request: CanonicalRequest, notes: Notes): void {
  if (typeof request['n'] === 'number' && request['n'] > 1) notes.lack('n');
  if (request['logprobs'] === true) notes.lack('logprobs');
  if (request['cached_content']) notes.lack('cached_content');
  const modalities = listOf(request['modalities']);
  if (modalities.some((modality) => modality !== 'text')) notes.lack('modalities');
  if (fieldsOf(request['web_search_options']) === request['web_search_options']) notes.lack('web_search_options');
  for (const [field, value] of Object.entries(request)) {
    if (SAID.has(field) || value === null || value === undefined || value === false) continue;
    if (['n', 'logprobs', 'modalities', 'web_search_options', 'cached_content'].includes(field)) continue;
    notes.warn(`${field.slice(0, 60)} is not sent`);
  }
}
