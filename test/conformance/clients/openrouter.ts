import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import type { ChatRequest, ChatResult, ChatStreamChunk } from '@openrouter/sdk/models';
import { OpenRouterError } from '@openrouter/sdk/models/errors';
import { type Ask, type ClientKind, classOf, SCHEMA, WEATHER_TOOL } from './client.ts';

type Call = { id: string; type: 'function'; function: { name: string; arguments: string } };

/** `@openrouter/sdk`, the server's URL changed. */
export const openrouter: ClientKind = {
  name: '@openrouter/sdk',
  tellsCost: true,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: 1,
  kinds: {
    400: 'BadRequestResponseError',
    401: 'UnauthorizedResponseError',
    402: 'PaymentRequiredResponseError',
    403: 'ForbiddenResponseError',
    404: 'NotFoundResponseError',
    429: 'TooManyRequestsResponseError',
    502: 'BadGatewayResponseError',
  },
  open: ({ url, key, fetch, retries }) => {
    const client = new OpenRouter({
      apiKey: key,
      serverURL: url,
      httpClient: new HTTPClient({ fetcher: fetch }),
      ...(retries ? {} : { retryConfig: { strategy: 'none' } }),
    });
    const whole = async (chatRequest: ChatRequest, signal?: AbortSignal) =>
      (await client.chat.send(
        { chatRequest: { ...chatRequest, stream: false } },
        signal ? { signal } : {},
      )) as ChatResult;
    const streamed = async (chatRequest: ChatRequest, signal?: AbortSignal) =>
      chunksOf(
        (await client.chat.send(
          { chatRequest: { ...chatRequest, stream: true } },
          signal ? { signal } : {},
        )) as AsyncIterable<ChatStreamChunk>,
      );
    return {
      ask: async (ask) => {
        const request = { ...fieldsOf(ask), messages: messagesOf(ask) };
        if (!ask.stream) {
          const { choices, usage } = await whole(request, ask.signal);
          const [choice] = choices;
          return {
            text: String(choice?.message.content ?? ''),
            reasoning: choice?.message.reasoning ?? undefined,
            finish: choice?.finishReason ?? undefined,
            prompt: usage?.promptTokens,
            completion: usage?.completionTokens,
            cost: usage?.cost,
          };
        }
        let text = '';
        let reasoning: string | undefined;
        let finish: string | undefined;
        let usage: ChatStreamChunk['usage'];
        for await (const chunk of await streamed(request, ask.signal)) {
          const [choice] = chunk.choices;
          text += choice?.delta.content ?? '';
          if (choice?.delta.content) ask.onPiece?.();
          if (choice?.delta.reasoning) reasoning = (reasoning ?? '') + choice.delta.reasoning;
          finish = choice?.finishReason ?? finish;
          usage = chunk.usage ?? usage;
        }
        return {
          text,
          reasoning,
          finish,
          prompt: usage?.promptTokens,
          completion: usage?.completionTokens,
          cost: usage?.cost,
        };
      },
      useTool: async (ask, weather) => {
        const tools: ChatRequest['tools'] = [{ type: 'function', function: WEATHER_TOOL }];
        const turn = async (messages: ChatRequest['messages']) => {
          const request = { ...fieldsOf(ask), messages, tools };
          return ask.stream ? gathered(await streamed(request)) : messageOf(await whole(request));
        };
        const asked = await turn(messagesOf(ask));
        const end = await turn([
          ...messagesOf(ask),
          {
            role: 'assistant',
            content: asked.text || null,
            toolCalls: asked.calls,
            ...(asked.details ? { reasoningDetails: asked.details } : {}),
          },
          ...asked.calls.map(({ id, function: made }) => ({
            role: 'tool' as const,
            toolCallId: id,
            content: weather(JSON.parse(made.arguments).city),
          })),
        ]);
        const calls = asked.calls.map(({ function: made }) => ({
          name: made.name,
          arguments: JSON.parse(made.arguments),
        }));
        return { calls, text: end.text };
      },
      structured: async (ask) => {
        const { choices } = await whole({
          ...fieldsOf(ask),
          messages: messagesOf(ask),
          responseFormat: { type: 'json_schema', jsonSchema: { name: 'verdict', strict: true, schema: SCHEMA } },
        });
        return JSON.parse(String(choices[0]?.message.content));
      },
      failure: (error) => ({
        kind: classOf(error),
        status: error instanceof OpenRouterError ? error.statusCode : undefined,
        message: String(error),
      }),
    };
  },
};

/** The chunks; one with an error is where a program would stop. */
async function* chunksOf(chunks: AsyncIterable<ChatStreamChunk>): AsyncGenerator<ChatStreamChunk> {
  for await (const chunk of chunks) {
    if (chunk.error) throw new Error(`${chunk.error.code} ${chunk.error.message}`);
    yield chunk;
  }
}

type Details = NonNullable<ChatResult['choices'][number]['message']['reasoningDetails']>;
type Said = { readonly text: string; readonly calls: Call[]; readonly details: Details | undefined };

function messageOf({ choices }: ChatResult): Said {
  const message = choices[0]?.message;
  return {
    text: String(message?.content ?? ''),
    calls: (message?.toolCalls ?? []) as Call[],
    details: message?.reasoningDetails,
  };
}

/** A stream's message. Text of reasoning that came in several pieces is one detail when it is given back. */
async function gathered(chunks: AsyncIterable<ChatStreamChunk>): Promise<Said> {
  let text = '';
  const calls: Call[] = [];
  const details: Record<string, unknown>[] = [];
  for await (const { choices } of chunks) {
    const delta = choices[0]?.delta;
    text += delta?.content ?? '';
    for (const detail of delta?.reasoningDetails ?? []) joined(details, { ...detail });
    for (const { index, id, function: made } of delta?.toolCalls ?? []) {
      calls[index] ??= { id: id ?? '', type: 'function', function: { name: '', arguments: '' } };
      calls[index].function.name += made?.name ?? '';
      calls[index].function.arguments += made?.arguments ?? '';
    }
  }
  return { text, calls, details: details.length > 0 ? (details as Details) : undefined };
}

function joined(details: Record<string, unknown>[], next: Record<string, unknown>): void {
  const last = details.at(-1);
  if (last?.['type'] !== 'reasoning.text' || next['type'] !== 'reasoning.text') {
    details.push(next);
    return;
  }
  last['text'] = `${last['text'] ?? ''}${next['text'] ?? ''}`;
  last['signature'] = next['signature'] ?? last['signature'];
}

function fieldsOf({ model, models, provider, maxTokens, temperature, effort }: Ask) {
  return {
    model,
    ...(models ? { models: [...models] } : {}),
    ...(provider ? { provider } : {}),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(effort ? { reasoning: { effort } } : {}),
  };
}

function messagesOf({ system, text = 'Hi', image }: Ask): ChatRequest['messages'] {
  return [
    ...(system ? [{ role: 'system' as const, content: system }] : []),
    {
      role: 'user',
      content: image
        ? [
            { type: 'text', text },
            { type: 'image_url', imageUrl: { url: image } },
          ]
        : text,
    },
  ];
}
