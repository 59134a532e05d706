import { usageOf } from '../../support/fake-provider.ts';
import { type Reply, type Seen, type Speaker, TOKENS } from './script.ts';

type Part = { type: string; text?: string; image_url?: { url: string } };
type Message = {
  role: string;
  content?: string | null | Part[];
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  reasoning_details?: { signature?: string }[];
};

const usage = usageOf(TOKENS.prompt, TOKENS.completion);
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const partsOf = ({ content }: Message): Part[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
const textOf = (message: Message) =>
  partsOf(message)
    .map((part) => part.text ?? `<${part.type}>`)
    .join(' ');

/** OpenAI's chat completions, with OpenRouter's `reasoning` and `reasoning_details`. */
export const openai: Speaker = {
  name: 'openai',
  native: (model) => model,
  see: (body): Seen => {
    const messages = body['messages'] as Message[];
    const isSystem = ({ role }: Message) => role === 'system' || role === 'developer';
    return {
      system: messages.filter(isSystem).map(textOf),
      turns: messages.filter((message) => !isSystem(message)).flatMap(turnsOf),
      images: messages.flatMap(partsOf).flatMap((part) => (part.image_url ? [part.image_url.url] : [])),
      tools: ((body['tools'] ?? []) as { function: { name: string } }[]).map((tool) => tool.function.name),
      maxTokens: (body['max_completion_tokens'] ?? body['max_tokens'] ?? null) as number | null,
      temperature: (body['temperature'] ?? null) as number | null,
      stop: [body['stop'] ?? []].flat() as string[],
      schema:
        (body['response_format'] as { json_schema?: { schema?: unknown } } | undefined)?.json_schema?.schema ?? null,
      reasons: body['reasoning'] !== undefined || body['reasoning_effort'] !== undefined,
      signatures: messages.flatMap((message) =>
        (message.reasoning_details ?? []).flatMap(({ signature }) => (signature ? [signature] : [])),
      ),
    };
  },
  whole: (reply, model) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: reply.pieces ? reply.pieces.join('') : null,
          refusal: null,
          ...reasoningOf(reply),
          ...(reply.calls ? { tool_calls: reply.calls.map(toolCall) } : {}),
        },
        finish_reason: finishOf(reply),
        logprobs: null,
      },
    ],
    system_fingerprint: 'fp_1',
    usage,
  }),
  events: (reply, model) => {
    const chunk = (delta: object, finish: string | null = null) =>
      event({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1,
        model,
        system_fingerprint: null,
        choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
      });
    const calls = (reply.calls ?? []).flatMap(({ id, name, arguments: given }, index) => [
      chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
      ...halves(given).map((half) => chunk({ tool_calls: [{ index, function: { arguments: half } }] })),
    ]);
    return {
      head: [chunk({ role: 'assistant', content: '' }), ...(reply.reasoning ? [chunk(reasoningOf(reply))] : [])],
      pieces: [...(reply.pieces ?? []).map((content) => chunk({ content })), ...calls],
      tail: [
        chunk({}, finishOf(reply)),
        event({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices: [], usage }),
        'data: [DONE]\n\n',
      ],
    };
  },
  failure: ({ message }) => ({ error: { message, type: 'test', code: null } }),
  failureEvent: ({ status, message }) => event({ error: { code: status, message }, choices: [] }),
};

function turnsOf(message: Message): string[] {
  if (message.role === 'tool') return [`result ${message.tool_call_id}: ${textOf(message)}`];
  const calls = (message.tool_calls ?? []).map(
    ({ id, function: { name, arguments: given } }) => `call ${id}: ${name}(${given})`,
  );
  const text = textOf(message);
  return [...(text ? [`${message.role}: ${text}`] : []), ...calls];
}

function reasoningOf({ reasoning, signature }: Reply) {
  if (reasoning === undefined) return {};
  const detail = { type: 'reasoning.text', text: reasoning, format: 'anthropic-claude-v1', index: 0 };
  return { reasoning, reasoning_details: [{ ...detail, ...(signature ? { signature } : {}) }] };
}

function toolCall({ id, name, arguments: given }: NonNullable<Reply['calls']>[number]) {
  return { id, type: 'function', function: { name, arguments: given } };
}

const finishOf = ({ calls, cutOff }: Reply) => (cutOff ? 'length' : calls ? 'tool_calls' : 'stop');

/** A text in two, as arguments come. */
export function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
