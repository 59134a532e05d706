import { createAnthropic } from '@ai-sdk/anthropic';
import { APICallError, generateText, isStepCount, jsonSchema, Output, RetryError, streamText, tool } from 'ai';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

/** Vercel's `ai` with `@ai-sdk/anthropic`, the base URL changed. It has no place for OpenRouter's fields: its fetch adds them. */
export const aiSdkAnthropic: ClientKind = {
  name: 'ai with @ai-sdk/anthropic',
  tellsCost: false,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: undefined,
  kinds: Object.fromEntries([400, 401, 402, 403, 404, 429, 502].map((status) => [status, 'AI_APICallError'])),
  open: ({ url, key, fetch, retries }) => {
    const callOf = ({ model, models, provider, maxTokens = 1_000, temperature, effort, signal, ...ask }: Ask) => {
      const more = { ...(models ? { models } : {}), ...(provider ? { provider } : {}) };
      const anthropic = createAnthropic({ apiKey: key, baseURL: url, fetch: adding(fetch, more) });
      return {
        model: anthropic(model),
        maxOutputTokens: maxTokens,
        ...(temperature === undefined ? {} : { temperature }),
        ...(signal ? { abortSignal: signal } : {}),
        ...(retries ? {} : { maxRetries: 0 }),
        ...(ask.system ? { instructions: ask.system } : {}),
        ...(effort
          ? { providerOptions: { anthropic: { thinking: { type: 'enabled' as const, budgetTokens: 1_024 } } } }
          : {}),
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
          providerOptions: { anthropic: { structuredOutputMode: 'outputFormat' } },
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
};

/** A fetch that puts fields into the body its client wrote. */
export function adding(own: typeof fetch, more: Readonly<Record<string, unknown>>): typeof fetch {
  return (input, init) =>
    own(
      input,
      typeof init?.body === 'string' ? { ...init, body: JSON.stringify({ ...JSON.parse(init.body), ...more }) } : init,
    );
}

type Result = {
  readonly text: string;
  readonly reasoningText: string | undefined;
  readonly finishReason: string;
  readonly usage: { readonly inputTokens: number | undefined; readonly outputTokens: number | undefined };
};

function told({ text, reasoningText, finishReason, usage }: Result): Told {
  return {
    text,
    reasoning: reasoningText,
    finish: finishReason === 'tool-calls' ? 'tool_calls' : finishReason,
    prompt: usage.inputTokens,
    completion: usage.outputTokens,
    cost: undefined,
  };
}

function messagesOf({ text = 'Hi', image }: Pick<Ask, 'text' | 'image'>) {
  const parts = [
    { type: 'text' as const, text },
    ...(image ? [{ type: 'file' as const, mediaType: 'image', data: new URL(image) }] : []),
  ];
  return [{ role: 'user' as const, content: image ? parts : text }];
}
