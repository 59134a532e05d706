import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { APICallError, generateText, isStepCount, jsonSchema, Output, RetryError, streamText, tool } from 'ai';
import { type Ask, type ClientKind, classOf, SCHEMA, type Told, WEATHER_TOOL } from './client.ts';

/** Vercel's `ai` with `@openrouter/ai-sdk-provider`, the base URL changed. */
export const aiSdk: ClientKind = {
  name: 'ai with @openrouter/ai-sdk-provider',
  tellsCost: true,
  tellsReasoning: true,
  keepsReasoning: true,
  asksWhenBusy: undefined,
  kinds: Object.fromEntries([400, 401, 402, 403, 404, 429, 502].map((status) => [status, 'AI_APICallError'])),
  open: ({ url, key, fetch, retries }) => {
    const openrouter = createOpenRouter({ apiKey: key, baseURL: url, fetch, compatibility: 'strict' });
    const callOf = ({ model, models, provider, maxTokens, temperature, effort, signal, ...ask }: Ask) => ({
      model: openrouter.chat(model, {
        ...(models ? { models: [...models] } : {}),
        ...(provider ? { provider } : {}),
        ...(effort ? { reasoning: { effort } } : {}),
        usage: { include: true },
      }),
      ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(signal ? { abortSignal: signal } : {}),
      ...(retries ? {} : { maxRetries: 0 }),
      ...(ask.system ? { instructions: ask.system } : {}),
      messages: messagesOf(ask),
    });
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
        const { text, reasoningText, finishReason, usage } = result;
        const finished = { text: await text, reasoningText: await reasoningText, usage: await usage };
        return told({
          ...finished,
          finishReason: await finishReason,
          providerMetadata: (await result.finalStep).providerMetadata,
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
};

type Result = {
  readonly text: string;
  readonly reasoningText: string | undefined;
  readonly finishReason: string;
  readonly usage: { readonly inputTokens: number | undefined; readonly outputTokens: number | undefined };
  readonly providerMetadata: Readonly<Record<string, unknown>> | undefined;
};

function told({ text, reasoningText, finishReason, usage, providerMetadata }: Result): Told {
  const openrouter = providerMetadata?.['openrouter'] as { usage?: { cost?: number } } | undefined;
  return {
    text,
    reasoning: reasoningText,
    finish: finishReason === 'tool-calls' ? 'tool_calls' : finishReason,
    prompt: usage.inputTokens,
    completion: usage.outputTokens,
    cost: openrouter?.usage?.cost,
  };
}

function messagesOf({ text = 'Hi', image }: Pick<Ask, 'text' | 'image'>) {
  const parts = [
    { type: 'text' as const, text },
    ...(image ? [{ type: 'file' as const, mediaType: 'image', data: new URL(image) }] : []),
  ];
  return [{ role: 'user' as const, content: image ? parts : text }];
}
