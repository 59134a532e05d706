import { type Refusal, refuse } from '../../errors.ts';
import type { Decoded, JsonObject } from '../surface.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { Notes } from './notes.ts';
import type { MessagesRequest } from './schema.ts';
import { toolChoiceOf, toolsOf } from './tools.ts';
import { messagesOf } from './turns.ts';
import { messagesWriter } from './writer.ts';

/** Anthropic's fields that are said in canonical words below. */
const SAID: ReadonlySet<string> = new Set([
  ...['messages', 'system', 'fallbacks', 'stop_sequences', 'thinking', 'output_config', 'output_format', 'tools'],
  ...['tool_choice', 'metadata', 'service_tier', 'context_management', 'anthropic'],
]);
/** Canonical fields, OpenRouter's and ours, that stand in a request for messages as they are. */
const SHARED: ReadonlySet<string> = new Set([
  ...['model', 'models', 'preset', 'stream', 'max_tokens', 'temperature', 'top_p', 'top_k', 'cache_control', 'user'],
  ...['provider', 'plugins', 'route', 'session_id', 'trace', 'stop_server_tools_when', 'reasoning', 'verbosity'],
  ...['clamp', 'coalesce', 'cache_enabled', 'cache_ttl_seconds', 'transforms', 'debug'],
]);
/** What would be another thing without it, or another price than anybody counted on, and cannot be asked for here. */
const REFUSED: Readonly<Record<string, string>> = {
  container: 'what runs in a container of Anthropic’s cannot be asked for here',
  mcp_servers: 'servers that Anthropic would call cannot be asked for here; offer their tools in tools',
  inference_geo: 'where a model runs cannot be asked for here; use provider.only',
};
/** What the answer stands without. `speed` has a price of its own. */
const UNSENT: ReadonlySet<string> = new Set([
  'speed',
  'diagnostics',
  'user_profile_id',
  'workspace_id',
  'billing_policy',
]);
/** Edits that only shorten what the model is shown: no turn of its own is billed for them. */
const FREE_EDIT = /^clear_/;

/**
 * Decodes a request for messages. What only Anthropic's API understands is carried beside the canonical form, in `anthropic`, for the
 * dialect of that name; all others leave it out and say so. `betas`: the header `anthropic-beta`.
 */
export function decodeMessages(body: MessagesRequest, betas: readonly string[] = []): Decoded | Refusal {
  const notes = new Notes();
  const { fallbacks, models, stop_sequences: stop, tools, metadata } = body;
  if (listOf(fallbacks).length > 0 && listOf(models).length > 0)
    return refuse('invalid_request', { message: 'fallbacks: it cannot be combined with models' });
  const native: Record<string, unknown> = {};
  const request: Record<string, unknown> = {};
  for (const name of Object.keys(body)) {
    const value = body[name];
    if (value === null || value === undefined || SAID.has(name)) continue;
    const barred = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
    if (SHARED.has(name)) request[name] = value;
    else if (barred !== undefined) notes.refuse(name, barred);
    else if (UNSENT.has(name)) notes.warn(`${name} is not sent`);
    else native[name] = value;
  }
  request['messages'] = messagesOf(body.system, body.messages, notes);
  if (fallbacks && fallbacks.length > 0) request['models'] = fallbacks.map(({ model }) => model);
  if (stop && stop.length > 0) request['stop'] = stop;
  if (tools) request['tools'] = toolsOf(tools, notes);
  Object.assign(request, toolChoiceOf(body.tool_choice), thinkingOf(body, native, notes), formatOf(body), tierOf(body));
  if (typeof metadata?.user_id === 'string') request['user'] ??= metadata.user_id;
  for (const name of Object.keys(metadata ?? {})) if (name !== 'user_id') notes.warn(`metadata.${name} is not sent`);
  const edits = editsOf(body['context_management'], notes);
  if (edits) native['context_management'] = edits;
  const carried = carriedBetas(betas);
  if (carried.length > 0) native['betas'] = carried;
  if (notes.isNative || Object.keys(native).length > 0) request['anthropic'] = native;
  if (notes.refusal) return notes.refusal;
  const { warnings } = notes;
  return { kind: 'decoded', request, warnings, writer: messagesWriter(stop ?? []) };
}

/** `reasoning` in canonical words, and Anthropic's own beside it, for a model that takes just that. */
function thinkingOf(
  { thinking, output_config }: MessagesRequest,
  native: Record<string, unknown>,
  notes: Notes,
): Fields {
  const effort = textOf(output_config?.effort);
  for (const name of Object.keys(output_config ?? {}))
    if (!['effort', 'format'].includes(name)) notes.warn(`output_config.${name} is not sent`);
  const verbosity = effort === '' ? {} : { verbosity: effort };
  if (!thinking) return verbosity;
  native['thinking'] = thinking;
  switch (thinking.type) {
    case 'enabled':
      return { ...verbosity, reasoning: { max_tokens: thinking.budget_tokens ?? 1_024 } };
    case 'adaptive':
      return { ...verbosity, reasoning: effort === '' ? { enabled: true } : { effort } };
    case 'disabled':
    case 'between_tools':
      return { ...verbosity, reasoning: { enabled: false } };
    default:
      notes.refuse('thinking.type', `"${thinking.type.slice(0, 60)}" is not known here`);
      return {};
  }
}

/** The form of the answer; `output_format` is its name of the beta. */
function formatOf(body: MessagesRequest): Fields {
  const { type, schema } = fieldsOf(fieldsOf(body.output_config)['format'] ?? body['output_format']);
  if (type !== 'json_schema') return {};
  return { response_format: { type, json_schema: { name: 'answer', strict: true, schema } } };
}

/** Anthropic's `standard_only` is everybody else's default. */
function tierOf({ service_tier: tier }: MessagesRequest): Fields {
  if (!tier) return {};
  return { service_tier: tier === 'standard_only' || tier === 'standard' ? 'default' : tier };
}

function editsOf(management: unknown, notes: Notes): JsonObject | null {
  const fields = fieldsOf(management);
  const edits = listOf(fields['edits']).filter((edit, index) => {
    const type = textOf(fieldsOf(edit)['type']);
    const isFree = FREE_EDIT.test(type);
    if (!isFree) notes.warn(`context_management.edits.${index} (${type.slice(0, 60)}) is not sent`);
    return isFree;
  });
  return edits.length > 0 ? { ...fields, edits } : null;
}

/** How the caller signs in is its own affair; what it wants of the API is passed on. */
const carriedBetas = (betas: readonly string[]) =>
  betas.filter((beta) => /^[\w.-]{1,100}$/.test(beta) && !beta.startsWith('oauth-')).slice(0, 32);
