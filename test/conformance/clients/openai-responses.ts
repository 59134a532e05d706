import OpenAI from 'openai';
import type { Response, ResponseInput, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

/** `openai`, its Responses, the base URL changed. OpenRouter's fields pass through it both ways. */
export const openaiResponses: ClientKind = {
  name: 'openai (Responses)',
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
    const { responses } = client;
    const final = async (
      request: OpenAI.Responses.ResponseCreateParamsNonStreaming,
      { stream, signal, onPiece }: Ask,
    ): Promise<Response> => {
      const options = signal ? { signal } : {};
      if (!stream) return responses.create(request, options);
      let last: Response | undefined;
      for await (const event of await responses.create({ ...request, stream: true }, options)) {
        if (event.type === 'response.output_text.delta') onPiece?.();
        last = endIn(event) ?? last;
      }
      if (!last) throw new Error('the stream ended without a response');
      return last;
    };
    return {
      ask: async (ask) => told(await final({ ...fieldsOf(ask), input: inputOf(ask) }, ask)),
      useTool: async (ask, weather) => {
        const tools = [{ type: 'function' as const, strict: true, ...WEATHER_TOOL }];
        const turn = async (input: ResponseInput): Promise<Response> => {
          const request = { ...fieldsOf(ask), input, tools };
          return ask.stream ? responses.stream(request).finalResponse() : responses.create(request);
        };
        const asked = await turn(inputOf(ask));
        const calls = asked.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
        const results = calls.map(({ call_id, arguments: given }) => ({
          type: 'function_call_output' as const,
          call_id,
          output: weather(JSON.parse(given).city),
        }));
        const end = await turn([...inputOf(ask), ...(asked.output as ResponseInput), ...results]);
        return {
          calls: calls.map(({ name, arguments: given }) => ({ name, arguments: JSON.parse(given) })),
          text: end.output_text,
        };
      },
      structured: async (ask) => {
        const format = { type: 'json_schema' as const, name: 'verdict', strict: true, schema: SCHEMA };
        const parsed = await responses.parse({ ...fieldsOf(ask), input: inputOf(ask), text: { format } });
        return parsed.output_parsed;
      },
      failure: (error) => ({
        kind: classOf(error),
        status: error instanceof OpenAI.APIError ? error.status : undefined,
        message: String(error),
      }),
    };
  },
};

/** The response that a stream ends with. */
function endIn(event: ResponseStreamEvent): Response | undefined {
  return event.type === 'response.completed' || event.type === 'response.incomplete' ? event.response : undefined;
}

function told(response: Response): Told {
  const { output, usage, status, incomplete_details } = response;
  const reasoning = output.flatMap((item) => (item.type === 'reasoning' ? (item.content ?? []) : []));
  const text = output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => (part.type === 'output_text' ? part.text : ''))
    .join('');
  return {
    text,
    reasoning: reasoning.length > 0 ? reasoning.map((part) => part.text).join('') : undefined,
    finish: status === 'completed' ? 'stop' : incomplete_details?.reason === 'max_output_tokens' ? 'length' : status,
    prompt: usage?.input_tokens,
    completion: usage?.output_tokens,
    cost: (usage as { cost?: number | null } | undefined)?.cost,
  };
}

function fieldsOf({ model, models, provider, maxTokens, temperature, effort, system }: Ask) {
  return {
    model,
    ...(system ? { instructions: system } : {}),
    ...(models ? { models } : {}),
    ...(provider ? { provider } : {}),
    ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(effort ? { reasoning: { effort } } : {}),
  };
}

function inputOf({ text = 'Hi', image }: Ask): ResponseInput {
  return [
    {
      role: 'user',
      content: image
        ? [
            { type: 'input_text', text },
            { type: 'input_image', image_url: image, detail: 'auto' },
          ]
        : text,
    },
  ];
}
