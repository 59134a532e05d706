import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-0x';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

type Params = Anthropic.MessageCreateParamsNonStreaming;
type Turn = Anthropic.MessageParam;
/** What OpenRouter adds to a message's usage, which this client does not know and passes on. */
type Usage = Anthropic.Usage & { readonly cost?: number | null };

const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', max_tokens: 'length', tool_use: 'tool_calls' };
/** Every request of it must name a maximum. */
const MAXIMUM = 1_000;

/** `@anthropic-ai/sdk`, the base URL changed: as it is now, and of its first generation. */
export const anthropicClient = anthropicKind('@anthropic-ai/sdk', Anthropic, 'PaymentRequiredError');
export const anthropic0Client = anthropicKind(
  '@anthropic-ai/sdk 0.x',
  Anthropic0 as unknown as typeof Anthropic,
  'APIError',
);

function anthropicKind(name: string, Sdk: typeof Anthropic, mustPay: string): ClientKind {
  return {
    name,
    tellsCost: true,
    tellsReasoning: true,
    keepsReasoning: true,
    asksWhenBusy: 3,
    kinds: {
      400: 'BadRequestError',
      401: 'AuthenticationError',
      402: mustPay,
      403: 'PermissionDeniedError',
      404: 'NotFoundError',
      429: 'RateLimitError',
      502: 'InternalServerError',
    },
    open: ({ url, key, fetch, retries }) => {
      const { messages } = new Sdk({
        apiKey: key,
        baseURL: url.replace(/\/v1$/, ''),
        fetch,
        ...(retries ? {} : { maxRetries: 0 }),
      });
      const turn = async (params: Params, ask: Ask) => {
        const options = ask.signal ? { signal: ask.signal } : {};
        if (!ask.stream) return messages.create(params, options);
        const stream = messages.stream(params, options);
        stream.on('text', () => ask.onPiece?.());
        let cost: number | null | undefined;
        stream.on('streamEvent', (event) => {
          if (event.type === 'message_delta') cost = (event.usage as { cost?: number | null }).cost;
        });
        const message = await stream.finalMessage();
        // It gathers what it knows; the rest stands in its events.
        return { ...message, usage: { ...message.usage, ...(cost === undefined ? {} : { cost }) } };
      };
      return {
        ask: async (ask) => told(await turn(paramsOf(ask), ask)),
        useTool: async (ask, weather) => {
          const tools = [{ name: WEATHER_TOOL.name, description: WEATHER_TOOL.description, input_schema: schemaOf() }];
          const params = { ...paramsOf(ask), tools };
          const asked = await turn(params, ask);
          const calls = asked.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
          const results = calls.map(({ id, input }) => ({
            type: 'tool_result' as const,
            tool_use_id: id,
            content: weather((input as { city: string }).city),
          }));
          const more: Turn[] = [
            { role: 'assistant', content: asked.content },
            { role: 'user', content: results },
          ];
          const end = await turn({ ...params, messages: [...params.messages, ...more] }, ask);
          return { calls: calls.map(({ name, input }) => ({ name, arguments: input })), text: textOf(end) };
        },
        structured: async (ask) => {
          const format = { type: 'json_schema' as const, schema: SCHEMA as unknown as Record<string, unknown> };
          const { content } = await messages.create({ ...paramsOf(ask), output_config: { format } });
          return content[0]?.type === 'text' ? JSON.parse(content[0].text) : undefined;
        },
        failure: (error) => ({
          kind: classOf(error),
          status: error instanceof Sdk.APIError ? error.status : undefined,
          message: String(error),
        }),
      };
    },
  };
}

const schemaOf = () => WEATHER_TOOL.parameters as unknown as Anthropic.Tool.InputSchema;

const textOf = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

function told(message: Anthropic.Message): Told {
  const thoughts = message.content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []));
  const usage = message.usage as Usage;
  return {
    text: textOf(message),
    reasoning: thoughts.length > 0 ? thoughts.join('') : undefined,
    finish: FINISH[message.stop_reason ?? ''] ?? message.stop_reason ?? undefined,
    prompt: usage.input_tokens,
    completion: usage.output_tokens,
    cost: usage.cost,
  };
}

export function paramsOf({ model, models, provider, maxTokens, temperature, effort, system, text = 'Hi', image }: Ask) {
  const content = image ? [{ type: 'text' as const, text }, imageOf(image)] : text;
  return {
    model,
    max_tokens: maxTokens ?? MAXIMUM,
    ...(system ? { system } : {}),
    ...(temperature === undefined ? {} : { temperature }),
    ...(effort ? { thinking: { type: 'enabled', budget_tokens: 2_048 } } : {}),
    ...(models ? { models } : {}),
    ...(provider ? { provider } : {}),
    messages: [{ role: 'user', content }],
  } as Params;
}

function imageOf(url: string) {
  const [, media_type = '', data = ''] = /^data:([^;]+);base64,(.*)$/.exec(url) ?? [];
  return { type: 'image' as const, source: { type: 'base64' as const, media_type, data } };
}
