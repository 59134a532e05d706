import OpenAI from 'openai';
import { type Ask, type ClientKind, classOf, SCHEMA, WEATHER_TOOL } from './client.ts';

type Message = OpenAI.ChatCompletionMessageParam;
/** OpenRouter's fields, which this client does not know and passes on both ways. */
type Thoughtful = { readonly reasoning?: string; readonly reasoning_details?: unknown };
type Usage = OpenAI.CompletionUsage & { readonly cost?: number | null };

/** `openai`, the base URL changed. */
export const openai: ClientKind = {
  name: 'openai',
  tellsCost: true,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: 3,
  kinds: {
    400: 'BadRequestError',
    401: 'AuthenticationError',
    402: 'APIError',
    403: 'PermissionDeniedError',
    404: 'NotFoundError',
    429: 'RateLimitError',
    502: 'InternalServerError',
  },
  open: ({ url, key, fetch, retries }) => {
    const client = new OpenAI({ apiKey: key, baseURL: url, fetch, ...(retries ? {} : { maxRetries: 0 }) });
    const { completions } = client.chat;
    return {
      ask: async (ask) => {
        const request = { ...fieldsOf(ask), messages: messagesOf(ask) };
        const options = { ...(ask.signal ? { signal: ask.signal } : {}) };
        if (!ask.stream) {
          const { choices, usage } = await completions.create(request, options);
          const [choice] = choices;
          const message = choice?.message as (OpenAI.ChatCompletionMessage & Thoughtful) | undefined;
          return told(message?.content ?? '', message?.reasoning, choice?.finish_reason, usage);
        }
        let text = '';
        let reasoning: string | undefined;
        let finish: string | undefined;
        let usage: Usage | null | undefined;
        for await (const chunk of await completions.create({ ...request, stream: true }, options)) {
          const [choice] = chunk.choices;
          const delta = choice?.delta as (OpenAI.ChatCompletionChunk.Choice.Delta & Thoughtful) | undefined;
          text += delta?.content ?? '';
          if (delta?.content) ask.onPiece?.();
          if (delta?.reasoning) reasoning = (reasoning ?? '') + delta.reasoning;
          finish = choice?.finish_reason ?? finish;
          usage = chunk.usage ?? usage;
        }
        return told(text, reasoning, finish, usage);
      },
      useTool: async (ask, weather) => {
        const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: WEATHER_TOOL }];
        const turn = async (messages: Message[]) => {
          const request = { ...fieldsOf(ask), messages, tools };
          const completion = ask.stream
            ? await completions.stream(request).finalChatCompletion()
            : await completions.create(request);
          const message = completion.choices[0]?.message;
          if (!message) throw new Error('no choice');
          return message;
        };
        const asked = await turn(messagesOf(ask));
        const calls = (asked.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));
        const results = calls.map(
          ({ id, function: made }): Message => ({
            role: 'tool',
            tool_call_id: id,
            content: weather(JSON.parse(made.arguments).city),
          }),
        );
        const end = await turn([...messagesOf(ask), asked, ...results]);
        return {
          calls: calls.map(({ function: made }) => ({ name: made.name, arguments: JSON.parse(made.arguments) })),
          text: end.content ?? '',
        };
      },
      structured: async (ask) => {
        const { choices } = await completions.parse({
          ...fieldsOf(ask),
          messages: messagesOf(ask),
          response_format: { type: 'json_schema', json_schema: { name: 'verdict', strict: true, schema: SCHEMA } },
        });
        return choices[0]?.message.parsed;
      },
      failure: (error) => ({
        kind: classOf(error),
        status: error instanceof OpenAI.APIError ? error.status : undefined,
        message: String(error),
      }),
    };
  },
};

function told(
  text: string,
  reasoning: string | undefined,
  finish: string | undefined,
  usage: Usage | null | undefined,
) {
  return {
    text,
    reasoning,
    finish,
    prompt: usage?.prompt_tokens,
    completion: usage?.completion_tokens,
    cost: usage?.cost,
  };
}

function fieldsOf({ model, models, provider, maxTokens, temperature, effort }: Ask) {
  return {
    model,
    ...(models ? { models } : {}),
    ...(provider ? { provider } : {}),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(effort ? { reasoning: { effort } } : {}),
  };
}

function messagesOf({ system, text = 'Hi', image }: Ask): Message[] {
  return [
    ...(system ? [{ role: 'system' as const, content: system }] : []),
    {
      role: 'user',
      content: image
        ? [
            { type: 'text', text },
            { type: 'image_url', image_url: { url: image } },
          ]
        : text,
    },
  ];
}
