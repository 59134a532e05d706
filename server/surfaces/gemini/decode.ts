import { type Refusal, refuse } from '../../errors.ts';
import type { Decoded } from '../surface.ts';
import { configOf } from './config.ts';
import { camel, type Fields, fieldsOf, messageOf, textOf } from './fields.ts';
import { Notes } from './notes.ts';
import { toolsOf } from './tools.ts';
import { messagesOf } from './turns.ts';
import { geminiWriter, type StreamForm } from './writer.ts';

/** Google's fields that are said in canonical words below. */
const SAID: ReadonlySet<string> = new Set([
  ...['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'safetySettings', 'cachedContent'],
  ...['model', 'serviceTier', 'labels', 'store'],
]);
/** Canonical fields, OpenRouter's and ours, that may stand beside them as they are. */
const SHARED: ReadonlySet<string> = new Set([
  ...['models', 'preset', 'provider', 'plugins', 'route', 'user', 'trace', 'transforms', 'debug', 'clamp', 'coalesce'],
  ...['session_id', 'cache_enabled', 'cache_ttl_seconds', 'stop_server_tools_when'],
]);

/** Where a request says what it wants: `model` and whether to stream stand in its path. */
export type GeminiPath = { readonly model: string; readonly stream: StreamForm | null };

/** Decodes a request to generate content. https://ai.google.dev/api/generate-content */
export function decodeGemini(body: unknown, { model, stream }: GeminiPath): Decoded | Refusal {
  const given = fieldsOf(body);
  const said = messageOf(given);
  const { contents } = said;
  if (!Array.isArray(contents) || contents.length === 0)
    return refuse('invalid_request', { message: 'contents: must be an array of at least one content' });
  const notes = new Notes();
  const request: Record<string, unknown> = { model, ...(stream === null ? {} : { stream: true }) };
  for (const [name, value] of Object.entries(given)) {
    if (value === null || SAID.has(camel(name))) continue;
    if (SHARED.has(name)) request[name] = value;
    else notes.warn(`${name.slice(0, 60)} is not sent`);
  }
  request['messages'] = messagesOf(said['systemInstruction'], contents, notes);
  const { request: config, showsThoughts } = configOf(said['generationConfig'], notes);
  Object.assign(request, config, toolsOf(said['tools'], said['toolConfig'], notes), ownOf(said, notes));
  if (notes.refusal) return notes.refusal;
  const { warnings } = notes;
  return { kind: 'decoded', request, warnings, writer: geminiWriter(showsThoughts, stream ?? 'sse') };
}

/** What only Google's models understand stands in the canonical form under names of its own. */
function ownOf({ safetySettings, cachedContent, serviceTier, labels, store }: Fields, notes: Notes): Fields {
  const tier = textOf(serviceTier).toLowerCase();
  if (labels !== undefined) notes.warn('labels is not sent');
  if (store === true) notes.warn('store is not sent: nothing is kept');
  return {
    ...(Array.isArray(safetySettings) && safetySettings.length > 0
      ? { safety_settings: safetySettings.map(messageOf) }
      : {}),
    ...(textOf(cachedContent) === '' ? {} : { cached_content: cachedContent }),
    ...(tier === '' || tier === 'unspecified' ? {} : { service_tier: tier === 'standard' ? 'default' : tier }),
  };
}
