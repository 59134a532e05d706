import type { Refusal } from '../../errors.ts';
import type { AnswerWriter, Decoded } from '../surface.ts';
import { echoOf } from './echo.ts';
import { type Fields, fieldsOf, isSaid, listOf, pick, textOf } from './fields.ts';
import { messagesOf } from './items.ts';
import { Notes, quoted } from './notes.ts';
import { ResponseStream } from './response-stream.ts';
import { toolFieldsOf } from './tools.ts';
import { wholeResponse } from './whole-response.ts';
import type { Items, Wishes } from './wishes.ts';

/**
 * Decodes a request of OpenAI's Responses into a chat completion's. Stateless, as OpenRouter's: what would need a stored answer is
 * refused by name. https://platform.openai.com/docs/api-reference/responses/create
 */
export function decodeResponses(given: unknown, items: Items): Decoded | Refusal {
  const body = fieldsOf(given);
  const notes = new Notes();
  const fields = fieldsIn(body, notes);
  const messages = messagesOf(body['input'], body['instructions'], items.itemOf, notes);
  if (notes.refusal) return notes.refusal;
  const request = { ...fields, messages };
  return { kind: 'decoded', request, warnings: notes.warnings, writer: writerOf(wishesOf(body), items.given) };
}

/** What a preset saved from a request of Responses holds of it, in a chat completion's words. */
export function decodePresetFields(body: Fields): { readonly kind: 'decoded'; readonly fields: Fields } | Refusal {
  const notes = new Notes();
  const lasting = Object.fromEntries(Object.entries(body).filter(([name]) => !OF_ONE_CALL.has(name)));
  const fields = fieldsIn(lasting, notes);
  return notes.refusal ?? { kind: 'decoded', fields };
}

function writerOf(wishes: Wishes, given: Items['given']): AnswerWriter {
  return {
    whole: (text) => wholeResponse(text, wishes, given),
    stream: () => new ResponseStream(wishes, given),
  };
}

function wishesOf(body: Fields): Wishes {
  const include = listOf(body['include']);
  const reasoning = fieldsOf(body['reasoning']);
  return {
    wantsSummary: isSaid(reasoning['summary'] ?? reasoning['generate_summary']),
    wantsEncrypted: include.includes('reasoning.encrypted_content'),
    wantsLogprobs: wantsLogprobs(body),
    echo: () => echoOf(body),
  };
}

const wantsLogprobs = ({ include, top_logprobs }: Fields): boolean =>
  listOf(include).includes('message.output_text.logprobs') || (typeof top_logprobs === 'number' && top_logprobs > 0);

/** Fields that are translated, or end here. All others are a chat completion's under the same name, or the provider's to judge. */
const TRANSLATED: ReadonlySet<string> = new Set([
  ...['input', 'instructions', 'messages', 'max_output_tokens', 'text', 'tools', 'tool_choice', 'reasoning', 'include'],
  ...['store', 'previous_response_id', 'conversation', 'background', 'prompt', 'truncation', 'stream_options'],
  ...['max_tool_calls', 'moderation', 'context_management', 'top_logprobs', 'service_tier', 'parallel_tool_calls'],
  ...['anthropic'],
]);

/** What the answer cannot do without, and a daemon that stores no answers cannot give. */
const STATEFUL: readonly (readonly [string, string])[] = [
  ['previous_response_id', 'answers are not stored; send the items of the conversation as input'],
  ['conversation', 'conversations are not stored; send their items as input'],
  ['prompt', 'prompts are not stored at OpenAI; name a preset in "model" or "preset"'],
];

/** What OpenRouter leaves out of a preset without a word. */
const OF_ONE_CALL: ReadonlySet<string> = new Set([
  ...['input', 'messages', 'prompt', 'stream', 'store', 'background', 'previous_response_id', 'conversation'],
]);

/** What is left out with a word about it. */
const LEFT_OUT = ['max_tool_calls', 'moderation', 'context_management', 'anthropic'] as const;

