import { ChatAnthropic } from '@langchain/anthropic';
import {
  AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages';
import { type Ask, type ClientKind, classOf, SCHEMA, WEATHER_TOOL } from './client.ts';

const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', max_tokens: 'length', tool_use: 'tool_calls' };

/** LangChain's `ChatAnthropic`, the base URL changed; OpenRouter's own fields as `invocationKwargs`. It tells no cost. */
export const langchainAnthropic: ClientKind = {
  name: 'ChatAnthropic of @langchain/anthropic',
  tellsCost: false,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: undefined,
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
    const chat = ({ model, models, provider, maxTokens = 1_000, temperature, effort }: Ask) =>
      new ChatAnthropic({
        apiKey: key,
        model,
        maxTokens,
        anthropicApiUrl: url.replace(/\/v1$/, ''),
        clientOptions: { fetch },
        invocationKwargs: { ...(models ? { models } : {}), ...(provider ? { provider } : {}) },
        ...(effort ? { thinking: { type: 'enabled' as const, budget_tokens: 1_024 } } : {}),
        ...(temperature === undefined ? {} : { temperature }),
        ...(retries ? {} : { maxRetries: 0 }),
      });
    return {
      ask: async (ask) => {
        const options = ask.signal ? { signal: ask.signal } : {};
        const model = chat(ask);
        const message = ask.stream
          ? await gathered(await model.stream(messagesOf(ask), options), ask)
          : await model.invoke(messagesOf(ask), options);
        const usage = message.usage_metadata as UsageMetadata | undefined;
        const reason = String(
          message.additional_kwargs['stop_reason'] ?? message.response_metadata['stop_reason'] ?? '',
        );
        return {
          text: message.text,
          reasoning: thoughtsIn(message.content),
          finish: FINISH[reason] ?? reason,
          prompt: usage?.input_tokens,
          completion: usage?.output_tokens,
          cost: undefined,
        };
      },
      useTool: async (ask, weather) => {
        const tool = { name: WEATHER_TOOL.name, description: WEATHER_TOOL.description };
        const model = chat(ask).bindTools([{ ...tool, input_schema: WEATHER_TOOL.parameters as never }]);
        const turn = async (messages: BaseMessage[]) =>
          ask.stream ? gathered(await model.stream(messages), ask) : model.invoke(messages);
        const asked = await turn(messagesOf(ask));
        const calls = asked.tool_calls ?? [];
        const end = await turn([
          ...messagesOf(ask),
          asked,
          ...calls.map(({ id, args }) => new ToolMessage({ tool_call_id: id ?? '', content: weather(args['city']) })),
        ]);
        return { calls: calls.map(({ name, args }) => ({ name, arguments: args })), text: end.text };
      },
      structured: async (ask) =>
        chat(ask)
          .withStructuredOutput(SCHEMA as never, { name: 'verdict', method: 'jsonSchema' })
          .invoke(messagesOf(ask)),
      failure: (error) => ({
        kind: classOf(error),
        status: (error as { status?: number }).status,
        message: String(error),
      }),
    };
  },
};

async function gathered(stream: AsyncIterable<AIMessageChunk>, ask: Ask): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | null = null;
  for await (const chunk of stream) {
    if (chunk.text !== '') ask.onPiece?.();
    whole = whole === null ? chunk : whole.concat(chunk);
  }
  return whole ?? new AIMessageChunk('');
}

function thoughtsIn(content: unknown): string | undefined {
  if (!Array.isArray(content)) return undefined;
  const thoughts = content.flatMap((part: { type?: string; thinking?: string }) =>
    part.type === 'thinking' ? [part.thinking ?? ''] : [],
  );
  return thoughts.length > 0 ? thoughts.join('') : undefined;
}

function messagesOf({ system, text = 'Hi', image }: Ask): BaseMessage[] {
  const content = image
    ? [
        { type: 'text', text },
        { type: 'image_url', image_url: { url: image } },
      ]
    : text;
  return [...(system ? [new SystemMessage(system)] : []), new HumanMessage({ content } as never)];
}
