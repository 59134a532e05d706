import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, isStepCount, jsonSchema, Output, RetryError, streamText, tool } from 'ai';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

type OpenAIOptions = Readonly<Record<string, string | boolean>>;

/**
 * Vercel's `ai` with the default model of `@ai-sdk/openai`, which speaks Responses, the base URL changed. It knows the models of OpenAI
 * alone: of others it must be told that they reason (`forceReasoning`). `store`: left out, it names items of earlier answers by ids.
 */
export const openaiAiSdk = (store?: false): ClientKind => ({
  name: `ai with @ai-sdk/openai${store === false ? ', store: false' : ''}`,
  tellsCost: false,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: undefined,
  kinds: Object.fromEntries([400, 401, 402, 403, 404, 429, 502].map((status) => [status, 'AI_APICallError'])),
  open: ({ url, key, fetch, retries }) => {
    const callOf = ({ model, models, provider, maxTokens, temperature, effort, signal, ...ask }: Ask) => {
      // It has no place for fields that are not OpenAI's.
      const more = { ...(models ? { models } : {}), ...(provider ? { provider } : {}) };
      const adding: typeof globalThis.fetch = (input, init) =>
        fetch(input, { ...init, body: JSON.stringify({ ...JSON.parse(String(init?.body)), ...more }) });
      const openai = createOpenAI({ apiKey: key, baseURL: url, fetch: adding });
      const options: OpenAIOptions = {
        ...(store === false ? { store } : {}),
        ...(effort ? { forceReasoning: true, reasoningEffort: effort } : {}),
      };
      return {
        model: openai(model),
        ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
        ...(signal ? { abortSignal: signal } : {}),
        ...(retries ? {} : { maxRetries: 0 }),
        ...(ask.system ? { instructions: ask.system } : {}),
        providerOptions: { openai: options },
        messages: messagesOf(ask),
      };
    };
    return {
      ask: async (ask) => {
        if (!ask.stream) return told(await generateText(callOf(ask)));
        const result = streamText({ ...callOf(ask), onError: () => {} });
        let failed: { readonly error: unknown } | null = null;
        for await (const part of result.stream) {
          if (part.type === 'text-delta') ask.onPiece?.();
          if (part.type === 'error') failed = { error: part.error };
          if (part.type === 'abort') failed = { error: new DOMException('aborted', 'AbortError') };
        }
        if (failed) throw failed.error;
        return told({
          text: await result.text,
          reasoningText: await result.reasoningText,
          usage: await result.usage,
          finishReason: await result.finishReason,
        });
      },
      useTool: async (ask, weather) => {
        const calls: { name: string; arguments: unknown }[] = [];
        const tools = {
          weather: tool({
            description: WEATHER_TOOL.description,
            inputSchema: jsonSchema<{ city: string }>(WEATHER_TOOL.parameters as never),
            execute: async (given) => {
              calls.push({ name: 'weather', arguments: given });
              return weather(given.city);
            },
          }),
        };
        const call = { ...callOf(ask), tools, stopWhen: isStepCount(3) };
        if (!ask.stream) return { calls, text: (await generateText(call)).text };
        const result = streamText(call);
        await result.consumeStream();
        return { calls, text: await result.text };
      },
      structured: async (ask) => {
        const { output } = await generateText({
          ...callOf(ask),
          output: Output.object({ schema: jsonSchema(SCHEMA as never), name: 'verdict' }),
        });
        return output;
      },
      failure: (error) => {
        const last = RetryError.isInstance(error) ? error.lastError : error;
        return {
          kind: last instanceof Error ? last.name : classOf(last),
          status: APICallError.isInstance(last) ? last.statusCode : undefined,
          message: last instanceof Error ? last.message : JSON.stringify(last),
        };
      },
    };
  },
});

type Result = {
  readonly text: string;
  readonly reasoningText: string | undefined;
  readonly finishReason: string;
  readonly usage: { readonly inputTokens: number | undefined; readonly outputTokens: number | undefined };
};

const told = ({ text, reasoningText, finishReason, usage }: Result): Told => ({
  text,
  reasoning: reasoningText,
  finish: finishReason === 'tool-calls' ? 'tool_calls' : finishReason,
  prompt: usage.inputTokens,
  completion: usage.outputTokens,
  cost: undefined,
});

function messagesOf({ text = 'Hi', image }: Pick<Ask, 'text' | 'image'>) {
  const parts = [
    { type: 'text' as const, text },
    ...(image ? [{ type: 'file' as const, mediaType: 'image', data: new URL(image) }] : []),
  ];
  return [{ role: 'user' as const, content: image ? parts : text }];
}
