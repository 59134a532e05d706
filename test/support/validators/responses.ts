import * as z from 'zod';
import { errorType, routeMetadata } from './chat.ts';
import { errorAnswer } from './error.ts';
import { faultsOf, parsed } from './faults.ts';

/**
 * Responses, closed: a field that is not listed is a fault. OpenAI's, from the types of `openai` 6.49, and what OpenRouter's document of
 * 2026-08-22 and `@openrouter/sdk` 1.3.19 add. What Callgate adds is marked.
 */

const count = z.int().nonnegative();
const dollars = z.number().nonnegative();
const status = z.enum(['in_progress', 'completed', 'incomplete']);

const logprob = z.strictObject({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()),
  top_logprobs: z.array(z.strictObject({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) })),
});

const annotation = z.strictObject({
  type: z.literal('url_citation'),
  url: z.string(),
  title: z.string(),
  start_index: count,
  end_index: count,
});

const outputText = z.strictObject({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(annotation),
  logprobs: z.array(logprob),
});
const refusal = z.strictObject({ type: z.literal('refusal'), refusal: z.string() });
const reasoningText = z.strictObject({ type: z.literal('reasoning_text'), text: z.string() });
const summaryText = z.strictObject({ type: z.literal('summary_text'), text: z.string() });

const item = z.discriminatedUnion('type', [
  z.strictObject({
    id: z.string().min(1),
    type: z.literal('message'),
    role: z.literal('assistant'),
    status,
    content: z.array(z.discriminatedUnion('type', [outputText, refusal])),
  }),
  z.strictObject({
    id: z.string().min(1),
    type: z.literal('reasoning'),
    status,
    summary: z.array(summaryText),
    content: z.array(reasoningText).min(1).optional(),
    encrypted_content: z.string().optional(),
    // OpenRouter's.
    format: z.string().optional(),
    signature: z.string().optional(),
  }),
  z.strictObject({
    id: z.string().min(1),
    type: z.literal('function_call'),
    status,
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.strictObject({
    id: z.string().min(1),
    type: z.literal('custom_tool_call'),
    status,
    call_id: z.string().min(1),
    name: z.string().min(1),
    input: z.string(),
  }),
  z.strictObject({
    id: z.string().min(1),
    type: z.literal('image_generation_call'),
    status: z.enum(['in_progress', 'completed']),
    result: z.string().nullable(),
  }),
]);

const usage = z.strictObject({
  input_tokens: count,
  input_tokens_details: z.looseObject({ cached_tokens: count, cache_write_tokens: count }),
  output_tokens: count,
  output_tokens_details: z.looseObject({ reasoning_tokens: count }),
  total_tokens: count,
  cost: dollars.nullable(),
  is_byok: z.boolean(),
  cost_details: z.strictObject({
    upstream_inference_cost: dollars.nullable(),
    upstream_inference_input_cost: dollars,
    upstream_inference_output_cost: dollars,
  }),
  // Callgate's own.
  callgate: z.looseObject({ cost_source: z.string() }),
});

const failure = z.strictObject({
  code: z.string().min(1),
  message: z.string().min(1),
  // OpenRouter's kind, and what Callgate tells of it.
  error_type: errorType.optional(),
  metadata: z.looseObject({}).optional(),
});

const said = z.union([z.number(), z.null()]);

/** A Response at any time. */
export const response = z
  .strictObject({
    id: z.string().regex(/^gen-\d+-\w{20}$/),
    object: z.literal('response'),
    created_at: count,
    completed_at: count.nullable(),
    status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
    error: failure.nullable(),
    error_type: errorType.optional(),
    incomplete_details: z.strictObject({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
    instructions: z.string().nullable(),
    max_output_tokens: count.nullable(),
    max_tool_calls: count.nullable(),
    metadata: z.record(z.string(), z.string()),
    model: z.string().min(1),
    output: z.array(item),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.null(),
    prompt_cache_key: z.string().nullable(),
    reasoning: z.strictObject({ effort: z.string().nullable(), summary: z.string().nullable() }),
    safety_identifier: z.string().nullable(),
    service_tier: z.string(),
    store: z.literal(false),
    background: z.literal(false),
    temperature: said,
    top_p: said,
    presence_penalty: said,
    frequency_penalty: said,
    text: z.strictObject({ format: z.looseObject({ type: z.string() }), verbosity: z.string().nullish() }),
    tool_choice: z.union([z.enum(['auto', 'none', 'required']), z.looseObject({ type: z.string() })]),
    tools: z.array(z.looseObject({ type: z.string() })),
    top_logprobs: count,
    truncation: z.literal('disabled'),
    usage: usage.nullable(),
    user: z.string().nullable(),
    openrouter_metadata: routeMetadata.optional(),
    // OpenRouter's on the wire of chats, and here.
    provider: z.string().optional(),
  })
  .refine(({ status: is, error }) => (is === 'failed') === (error !== null), 'what failed has an error, all else none')
  .refine(
    ({ status: is, incomplete_details: why }) => (is === 'incomplete') === (why !== null),
    'why is it incomplete?',
  )
  .refine(({ status: is, completed_at: at }) => (is === 'completed') === (at !== null), 'when was it completed?')
  .refine(({ status: is, usage: used }) => (is === 'in_progress') === (used === null), 'usage comes at the end');

/** A whole Response: it is not in progress. */
export const wholeResponse = response.refine(({ status: is }) => is !== 'in_progress', 'it is in progress');

/** OpenRouter's envelope, with the kind of error at its top. */
export const responsesError = errorAnswer.extend({ error_type: errorType });

const at = { output_index: count, item_id: z.string().min(1) };
const inContent = { ...at, content_index: count };
const inSummary = { ...at, summary_index: count };
const contentPart = z.discriminatedUnion('type', [outputText, refusal, reasoningText]);

const EVENTS: Readonly<Record<string, z.ZodRawShape>> = {
  'response.created': { response },
  'response.in_progress': { response },
  'response.completed': { response },
  'response.incomplete': { response },
  'response.failed': { response },
  'response.output_item.added': { output_index: count, item },
  'response.output_item.done': { output_index: count, item },
  'response.content_part.added': { ...inContent, part: contentPart },
  'response.content_part.done': { ...inContent, part: contentPart },
  'response.output_text.delta': { ...inContent, delta: z.string().min(1), logprobs: z.array(logprob) },
  'response.output_text.done': { ...inContent, text: z.string(), logprobs: z.array(logprob) },
  'response.output_text.annotation.added': { ...inContent, annotation_index: count, annotation },
  'response.refusal.delta': { ...inContent, delta: z.string().min(1) },
  'response.refusal.done': { ...inContent, refusal: z.string() },
  'response.reasoning_text.delta': { ...inContent, delta: z.string().min(1) },
  'response.reasoning_text.done': { ...inContent, text: z.string() },
  'response.reasoning_summary_part.added': { ...inSummary, part: summaryText },
  'response.reasoning_summary_part.done': { ...inSummary, part: summaryText },
  'response.reasoning_summary_text.delta': { ...inSummary, delta: z.string().min(1) },
  'response.reasoning_summary_text.done': { ...inSummary, text: z.string() },
  'response.function_call_arguments.delta': { ...at, delta: z.string().min(1) },
  'response.function_call_arguments.done': { ...at, name: z.string().min(1), arguments: z.string() },
  'response.custom_tool_call_input.delta': { ...at, delta: z.string().min(1) },
  'response.custom_tool_call_input.done': { ...at, input: z.string() },
  'response.image_generation_call.in_progress': at,
  'response.image_generation_call.generating': at,
  'response.image_generation_call.completed': at,
  error: {
    code: z.string().min(1),
    message: z.string().min(1),
    param: z.null(),
    // As OpenAI sends it, beside what it documents.
    error: failure.extend({ type: z.string(), param: z.null() }),
  },
};

export type ResponseEvent = Readonly<Record<string, unknown>> & { readonly type: string };

/** The events in the bytes of a stream, and what is wrong with its form. */
export function responseEventsIn(text: string): {
  readonly events: readonly ResponseEvent[];
  readonly faults: readonly string[];
  readonly rest: string;
} {
  const events: ResponseEvent[] = [];
  const faults: string[] = [];
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  for (const block of blocks) {
    if (block.startsWith(': ')) continue;
    const match = /^event: ([^\n\r]*)\ndata: ([^\n\r]*)$/.exec(block);
    const event = parsed(match?.[2] ?? '') as ResponseEvent | undefined;
    if (!match || !event) faults.push(`not an event with its data: ${JSON.stringify(block)}`);
    else {
      if (match[1] !== event.type) faults.push(`the event ${match[1]} says it is ${event.type}`);
      events.push(event);
    }
  }
  return { events, faults, rest };
}

/** Every fault of a streamed Response, of its bytes as they came: each event by itself, and the order of all of them. */
export function responseStreamFaults(text: string, whole: boolean): readonly string[] {
  const { events, faults, rest } = responseEventsIn(text);
  const found = [...faults];
  if (whole && rest !== '') found.push(`the stream ends in the middle of an event: ${rest}`);
  events.forEach(({ type, sequence_number, ...members }, index) => {
    if (sequence_number !== index) found.push(`event ${index} has the number ${sequence_number}`);
    const shape = EVENTS[type];
    if (!shape) found.push(`event ${index}: nobody knows ${type}`);
    else for (const fault of faultsOf(z.strictObject(shape), members)) found.push(`event ${index} (${type}): ${fault}`);
  });
  return [...found, ...orderFaults(events, whole)];
}

const ENDS: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** Items begin in their order and end once; what a part's deltas said is what its end says; the last event holds all items. */
function orderFaults(events: readonly ResponseEvent[], whole: boolean): readonly string[] {
  const faults: string[] = [];
  const open = new Map<unknown, unknown>();
  const done: unknown[] = [];
  const said = new Map<string, string>();
  let items = 0;
  const types = events.map(({ type }) => type);
  const refused = types[0] === 'error';
  if (!refused && (types[0] !== 'response.created' || types[1] !== 'response.in_progress'))
    faults.push(`it begins with ${types.slice(0, 2).join(', ')}`);
  if (whole && !refused && !ENDS.has(types.at(-1) ?? '')) faults.push(`it ends with ${types.at(-1)}`);
  for (const [index, event] of events.entries()) {
    const { type, output_index: place } = event;
    const where = `event ${index} (${type})`;
    if (ENDS.has(type)) {
      if (index !== events.length - 1) faults.push(`${where}: it is not the last`);
      if (open.size > 0) faults.push(`${where}: items are open`);
      const { output } = event['response'] as { output: unknown[] };
      if (JSON.stringify(output) !== JSON.stringify(done)) faults.push(`${where}: its output is not what was done`);
    } else if (type === 'response.output_item.added') {
      if (place !== items) faults.push(`${where}: it should stand at ${items}`);
      items += 1;
      open.set(place, (event['item'] as { id: unknown }).id);
    } else if (place !== undefined && !open.has(place)) faults.push(`${where}: no item is open at ${place}`);
    if (event['item_id'] !== undefined && event['item_id'] !== open.get(place))
      faults.push(`${where}: the id is another`);
    if (type === 'response.output_item.done') {
      if ((event['item'] as { id: unknown }).id !== open.get(place)) faults.push(`${where}: the id is another`);
      open.delete(place);
      done[place as number] = event['item'];
    }
    const part = `${type.slice(0, type.lastIndexOf('.'))} ${place} ${event['content_index'] ?? event['summary_index']}`;
    if (type.endsWith('.delta')) said.set(part, (said.get(part) ?? '') + event['delta']);
    const end = event['text'] ?? event['refusal'] ?? event['arguments'] ?? event['input'];
    if (typeof end === 'string' && end !== (said.get(part) ?? ''))
      faults.push(`${where}: its deltas said another thing`);
  }
  return faults;
}
