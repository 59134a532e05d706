import type { Reply, Seen, Speaker } from './script.ts';
import { TOKENS } from './script.ts';
import { halves } from './speak-openai.ts';

type Block = {
  type: string;
  text?: string;
  source?: { type: string; media_type?: string; data?: string; url?: string };
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: string | Block[];
  thinking?: string;
  signature?: string;
};
type Message = { role: string; content: string | Block[] };

const event = (data: { readonly type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const blocksOf = (content: string | Block[] | undefined): Block[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
const usageOf = (output: number) => ({
  input_tokens: TOKENS.prompt,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
  service_tier: 'standard',
});

/** Anthropic's Messages API. */
export const anthropic: Speaker = {
  name: 'anthropic',
  native: (model) => `claude-sonnet-4-5-${model}`,
  see: (body): Seen => {
    const messages = body['messages'] as Message[];
    const blocks = messages.flatMap(({ content }) => blocksOf(content));
    const config = body['output_config'] as { format?: { schema?: unknown } } | undefined;
    return {
      system: blocksOf(body['system'] as string | Block[] | undefined).map(({ text }) => text ?? ''),
      turns: messages.flatMap(turnsOf),
      images: blocks.flatMap(({ source }) =>
        source ? [source.url ?? `data:${source.media_type};base64,${source.data}`] : [],
      ),
      tools: ((body['tools'] ?? []) as { name: string }[]).map(({ name }) => name),
      maxTokens: body['max_tokens'] as number,
      temperature: (body['temperature'] ?? null) as number | null,
      stop: (body['stop_sequences'] ?? []) as string[],
      schema: config?.format?.schema ?? null,
      reasons: ['enabled', 'adaptive'].includes(String((body['thinking'] as { type?: string } | undefined)?.type)),
      signatures: blocks.flatMap((block) => (block.type === 'thinking' && block.signature ? [block.signature] : [])),
    };
  },
  whole: (reply, model) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: contentOf(reply),
    stop_reason: stopOf(reply),
    stop_sequence: null,
    usage: usageOf(TOKENS.completion),
  }),
  events: (reply, model) => {
    let index = 0;
    const start = (block: object) => event({ type: 'content_block_start', index, content_block: block } as never);
    const delta = (data: object) => event({ type: 'content_block_delta', index, delta: data } as never);
    const stop = () => {
      const text = event({ type: 'content_block_stop', index } as never);
      index += 1;
      return text;
    };
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null };
    const head = [
      event({ type: 'message_start', message: { ...message, stop_sequence: null, usage: usageOf(1) } } as never),
      event({ type: 'ping' }),
    ];
    if (reply.reasoning !== undefined)
      head.push(
        start({ type: 'thinking', thinking: '', signature: '' }),
        delta({ type: 'thinking_delta', thinking: reply.reasoning }),
        delta({ type: 'signature_delta', signature: reply.signature ?? '' }),
        stop(),
      );
    const pieces: string[] = [];
    if (reply.pieces) {
      head.push(start({ type: 'text', text: '' }));
      pieces.push(...reply.pieces.map((text) => delta({ type: 'text_delta', text })));
      pieces.push(stop());
    }
    for (const { id, name, arguments: given } of reply.calls ?? []) {
      pieces.push(start({ type: 'tool_use', id, name, input: {} }));
      for (const half of halves(given)) pieces.push(delta({ type: 'input_json_delta', partial_json: half }));
      pieces.push(stop());
    }
    const end = { type: 'message_delta', delta: { stop_reason: stopOf(reply), stop_sequence: null } };
    return {
      head,
      pieces,
      tail: [event({ ...end, usage: { output_tokens: TOKENS.completion } } as never), event({ type: 'message_stop' })],
    };
  },
  failure: ({ status, message }) => ({ type: 'error', error: { type: kindOf(status), message }, request_id: 'req_1' }),
  failureEvent: ({ message }) => event({ type: 'error', error: { type: 'overloaded_error', message } } as never),
};

function turnsOf({ role, content }: Message): string[] {
  const turns: string[] = [];
  const said: string[] = [];
  for (const block of blocksOf(content)) {
    if (block.type === 'text') said.push(block.text ?? '');
    else if (block.type === 'image') said.push('<image_url>');
    else if (block.type === 'tool_use') turns.push(`call ${block.id}: ${block.name}(${JSON.stringify(block.input)})`);
    else if (block.type === 'tool_result') {
      const text = blocksOf(block.content).map((part) => part.text ?? `<${part.type}>`);
      turns.push(`result ${block.tool_use_id}: ${text.join(' ')}`);
    }
  }
  return said.length > 0 ? [`${role}: ${said.join(' ')}`, ...turns] : turns;
}

function contentOf({ reasoning, signature = '', pieces, calls = [] }: Reply): Block[] {
  return [
    ...(reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning, signature }]),
    ...(pieces ? [{ type: 'text', text: pieces.join('') }] : []),
    ...calls.map(({ id, name, arguments: given }) => ({
      type: 'tool_use',
      id,
      name,
      input: JSON.parse(given) as unknown,
    })),
  ];
}

const stopOf = ({ calls, cutOff }: Reply) => (cutOff ? 'max_tokens' : calls ? 'tool_use' : 'end_turn');

const KINDS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
};
const kindOf = (status: number) => KINDS[status] ?? 'api_error';