function fieldsIn(body: Fields, notes: Notes): Fields {
  for (const [field, why] of STATEFUL) if (isSaid(body[field])) notes.reject(field, why);
  if (body['store'] === true) notes.reject('store', 'must be false: answers are not stored');
  if (body['background'] === true) notes.reject('background', 'must be false: answers are not stored');
  if (isSaid(body['messages'])) notes.reject('messages', 'is of chat completions; Responses take "input"');
  if (isSaid(body['instructions']) && typeof body['instructions'] !== 'string')
    notes.reject('instructions', 'must be a text');
  for (const field of LEFT_OUT) if (isSaid(body[field])) notes.warn(`${field} is not asked for`);
  if (body['truncation'] === 'auto')
    notes.warn('truncation is not asked for; the plugin "context-compression" cuts what is too long');
  if (listOf(body['modalities']).includes('audio')) notes.reject('modalities', 'Responses have no words for audio');
  if (typeof body['n'] === 'number' && body['n'] > 1) notes.reject('n', 'Responses have one answer');

  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) if (!TRANSLATED.has(name) && isSaid(value)) fields[name] = value;
  const most = body['max_output_tokens'];
  if (isSaid(most)) {
    if (!Number.isInteger(most) || (most as number) < 1)
      notes.reject('max_output_tokens', 'must be a positive integer');
    fields['max_tokens'] = most;
  }
  // What is usual is not said: many providers refuse the very words.
  if (isSaid(body['service_tier']) && body['service_tier'] !== 'auto') fields['service_tier'] = body['service_tier'];
  const tools = toolFieldsOf(body, notes);
  const hasTools = listOf(tools['tools']).length > 0;
  if (hasTools || tools['tool_choice'] !== 'auto') Object.assign(fields, tools);
  const parallel = body['parallel_tool_calls'];
  if (isSaid(parallel) && (hasTools || parallel !== true)) fields['parallel_tool_calls'] = parallel;
  Object.assign(fields, textFieldsOf(body['text'], notes), reasoningOf(body['reasoning'], notes));
  noteIncludes(body['include'], notes);
  if (wantsLogprobs(body)) {
    fields['logprobs'] = true;
    if (typeof body['top_logprobs'] === 'number') fields['top_logprobs'] = body['top_logprobs'];
  }
  return fields;
}

/** `text.format` and `text.verbosity`. */
function textFieldsOf(text: unknown, notes: Notes): Fields {
  const { format, verbosity } = fieldsOf(text);
  return { ...formatOf(fieldsOf(format), notes), ...(isSaid(verbosity) ? { verbosity } : {}) };
}

function formatOf(format: Fields, notes: Notes): Fields {
  switch (format['type']) {
    case undefined:
    case 'text':
      return {};
    case 'json_object':
      return { response_format: { type: 'json_object' } };
    case 'json_schema': {
      if (textOf(format['name']) === '') notes.reject('text.format.name', 'must be a name');
      const schema = pick(format, ['name', 'description', 'schema', 'strict']);
      return { response_format: { type: 'json_schema', json_schema: schema } };
    }
    default:
      notes.reject('text.format.type', `${quoted(format['type'])} cannot be asked for in a chat completion`);
      return {};
  }
}

function reasoningOf(given: unknown, notes: Notes): Fields {
  if (!isSaid(given)) return {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    notes.reject('reasoning', 'must be an object');
    return {};
  }
  const { generate_summary, ...said } = fieldsOf(given);
  const reasoning = Object.fromEntries(Object.entries(said).filter(([, value]) => isSaid(value)));
  if (isSaid(generate_summary)) reasoning['summary'] ??= generate_summary;
  return Object.keys(reasoning).length > 0 ? { reasoning } : {};
}

/** What can be included of what can come in an answer here; the rest is of tools that nobody runs here. */
const INCLUDED: ReadonlySet<unknown> = new Set([
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
  'message.input_image.image_url',
]);

function noteIncludes(include: unknown, notes: Notes): void {
  for (const wanted of listOf(include))
    if (!INCLUDED.has(wanted)) notes.warn(`include: ${quoted(wanted)} is nothing that comes in an answer here`);
}
