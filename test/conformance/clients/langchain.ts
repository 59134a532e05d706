import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { type Ask, type ClientKind, classOf, SCHEMA, WEATHER_TOOL } from './client.ts';

/** LangChain's `ChatOpenAI`, the base URL changed; OpenRouter's own fields as `modelKwargs`. It knows no reasoning and no cost. */
export const langchain: ClientKind = {
  name: 'ChatOpenAI of @langchain/openai',
  tellsCost: false,
  tellsReasoning: false,
  keepsReasoning: false,
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
        configuration: { baseURL: url, fetch },
        modelKwargs: {
          ...(models ? { models } : {}),
          ...(provider ? { provider } : {}),
          ...(effort ? { reasoning: { effort } } : {}),
        },
        ...(maxTokens === undefined ? {} : { maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
        ...(retries ? {} : { maxRetries: 0 }),
      });
    return {
      ask: async (ask) => {
        const options = ask.signal ? { signal: ask.signal } : {};
        const messages = messagesOf(ask);
        const model = chat(ask);
        const message = ask.stream
          ? await gathered(await model.stream(messages, options), ask)
          : await model.invoke(messages, options);
        // Its type says there never is one; there is.
        const usage = message.usage_metadata as UsageMetadata | undefined;
        return {
          text: message.text,
          reasoning: undefined,
          finish: message.response_metadata['finish_reason'] as string | undefined,
          prompt: usage?.input_tokens,
          completion: usage?.output_tokens,
          cost: undefined,
        };
      },
      useTool: async (ask, weather) => {
        const model = chat(ask).bindTools([{ type: 'function', function: WEATHER_TOOL }]);
        const turn = async (messages: BaseMessage[]) =>
          ask.stream ? gathered(await model.stream(messages), ask) : model.invoke(messages);
        const asked = await turn(messagesOf(ask));
        const calls = asked.tool_calls ?? [];
        const end = await turn([
          ...messagesOf(ask),
          // A message of a stream is given back as one that is whole.
          new AIMessage({ content: asked.content as string, tool_calls: calls }),
          ...calls.map(({ id, args }) => new ToolMessage({ tool_call_id: id ?? '', content: weather(args['city']) })),
        ]);
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
