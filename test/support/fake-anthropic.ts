import { setTimeout as sleep } from 'node:timers/promises';
import type { Handler } from './fake-provider.ts';

export type Block = Readonly<Record<string, unknown>>;

export const claudeUsage = (input: number, output: number, more: Block = {}): Block => ({
  input_tokens: input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
  service_tier: 'standard',
  ...more,
});

/** A whole message of the Messages API. */
export function claudeMessage({
  content = [{ type: 'text', text: 'Hello there.' }] as readonly Block[],
  usage = claudeUsage(10, 5),
  stop = 'end_turn',
} = {}): Handler {
  return ({ body }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const said = { content, stop_reason: stop, stop_sequence: null, usage };
    response.end(JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', model: body.model, ...said }));
  };
}

/** The stream of a message, or whatever bytes are given instead, `every` milliseconds between its events. */
export function claudeStream({ events = [] as readonly (Block | string)[], every = 0, ends = true } = {}): Handler {
  return async (received, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      if (received.aborted) return;
      const text = typeof event === 'string' ? event : `event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`;
      response.write(text);
      if (every > 0) await sleep(every);
    }
    if (ends) response.end();
    else response.destroy();
  };
}

/** The events a message comes as. `pieces` cuts a text into its deltas. */
export function claudeEvents(
  content: readonly Block[],
  {
    usage = claudeUsage(10, 5),
    stop = 'end_turn',
    pieces = (text: string): readonly string[] => [text],
  }: { usage?: Block; stop?: string; pieces?: (text: string) => readonly string[] } = {},
): readonly Block[] {
  const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null };
  const deltas = (index: number, type: string, field: string, text: string) =>
    pieces(text).map((piece) => ({ type: 'content_block_delta', index, delta: { type, [field]: piece } }));
  const blocks = content.flatMap((block, index): readonly Block[] => {
    const start = (begun: Block) => ({ type: 'content_block_start', index, content_block: begun });
    const stopped = { type: 'content_block_stop', index };
    switch (block['type']) {
      case 'text':
        return [
          start({ type: 'text', text: '' }),
          ...deltas(index, 'text_delta', 'text', String(block['text'])),
          stopped,
        ];
      case 'thinking':
        return [
          start({ type: 'thinking', thinking: '', signature: '' }),
          ...deltas(index, 'thinking_delta', 'thinking', String(block['thinking'])),
          { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: block['signature'] } },
          stopped,
        ];
      case 'tool_use':
        return [
          start({ ...block, input: {} }),
          ...deltas(index, 'input_json_delta', 'partial_json', JSON.stringify(block['input'])),
          stopped,
        ];
      default:
        return [start(block), stopped];
    }
  });
  return [
    { type: 'message_start', message: { ...head, usage: { ...usage, output_tokens: 1 } } },
    { type: 'ping' },
    ...blocks,
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}

/** A failure in Anthropic's envelope. */
export function claudeFailure(
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): Handler {
  return (_received, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' }));
  };
}
