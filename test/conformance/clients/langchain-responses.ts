import {
  AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { type Ask, type ClientKind, classOf, SCHEMA, WEATHER_TOOL } from './client.ts';

/** LangChain's `ChatOpenAI` with `useResponsesApi`, the base URL changed. It tells reasoning only as far as it is a summary. */
export const langchainResponses: ClientKind = {
  name: 'ChatOpenAI of @langchain/openai, useResponsesApi',
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
    const chat = ({ model, models, provider, maxTokens, temperature, effort }: Ask) =>
      new ChatOpenAI({
        apiKey: key,
        model,
        useResponsesApi: true,
        // Nothing is stored: its reasoning comes sealed, and goes back so.
        zdrEnabled: true,
        configuration: { baseURL: url, fetch },
        modelKwargs: {
          ...(models ? { models } : {}),
          ...(provider ? { provider } : {}),
          ...(effort ? { reasoning: { effort, summary: 'auto' } } : {}),
        },
        ...(maxTokens === undefined ? {} : { maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
        ...(retries ? {} : { maxRetries: 0 }),
      });
    const turnOf = (ask: Ask, model: Pick<ChatOpenAI, 'stream' | 'invoke'>) => async (messages: BaseMessage[]) => {
      const options = ask.signal ? { signal: ask.signal } : {};
      return ask.stream ? gathered(await model.stream(messages, options), ask) : model.invoke(messages, options);
    };
    return {
      ask: async (ask) => {
        const message = await turnOf(ask, chat(ask))(messagesOf(ask));
        // Its type says there never is one; there is.
        const usage = message.usage_metadata as UsageMetadata | undefined;
        const { status, incomplete_details } = message.response_metadata as {
          status?: string;
          incomplete_details?: { reason?: string } | null;
        };
        return {
          text: message.text,
          reasoning: reasoningIn(message.additional_kwargs['reasoning']),
          finish:
            status === 'completed' ? 'stop' : incomplete_details?.reason === 'max_output_tokens' ? 'length' : status,
          prompt: usage?.input_tokens,
          completion: usage?.output_tokens,
          cost: undefined,
        };
      },
      useTool: async (ask, weather) => {
        const model = chat(ask).bindTools([{ type: 'function', function: WEATHER_TOOL }]);
        const turn = turnOf(ask, model as unknown as ChatOpenAI);
        const asked = await turn(messagesOf(ask));
        const calls = asked.tool_calls ?? [];
        const results = calls.map(
          ({ id, args }) => new ToolMessage({ tool_call_id: id ?? '', content: weather(args['city']) }),
        );
        const end = await turn([...messagesOf(ask), asked, ...results]);
        return { calls: calls.map(({ name, args }) => ({ name, arguments: args })), text: end.text };
      },
      structured: async (ask) =>
        chat(ask)
          .withStructuredOutput(SCHEMA as never, { name: 'verdict', method: 'jsonSchema', strict: true })
          .invoke(messagesOf(ask)),
      failure: (error) => ({
        kind: classOf(error),
        status: (error as { status?: number }).status,
        message: String(error),
      }),
    };
  },
};

function reasoningIn(item: unknown): string | undefined {
  const { summary } = (item ?? {}) as { summary?: { text: string }[] };
  return summary && summary.length > 0 ? summary.map(({ text }) => text).join('') : undefined;
}

async function gathered(chunks: AsyncIterable<AIMessageChunk>, ask: Ask): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined;
  for await (const chunk of chunks) {
    if (chunk.text !== '') ask.onPiece?.();
    whole = whole ? whole.concat(chunk) : chunk;
  }
  return whole ?? new AIMessageChunk('');
}

function messagesOf({ system, text = 'Hi', image }: Ask): BaseMessage[] {
  return [
    ...(system ? [new SystemMessage(system)] : []),
    new HumanMessage(
      image
        ? {
            content: [
              { type: 'text', text },
              { type: 'image_url', image_url: { url: image } },
            ],
          }
        : text,
    ),
  ];
}
