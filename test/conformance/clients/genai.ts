import {
  ApiError,
  type Content,
  type GenerateContentParameters,
  type GenerateContentResponse,
  GoogleGenAI,
} from '@google/genai';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

const FINISH: Readonly<Record<string, string>> = { STOP: 'stop', MAX_TOKENS: 'length' };
const KIND = 'ApiError';

/** `@google/genai`, the base URL changed. */
export const genaiClient: ClientKind = {
  name: '@google/genai',
  tellsCost: true,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: 2,
  kinds: { 400: KIND, 401: KIND, 402: KIND, 403: KIND, 404: KIND, 429: KIND, 502: KIND },
  open: ({ url, key, fetch, retries }) => {
    const { models } = new GoogleGenAI({
      apiKey: key,
      httpOptions: {
        baseUrl: url.replace(/\/api\/v1$/, ''),
        fetch,
        ...(retries ? { retryOptions: { attempts: 2, initialDelay: 0.01 } } : {}),
      },
    });
    /** All of an answer, as a program gathers it. */
    const turn = async (params: GenerateContentParameters, ask: Ask): Promise<readonly GenerateContentResponse[]> => {
      if (!ask.stream) return [await models.generateContent(params)];
      const all: GenerateContentResponse[] = [];
      for await (const one of await models.generateContentStream(params)) {
        all.push(one);
        if (textOf([one]) !== '') ask.onPiece?.();
      }
      return all;
    };
    return {
      ask: async (ask) => told(await turn(paramsOf(ask), ask)),
      useTool: async (ask, weather) => {
        const { name, description, parameters } = WEATHER_TOOL;
        const tools = [{ functionDeclarations: [{ name, description, parametersJsonSchema: parameters }] }];
        const params = paramsOf(ask);
        const config = { ...params.config, tools };
        const asked = await turn({ ...params, config }, ask);
        const said = asked.flatMap((one) => one.candidates?.[0]?.content ?? []);
        const calls = asked.flatMap((one) => one.functionCalls ?? []);
        const results = calls.map(({ id, name: called = '', args }) => ({
          functionResponse: {
            ...(id ? { id } : {}),
            name: called,
            response: { output: weather(String(args?.['city'])) },
          },
        }));
        const more: Content[] = [...said, { role: 'user', parts: results }];
        const end = await turn({ ...params, config, contents: [...(params.contents as Content[]), ...more] }, ask);
        return { calls: calls.map((call) => ({ name: call.name ?? '', arguments: call.args })), text: textOf(end) };
      },
      structured: async (ask) => {
        const params = paramsOf(ask);
        const config = { ...params.config, responseMimeType: 'application/json', responseJsonSchema: SCHEMA };
        return JSON.parse((await models.generateContent({ ...params, config })).text ?? '');
      },
      failure: (error) => ({
        kind: classOf(error),
        status: error instanceof ApiError ? error.status : undefined,
        message: String(error),
      }),
    };
  },
};

const textOf = (all: readonly GenerateContentResponse[]) => all.map(({ text }) => text ?? '').join('');

function told(all: readonly GenerateContentResponse[]): Told {
  const parts = all.flatMap((one) => one.candidates?.[0]?.content?.parts ?? []);
  const thoughts = parts.filter(({ thought }) => thought === true);
  const finish = all.findLast((one) => one.candidates?.[0]?.finishReason)?.candidates?.[0]?.finishReason;
  const usage = all.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata as
    | (NonNullable<GenerateContentResponse['usageMetadata']> & { readonly cost?: number })
    | undefined;
  const thought = usage?.thoughtsTokenCount ?? 0;
  return {
    text: textOf(all),
    reasoning: thoughts.length > 0 ? thoughts.map(({ text }) => text ?? '').join('') : undefined,
    finish: FINISH[finish ?? ''] ?? finish,
    prompt: usage?.promptTokenCount,
    completion: usage ? (usage.candidatesTokenCount ?? 0) + thought : undefined,
    cost: usage?.cost,
  };
}

function paramsOf({
  model,
  models,
  provider,
  system,
  text = 'Hi',
  image,
  maxTokens,
  temperature,
  effort,
  signal,
}: Ask) {
  const [, mimeType = '', data = ''] = /^data:([^;]+);base64,(.*)$/.exec(image ?? '') ?? [];
  const extraBody = { ...(models ? { models } : {}), ...(provider ? { provider } : {}) };
  return {
    model,
    contents: [{ role: 'user', parts: [{ text }, ...(image ? [{ inlineData: { mimeType, data } }] : [])] }],
    config: {
      ...(system ? { systemInstruction: system } : {}),
      ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(effort ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 2_048 } } : {}),
      ...(signal ? { abortSignal: signal } : {}),
      ...(models || provider ? { httpOptions: { extraBody } } : {}),
    },
  } satisfies GenerateContentParameters;
}
