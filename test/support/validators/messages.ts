import * as z from 'zod';
import { errorType, routeMetadata } from './chat.ts';
import { faultsOf, parsed } from './faults.ts';

/** Anthropic's Messages API as its SDK 1.12 types it, closed; and what OpenRouter adds. */
const count = z.int().min(0);
const costs = {
  cost: z.number().nullable(),
  is_byok: z.boolean(),
  cost_details: z.looseObject({}),
};
const told = {
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count.nullable(),
  cache_read_input_tokens: count.nullable(),
  output_tokens_details: z.strictObject({ thinking_tokens: count }).nullable(),
  server_tool_use: z.strictObject({ web_search_requests: count, web_fetch_requests: count }).nullable(),
};
const served = {
  cache_creation: z.strictObject({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }).nullable(),
  service_tier: z.enum(['standard', 'priority', 'batch']).nullable(),
  inference_geo: z.string().nullable(),
  speed: z.enum(['standard', 'fast']).nullable(),
};
const citations = z.array(z.looseObject({ type: z.string() })).nullable();
const callOf = (input: z.ZodType) =>
  z.strictObject({
    type: z.literal('tool_use'),
    id: z.string().min(1),
    name: z.string().min(1),
    caller: z.strictObject({ type: z.literal('direct') }),
    input,
  });
const thoughts = [
  z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.strictObject({ type: z.literal('redacted_thinking'), data: z.string().min(1) }),
] as const;
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string(), citations }),
  ...thoughts,
  callOf(z.record(z.string(), z.unknown())),
]);
const reason = z.enum([
  ...['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'pause_turn', 'refusal', 'model_context_window_exceeded'],
] as [string, ...string[]]);
const stop = {
  stop_reason: reason,
  stop_sequence: z.string().nullable(),
  stop_details: z
    .strictObject({ type: z.literal('refusal'), category: z.string().nullable(), explanation: z.string().nullable() })
    .nullable(),
};
const head = {
  id: z.string().regex(/^gen-/),
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: z.string().min(1),
  container: z.null(),
  diagnostics: z.null(),
  provider: z.string().optional(),
};

export const message = z.strictObject({
  ...head,
  ...stop,
  content: z.array(block),
  usage: z.strictObject({ ...told, ...served, ...costs }),
  openrouter_metadata: routeMetadata.optional(),
});

export const tokenCount = z.strictObject({ input_tokens: z.int().positive() });

export const messagesError = z.strictObject({
  type: z.literal('error'),
  error: z.strictObject({
    type: z.enum([
      ...['invalid_request_error', 'authentication_error', 'permission_error', 'not_found_error', 'rate_limit_error'],
      ...['api_error', 'overloaded_error', 'billing_error', 'timeout_error', 'request_too_large'],
    ] as [string, ...string[]]),
    message: z.string().min(1),
    error_type: errorType.optional(),
  }),
  request_id: z.string().nullable(),
  metadata: z.looseObject({ reason: z.string(), remedy: z.string().min(1) }),
  openrouter_metadata: routeMetadata.nullish(),
});

const index = count;
const EVENTS: Readonly<Record<string, z.ZodType>> = {
  ping: z.strictObject({ type: z.literal('ping') }),
  error: messagesError,
  message_start: z.strictObject({
    type: z.literal('message_start'),
    message: z.strictObject({
      ...head,
      content: z.tuple([]),
      stop_reason: z.null(),
      stop_sequence: z.null(),
      stop_details: z.null(),
      usage: z.strictObject({ ...told, ...served }),
    }),
  }),
  content_block_start: z.strictObject({
    type: z.literal('content_block_start'),
    index,
    content_block: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text'), text: z.literal(''), citations }),
      ...thoughts,
      callOf(z.strictObject({})),
    ]),
  }),
  content_block_delta: z.strictObject({
    type: z.literal('content_block_delta'),
    index,
    delta: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text_delta'), text: z.string().min(1) }),
      z.strictObject({ type: z.literal('thinking_delta'), thinking: z.string().min(1) }),
      z.strictObject({ type: z.literal('signature_delta'), signature: z.string().min(1) }),
      z.strictObject({ type: z.literal('input_json_delta'), partial_json: z.string() }),
      z.strictObject({ type: z.literal('citations_delta'), citation: z.looseObject({ type: z.string() }) }),
    ]),
  }),
  content_block_stop: z.strictObject({ type: z.literal('content_block_stop'), index }),
  message_delta: z.strictObject({
    type: z.literal('message_delta'),
    delta: z.strictObject({ ...stop, container: z.null() }),
    usage: z.strictObject({ ...told, ...costs }),
  }),
  message_stop: z.strictObject({ type: z.literal('message_stop'), openrouter_metadata: routeMetadata.optional() }),
};

const OF_BLOCK: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  redacted_thinking: [],
  tool_use: ['input_json_delta'],
};

/** Every fault of a streamed message, of its bytes as they came: each event by itself, and the order they must stand in. */
export function messageStreamFaults(text: string, whole: boolean): readonly string[] {
  const faults: string[] = [];
  const parts = text.split('\n\n');
  const rest = parts.pop() ?? '';
  if (whole && rest !== '') faults.push(`the stream ends in the middle of an event: ${rest}`);
  const open = new Map<unknown, string>();
  let blocks = 0;
  let state: 'new' | 'begun' | 'told' | 'over' = 'new';
  const must = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  for (const part of parts) {
    const match = /^event: (\w+)\ndata: ([^\n\r]*)$/.exec(part);
    if (!match) {
      faults.push(`not an event: ${JSON.stringify(part)}`);
      continue;
    }
    const [, name = '', data = ''] = match;
    const body = parsed(data) as {
      type?: string;
      index?: number;
      content_block?: { type: string };
      delta?: { type: string };
    };
    const schema = EVENTS[name];
    if (!schema) {
      faults.push(`no such event: ${name}`);
      continue;
    }
    for (const fault of faultsOf(schema, body)) faults.push(`${name}: ${fault} in ${data.slice(0, 300)}`);
    must(state !== 'over', `${name} after the end`);
    if (name === 'ping') continue;
    if (name === 'error') state = 'over';
    else if (name === 'message_start') {
      must(state === 'new', 'a second message_start');
      state = 'begun';
    } else must(state !== 'new', `${name} before message_start`);
    if (name === 'content_block_start') {
      must(state === 'begun', 'a block after message_delta');
      must(body.index === blocks, `block ${body.index} begins where ${blocks} was due`);
      blocks += 1;
      open.set(body.index, body.content_block?.type ?? '');
    } else if (name === 'content_block_delta') {
      const kind = open.get(body.index);
      must(kind !== undefined, `a delta for block ${body.index}, which is not open`);
      must((OF_BLOCK[kind ?? ''] ?? []).includes(body.delta?.type ?? ''), `${body.delta?.type} in a block of ${kind}`);
    } else if (name === 'content_block_stop') must(open.delete(body.index), `block ${body.index} ends unopened`);
    else if (name === 'message_delta') {
      must(open.size === 0, 'message_delta with a block open');
      state = 'told';
    } else if (name === 'message_stop') {
      must(state === 'told', 'message_stop before message_delta');
      state = 'over';
    }
  }
  if (whole) must(state === 'over', 'the stream has no end');
  return faults;
}
