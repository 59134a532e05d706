import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import type { InputsUnion, OpenResponsesResult, ResponsesRequest, StreamEvents } from '@openrouter/sdk/models';
import { OpenRouterError } from '@openrouter/sdk/models/errors';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

/** `responses.send` of `@openrouter/sdk`, the server's URL changed. */
export const openrouterResponses: ClientKind = {
  name: '@openrouter/sdk (Responses)',
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
    const final = async (
      responsesRequest: ResponsesRequest,
      { stream, signal, onPiece }: Ask,
    ): Promise<OpenResponsesResult> => {
      const options = signal ? { signal } : {};
      const sent = { responsesRequest: { ...responsesRequest, stream } };
      const answer = await client.responses.send(sent, options);
      if (!stream) return answer as OpenResponsesResult;
      let last: OpenResponsesResult | undefined;
      for await (const event of answer as AsyncIterable<StreamEvents>) {
        if (event.type === 'response.output_text.delta') onPiece?.();
        if (event.type === 'error') throw new Error(`${event.code} ${event.message}`);
        if (event.type === 'response.completed' || event.type === 'response.incomplete') last = event.response;
      }
      if (!last) throw new Error('the stream ended without a response');
      return last;
    };
    return {
      ask: async (ask) => told(await final({ ...fieldsOf(ask), input: inputOf(ask) }, ask)),
      useTool: async (ask, weather) => {
        const tools: ResponsesRequest['tools'] = [{ type: 'function', ...WEATHER_TOOL }];
        const turn = (input: InputsUnion) => final({ ...fieldsOf(ask), input, tools }, ask);
        const asked = await turn(inputOf(ask));
        const calls = asked.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
        const results = calls.map(({ callId, arguments: given }) => ({
          type: 'function_call_output' as const,
          callId,
          output: weather(JSON.parse(given).city),
        }));
        const end = await turn([...inputOf(ask), ...asked.output, ...results] as InputsUnion);
        return {
          calls: calls.map(({ name, arguments: given }) => ({ name, arguments: JSON.parse(given) })),
          text: told(end).text,
        };
      },
      structured: async (ask) => {
        const format = { type: 'json_schema' as const, name: 'verdict', strict: true, schema: SCHEMA };
        const request = { ...fieldsOf(ask), input: inputOf(ask), text: { format } };
        return JSON.parse(told(await final(request, ask)).text);
      },
      failure: (error) => ({
        kind: classOf(error),
        status: error instanceof OpenRouterError ? error.statusCode : undefined,
        message: String(error),
      }),
    };
  },
};

function told({ output, usage, status, incompleteDetails }: OpenResponsesResult): Told {
  const reasoning = output.flatMap((item) => (item.type === 'reasoning' ? (item.content ?? []) : []));
  const text = output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => (part.type === 'output_text' ? part.text : ''))
    .join('');
  return {
    text,
    reasoning: reasoning.length > 0 ? reasoning.map((part) => part.text).join('') : undefined,
    finish: status === 'completed' ? 'stop' : incompleteDetails?.reason === 'max_output_tokens' ? 'length' : status,
    prompt: usage?.inputTokens,
    completion: usage?.outputTokens,
    cost: usage?.cost,
  };
}

function fieldsOf({ model, models, provider, maxTokens, temperature, effort, system }: Ask): ResponsesRequest {
  return {
    model,
    ...(system ? { instructions: system } : {}),
    ...(models ? { models: [...models] } : {}),
    ...(provider ? { provider } : {}),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(effort ? { reasoning: { effort } } : {}),
  };
}

function inputOf({ text = 'Hi', image }: Ask) {
  return [
    {
      role: 'user' as const,
      content: image
        ? [
            { type: 'input_text' as const, text },
            { type: 'input_image' as const, imageUrl: image, detail: 'auto' as const },
          ]
        : text,
    },
  ];
}
